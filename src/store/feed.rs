//! Following the log: what a node does with it, whatever the store.

use super::{Ack, Entry, Order, Result};
use crate::sys::lease::Lease;
use crate::types::NodeId;
use std::sync::Arc;

/// Who acts on the log: the session cache and the registry of live exchanges.
/// Called in order, from one task; must not block.
pub trait Follower: Send + Sync + 'static {
    /// The log stood here when following began: whoever asks for `began` needs it.
    fn attached(&self, _head: &super::Head) {}
    /// All orders that are kept, each time the log is followed anew: before the first lease, and whenever entries may have
    /// been missed. They take the place of what was known.
    fn orders(&self, _all: Vec<Order>) {}
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
    /// Every acknowledgement of every node from now on; a listener that is too slow misses some.
    fn acks(&self) -> tokio::sync::broadcast::Receiver<Ack>;
    /// This node.
    fn node(&self) -> NodeId;
}
