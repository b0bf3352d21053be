//! What the audit needs of the root keys: signatures over checkpoints, and a way to keep a typed name without keeping it.
//!
//! Checkpoints are signed with P-256 (ES256, RFC 7518 §3.4), so that who may check them need not hold a secret.

use super::keys::{Derived, KeyRing, Keys, Label};
use super::mac::Macs;
use super::p256_key::{jwk, signing_key};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::Mac;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey};
use p256::{EncodedPoint, PublicKey};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Signs and hashes with the newest key; follows the ring.
#[derive(Clone)]
pub struct AuditKeys {
    signing: Arc<Derived<Signing>>,
    names: Macs,
}

struct Signing {
    id: String,
    key: Option<SigningKey>,
    jwks: Value,
}

impl Signing {
    fn of(keys: &Keys) -> Self {
        let key = |k| signing_key(k, Label::Audit);
        let public: Vec<Value> = keys.iter().filter_map(|k| Some(jwk(k.id(), &key(k)?))).collect();
        Signing {
            id: keys.newest().id().to_owned(),
            key: key(keys.newest()).map(SigningKey::from),
            jwks: json!({ "keys": public }),
        }
    }
    /// Base64url; `None` where the root key gives no P-256 key, which no random key does.
    fn sign(&self, text: &[u8]) -> Option<String> {
        let signature: Signature = self.key.as_ref()?.sign(text);
        Some(BASE64URL_NOPAD.encode(&signature.to_bytes()))
    }
}

impl AuditKeys {
    pub fn new(ring: &KeyRing) -> Self {
        let signing = Arc::new(Derived::new(ring, Signing::of));
        AuditKeys { signing, names: Macs::new(ring, Label::AuditName) }
    }

    /// The text that is made for the id of the key that signs, and its signature: one key for both.
    pub fn signed(&self, text_for: impl FnOnce(&str) -> String) -> (String, String) {
        self.signing.with(|s| {
            let text = text_for(&s.id);
            let signature = s.sign(text.as_bytes()).unwrap_or_default();
            (text, signature)
        })
    }

    /// 128 bits that are the same for the same name, and tell nobody without the key which name it was.
    pub fn name(&self, typed: &str) -> String {
        let tag = self.names.tag(|m| m.update(typed.as_bytes()));
        HEXLOWER.encode(tag.get(..16).unwrap_or_default())
    }

    /// The public keys of the whole ring (RFC 7517).
    pub fn jwks(&self) -> Value {
        self.signing.with(|s| s.jwks.clone())
    }
}
impl std::fmt::Debug for AuditKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.signing.with(|s| write!(f, "AuditKeys({})", s.id))
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
        let (id, signature) = keys.signed(|id| id.to_string());
        let verifier = AuditVerifier::of_jwks(&AuditKeys::new(&rotated(&old)).jwks());
        assert!(verifier.knows(&id) && verifier.check(&id, id.as_bytes(), &signature));
        assert!(!verifier.check(&id, b"another", &signature));
        assert!(!verifier.check(rotated(&old).newest().id(), id.as_bytes(), &signature));
        assert!(!verifier.check(&id, id.as_bytes(), ""));
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
