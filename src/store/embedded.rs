//! The embedded store: SQLite in one file, for one node and for trying.
//!
//! One thread writes and groups what is queued into one transaction (`writer`); a verb's answer is sent only after its
//! commit has reached the disk and after this process' follower has applied the verb's log entries, so that a sign-out is
//! in force when the call returns. Reads run on a few connections of their own.

mod account;
mod audit;
mod backup;
mod canary;
mod device;
mod end;
mod error;
mod factor;
mod form;
mod order;
mod pending;
mod readers;
mod rows;
mod schema;
mod session;
mod throttle;
mod token;
mod verbs;
mod writer;

use super::feed::{Feed, Follower};
use super::{Ack, Result, Store, StoreError};
use crate::sys::lease::Lease;
use crate::sys::{Clock, SystemClock, SystemEntropy, random};
use crate::types::NodeId;
use readers::Readers;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use writer::{Writer, Writing};

/// The store. Dropping the last handle closes the file.
pub struct Embedded {
    writer: Writer,
    /// `None`: in memory, where only the writer's connection sees the data.
    readers: Option<Arc<Readers>>,
    archive: audit::Archive,
    node: NodeId,
    acks: broadcast::Sender<Ack>,
}

impl Embedded {
    /// Opens the file, makes it (mode 0600) where there is none, and brings an older release's file up to date.
    pub fn open(path: &Path) -> Result<Arc<Self>> {
        schema::own_file(path)?;
        let db = Connection::open(path)?;
        schema::prepare(&db)?;
        let (writer, readers) = (Writer::start(db)?, Some(Arc::new(Readers::of(path))));
        Ok(Arc::new(Embedded::of(writer, readers, audit::Archive::beside(path))))
    }

    /// A store that is gone with the process: tests and demos.
    #[cfg(test)]
    pub fn memory() -> Result<Arc<Self>> {
        let db = Connection::open_in_memory()?;
        schema::prepare(&db)?;
        Ok(Arc::new(Embedded::of(Writer::start(db)?, None, audit::Archive::memory())))
    }

    fn of(writer: Writer, readers: Option<Arc<Readers>>, archive: audit::Archive) -> Self {
        let (node, acks) = (NodeId::from_bytes(random(&SystemEntropy)), broadcast::channel(ACKS).0);
        Embedded { writer, readers, archive, node, acks }
    }

    /// Lets another key file take the place of the one that an unused store was first opened with.
    pub async fn forget_unused_canaries(&self) -> Result<()> {
        self.write(canary::forget_unused).await
    }

    async fn read<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        match &self.readers {
            Some(readers) => readers.run(f).await,
            None => self.writer.run(|w| f(w.db)).await,
        }
    }

    async fn write<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Writing<'_>) -> Result<T> + Send + 'static,
    {
        self.writer.run(f).await
    }
}

#[async_trait::async_trait]
impl Feed for Embedded {
    async fn follow(
        self: Arc<Self>,
        follower: Arc<dyn Follower>,
        lease: Arc<Lease>,
        stop: CancellationToken,
    ) -> Result<()> {
        self.writer.follow(Some(follower)).await?;
        // the only node there is: nobody else can end what this one serves
        lease.renew(u64::MAX, Duration::ZERO);
        let (mut look, mut sweep) = (interval(LOOK), interval(SWEEP));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        sweep.tick().await;
        loop {
            let done = tokio::select! {
                () = stop.cancelled() => break,
                _ = look.tick() => self.writer.look().await,
                _ = sweep.tick() => self.sweep(SystemClock.now()).await.map(|_| ()),
            };
            if let Err(error) = done {
                tracing::warn!(%error, "the embedded store's upkeep failed; it is tried again");
            }
        }
        self.writer.follow(None).await
    }
    fn acks(&self) -> broadcast::Receiver<Ack> {
        self.acks.subscribe()
    }
    fn node(&self) -> NodeId {
        self.node
    }
}

/// How soon what another process (a command beside the gateway) wrote is noticed.
const LOOK: Duration = Duration::from_millis(200);
/// Acknowledgements that a slow listener may be behind.
const ACKS: usize = 1024;
const SWEEP: Duration = Duration::from_secs(60);
