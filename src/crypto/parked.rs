//! Keys of forms that wait to be sent: each in one browser's cookie and nowhere else. The store has what is sealed with
//! them, and nobody who has the store, or our own root keys, can read it.
//!
//! A key is 256 random bits; in the cookie it carries a keyed check over the origin, so that a made-up one, or one of
//! another origin, is refused without the store. Its form's id is a digest of it, so the id tells nothing of the key.
//! Sealed: `version 1 | algorithm 1 | nonce 24 | ciphertext and tag` (XChaCha20-Poly1305), bound to origin and id.

use super::keys::{KeyRing, Label};
use super::mac::{HmacSha256, Macs, keyed};
use crate::sys::{Entropy, random};
use crate::types::{FormId, Origin};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;
use secrecy::SecretString;
use zeroize::Zeroizing;

const KEY: usize = 32;
const CHECK: usize = 8;
const BYTES: usize = KEY + CHECK;
const NONCE: usize = 24;
/// Version, then XChaCha20-Poly1305.
const HEAD: [u8; 2] = [1, 1];
/// Beside the kinds of tokens, whose checks hang on the same key.
const KIND: u8 = 4;

/// Makes and reads keys as they stand in cookies.
#[derive(Clone)]
pub struct FormKeys {
    macs: Macs,
}

/// The key of one form.
#[derive(Clone)]
pub struct FormKey(Zeroizing<[u8; KEY]>);

/// What was sealed does not open with this key for this origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the form does not open with the key of this browser")]
pub struct NotOfThisKey;

impl FormKeys {
    pub fn new(ring: &KeyRing) -> Self {
        FormKeys { macs: Macs::new(ring, Label::Token) }
    }

    /// As it stands in the cookie.
    pub fn text(&self, origin: &Origin, key: &FormKey) -> SecretString {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let tag = self.macs.tag(|m| feed(m, origin, &key.0));
        bytes.iter_mut().zip(key.0.iter().chain(&tag)).for_each(|(to, from)| *to = *from);
        SecretString::from(BASE64URL_NOPAD.encode(bytes.as_slice()))
    }

    /// `None`: not made here for this origin.
    pub fn read(&self, origin: &Origin, text: &str) -> Option<FormKey> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        if BASE64URL_NOPAD.decode_len(text.len()) != Ok(BYTES) {
            return None;
        }
        BASE64URL_NOPAD.decode_mut(text.as_bytes(), bytes.as_mut_slice()).ok()?;
        let (key, check) = bytes.split_last_chunk::<CHECK>()?;
        let key = FormKey(Zeroizing::new(key.try_into().ok()?));
        self.macs.check(check, |m| feed(m, origin, &key.0)).then_some(key)
    }
}

impl FormKey {
    pub fn generate(entropy: &dyn Entropy) -> Self {
        FormKey(Zeroizing::new(random(entropy)))
    }

    /// The form's name in the store and in addresses.
    pub fn id(&self) -> FormId {
        let digest = self.derive(b"portcullis/form/id");
        FormId::from_bytes(digest.first_chunk().copied().unwrap_or_default())
    }

    #[expect(clippy::expect_used, reason = "fails only for plaintexts of more than 256 GiB (RFC 8439 §2.8)")]
    pub fn seal(&self, entropy: &dyn Entropy, origin: &Origin, plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = random(entropy);
        let payload = Payload { msg: plain, aad: &self.bound_to(origin) };
        let body = self.cipher().encrypt(&XNonce::from(nonce), payload).expect("short enough");
        [HEAD.as_slice(), &nonce, &body].concat()
    }

    pub fn open(&self, origin: &Origin, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOfThisKey> {
        let rest = sealed.strip_prefix(&HEAD).ok_or(NotOfThisKey)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE>().ok_or(NotOfThisKey)?;
        let payload = Payload { msg: body, aad: &self.bound_to(origin) };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| NotOfThisKey)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.derive(b"portcullis/form/seal")).into())
    }

    fn bound_to(&self, origin: &Origin) -> Vec<u8> {
        [&HEAD, self.id().as_bytes().as_slice(), origin.to_string().as_bytes()].concat()
    }

    fn derive(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut mac = keyed(&self.0);
        mac.update(label);
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}
impl std::fmt::Debug for FormKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FormKey({})", self.id())
    }
}

fn feed(mac: &mut HmacSha256, origin: &Origin, key: &[u8; KEY]) {
    // all parts but the host have a fixed length, so no two inputs run together
    mac.update(&[KIND, u8::from(origin.https)]);
    mac.update(&origin.port.to_be_bytes());
    mac.update(key);
    mac.update(origin.host.as_str().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use crate::sys::SystemEntropy;
    use secrecy::ExposeSecret;

    fn origin(s: &str) -> Origin {
        s.parse().unwrap()
    }

    #[test]
    fn a_form_opens_with_its_own_key_on_its_own_origin_only() {
        let (here, there) = (origin("https://a.example"), origin("https://a.example:8443"));
        let (key, other) = (FormKey::generate(&SystemEntropy), FormKey::generate(&SystemEntropy));
        let sealed = key.seal(&SystemEntropy, &here, b"amount=100");
        assert_eq!(key.open(&here, &sealed).unwrap().as_slice(), b"amount=100");
        assert!(!sealed.windows(6).any(|w| w == b"amount"));
        assert_eq!(key.open(&there, &sealed).unwrap_err(), NotOfThisKey);
        assert_eq!(other.open(&here, &sealed).unwrap_err(), NotOfThisKey);
        for i in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[i] ^= 1;
            assert!(key.open(&here, &bad).is_err() && key.open(&here, &sealed[..i]).is_err(), "byte {i}");
        }
    }

    #[test]
    fn a_made_up_key_or_one_of_another_origin_is_none() {
        let ring = ring();
        let keys = FormKeys::new(&ring);
        let (here, there) = (origin("https://a.example"), origin("http://a.example:443"));
        let key = FormKey::generate(&SystemEntropy);
        let text = keys.text(&here, &key);
        let text = text.expose_secret();
        assert_eq!(keys.read(&here, text).unwrap().id(), key.id());
        assert_eq!(FormKeys::new(&rotated(&ring)).read(&here, text).unwrap().id(), key.id());
        assert!(keys.read(&there, text).is_none());
        assert!(FormKeys::new(&super::super::keys::tests::ring()).read(&here, text).is_none());
        for bad in ["", "A", text.get(1..).unwrap(), &format!("{text}A"), &format!("{text}="), &"A".repeat(text.len())]
        {
            assert!(keys.read(&here, bad).is_none(), "{bad}");
        }
        assert!(!text.contains(&key.id().to_string()) && format!("{key:?}").contains(&key.id().to_string()));
    }
}
