//! The signed assertion of a request, signed anew when less than half of its life is left.

use crate::crypto::assertion::{Claims, Signer};
use crate::gate::Identity;
use crate::proxy::identity::{AssertionSigner, Told};
use crate::sys::{Clock, Entropy, random};
use crate::types::{AppName, ByRandomBits, Origin, SessionId, Timestamp};
use http::HeaderValue;
use papaya::{Equivalent, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// Assertions by session and app.
pub struct Assertions {
    signer: Arc<Signer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    signed: HashMap<Key, Arc<Told>, ByRandomBits>,
}

/// A session has a cookie an origin, so it seldom has more than one app: its bits alone are hashed.
struct Key {
    session: SessionId,
    app: AppName,
}

/// A key to look for.
struct Asked<'a> {
    session: SessionId,
    app: &'a AppName,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.session.hash(state);
    }
}
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.session == other.session && self.app == other.app
    }
}
impl Eq for Key {}
impl Hash for Asked<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.session.hash(state);
    }
}
impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.session == key.session && *self.app == key.app
    }
}

impl Assertions {
    pub fn new(signer: Arc<Signer>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Assertions { signer, clock, entropy, signed: HashMap::with_hasher(ByRandomBits::default()) }
    }

    /// Drops what has run out.
    pub fn sweep(&self) {
        let now = self.clock.now();
        self.signed.pin().retain(|_, told| now < told.good_until);
    }

    fn fresh(&self, app: &AppName, issuer: &Origin, identity: &Identity, now: Timestamp) -> Option<HeaderValue> {
        let claims = Claims {
            iss: issuer.to_string(),
            aud: app.to_string(),
            sub: identity.user.to_string(),
            name: identity.name.to_string(),
            groups: identity.groups.iter().map(ToString::to_string).collect(),
            email: identity.email.as_ref().map(ToString::to_string),
            amr: identity.assurance.amr().to_vec(),
            acr: identity.acr().urn(),
            auth_time: identity.assurance.last_at().as_secs(),
            jti: data_encoding::BASE64URL_NOPAD.encode(&random::<16>(self.entropy.as_ref())),
        };
        let jwt = self.signer.sign(&claims, now).inspect_err(|e| tracing::error!(error = %e, "assertion not signed"));
        HeaderValue::try_from(jwt.ok()?).ok()
    }
}

impl AssertionSigner for Assertions {
    fn sign(&self, app: &AppName, issuer: &Origin, identity: &Identity) -> Arc<Told> {
        let now = self.clock.now();
        let signed = self.signed.pin();
        if let Some(told) = signed.get(&Asked { session: identity.session, app })
            && now < told.good_until
            && told.is_of(identity)
        {
            return told.clone();
        }
        let assertion = self.fresh(app, issuer, identity, now);
        let signs = assertion.is_some();
        let told = Arc::new(Told::of(identity, assertion, now.plus(RENEW_AFTER)));
        // one without an assertion is not kept: the next request tries again
        if signs {
            signed.insert(Key { session: identity.session, app: app.clone() }, told.clone());
        }
        told
    }
}

/// An assertion lives 60 s; one with less than 30 s left is signed anew.
const RENEW_AFTER: Duration = Duration::from_secs(30);
