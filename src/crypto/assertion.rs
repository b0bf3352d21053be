//! The signed statement to the upstream of who the visitor is: a JWT, ES256, good for 60 s (RFC 7519, RFC 7518).
//!
//! The three parts are put together here: a JWT library prepares the key anew for each signature, which costs more than the
//! signature itself (a session's is renewed twice a minute). Tests read the result with such a library.
//!
//! One P-256 key per root key. The newest signs; all are in the key set, so that an upstream knows the next one before
//! it is used and an older one while its statements live.

use super::keys::{Derived, KeyRing, Keys, Label};
use super::p256_key::{jwk, signing_key};
use crate::types::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
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
    #[error("an assertion could not be written")]
    Claims(#[source] serde_json::Error),
    #[error("an assertion could not be signed")]
    Signature(#[source] p256::ecdsa::Error),
    #[error("the newest root key gives no P-256 key")]
    NoKey,
}

/// Signs assertions and publishes the keys; follows the ring.
pub struct Signer(Derived<Signing>);

struct Signing {
    /// As it is written in every statement.
    header: String,
    /// Its nonces come from key and message (RFC 6979): a signature needs no randomness.
    key: Option<SigningKey>,
    jwks: Value,
}

impl Signer {
    pub fn new(ring: &KeyRing) -> Self {
        Signer(Derived::new(ring, Signing::of))
    }

    pub fn sign(&self, claims: &Claims, now: Timestamp) -> Result<String, SignError> {
        let payload = Payload { claims, iat: now.as_secs(), exp: now.plus(LIFETIME).as_secs() };
        let payload = serde_json::to_vec(&payload).map_err(SignError::Claims)?;
        self.0.with(|signing| signing.sign(&payload))
    }

    /// The public keys of the whole ring (RFC 7517), the one that signs first.
    pub fn jwks(&self) -> Value {
        self.0.with(|signing| signing.jwks.clone())
    }
}
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.with(|signing| write!(f, "Signer({})", signing.header))
    }
}

impl Signing {
    fn of(keys: &Keys) -> Self {
        let header = json!({ "typ": "JWT", "alg": "ES256", "kid": keys.newest().id() }).to_string();
        let header = BASE64URL_NOPAD.encode(header.as_bytes());
        let key = signing_key(keys.newest(), Label::Assertion).map(SigningKey::from);
        let public: Vec<Value> =
            keys.iter().filter_map(|k| Some(jwk(k.id(), &signing_key(k, Label::Assertion)?))).collect();
        Signing { header, key, jwks: json!({ "keys": public }) }
    }

    /// The compact form (RFC 7515 §7.1).
    fn sign(&self, payload: &[u8]) -> Result<String, SignError> {
        let key = self.key.as_ref().ok_or(SignError::NoKey)?;
        let mut jws = [self.header.as_str(), ".", &BASE64URL_NOPAD.encode(payload)].concat();
        let signature: Signature = key.try_sign(jws.as_bytes()).map_err(SignError::Signature)?;
        jws.push('.');
        BASE64URL_NOPAD.encode_append(&signature.to_bytes(), &mut jws);
        Ok(jws)
    }
}

#[derive(Serialize)]
struct Payload<'a> {
    #[serde(flatten)]
    claims: &'a Claims,
    iat: u64,
    exp: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};

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
        assert_eq!(
            keys.iter().map(|k| k["kid"].as_str().unwrap()).collect::<Vec<_>>(),
            both.keys().ids().collect::<Vec<_>>()
        );
        assert!(keys.iter().all(|k| k.get("d").is_none() && k["alg"] == "ES256" && k["use"] == "sig"));
        assert!(decode(&token, &keys[0]).is_err());
        assert!(decode(&token, &keys[1]).is_ok());
    }

    #[test]
    fn a_new_key_signs_at_once_and_a_coming_one_is_published_before() {
        let ring = ring();
        let signer = Signer::new(&ring);
        let kids = |signer: &Signer| signer.jwks()["keys"].as_array().unwrap().len();
        assert_eq!(kids(&signer), 1);
        let (now, later) = (Timestamp::from_secs(1_700_000_000), Timestamp::from_secs(1_700_000_900));
        let next = crate::crypto::keys::RootKey::generate(&crate::sys::SystemEntropy, now, later);
        ring.replace(ring.keys().with(next.clone(), now));
        let kid = |signer: &Signer| jsonwebtoken::decode_header(sign(signer)).unwrap().kid.unwrap();
        assert!(kids(&signer) == 2 && kid(&signer) != next.id());
        ring.replace(ring.keys().moved_on(later).unwrap());
        assert_eq!(kid(&signer), next.id());
    }

    #[test]
    fn the_same_root_key_gives_the_same_key_on_every_node() {
        let ring = ring();
        assert_eq!(Signer::new(&ring).jwks(), Signer::new(&ring.clone()).jwks());
        assert_ne!(Signer::new(&ring).jwks(), Signer::new(&self::ring()).jwks());
    }
}
