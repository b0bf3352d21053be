//! Tokens of sessions, pending sign-ins and devices: 256 random bits that carry whose they are and a keyed check.
//!
//! Bytes: `user 16 | random 32 | check 8`, in base64url without padding; a device's names the device after the user
//! (`user 16 | device 16 | random 32 | check 8`). The check is an HMAC over kind, origin and all that stands before it, so a
//! made-up token, one of another origin or of another kind is refused without the store, and the user names the slot, so
//! one read finds the rest. The check saves work and decides nothing else: what opens a session is the hash the store
//! knows. One thing it does tell: a token of a device that the store knows no longer was its token once.

use super::keys::{KeyRing, Label};
use super::mac::{HmacSha256, Macs};
use crate::sys::{Entropy, random};
use crate::types::{DeviceId, DeviceRef, Origin, TokenHash, TokenRef, UserId};
use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of an id.
const ID: usize = 16;
const RANDOM: usize = 32;
const CHECK: usize = 8;
const BYTES: usize = ID + RANDOM + CHECK;
const DEVICE_BYTES: usize = BYTES + ID;

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
        self.make::<BYTES>(number(kind), origin, &[user.as_bytes()], entropy)
    }

    /// `None`: not made here for this kind and origin, by any key.
    pub fn check(&self, kind: TokenKind, origin: &Origin, text: &str) -> Option<TokenRef> {
        let (bytes, hash) = self.good::<BYTES>(number(kind), origin, text)?;
        let (user, _) = bytes.split_first_chunk::<ID>()?;
        Some(TokenRef { user: UserId::from_bytes(*user), hash })
    }

    /// A new token of this device; every use of it is answered with the next.
    pub fn mint_device(
        &self,
        origin: &Origin,
        (user, device): (UserId, DeviceId),
        entropy: &dyn Entropy,
    ) -> (SecretString, TokenHash) {
        self.make::<DEVICE_BYTES>(DEVICE, origin, &[user.as_bytes(), device.as_bytes()], entropy)
    }

    /// `None`: never a device's token on this origin.
    pub fn check_device(&self, origin: &Origin, text: &str) -> Option<DeviceRef> {
        let (bytes, hash) = self.good::<DEVICE_BYTES>(DEVICE, origin, text)?;
        let (user, rest) = bytes.split_first_chunk::<ID>()?;
        let (device, _) = rest.split_first_chunk::<ID>()?;
        Some(DeviceRef { user: UserId::from_bytes(*user), device: DeviceId::from_bytes(*device), hash })
    }

    fn make<const N: usize>(
        &self,
        kind: u8,
        origin: &Origin,
        ids: &[&[u8; ID]],
        entropy: &dyn Entropy,
    ) -> (SecretString, TokenHash) {
        let secret = Zeroizing::new(random::<RANDOM>(entropy));
        let mut bytes = Zeroizing::new([0; N]);
        let claimed = ids.iter().flat_map(|id| id.iter()).chain(secret.iter());
        bytes.iter_mut().zip(claimed).for_each(|(to, from)| *to = *from);
        if let Some((claimed, check)) = bytes.split_last_chunk_mut::<CHECK>() {
            let tag = self.macs.tag(|m| feed(m, kind, origin, claimed));
            check.iter_mut().zip(tag.iter()).for_each(|(to, from)| *to = *from);
        }
        (SecretString::from(BASE64URL_NOPAD.encode(bytes.as_slice())), hash(bytes.as_slice()))
    }

    fn good<const N: usize>(&self, kind: u8, origin: &Origin, text: &str) -> Option<(Zeroizing<[u8; N]>, TokenHash)> {
        if text.len() != letters(N) {
            return None;
        }
        let mut bytes = Zeroizing::new([0; N]);
        // strict: stray bits in the last letter are an error, so a token has one spelling
        BASE64URL_NOPAD.decode_mut(text.as_bytes(), bytes.as_mut_slice()).ok()?;
        let (claimed, check) = bytes.split_last_chunk::<CHECK>()?;
        let good = self.macs.check(check, |m| feed(m, kind, origin, claimed));
        let hash = hash(bytes.as_slice());
        good.then_some((bytes, hash))
    }
}

const DEVICE: u8 = 3;

fn number(kind: TokenKind) -> u8 {
    match kind {
        TokenKind::Session => 1,
        TokenKind::Pending => 2,
    }
}

/// Letters of a token of so many bytes.
const fn letters(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

fn feed(mac: &mut HmacSha256, kind: u8, origin: &Origin, claimed: &[u8]) {
    // for one kind all parts but the host have a fixed length, so no two inputs run together
    mac.update(&[kind, u8::from(origin.https)]);
    mac.update(&origin.port.to_be_bytes());
    mac.update(claimed);
    mac.update(origin.host.as_str().as_bytes());
}

fn hash(bytes: &[u8]) -> TokenHash {
    TokenHash(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use crate::sys::SystemEntropy;
    use secrecy::ExposeSecret;

    const ALICE: UserId = UserId::from_bytes([1; 16]);
    const LAPTOP: DeviceId = DeviceId::from_bytes([2; 16]);
    const TEXT: usize = letters(BYTES);

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

    #[test]
    fn a_devices_token_names_user_and_device_and_is_no_other_kind_of_token() {
        let (old, here) = (ring(), origin("https://a.example"));
        let tokens = Tokens::new(&old);
        let (text, hash) = tokens.mint_device(&here, (ALICE, LAPTOP), &SystemEntropy);
        let text = text.expose_secret();
        let known = Some(DeviceRef { user: ALICE, device: LAPTOP, hash });
        assert_eq!(tokens.check_device(&here, text), known);
        assert_eq!(Tokens::new(&rotated(&old)).check_device(&here, text), known);
        assert_eq!(Tokens::new(&ring()).check_device(&here, text), None);
        assert_eq!(tokens.check_device(&origin("https://b.example"), text), None);
        for kind in [TokenKind::Session, TokenKind::Pending] {
            assert_eq!(tokens.check(kind, &here, text), None);
        }
        let (session, _) = mint(&tokens);
        assert_eq!(tokens.check_device(&here, &session), None);
        for i in 0..text.len() {
            let mut bad = text.to_string().into_bytes();
            bad[i] = if bad[i] == b'A' { b'B' } else { b'A' };
            assert_eq!(tokens.check_device(&here, &String::from_utf8(bad).unwrap()), None, "{i}");
        }
    }
}
