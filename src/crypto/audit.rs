//! What the audit needs of the root keys: signatures over checkpoints, and a way to keep a typed name without keeping it.
//!
//! Checkpoints are signed with P-256 (ES256, RFC 7518 §3.4), so that who may check them need not hold a secret.

use super::keys::{KeyRing, Label};
use super::mac::Macs;
use super::p256_key::{jwk, signing_key};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::Mac;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::{EncodedPoint, PublicKey};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Signs and hashes with the newest key.
#[derive(Clone)]
pub struct AuditKeys {
    id: String,
    key: Option<SigningKey>,
    names: Macs,
    jwks: Value,
}

impl AuditKeys {
    pub fn new(ring: &KeyRing) -> Self {
        let key = |k| signing_key(k, Label::Audit);
        let keys: Vec<Value> = ring.iter().filter_map(|k| Some(jwk(k.id(), &key(k)?))).collect();
        AuditKeys {
            id: ring.newest().id().to_owned(),
            key: key(ring.newest()).map(SigningKey::from),
            names: Macs::new(ring, Label::AuditName),
            jwks: json!({ "keys": keys }),
        }
    }

    /// The id of the key that signs.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Base64url; `None` where the root key gives no P-256 key, which no random key does.
    pub fn sign(&self, text: &[u8]) -> Option<String> {
        let signature: Signature = self.key.as_ref()?.sign(text);
        Some(BASE64URL_NOPAD.encode(&signature.to_bytes()))
    }

    /// 128 bits that are the same for the same name, and tell nobody without the key which name it was.
    pub fn name(&self, typed: &str) -> String {
        let tag = self.names.tag(|m| m.update(typed.as_bytes()));
        HEXLOWER.encode(tag.get(..16).unwrap_or_default())
    }

    /// The public keys of the whole ring (RFC 7517).
    pub fn jwks(&self) -> Value {
        self.jwks.clone()
    }
}
impl std::fmt::Debug for AuditKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuditKeys({})", self.id)
    }
}

/// Checks signatures by public keys alone.
#[derive(Default)]
pub struct AuditVerifier {
    keys: HashMap<String, VerifyingKey>,
}

impl AuditVerifier {
    /// Of a key set as [`AuditKeys::jwks`] publishes it; what in it is no P-256 key is left out.
    pub fn of_jwks(jwks: &Value) -> Self {
        let all = jwks.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        AuditVerifier { keys: all.iter().filter_map(public_key).collect() }
    }
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
    pub fn knows(&self, id: &str) -> bool {
        self.keys.contains_key(id)
    }
    pub fn check(&self, id: &str, text: &[u8], signature: &str) -> bool {
        let bytes = BASE64URL_NOPAD.decode(signature.as_bytes()).ok();
        let signature = bytes.and_then(|b| Signature::from_slice(&b).ok());
        let key = self.keys.get(id);
        key.zip(signature).is_some_and(|(key, signature)| key.verify(text, &signature).is_ok())
    }
}

fn public_key(jwk: &Value) -> Option<(String, VerifyingKey)> {
    let part = |name| {
        let bytes = BASE64URL_NOPAD.decode(jwk.get(name)?.as_str()?.as_bytes()).ok()?;
        <[u8; 32]>::try_from(bytes).ok()
    };
    let point = EncodedPoint::from_affine_coordinates(&part("x")?.into(), &part("y")?.into(), false);
    let key = PublicKey::from_sec1_bytes(point.as_bytes()).ok()?;
    Some((jwk.get("kid")?.as_str()?.to_owned(), VerifyingKey::from(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};

    #[test]
    fn a_signature_is_checked_by_the_published_keys_also_after_a_rotation() {
        let old = ring();
        let keys = AuditKeys::new(&old);
        let signature = keys.sign(b"checkpoint").unwrap();
        let verifier = AuditVerifier::of_jwks(&AuditKeys::new(&rotated(&old)).jwks());
        assert!(verifier.knows(keys.id()) && verifier.check(keys.id(), b"checkpoint", &signature));
        assert!(!verifier.check(keys.id(), b"Checkpoint", &signature));
        assert!(!verifier.check(rotated(&old).newest().id(), b"checkpoint", &signature));
        assert!(!verifier.check(keys.id(), b"checkpoint", ""));
        assert!(AuditVerifier::of_jwks(&json!({ "keys": [{ "kid": "a", "x": "AA", "y": "AA" }] })).is_empty());
    }

    #[test]
    fn a_name_is_kept_as_what_only_the_key_can_compare() {
        let (a, b) = (AuditKeys::new(&ring()), AuditKeys::new(&ring()));
        assert_eq!(a.name("hunter2"), a.name("hunter2"));
        assert_ne!(a.name("hunter2"), b.name("hunter2"));
        assert_eq!(a.name("x".repeat(1000).as_str()).len(), 32);
    }
}
