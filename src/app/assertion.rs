//! The signed assertion of a request, signed anew when less than half of its life is left.

use crate::crypto::assertion::{Claims, Signer};
use crate::gate::Identity;
use crate::proxy::identity::{AssertionSigner, Told};
use crate::sys::{Clock, Entropy, random};
use crate::types::{AppName, Assurance, Origin, SessionId, Timestamp};
use http::HeaderValue;
use papaya::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Assertions by session and app.
pub struct Assertions {
    signer: Arc<Signer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    signed: HashMap<(SessionId, AppName), Arc<Signed>>,
}

/// One assertion and all that it says which may change.
struct Signed {
    told: Arc<Told>,
    account_version: u64,
    assurance: Assurance,
    good_until: Timestamp,
}

impl Assertions {
    pub fn new(signer: Arc<Signer>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Assertions { signer, clock, entropy, signed: HashMap::new() }
    }

    /// Drops what has run out.
    pub fn sweep(&self) {
        let now = self.clock.now();
        self.signed.pin().retain(|_, s| now < s.good_until);
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
        let key = (identity.session, app.clone());
        let signed = self.signed.pin();
        if let Some(s) = signed.get(&key)
            && now < s.good_until
            && (s.account_version, s.assurance) == (identity.account_version, identity.assurance)
        {
            return s.told.clone();
        }
        let assertion = self.fresh(app, issuer, identity, now);
        if assertion.is_none() {
            return Arc::new(Told::of(identity, None)); // not kept: the next request tries again
        }
        let told = Arc::new(Told::of(identity, assertion));
        let good_until = now.plus(RENEW_AFTER);
        signed.insert(
            key,
            Arc::new(Signed {
                told: told.clone(),
                account_version: identity.account_version,
                assurance: identity.assurance,
                good_until,
            }),
        );
        told
    }
}

/// An assertion lives 60 s; one with less than 30 s left is signed anew.
const RENEW_AFTER: Duration = Duration::from_secs(30);
