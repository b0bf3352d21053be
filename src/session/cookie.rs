//! Our cookies: their names on an origin, how they are set and taken away.
//!
//! `__Host-` ties them to the origin's host (RFC 6265bis §4.1.3.2). On `http://localhost` browsers refuse that prefix,
//! so there the name carries the port instead: cookies do not know ports, and two gateways may run side by side.

use crate::types::inbound::Found;
use crate::types::{Cookies, Origin};
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// What all names of ours begin with, on any origin; for removing them from what goes upstream or comes from there.
pub const PREFIX: &str = "portcullis";

/// The names on one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieNames {
    pub session: String,
    pub pending: String,
    pub device: String,
    /// Keys of forms that wait to be sent.
    pub form: String,
    secure: bool,
}

impl CookieNames {
    pub fn of(origin: &Origin) -> Self {
        let base = if origin.https { format!("__Host-{PREFIX}") } else { format!("{PREFIX}-{}", origin.port) };
        let named = |part: &str| format!("{base}-{part}");
        let (pending, device, form) = (named("pending"), named("device"), named("form"));
        CookieNames { session: base, pending, device, form, secure: origin.https }
    }

    /// A session cookie: no Max-Age, gone with the browser.
    pub fn set(&self, name: &str, value: &SecretString) -> Option<HeaderValue> {
        self.header(name, value.expose_secret(), "")
    }
    /// A cookie that outlives the browser: what it names is known again for so long.
    pub fn set_for(&self, name: &str, value: &SecretString, life: Duration) -> Option<HeaderValue> {
        self.header(name, value.expose_secret(), &format!("; Max-Age={}", life.as_secs()))
    }
    pub fn remove(&self, name: &str) -> Option<HeaderValue> {
        self.header(name, "", "; Max-Age=0")
    }

    fn header(&self, name: &str, value: &str, more: &str) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/{secure}; HttpOnly; SameSite=Lax{more}");
        let mut v = HeaderValue::from_str(&text).ok()?;
        v.set_sensitive(true);
        Some(v)
    }
}

/// What a request brought under our names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Jar<'a> {
    pub session: Option<&'a str>,
    pub pending: Option<&'a str>,
    pub device: Option<&'a str>,
    pub form: Option<&'a str>,
    /// Some name of ours came twice, or in another spelling: planted, to be audited.
    pub odd: bool,
}

impl<'a> Jar<'a> {
    pub fn read(cookies: &'a Cookies, names: &CookieNames) -> Self {
        let mut odd = false;
        let mut one = |name: &str| match cookies.find(name) {
            Found::None => None,
            Found::One(v) => Some(v),
            Found::Several => {
                odd = true;
                None
            }
        };
        let (session, pending, device) = (one(&names.session), one(&names.pending), one(&names.device));
        let form = one(&names.form);
        let ours = [&names.session, &names.pending, &names.device, &names.form];
        let misspelt = |n: &str| ours.iter().any(|ours| n.eq_ignore_ascii_case(ours) && n != ours.as_str());
        odd |= cookies.0.iter().any(|(n, _)| misspelt(n));
        Jar { session, pending, device, form, odd }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(o: &str) -> CookieNames {
        CookieNames::of(&o.parse().unwrap())
    }

    #[test]
    fn attributes_follow_the_origin() {
        let n = names("https://app.example.com");
        let c = n.set(&n.session, &"v".into()).unwrap();
        assert_eq!(c, "__Host-portcullis=v; Path=/; Secure; HttpOnly; SameSite=Lax");
        let c = n.set_for(&n.device, &"v".into(), Duration::from_secs(86_400)).unwrap();
        assert_eq!(c, "__Host-portcullis-device=v; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400");
        let n = names("http://localhost:8080");
        assert_eq!(
            n.remove(&n.pending).unwrap(),
            "portcullis-8080-pending=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    #[test]
    fn doubles_and_other_spellings_are_odd_and_count_for_nothing() {
        let n = names("https://app.example.com");
        let read = |h: &[u8]| {
            let c = Cookies::parse([h].into_iter(), |_| true);
            let j = Jar::read(&c, &n);
            (j.session.map(str::to_string), j.odd)
        };
        assert_eq!(read(b"__Host-portcullis=a; x=y"), (Some("a".into()), false));
        assert_eq!(read(b"__Host-portcullis=a; __Host-portcullis=b"), (None, true));
        assert_eq!(read(b"__host-portcullis=b; __Host-portcullis=a"), (Some("a".into()), true));
    }
}
