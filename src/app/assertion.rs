//! The signed assertion of a request, signed anew when less than half of its life is left.

use crate::crypto::assertion::{Claims, Signer};
use crate::proxy::identity::AssertionSigner;
use crate::session::{Cached, Identity, Told};
use crate::sys::{Clock, Entropy, random};
use crate::types::{AppName, Origin, Timestamp};
use http::HeaderValue;
use std::sync::Arc;
use std::time::Duration;

/// Signs; what it signed is kept with the session.
pub struct Assertions {
    signer: Arc<Signer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Assertions {
    pub fn new(signer: Arc<Signer>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Assertions { signer, clock, entropy }
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
    fn sign(&self, app: &AppName, issuer: &Origin, session: &Cached) -> Arc<Told> {
        let now = self.clock.now();
        if let Some(told) = session.told(app, now) {
            return told;
        }
        let assertion = self.fresh(app, issuer, &session.identity, now);
        let told = Arc::new(Told::of(&session.identity, app.clone(), assertion, now.plus(RENEW_AFTER)));
        // one without an assertion is not kept: the next request tries again
        if told.assertion.is_some() {
            session.tell(told.clone());
        }
        told
    }
}

/// An assertion lives 60 s; one with less than 30 s left is signed anew.
const RENEW_AFTER: Duration = Duration::from_secs(30);
