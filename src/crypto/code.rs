//! Codes that people read and type: backup codes and enrolment codes. Made, read back, and kept as a keyed digest.
//!
//! A backup code's digest is slow (`Passwords::digest`), for it lies in the store for years. An enrolment code has more
//! letters and a day to live: a MAC is enough, and no thief of the store can make one.

use super::keys::{KeyRing, Label};
use super::mac::Macs;
use crate::sys::{Entropy, random};
use crate::types::UserId;
use hmac::Mac;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Lower case without look-alikes (0 and o, 1, i and l).
const ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Letters of a backup code: 39 bits behind a slow hash, a pepper and the throttle (NIST SP 800-63B §3.1.2.1: 20 bits).
pub const BACKUP: usize = 8;
/// Letters of an enrolment code: 79 bits.
pub const ENROLMENT: usize = 16;

/// A new code. Letters are drawn without bias: what does not fit is drawn again.
pub fn generate(entropy: &dyn Entropy, letters: usize) -> SecretString {
    let mut code = Zeroizing::new(String::with_capacity(letters));
    while code.len() < letters {
        let drawn = Zeroizing::new(random::<32>(entropy));
        let fit = drawn.iter().map(|b| usize::from(*b)).filter(|b| *b < 8 * ALPHABET.len());
        let new = fit.filter_map(|b| ALPHABET.get(b % ALPHABET.len())).map(|b| char::from(*b));
        let missing = letters.saturating_sub(code.len());
        code.extend(new.take(missing));
    }
    SecretString::from(code.as_str())
}

/// The one spelling of a typed code: capitals are small, spaces and dashes go. `None`: not of this length or alphabet, so
/// nobody's, and not worth a hash.
pub fn canonical(typed: &str, letters: usize) -> Option<SecretString> {
    let mut code = Zeroizing::new(String::with_capacity(letters));
    for c in typed.chars().filter(|c| !is_filler(*c)) {
        let c = c.to_ascii_lowercase();
        let known = u8::try_from(c).is_ok_and(|b| ALPHABET.contains(&b));
        if !known || code.len() == letters {
            return None;
        }
        code.push(c);
    }
    (code.len() == letters).then(|| SecretString::from(code.as_str()))
}

fn is_filler(c: char) -> bool {
    c.is_ascii_whitespace() || matches!(c, '\u{a0}' | '-' | '\u{2010}'..='\u{2013}')
}

/// Digests of enrolment codes, and of names that must not stand in a store as they were typed.
#[derive(Clone)]
pub struct Codes {
    macs: Macs,
}

impl Codes {
    pub fn new(ring: &KeyRing) -> Self {
        Codes { macs: Macs::new(ring, Label::Code) }
    }
    /// What the store keeps of this user's enrolment code.
    pub fn enrolment(&self, user: UserId, code: &str) -> [u8; 32] {
        self.macs.tag(|m| feed(m, 1, user.as_bytes(), code))
    }
    /// Whether `code`, in its one spelling, is the one of that digest.
    pub fn is_enrolment(&self, user: UserId, code: &str, digest: &[u8; 32]) -> bool {
        self.macs.check(digest, |m| feed(m, 1, user.as_bytes(), code))
    }
    /// A name nobody has, as the throttle counts it: a password typed in the wrong field is not kept.
    pub fn login(&self, folded: &str) -> [u8; 16] {
        let tag = self.macs.tag(|m| feed(m, 2, &[0; 16], folded));
        let mut short = [0; 16];
        short.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
        short
    }
}

fn feed(mac: &mut super::mac::HmacSha256, purpose: u8, whose: &[u8; 16], text: &str) {
    mac.update(&[purpose]);
    mac.update(whose);
    mac.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use crate::sys::SystemEntropy;
    use secrecy::ExposeSecret;
    use std::collections::BTreeSet;

    const ALICE: UserId = UserId::from_bytes([1; 16]);
    const BOB: UserId = UserId::from_bytes([2; 16]);

    fn read(typed: &str) -> Option<String> {
        canonical(typed, BACKUP).map(|c| c.expose_secret().to_string())
    }

    #[test]
    fn a_new_code_has_its_letters_and_all_are_drawn() {
        let mut seen = BTreeSet::new();
        for _ in 0..400 {
            let code = generate(&SystemEntropy, BACKUP);
            assert_eq!(code.expose_secret().len(), BACKUP);
            assert_eq!(read(code.expose_secret()).as_deref(), Some(code.expose_secret()));
            seen.extend(code.expose_secret().bytes());
        }
        assert_eq!(seen, ALPHABET.iter().copied().collect());
        assert!(!seen.iter().any(|b| b"01iol".contains(b)));
    }

    #[test]
    fn blanks_dashes_and_capitals_are_taken_and_nothing_else() {
        for typed in ["abcd2345", "ABCD2345", " abcd 2345\n", "ab-cd-23-45", "aBcD\u{a0}2345", "abcd–2345"] {
            assert_eq!(read(typed).as_deref(), Some("abcd2345"), "{typed:?}");
        }
        for typed in
            ["", "abcd234", "abcd23456", "abcd234o", "abcd2341", "abcd_2345", "äbcd2345", "ａbcd2345", "abcd234\u{0}"]
        {
            assert_eq!(read(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn a_digest_is_of_one_user_and_one_code_and_outlives_a_new_key() {
        let old = ring();
        let digest = Codes::new(&old).enrolment(ALICE, "abcd");
        for codes in [Codes::new(&old), Codes::new(&rotated(&old))] {
            assert!(codes.is_enrolment(ALICE, "abcd", &digest));
            assert!(!codes.is_enrolment(BOB, "abcd", &digest));
            assert!(!codes.is_enrolment(ALICE, "abce", &digest));
        }
        assert!(!Codes::new(&ring()).is_enrolment(ALICE, "abcd", &digest));
        assert_ne!(Codes::new(&old).login("alice"), Codes::new(&old).login("alicf"));
    }
}
