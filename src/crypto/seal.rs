//! Sealed secrets at rest: XChaCha20-Poly1305 with a random 192-bit nonce, bound to what they are and whose they are.
//!
//! Form: `version 1 | algorithm 1 | length of key id 1 | key id | nonce 24 | ciphertext and tag`. What is not exactly
//! that, or was sealed for another user, item or purpose, does not open; nothing is ever returned unchecked.

use super::keys::{KeyRing, Label};
use crate::sys::{Entropy, random};
use crate::types::UserId;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const XCHACHA20_POLY1305: u8 = 1;
const NONCE: usize = 24;

/// What a sealed secret is bound to: moved to another user, item or purpose, it does not open. The key's id is added.
#[derive(Clone, Copy, Debug)]
pub struct Aad<'a> {
    pub purpose: &'a str,
    pub user: UserId,
    pub item: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("not a sealed secret of a form known here")]
    Malformed,
    #[error("sealed with the key `{0}`, which the key file does not hold")]
    UnknownKey(String),
    #[error("the sealed secret was changed, or belongs to another user or item")]
    Forged,
}

/// Seals with the newest key.
#[expect(clippy::expect_used, reason = "fails only for plaintexts of more than 256 GiB (RFC 8439 §2.8)")]
pub fn seal(ring: &KeyRing, entropy: &dyn Entropy, aad: &Aad<'_>, plain: &[u8]) -> Vec<u8> {
    let key = ring.newest();
    let nonce: [u8; NONCE] = random(entropy);
    let head = head(key.id());
    let aad = aad.bytes(&head);
    let cipher = XChaCha20Poly1305::new((&*key.derive(Label::Seal)).into());
    let body = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad }).expect("short enough");
    [head.as_slice(), &nonce, &body].concat()
}

/// Opens with the key that sealed.
pub fn open(ring: &KeyRing, aad: &Aad<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (id, nonce, body) = split(sealed).ok_or(SealError::Malformed)?;
    let key = ring.derive(id, Label::Seal).ok_or_else(|| SealError::UnknownKey(id.to_string()))?;
    let aad = aad.bytes(&head(id));
    let cipher = XChaCha20Poly1305::new((&*key).into());
    let plain = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: &aad });
    plain.map(Zeroizing::new).map_err(|_| SealError::Forged)
}

/// The same secret under the newest key; `None` where it lies under it already.
pub fn reseal(
    ring: &KeyRing,
    entropy: &dyn Entropy,
    aad: &Aad<'_>,
    sealed: &[u8],
) -> Result<Option<Vec<u8>>, SealError> {
    if key_id(sealed).ok_or(SealError::Malformed)? == ring.newest().id() {
        return Ok(None);
    }
    let plain = open(ring, aad, sealed)?;
    Ok(Some(seal(ring, entropy, aad, &plain)))
}

/// The id of the key that sealed it; what `open` would ask for.
pub fn key_id(sealed: &[u8]) -> Option<&str> {
    split(sealed).map(|(id, _, _)| id)
}

impl Aad<'_> {
    /// Every part with its length, so that no two differ only in where one ends.
    fn bytes(&self, head: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(64 + self.purpose.len() + self.item.len());
        for part in [b"portcullis/sealed", self.purpose.as_bytes(), self.user.as_bytes(), self.item.as_bytes(), head] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

fn head(id: &str) -> Vec<u8> {
    // an id has 4 to 16 bytes (`KeyRing::parse`); one too long would not open again, never open wrongly
    let length = u8::try_from(id.len()).unwrap_or(u8::MAX);
    [&[VERSION, XCHACHA20_POLY1305, length], id.as_bytes()].concat()
}

fn split(sealed: &[u8]) -> Option<(&str, &[u8; NONCE], &[u8])> {
    let ([version, algorithm, length], rest) = sealed.split_first_chunk::<3>()?;
    if (*version, *algorithm) != (VERSION, XCHACHA20_POLY1305) {
        return None;
    }
    let (id, rest) = rest.split_at_checked(usize::from(*length))?;
    let (nonce, body) = rest.split_first_chunk::<NONCE>()?;
    Some((std::str::from_utf8(id).ok()?, nonce, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use crate::sys::SystemEntropy;

    const ALICE: UserId = UserId::from_bytes([1; 16]);
    const BOB: UserId = UserId::from_bytes([2; 16]);
    const AAD: Aad<'static> = Aad { purpose: "totp", user: ALICE, item: "one" };

    #[test]
    fn what_was_sealed_opens_and_shows_nothing() {
        let ring = ring();
        let sealed = seal(&ring, &SystemEntropy, &AAD, b"a secret of twenty b");
        assert_eq!(open(&ring, &AAD, &sealed).unwrap().as_slice(), b"a secret of twenty b");
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
        assert_ne!(sealed, seal(&ring, &SystemEntropy, &AAD, b"a secret of twenty b"));
        assert_eq!(key_id(&sealed), Some(ring.newest().id()));
    }

    #[test]
    fn moved_elsewhere_it_does_not_open() {
        let ring = ring();
        let sealed = seal(&ring, &SystemEntropy, &AAD, b"secret");
        let moved = [
            Aad { user: BOB, ..AAD },
            Aad { item: "two", ..AAD },
            Aad { purpose: "totp2", ..AAD },
            Aad { purpose: "tot", item: "pone", ..AAD },
        ];
        for aad in moved {
            assert_eq!(open(&ring, &aad, &sealed).unwrap_err(), SealError::Forged, "{aad:?}");
        }
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_refused() {
        let ring = ring();
        let sealed = seal(&ring, &SystemEntropy, &AAD, b"secret");
        for i in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[i] ^= 1;
            assert!(open(&ring, &AAD, &bad).is_err(), "byte {i}");
            assert!(open(&ring, &AAD, &sealed[..i]).is_err(), "cut at {i}");
        }
    }

    #[test]
    fn an_unknown_version_algorithm_or_key_is_named() {
        let ring = ring();
        let sealed = seal(&ring, &SystemEntropy, &AAD, b"secret");
        for at in [0, 1] {
            let mut other = sealed.clone();
            other[at] = 9;
            assert_eq!(open(&ring, &AAD, &other).unwrap_err(), SealError::Malformed);
        }
        let unknown = SealError::UnknownKey(ring.newest().id().to_string());
        assert_eq!(open(&self::ring(), &AAD, &sealed).unwrap_err(), unknown);
    }

    #[test]
    fn sealed_anew_it_is_the_same_under_the_newest_key() {
        let old = ring();
        let sealed = seal(&old, &SystemEntropy, &AAD, b"secret");
        assert_eq!(reseal(&old, &SystemEntropy, &AAD, &sealed), Ok(None));
        let both = rotated(&old);
        let again = reseal(&both, &SystemEntropy, &AAD, &sealed).unwrap().unwrap();
        assert_eq!(key_id(&again), Some(both.newest().id()));
        assert_eq!(open(&both, &AAD, &again).unwrap().as_slice(), b"secret");
        assert_eq!(reseal(&both, &SystemEntropy, &Aad { user: BOB, ..AAD }, &sealed), Err(SealError::Forged));
        assert_eq!(reseal(&both, &SystemEntropy, &AAD, b""), Err(SealError::Malformed));
    }

    #[test]
    fn an_older_key_still_opens_and_the_newest_seals() {
        let old = ring();
        let sealed = seal(&old, &SystemEntropy, &AAD, b"secret");
        let both = rotated(&old);
        assert_eq!(open(&both, &AAD, &sealed).unwrap().as_slice(), b"secret");
        let again = seal(&both, &SystemEntropy, &AAD, b"secret");
        assert_eq!(key_id(&again), Some(both.newest().id()));
        assert!(matches!(open(&old, &AAD, &again), Err(SealError::UnknownKey(_))));
    }
}
