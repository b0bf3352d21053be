//! The P-256 key that a root key gives under a label, and how its public half is published (RFC 7517).

use super::keys::{Label, RootKey};
use data_encoding::BASE64URL_NOPAD;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The seed itself where it is a valid scalar, else its hash, and so on (rejection sampling, FIPS 186-5 A.2.2). One
/// seed in 2^32 needs a second try; `None` would take 16 in a row.
pub(super) fn signing_key(root: &RootKey, label: Label) -> Option<SecretKey> {
    let mut seed = root.derive(label);
    for _ in 0..16 {
        if let Ok(key) = SecretKey::from_slice(seed.as_slice()) {
            return Some(key);
        }
        seed = Zeroizing::new(Sha256::digest(seed.as_slice()).into());
    }
    None
}

pub(super) fn jwk(kid: &str, key: &SecretKey) -> Value {
    let point = key.public_key().to_encoded_point(false);
    let text = |b: Option<&p256::FieldBytes>| b.map(|b| BASE64URL_NOPAD.encode(b));
    json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": kid,
        "x": text(point.x()), "y": text(point.y()),
    })
}
