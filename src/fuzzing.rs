//! Parsers of outside bytes, for the fuzz targets in `fuzz/`: each must take any bytes, and keep what it promises.

use crate::account::import::{Format, read};
use crate::api::hooks::mapping::MOST;
use crate::api::hooks::preset::Preset;
use crate::policy::Policy;
use crate::proxy::engine::proxy_protocol;
use crate::proxy::framing;
use crate::proxy::settings::Limits;
use crate::types::path::PathReading;
use crate::types::{CanonicalPath, Cookies, Host, Origin, ReturnTo};

/// A canonical path reads as itself.
pub fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for encoded_slash in [false, true] {
        for case_insensitive in [false, true] {
            let reading = PathReading { encoded_slash, case_insensitive };
            let Ok(once) = CanonicalPath::parse(text, reading) else { continue };
            let twice = CanonicalPath::parse(once.forwarded(), reading);
            assert_eq!(twice.as_ref(), Ok(&once), "{text:?}");
        }
    }
}

/// A canonical host or origin reads as itself.
pub fn host(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(host) = Host::parse(text) {
        assert_eq!(Host::parse(host.as_str()), Ok(host));
    }
    if let Ok(origin) = text.parse::<Origin>() {
        assert_eq!(origin.to_string().parse(), Ok(origin));
    }
}

pub fn cookie(data: &[u8]) {
    let cookies = Cookies::parse([data].into_iter(), |_| true);
    for (name, _) in &cookies.0 {
        let _ = cookies.find(name);
    }
}

pub fn framing_head(data: &[u8]) {
    let _ = framing::raw_head(data, &Limits { header_bytes: 64 << 10, headers: 100, connections_per_address: 1 });
}

pub fn proxy_header(data: &[u8]) {
    let _ = proxy_protocol::parse(data);
}

pub fn policy(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Policy::parse("policy.yaml", text);
    }
}

/// Users of another system, in each form.
pub fn import(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for format in [Format::Yaml, Format::Csv, Format::Htpasswd, Format::Authelia] {
        let _ = read(format, text);
    }
}

/// What tools send to hooks: any JSON is orders or a list of troubles, and never more than a hundred orders.
pub fn hook_body(data: &[u8]) {
    let Ok(body) = serde_json::from_slice(data) else { return };
    for (_, preset) in Preset::ALL {
        assert!(preset.mapping().read(&body, data).orders.len() <= MOST);
    }
}

/// Whatever comes in, what comes out leads to this origin and is no own page.
pub fn return_to(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let to = ReturnTo::parse(text, "/.portcullis/");
    assert!(to.as_str().starts_with('/') && !to.as_str().starts_with("//"), "{text:?} leads to {to}");
    assert!(!to.path().to_lowercase().starts_with("/.portcullis"), "{text:?} leads to {to}");
}
