//! Tokens of those who call the admin API: `portcullis_` and 56 bytes in base64url, `id 16 | random 32 | check 8`.
//!
//! The beginning is for scanners that look for secrets in what people publish. The check is an HMAC over all that stands
//! before it, so that a made-up token costs no read of the store; what decides is the hash that the store knows.

use super::keys::{KeyRing, Label};
use super::mac::Macs;
use crate::sys::{Entropy, random};
use crate::types::{ApiTokenId, ApiTokenRef, TokenHash};
use data_encoding::BASE64URL_NOPAD;
use hmac::Mac;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Makes and checks them.
#[derive(Clone)]
pub struct ApiTokens {
    macs: Macs,
}

impl ApiTokens {
    pub fn new(ring: &KeyRing) -> Self {
        ApiTokens { macs: Macs::new(ring, Label::Token) }
    }

    /// A new token, shown once, and its hash, for the store.
    pub fn mint(&self, id: ApiTokenId, entropy: &dyn Entropy) -> (SecretString, TokenHash) {
        let secret = Zeroizing::new(random::<32>(entropy));
        let mut bytes = Zeroizing::new([0; BYTES]);
        bytes.iter_mut().zip(id.as_bytes().iter().chain(secret.iter())).for_each(|(to, from)| *to = *from);
        if let Some((claimed, check)) = bytes.split_last_chunk_mut::<CHECK>() {
            let tag = self.macs.tag(|m| feed(m, claimed));
            check.iter_mut().zip(tag.iter()).for_each(|(to, from)| *to = *from);
        }
        let text = Zeroizing::new(BASE64URL_NOPAD.encode(bytes.as_slice()));
        (SecretString::from(format!("{PREFIX}{}", text.as_str())), hash(bytes.as_slice()))
    }

    /// `None`: not made here, by any key.
    pub fn check(&self, text: &str) -> Option<ApiTokenRef> {
        let text = text.strip_prefix(PREFIX).filter(|t| t.len() == LETTERS)?;
        let mut bytes = Zeroizing::new([0; BYTES]);
        // strict: stray bits in the last letter are an error, so a token has one spelling
        BASE64URL_NOPAD.decode_mut(text.as_bytes(), bytes.as_mut_slice()).ok()?;
        let (claimed, check) = bytes.split_last_chunk::<CHECK>()?;
        let (id, _) = claimed.split_first_chunk()?;
        let good = self.macs.check(check, |m| feed(m, claimed));
        good.then(|| ApiTokenRef { id: ApiTokenId::from_bytes(*id), hash: hash(bytes.as_slice()) })
    }
}

/// Other tokens' checks begin with their kind and 0 or 1.
fn feed(mac: &mut super::mac::HmacSha256, claimed: &[u8]) {
    mac.update(&[4, 2]);
    mac.update(claimed);
}

fn hash(bytes: &[u8]) -> TokenHash {
    TokenHash(Sha256::digest(bytes).into())
}

/// What every token begins with.
pub const PREFIX: &str = "portcullis_";
const CHECK: usize = 8;
const BYTES: usize = 16 + 32 + CHECK;
const LETTERS: usize = (BYTES * 4).div_ceil(3);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use crate::sys::SystemEntropy;
    use secrecy::ExposeSecret;

    const ID: ApiTokenId = ApiTokenId::from_bytes([7; 16]);

    #[test]
    fn a_token_of_the_api_is_known_by_its_beginning_and_leads_to_its_id_and_hash() {
        let old = ring();
        let (text, hash) = ApiTokens::new(&old).mint(ID, &SystemEntropy);
        let text = text.expose_secret();
        assert!(text.starts_with("portcullis_") && text.len() == PREFIX.len() + LETTERS);
        let known = Some(ApiTokenRef { id: ID, hash });
        assert_eq!(ApiTokens::new(&old).check(text), known);
        assert_eq!(ApiTokens::new(&rotated(&old)).check(text), known, "a new root key ends no token");
        assert_eq!(ApiTokens::new(&ring()).check(text), None);
        assert_ne!(ApiTokens::new(&old).mint(ID, &SystemEntropy).0.expose_secret(), text);
    }

    #[test]
    fn a_made_up_or_changed_token_of_the_api_is_none() {
        let ring = ring();
        let tokens = ApiTokens::new(&ring);
        let (text, _) = tokens.mint(ID, &SystemEntropy);
        let text = text.expose_secret();
        for i in 0..text.len() {
            let mut bad = text.to_string().into_bytes();
            bad[i] = if bad[i] == b'A' { b'B' } else { b'A' };
            assert_eq!(tokens.check(&String::from_utf8(bad).unwrap()), None, "{i}");
        }
        let bare = text.strip_prefix(PREFIX).unwrap();
        let padded = [format!("{text}="), format!("{text}A"), format!(" {text}"), text.to_uppercase()];
        for bad in ["", PREFIX, bare].into_iter().chain(padded.iter().map(String::as_str)) {
            assert_eq!(tokens.check(bad), None, "{bad}");
        }
    }
}
