//! A session's identity as the values of headers.
//!
//! Sets nothing by itself: `proxy::headers` does, right after it has left out what the client claims.

use super::identity::Identity;
use crate::types::{AppName, Timestamp};
use bytes::Bytes;
use http::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

/// What one app's upstream is told; `None`: that header is not sent.
#[derive(Debug)]
pub struct Told {
    pub user: Option<HeaderValue>,
    pub groups: Option<HeaderValue>,
    pub email: Option<HeaderValue>,
    pub assertion: Option<HeaderValue>,
    pub(super) app: AppName,
    /// From then on the assertion has to be signed anew.
    pub(super) good_until: Timestamp,
}

impl Told {
    pub fn of(who: &Identity, app: AppName, assertion: Option<HeaderValue>, good_until: Timestamp) -> Self {
        let groups = list(who.groups.iter().map(|g| g.as_str()));
        let email = who.email.as_ref().and_then(|e| value(e.as_str()));
        let [user, groups, email, assertion] = in_one_piece([value(who.name.as_str()), groups, email, assertion]);
        Told { user, groups, email, assertion, app, good_until }
    }
}

/// The same values, next to each other in memory: requests of many sessions take turns, so that each place a session's
/// values lie in is one more that the processor has to fetch (a twentieth of a request's time in `bench/run`).
fn in_one_piece<const N: usize>(values: [Option<HeaderValue>; N]) -> [Option<HeaderValue>; N] {
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
    use super::super::identity::sample;
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

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

    #[test]
    fn what_one_app_was_told_is_for_no_other_and_for_no_longer_than_it_is_good() {
        let (session, app) = (sample(1), AppName("wiki".into()));
        let (then, end) = (Timestamp::from_secs(1), Timestamp::from_secs(5));
        assert!(session.told(&app, then).is_none());
        let told = Arc::new(Told::of(&session.identity, app.clone(), None, end));
        session.tell(told.clone());
        assert!(session.told(&app, then).is_some_and(|t| Arc::ptr_eq(&t, &told)));
        assert!(session.told(&AppName("mail".into()), then).is_none());
        assert!(session.told(&app, end).is_none());
        session.forget_told(then);
        assert!(session.told(&app, then).is_some());
        session.forget_told(end);
        assert!(session.told(&app, then).is_none());
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
