//! Form tokens: a MAC over the session or pending sign-in that the form belongs to. Nothing is stored.
//!
//! Whoever cannot read our page cannot know it, and that of one session is none in another (OWASP: HMAC-based
//! synchroniser token).

use super::keys::{KeyRing, Label};
use super::mac::Macs;
use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;

/// Makes and checks form tokens.
#[derive(Clone)]
pub struct Forms {
    macs: Macs,
}

impl Forms {
    pub fn new(ring: &KeyRing) -> Self {
        Forms { macs: Macs::new(ring, Label::Form) }
    }
    /// `bound`: a session's id or a pending sign-in's token hash.
    pub fn token(&self, bound: &[u8]) -> String {
        BASE64URL_NOPAD.encode(&self.macs.tag(|m| m.update(bound)))
    }
    pub fn check(&self, bound: &[u8], given: &str) -> bool {
        let mut tag = [0; 32];
        // the length first: what is shorter would be compared in its first bytes only
        BASE64URL_NOPAD.decode_len(given.len()) == Ok(tag.len())
            && BASE64URL_NOPAD.decode_mut(given.as_bytes(), &mut tag).is_ok()
            && self.macs.check(&tag, |m| m.update(bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};

    #[test]
    fn a_form_token_is_good_for_its_own_session_only() {
        let forms = Forms::new(&ring());
        let token = forms.token(b"one");
        assert!(forms.check(b"one", &token));
        assert!(!forms.check(b"two", &token));
        for bad in [
            "",
            "A",
            token.get(1..).unwrap(),
            token.get(..4).unwrap(),
            &format!("{token}A"),
            &format!("{token}="),
            &"A".repeat(43),
        ] {
            assert!(!forms.check(b"one", bad), "{bad}");
        }
    }

    #[test]
    fn a_page_rendered_before_a_key_rotation_can_still_be_sent() {
        let old = ring();
        let token = Forms::new(&old).token(b"one");
        assert!(Forms::new(&rotated(&old)).check(b"one", &token));
        assert!(!Forms::new(&ring()).check(b"one", &token));
    }
}
