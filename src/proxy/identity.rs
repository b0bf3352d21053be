//! Who signs what the upstream is told of a visitor.

use crate::gate::{Cached, Told};
use crate::types::{AppName, Origin};
use std::sync::Arc;

/// Signs who the visitor is. Kept with the session by itself; called once a request.
pub trait AssertionSigner: Send + Sync + 'static {
    /// `issuer` is the app's first origin.
    fn sign(&self, app: &AppName, issuer: &Origin, session: &Cached) -> Arc<Told>;
}
