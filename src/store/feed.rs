//! Following the log: what a node does with it, whatever the store.

use super::{Entry, Result};
use crate::sys::lease::Lease;
use std::sync::Arc;

/// Who acts on the log: the session cache and the registry of live exchanges.
/// Called in order, from one task; must not block.
pub trait Follower: Send + Sync + 'static {
    /// The log stood here when following began: whoever asks for `began` needs it.
    fn attached(&self, _head: &super::Head) {}
    fn apply(&self, entry: &Entry);
    /// The store came back as another (empty, failed over, a gap in the log): nothing cached may be trusted. Sessions
    /// that the store no longer holds are over; live exchanges are to be judged again by reading.
    fn flush(&self);
}

/// A store that can be followed. Runs until `stop` fires; renews the lease whenever it knows the log's end applied.
#[async_trait::async_trait]
pub trait Feed: Send + Sync + 'static {
    async fn follow(
        self: Arc<Self>,
        follower: Arc<dyn Follower>,
        lease: Arc<Lease>,
        stop: tokio_util::sync::CancellationToken,
    ) -> Result<()>;
}
