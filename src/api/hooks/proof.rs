//! What proves that a delivery comes from the tool: the secret in its URL, the network it comes from, a signature.
//!
//! A secret has 256 bits and is known by its hash alone; everything is compared in constant time.

use crate::types::TokenHash;
use crate::types::hook_path::SECRET_PREFIX;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// How a tool signs the bytes of a body: HMAC-SHA-256, in hex, behind a prefix.
#[derive(Clone, Debug)]
pub struct Signature {
    pub header: HeaderName,
    /// Such as `v1=`; may be empty.
    pub prefix: String,
    pub secret: SecretString,
}

/// A new secret and what is kept of it.
pub fn new_secret(random: [u8; 32]) -> (SecretString, TokenHash) {
    let text = format!("{SECRET_PREFIX}{}", BASE64URL_NOPAD.encode(&random));
    let hash = secret_hash(&text);
    (SecretString::from(text), hash)
}

pub(super) fn secret_hash(secret: &str) -> TokenHash {
    TokenHash(Sha256::digest(secret.as_bytes()).into())
}

/// Whether this is the secret. `None`, where there is no such hook, takes as long.
pub(super) fn is_secret(given: &str, kept: Option<&TokenHash>) -> bool {
    let given = secret_hash(given);
    let (kept, known) = kept.map_or((&given, 0), |k| (k, 1));
    bool::from(given.0.ct_eq(&kept.0) & Choice::from(known))
}

impl Signature {
    /// Whether one of the signatures that came is right: while a secret is changed, tools send one by each.
    pub(super) fn is_right(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()) else { return false };
        mac.update(body);
        let right: [u8; 32] = mac.finalize().into_bytes().into();
        let texts = headers.get_all(&self.header).iter().filter_map(|v| v.to_str().ok());
        let signatures = texts.flat_map(|t| t.split(',')).filter_map(|s| s.trim().strip_prefix(&*self.prefix));
        signatures
            .take(SIGNATURES)
            .filter_map(|hex| HEXLOWER.decode(hex.to_ascii_lowercase().as_bytes()).ok())
            .any(|given| bool::from(right.ct_eq(given.as_slice())))
    }
}

/// Signatures of one delivery that are looked at.
const SIGNATURES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_256_bits_and_is_known_by_its_hash_alone() {
        let (secret, hash) = new_secret([7; 32]);
        let text = secret.expose_secret();
        assert!(text.starts_with("pch_") && text.len() == 4 + 43, "{text}");
        assert!(is_secret(text, Some(&hash)));
        assert!(!is_secret(text, None) && !is_secret("", None) && !is_secret("pch_", Some(&hash)));
        assert!(!is_secret(&hash.hex(), Some(&hash)), "the hash opens nothing");
    }

    #[test]
    fn one_right_signature_of_the_bytes_is_needed() {
        let header = HeaderName::from_static("x-pagerduty-signature");
        let signature = Signature { header: header.clone(), prefix: "v1=".into(), secret: "Jefe".to_string().into() };
        let right = "v1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let wrong = format!("v1={}", "0".repeat(64));
        let body = b"what do ya want for nothing?";
        let judge = |values: &[&str], body: &[u8]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(&header, value.parse().unwrap());
            }
            signature.is_right(&headers, body)
        };
        assert!(judge(&[right], body));
        assert!(judge(&[&format!("{wrong}, {right}")], body));
        assert!(judge(&[&wrong, &right.to_uppercase().replace("V1", "v1")], body));
        assert!(!judge(&[right], b"what do ya want for nothing"));
        let (bare, short) = (right.replace("v1=", ""), right.replace("843", ""));
        for bad in [&[][..], &[""], &[&wrong], &["v1="], &["v1=zz"], &[&bare], &[&short]] {
            assert!(!judge(bad, body), "{bad:?}");
        }
        let many = format!("{}{right}", format!("{wrong},").repeat(10_000));
        assert!(!judge(&[&many], body), "no more than a few are looked at");
    }
}
