//! What is kept of a form: where it goes, what it is, whose it is, and its body byte for byte.

use super::Posted;
use crate::types::{Inbound, TokenRef, UserId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroizing;

/// A form that waits.
#[derive(Clone, PartialEq, Eq)]
pub struct Held {
    /// Path and query as they went upstream.
    pub target: String,
    pub content_type: String,
    /// `Origin` and `Referer` of the page that sent it. Apps judge by them whether a form is forged; our own page says
    /// nothing of itself.
    pub origin: Option<String>,
    pub referer: Option<String>,
    /// Whose session it came with.
    pub user: Option<UserId>,
    pub body: Bytes,
}

/// All but the body.
#[derive(Serialize, Deserialize)]
struct Head {
    target: String,
    content_type: String,
    origin: Option<String>,
    referer: Option<String>,
    user: Option<UserId>,
}

/// Longer ones are nobody's: browsers cut a referrer at 4096.
const LONGEST_REFERER: usize = 4096;

impl Held {
    pub(super) fn of(inbound: &Inbound, posted: Posted, session: Option<TokenRef>) -> Self {
        Held {
            target: inbound.target(),
            content_type: posted.content_type,
            origin: inbound.origin_header.clone(),
            referer: posted.referer.filter(|r| r.len() <= LONGEST_REFERER),
            user: session.map(|at| at.user),
            body: posted.body,
        }
    }

    /// The two types whose fields can be shown.
    pub fn is_of_a_form(content_type: &str) -> bool {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        [URLENCODED, MULTIPART].iter().any(|k| kind.eq_ignore_ascii_case(k))
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let Held { target, content_type, origin, referer, user, body } = self.clone();
        let head = Head { target, content_type, origin, referer, user };
        // strings and an id: nothing of it can fail to be written
        let head = serde_json::to_vec(&head).unwrap_or_default();
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
        Zeroizing::new([&length.to_be_bytes(), head.as_slice(), &body].concat())
    }

    /// `None`: not what `to_bytes` made.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (head, body) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let Head { target, content_type, origin, referer, user } = serde_json::from_slice(head).ok()?;
        Some(Held { target, content_type, origin, referer, user, body: Bytes::copy_from_slice(body) })
    }
}
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({}, {} bytes)", self.content_type, self.body.len())
    }
}

const URLENCODED: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_byte_for_byte() {
        let held = Held {
            target: "/orders?x=1".into(),
            content_type: "multipart/form-data; boundary=\"x\"".into(),
            origin: Some("https://a.example".into()),
            referer: None,
            user: Some(UserId::from_bytes([1; 16])),
            body: Bytes::from((0..=255).collect::<Vec<u8>>()),
        };
        let bytes = held.to_bytes();
        assert_eq!(Held::from_bytes(&bytes), Some(held.clone()));
        for cut in [0, 3, 4, 20] {
            assert_eq!(Held::from_bytes(&bytes[..cut]), None, "cut at {cut}");
        }
        assert!(!format!("{held:?}").contains("orders"), "bodies and addresses stay out of logs");
    }

    #[test]
    fn two_types_are_those_of_forms() {
        for (kind, want) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded; charset=UTF-8", true),
            ("multipart/form-data; boundary=----x", true),
            ("text/plain", false),
            ("application/json", false),
            ("multipart/form-data2", false),
            ("", false),
        ] {
            assert_eq!(Held::is_of_a_form(kind), want, "{kind}");
        }
    }
}
