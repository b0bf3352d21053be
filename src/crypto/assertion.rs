//! The signed statement to the upstream of who the visitor is: a JWT, ES256, good for 60 s (RFC 7519, RFC 7518).
//!
//! One P-256 key per root key. The newest signs; all are in the key set, so that an upstream knows the next one before
//! it is used and an older one while its statements live.

use super::keys::{KeyRing, Label};
use super::p256_key::{jwk, signing_key};
use crate::types::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p256::SecretKey;
use p256::pkcs8::EncodePrivateKey;
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a statement is good.
pub const LIFETIME: Duration = Duration::from_secs(60);

/// What is stated; `iat` and `exp` are added when it is signed.
#[derive(Clone, Debug, Serialize)]
pub struct Claims {
    /// The app's first origin.
    pub iss: String,
    /// The app.
    pub aud: String,
    /// The user's id.
    pub sub: String,
    pub name: String,
    pub groups: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// RFC 8176.
    pub amr: Vec<&'static str>,
    pub acr: &'static str,
    /// Seconds since the Unix epoch.
    pub auth_time: u64,
    /// Another for every statement.
    pub jti: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("an assertion could not be signed")]
    Jwt(#[source] jsonwebtoken::errors::Error),
    #[error("the newest root key gives no P-256 key")]
    NoKey,
}

/// Signs assertions and publishes the keys.
pub struct Signer {
    header: Header,
    key: Option<EncodingKey>,
    jwks: Value,
}

impl Signer {
    pub fn new(ring: &KeyRing) -> Self {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(ring.newest().id().to_string());
        let key = signing_key(ring.newest(), Label::Assertion).and_then(|k| encoding_key(&k));
        let keys: Vec<Value> =
            ring.iter().filter_map(|k| Some(jwk(k.id(), &signing_key(k, Label::Assertion)?))).collect();
        Signer { header, key, jwks: json!({ "keys": keys }) }
    }

    pub fn sign(&self, claims: &Claims, now: Timestamp) -> Result<String, SignError> {
        let key = self.key.as_ref().ok_or(SignError::NoKey)?;
        let payload = Payload { claims, iat: now.as_secs(), exp: now.plus(LIFETIME).as_secs() };
        jsonwebtoken::encode(&self.header, &payload, key).map_err(SignError::Jwt)
    }

    /// The public keys of the whole ring (RFC 7517), the one that signs first.
    pub fn jwks(&self) -> Value {
        self.jwks.clone()
    }
}
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({:?})", self.header.kid)
    }
}

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(flatten)]
    claims: &'a Claims,
    iat: u64,
    exp: u64,
}

fn encoding_key(key: &SecretKey) -> Option<EncodingKey> {
    key.to_pkcs8_der().ok().map(|der| EncodingKey::from_ec_der(der.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use jsonwebtoken::{DecodingKey, Validation};

    fn decode(token: &str, jwk: &Value) -> jsonwebtoken::errors::Result<Value> {
        let key = DecodingKey::from_ec_components(jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap())?;
        let mut rules = Validation::new(Algorithm::ES256);
        rules.validate_exp = false;
        rules.set_audience(&["intranet"]);
        rules.set_issuer(&["https://app.example.com"]);
        jsonwebtoken::decode::<Value>(token, &key, &rules).map(|d| d.claims)
    }

    fn sign(signer: &Signer) -> String {
        let claims = Claims {
            iss: "https://app.example.com".into(),
            aud: "intranet".into(),
            sub: "user".into(),
            name: "alice".into(),
            groups: vec!["admin".into(), "staff".into()],
            email: None,
            amr: vec!["pwd", "otp", "mfa"],
            acr: "urn:portcullis:two",
            auth_time: 1_699_999_000,
            jti: "one".into(),
        };
        signer.sign(&claims, Timestamp::from_millis(1_700_000_000_999)).unwrap()
    }

    #[test]
    fn the_statement_is_verified_by_the_published_key() {
        let signer = Signer::new(&ring());
        let said = decode(&sign(&signer), &signer.jwks()["keys"][0]).unwrap();
        let want = json!({
            "iss": "https://app.example.com", "aud": "intranet", "sub": "user",
            "name": "alice", "groups": ["admin", "staff"], "amr": ["pwd", "otp", "mfa"],
            "acr": "urn:portcullis:two", "auth_time": 1_699_999_000, "jti": "one",
            "iat": 1_700_000_000, "exp": 1_700_000_060,
        });
        assert_eq!(said, want);
    }

    #[test]
    fn the_header_names_the_newest_key_and_es256() {
        let ring = rotated(&ring());
        let header = jsonwebtoken::decode_header(sign(&Signer::new(&ring))).unwrap();
        assert_eq!((header.alg, header.kid.as_deref()), (Algorithm::ES256, Some(ring.newest().id())));
    }

    #[test]
    fn the_key_set_holds_every_key_and_nothing_secret() {
        let old = ring();
        let token = sign(&Signer::new(&old));
        let both = rotated(&old);
        let jwks = Signer::new(&both).jwks();
        let keys = jwks["keys"].as_array().unwrap();
        assert_eq!(keys.iter().map(|k| k["kid"].as_str().unwrap()).collect::<Vec<_>>(), both.ids().collect::<Vec<_>>());
        assert!(keys.iter().all(|k| k.get("d").is_none() && k["alg"] == "ES256" && k["use"] == "sig"));
        assert!(decode(&token, &keys[0]).is_err());
        assert!(decode(&token, &keys[1]).is_ok());
    }

    #[test]
    fn the_same_root_key_gives_the_same_key_on_every_node() {
        let ring = ring();
        assert_eq!(Signer::new(&ring).jwks(), Signer::new(&ring.clone()).jwks());
        assert_ne!(Signer::new(&ring).jwks(), Signer::new(&self::ring()).jwks());
    }
}
