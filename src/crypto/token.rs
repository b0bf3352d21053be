//! Tokens of sessions and pending sign-ins: 256 random bits that carry whose they are and a keyed check.
//!
//! Bytes: `user 16 | random 32 | check 8`, in base64url without padding. The check is an HMAC over kind, origin, user
//! and random, so a made-up token, one of another origin or of the other kind is refused without the store, and the
//! user names the slot, so one read finds the rest. The check saves work and decides nothing else: what opens a session
//! is the hash the store knows.

use super::keys::{KeyRing, Label};
use super::mac::{HmacSha256, Macs};
use crate::sys::{Entropy, random};
use crate::types::{Origin, TokenHash, TokenRef, UserId};
use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const USER: usize = 16;
const RANDOM: usize = 32;
const CHECK: usize = 8;
const BYTES: usize = USER + RANDOM + CHECK;
/// Letters of a token.
const TEXT: usize = (BYTES * 4).div_ceil(3);

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    Session,
    Pending,
}

/// Makes and checks tokens. The keys are set up once: a check is one HMAC and one SHA-256, without allocation.
#[derive(Clone)]
pub struct Tokens {
    macs: Macs,
}

impl Tokens {
    pub fn new(ring: &KeyRing) -> Self {
        Tokens { macs: Macs::new(ring, Label::Token) }
    }

    /// A new token, for the cookie, and its hash, for the store.
    pub fn mint(
        &self,
        kind: TokenKind,
        origin: &Origin,
        user: UserId,
        entropy: &dyn Entropy,
    ) -> (SecretString, TokenHash) {
        let secret = Zeroizing::new(random::<RANDOM>(entropy));
        let tag = self.macs.tag(|m| feed(m, kind, origin, &user, &secret));
        let mut bytes = Zeroizing::new([0; BYTES]);
        let parts = user.as_bytes().iter().chain(secret.iter()).chain(tag.iter().take(CHECK));
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        (SecretString::from(BASE64URL_NOPAD.encode(bytes.as_slice())), hash(&bytes))
    }

    /// `None`: not made here for this kind and origin, by any key.
    pub fn check(&self, kind: TokenKind, origin: &Origin, text: &str) -> Option<TokenRef> {
        if text.len() != TEXT {
            return None;
        }
        let mut bytes = Zeroizing::new([0; BYTES]);
        // strict: stray bits in the last letter are an error, so a token has one spelling
        BASE64URL_NOPAD.decode_mut(text.as_bytes(), bytes.as_mut_slice()).ok()?;
        let (user, rest) = bytes.split_first_chunk::<USER>()?;
        let (secret, check) = rest.split_first_chunk::<RANDOM>()?;
        let user = UserId::from_bytes(*user);
        let good = self.macs.check(check, |m| feed(m, kind, origin, &user, secret));
        good.then(|| TokenRef { user, hash: hash(&bytes) })
    }
}

fn feed(mac: &mut HmacSha256, kind: TokenKind, origin: &Origin, user: &UserId, secret: &[u8; RANDOM]) {
    let kind = match kind {
        TokenKind::Session => 1,
        TokenKind::Pending => 2,
    };
    // all parts but the host have a fixed length, so no two inputs run together
    mac.update(&[kind, u8::from(origin.https)]);
    mac.update(&origin.port.to_be_bytes());
    mac.update(user.as_bytes());
    mac.update(secret);
    mac.update(origin.host.as_str().as_bytes());
}

fn hash(bytes: &[u8; BYTES]) -> TokenHash {
    TokenHash(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use crate::sys::SystemEntropy;
    use secrecy::ExposeSecret;

    const ALICE: UserId = UserId::from_bytes([1; 16]);

    fn origin(s: &str) -> Origin {
        s.parse().unwrap()
    }
    fn mint(tokens: &Tokens) -> (String, TokenHash) {
        let (text, hash) = tokens.mint(TokenKind::Session, &origin("https://a.example"), ALICE, &SystemEntropy);
        (text.expose_secret().to_string(), hash)
    }

    #[test]
    fn a_token_leads_to_its_user_and_hash() {
        let tokens = Tokens::new(&ring());
        let (text, hash) = mint(&tokens);
        assert_eq!(text.len(), TEXT);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        let found = tokens.check(TokenKind::Session, &origin("https://a.example"), &text);
        assert_eq!(found, Some(TokenRef { user: ALICE, hash }));
        assert_ne!(mint(&tokens).0, text);
    }

    #[test]
    fn on_another_origin_or_as_another_kind_it_is_none() {
        let tokens = Tokens::new(&ring());
        let (text, _) = mint(&tokens);
        for other in ["http://a.example", "https://a.example:8443", "https://b.example", "http://a.example:443"] {
            assert_eq!(tokens.check(TokenKind::Session, &origin(other), &text), None, "{other}");
        }
        assert_eq!(tokens.check(TokenKind::Pending, &origin("https://a.example"), &text), None);
    }

    #[test]
    fn every_changed_letter_is_refused() {
        let tokens = Tokens::new(&ring());
        let (text, _) = mint(&tokens);
        let here = origin("https://a.example");
        for i in 0..text.len() {
            for other in [b'A', b'B', b'_', b'=', b' ', b'+'] {
                let mut bad = text.clone().into_bytes();
                if bad[i] == other {
                    continue;
                }
                bad[i] = other;
                let bad = String::from_utf8(bad).unwrap();
                assert_eq!(tokens.check(TokenKind::Session, &here, &bad), None, "{i}");
            }
        }
        for bad in ["", "A", text.get(1..).unwrap(), &format!("{text}A"), &format!("{text}="), &"é".repeat(TEXT / 2)] {
            assert_eq!(tokens.check(TokenKind::Session, &here, bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_outlives_a_new_key_and_ends_with_its_own() {
        let old = ring();
        let (text, hash) = mint(&Tokens::new(&old));
        let here = origin("https://a.example");
        let after = Tokens::new(&rotated(&old)).check(TokenKind::Session, &here, &text);
        assert_eq!(after.map(|t| t.hash), Some(hash));
        assert_eq!(Tokens::new(&ring()).check(TokenKind::Session, &here, &text), None);
    }
}
