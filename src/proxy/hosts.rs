//! Which app a request is for: `Host` or `:authority` against the configured origins.
//!
//! Scheme, host and port of everything that follows come from the configuration, never from the request.

use super::framing::Refused;
use super::headers::{Begun, Hygiene};
use super::settings::App;
use crate::types::Origin;
use crate::types::host::{Authority, Host};
use http::HeaderValue;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// An app under one of its origins, with what is the same in every request to it.
#[derive(Debug)]
pub struct Site {
    pub app: Arc<App>,
    /// Position of the app in the settings; its upstream pool stands at the same one.
    pub index: usize,
    pub origin: Arc<Origin>,
    pub hygiene: Arc<Hygiene>,
    /// What the upstream's head begins with.
    pub begun: Begun,
    /// The part of `Forwarded` after the address (RFC 7239 §4).
    forwarded_tail: Box<str>,
}

impl Site {
    fn new(index: usize, app: &Arc<App>, origin: &Arc<Origin>, hygiene: &Arc<Hygiene>) -> Option<Self> {
        let text = origin.authority();
        let authority = HeaderValue::try_from(&text).ok()?;
        Some(Site {
            app: app.clone(),
            index,
            origin: origin.clone(),
            hygiene: hygiene.clone(),
            // a colon does not stand in a token, so the host is always quoted
            forwarded_tail: format!(";host=\"{text}\";proto={}", origin.scheme()).into(),
            begun: Begun::new(&authority, origin).ok()?,
        })
    }

    /// The value of `Forwarded` for a visitor at this address, also given as text (RFC 7239 §6: IPv6 in brackets and
    /// quotes).
    pub fn forwarded(&self, client: IpAddr, text: &str) -> Option<HeaderValue> {
        let value = match client {
            IpAddr::V4(_) => ["for=", text, &self.forwarded_tail].concat(),
            IpAddr::V6(_) => ["for=\"[", text, "]\"", &self.forwarded_tail].concat(),
        };
        HeaderValue::try_from(value).ok()
    }
}

/// All sites by host.
#[derive(Debug, Default)]
pub struct Hosts {
    /// The spellings browsers send; saves the parse.
    usual: HashMap<Box<[u8]>, Arc<Site>>,
    by_host: HashMap<Host, Arc<Site>>,
}

impl Hosts {
    pub fn new(apps: &[Arc<App>]) -> Self {
        let mut hosts = Hosts::default();
        for (index, app) in apps.iter().enumerate() {
            let hygiene = Arc::new(Hygiene::new(app));
            for origin in &app.origins {
                let Some(site) = Site::new(index, app, origin, &hygiene).map(Arc::new) else { continue };
                hosts.usual.insert(origin.authority().into_bytes().into(), site.clone());
                hosts.by_host.insert(origin.host.clone(), site);
            }
        }
        hosts
    }

    /// The same for the plain listener, where the visitor's port says nothing about the origin's.
    pub fn by_name(&self, raw: &[u8]) -> Result<&Arc<Site>, Refused> {
        let authority: Option<Authority> = std::str::from_utf8(raw).ok().and_then(|s| s.parse().ok());
        authority.and_then(|a| self.by_host.get(&a.host)).ok_or(MISDIRECTED)
    }

    /// `raw` is the value of `Host` or `:authority`. A port must be the origin's own where one is given.
    pub fn find(&self, raw: &[u8]) -> Result<&Arc<Site>, Refused> {
        if let Some(site) = self.usual.get(raw) {
            return Ok(site);
        }
        let authority: Authority = std::str::from_utf8(raw).ok().and_then(|s| s.parse().ok()).ok_or(MISDIRECTED)?;
        let site = self.by_host.get(&authority.host).ok_or(MISDIRECTED)?;
        if authority.port.is_some_and(|p| p != site.origin.port) {
            return Err(MISDIRECTED);
        }
        Ok(site)
    }
}

const MISDIRECTED: Refused = Refused { status: 421, why: "no app answers to this host" };

#[cfg(test)]
mod tests {
    use super::super::settings::samples;
    use super::*;

    fn hosts() -> Hosts {
        let app = |name, origins: &[&str]| Arc::new(samples::app(name, origins, "http://127.0.0.1:9000"));
        Hosts::new(&[
            app("intranet", &["https://app.example.com", "https://[::1]:8443"]),
            app("dev", &["http://localhost:8080"]),
        ])
    }

    #[test]
    fn every_spelling_of_a_host_leads_to_its_app() {
        let hosts = hosts();
        for (raw, app) in [
            ("app.example.com", "intranet"),
            ("APP.Example.COM", "intranet"),
            ("app.example.com.", "intranet"),
            ("app.example.com:443", "intranet"),
            ("App.Example.com.:443", "intranet"),
            ("[::1]:8443", "intranet"),
            ("[0:0::1]:8443", "intranet"),
            ("localhost:8080", "dev"),
            ("localhost", "dev"),
        ] {
            assert_eq!(hosts.find(raw.as_bytes()).map(|s| s.app.name.to_string()), Ok(app.to_string()), "{raw}");
        }
    }

    #[test]
    fn what_names_no_app_is_misdirected() {
        let hosts = hosts();
        for raw in [
            &b""[..],
            b"evil.example",
            b"app.example.com:444",
            b"app.example.com:80",
            b"app.example.com:",
            b"localhost:80",
            b"app.example.com:443@evil",
            b"evil@app.example.com",
            b"app.example.com, evil",
            b"app.example.com/x",
            b"x.app.example.com",
            b"evil-app.example.com",
            b"app.example.com..",
            b"app.example.com\xff",
        ] {
            let status = hosts.find(raw).map(|_| ()).map_err(|r| r.status);
            assert_eq!(status, Err(421), "{:?}", String::from_utf8_lossy(raw));
        }
    }

    #[test]
    fn forwarded_quotes_what_must_be_quoted() {
        let hosts = hosts();
        let forwarded = |host: &[u8], ip: &str| hosts.find(host).unwrap().forwarded(ip.parse().unwrap(), ip).unwrap();
        assert_eq!(forwarded(b"app.example.com", "192.0.2.1"), "for=192.0.2.1;host=\"app.example.com\";proto=https");
        assert_eq!(forwarded(b"localhost:8080", "::1"), "for=\"[::1]\";host=\"localhost:8080\";proto=http");
    }
}
