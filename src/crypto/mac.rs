//! HMAC-SHA-256 with the key schedule done once: a keyed state is cloned per use, the key is not touched again.

use super::keys::{Derived, KeyRing, Keys, Label, RootKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::Arc;
use subtle::ConstantTimeEq;

pub(super) type HmacSha256 = Hmac<Sha256>;

/// The state after the key.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104 §2)")]
pub(super) fn keyed(key: &[u8; 32]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).expect("any length is good")
}

/// One keyed state per root key; follows the ring.
#[derive(Clone)]
pub(super) struct Macs(Arc<Derived<States>>);

struct States {
    newest: HmacSha256,
    others: Vec<HmacSha256>,
}

impl Macs {
    pub(super) fn new(ring: &KeyRing, label: Label) -> Self {
        let state = move |k: &RootKey| keyed(&k.derive(label));
        let states =
            move |keys: &Keys| States { newest: state(keys.newest()), others: keys.others().map(state).collect() };
        Macs(Arc::new(Derived::new(ring, states)))
    }
    /// The tag by the newest key.
    pub(super) fn tag(&self, feed: impl Fn(&mut HmacSha256)) -> [u8; 32] {
        self.0.with(|states| finish(&states.newest, &feed))
    }
    /// Whether `given` is the beginning of the tag by any key; its length is the caller's to fix. Which key it was may
    /// show in the time taken, how much of a tag was right may not.
    pub(super) fn check(&self, given: &[u8], feed: impl Fn(&mut HmacSha256)) -> bool {
        let right = |key: &HmacSha256| {
            let tag = finish(key, &feed);
            tag.get(..given.len()).is_some_and(|t| bool::from(t.ct_eq(given)))
        };
        self.0.with(|states| std::iter::once(&states.newest).chain(&states.others).any(right))
    }
}

fn finish(key: &HmacSha256, feed: &impl Fn(&mut HmacSha256)) -> [u8; 32] {
    let mut mac = key.clone();
    feed(&mut mac);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_that_of_rfc_4231() {
        // test case 2 has a short key, zero padded to the block by HMAC itself, so 32 bytes give the same
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let tag = finish(&keyed(&key), &|m| m.update(b"what do ya want for nothing?"));
        let want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(data_encoding::HEXLOWER.encode(&tag), want);
    }
}
