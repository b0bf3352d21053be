//! Who the upstream is told the visitor is: values of the identity headers, and who signs the assertion among them.
//!
//! Sets nothing by itself: `headers::toward_upstream` does, right after it has left out the client's own.

use crate::gate::Identity;
use crate::types::{AppName, Assurance, ClientIp, Origin, Timestamp};
use bytes::Bytes;
use http::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use std::sync::{Arc, OnceLock};

/// Signs who the visitor is. Caches by itself; called once a request.
pub trait AssertionSigner: Send + Sync + 'static {
    /// `issuer` is the app's first origin.
    fn sign(&self, app: &AppName, issuer: &Origin, identity: &Identity) -> Arc<Told>;
}

/// The values of one session's identity headers; `None`: that header is not sent.
#[derive(Debug)]
pub struct Told {
    pub user: Option<HeaderValue>,
    pub groups: Option<HeaderValue>,
    pub email: Option<HeaderValue>,
    pub assertion: Option<HeaderValue>,
    /// What is told of where its requests come from, once the first has come.
    pub way: OnceLock<Way>,
    account_version: u64,
    assurance: Assurance,
    /// From then on the assertion has to be signed anew.
    pub good_until: Timestamp,
}

/// The values that tell where a request comes from and which way.
#[derive(Debug)]
pub struct Way {
    pub client: ClientIp,
    pub origin: Arc<Origin>,
    pub forwarded: Option<HeaderValue>,
    pub address: Option<HeaderValue>,
}

impl Told {
    pub fn of(who: &Identity, assertion: Option<HeaderValue>, good_until: Timestamp) -> Self {
        let groups = list(who.groups.iter().map(|g| g.as_str()));
        let email = who.email.as_ref().and_then(|e| value(e.as_str()));
        let [user, groups, email, assertion] = in_one_piece([value(who.name.as_str()), groups, email, assertion]);
        let (account_version, assurance, way) = (who.account_version, who.assurance, OnceLock::new());
        Told { user, groups, email, assertion, way, account_version, assurance, good_until }
    }

    /// Nothing of this person has changed since.
    pub fn is_of(&self, who: &Identity) -> bool {
        (self.account_version, self.assurance) == (who.account_version, who.assurance)
    }
}

/// The same values, next to each other in memory: requests of many sessions take turns, so that each place a session's
/// values lie in is one more that the processor has to fetch (a twentieth of a request's time in `bench/run`).
pub fn in_one_piece<const N: usize>(values: [Option<HeaderValue>; N]) -> [Option<HeaderValue>; N] {
    let bytes = values.each_ref().map(|v| v.as_ref().map_or(&[][..], HeaderValue::as_bytes));
    let mut rest = Bytes::from(bytes.concat());
    values.map(|v| v.and_then(|v| HeaderValue::from_maybe_shared(rest.split_to(v.len())).ok()))
}

/// One name or address as a header value: outside ASCII percent-encoded UTF-8.
fn value(s: &str) -> Option<HeaderValue> {
    if s.bytes().all(is_plain) {
        return HeaderValue::from_str(s).ok();
    }
    HeaderValue::try_from(percent_encode(s.as_bytes(), CODED).to_string()).ok()
}

/// Several as one value, joined by commas; a comma inside one is encoded. `None` where there is none.
fn list<'a>(all: impl Iterator<Item = &'a str>) -> Option<HeaderValue> {
    let mut out = String::new();
    for s in all {
        if !out.is_empty() {
            out.push(',');
        }
        if s.bytes().all(is_plain) { out.push_str(s) } else { out.extend(percent_encode(s.as_bytes(), CODED)) }
    }
    if out.is_empty() { None } else { HeaderValue::try_from(out).ok() }
}

fn is_plain(b: u8) -> bool {
    (b'!'..=b'~').contains(&b) && !matches!(b, b'%' | b',')
}

/// `%` too, so that decoding is never ambiguous.
const CODED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b',');

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_outside_ascii_are_percent_encoded() {
        for (s, want) in [
            ("alice", "alice"),
            ("josé", "jos%C3%A9"),
            ("a%41", "a%2541"),
            ("a\r\nX-Auth-User: root", "a%0D%0AX-Auth-User:%20root"),
            ("a\0b\u{7f}", "a%00b%7F"),
        ] {
            assert_eq!(value(s).unwrap(), want);
        }
    }

    #[test]
    fn a_comma_never_makes_two_groups_of_one() {
        assert_eq!(list(["staff", "a,admin", "ü"].into_iter()).unwrap(), "staff,a%2Cadmin,%C3%BC");
        assert_eq!(list(std::iter::empty()), None);
    }

    proptest! {
        #[test]
        fn any_text_survives_as_one_value(s in ".{1,40}") {
            let v = value(&s).unwrap();
            let text = v.to_str().unwrap();
            prop_assert!(text.bytes().all(|b| (b'!'..=b'~').contains(&b)));
            prop_assert_eq!(percent_encoding::percent_decode_str(text).decode_utf8().unwrap(), s);
        }
    }
}
