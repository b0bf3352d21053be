//! The store for production and several nodes: Redis 7 or newer, or Valkey; one server, or those that Sentinels or a
//! cluster name (`reach`).
//!
//! Everything of one user lies in one slot and changes by scripts that declare their keys (`script`); accounts' names and
//! addresses, the roster and the log lie in slots of their own, and the order of writes makes a crash between two slots
//! harmless. Nodes follow the log under a lease (`follow`) and write back what a store that lost data forgot (`heal`).

mod account;
mod audit;
mod call;
mod canary;
mod device;
mod error;
mod factor;
mod follow;
mod form;
mod heal;
mod keys;
mod link;
mod log;
mod login;
mod order;
mod pending;
mod place;
mod reach;
mod script;
mod sentinel;
mod session;
mod spent;
mod throttle;
mod token;
mod verbs;

use super::{Ack, KeyFile, Result};
use crate::sys::{SystemEntropy, random};
use crate::types::{NodeId, Seq};
use keys::Keys;
use link::Link;
pub use reach::{HostPort, RedisMode, SentinelSettings};
use script::Scripts;
use secrecy::SecretString;
use spent::Memory;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::broadcast;

/// How to reach the server.
pub struct RedisSettings {
    /// `redis://` or, with TLS, `rediss://`; may hold a user and a password.
    pub url: SecretString,
    pub mode: RedisMode,
    /// What every key begins with; `pc` unless several gateways share one server.
    pub prefix: String,
    /// PEM of the authority that signed the server's certificate; `None`: the system's authorities.
    pub ca_file: Option<PathBuf>,
    /// N: for how long a node may serve what it knows after it last heard the log's end.
    pub lease: Duration,
    /// Without the keys under which the store's records lie, every verb fails.
    pub keys: KeyFile,
}

impl RedisSettings {
    #[cfg(test)]
    pub fn new(url: SecretString) -> Self {
        let (lease, keys) = (Duration::from_secs(1), KeyFile::default());
        RedisSettings { url, mode: RedisMode::Single, prefix: "pc".into(), ca_file: None, lease, keys }
    }
}

/// The store. Verbs fail with `Unavailable` while the server is out of reach and work again by themselves.
pub struct Redis {
    link: Link,
    keys: Keys,
    scripts: Scripts,
    audit: audit::Scripts,
    node: NodeId,
    lease: Duration,
    /// The last `Fact::Everything` this node knows of: nothing that began before it counts.
    floor: AtomicU64,
    /// What was used up here in the last minute, to be written back should the server lose it.
    spent: Memory,
    /// Orders, to be written back like that.
    known: order::Known,
    told: log::Told,
    acks: broadcast::Sender<Ack>,
}

impl Redis {
    /// Does not fail where the server is down; it does where the settings cannot be right.
    pub async fn connect(settings: RedisSettings) -> Result<Arc<Self>> {
        let keys = Keys::new(settings.prefix.clone());
        let redis = Arc::new(Redis {
            link: Link::new(&settings, &keys)?,
            keys,
            scripts: Scripts::new(),
            audit: audit::Scripts::new(),
            node: NodeId::from_bytes(random(&SystemEntropy)),
            lease: settings.lease,
            floor: AtomicU64::new(0),
            spent: Memory::default(),
            known: order::Known::default(),
            told: log::Told::default(),
            acks: broadcast::channel(ACKS).0,
        });
        if let Err(error) = redis.learn_floor().await {
            tracing::warn!(%error, "the store is not ready yet; it is tried again");
        }
        Ok(redis)
    }

    fn floor(&self) -> Seq {
        Seq(self.floor.load(Ordering::SeqCst))
    }

    fn raise_floor(&self, seq: u64) {
        self.floor.fetch_max(seq, Ordering::SeqCst);
    }
}

fn nanos(d: Duration) -> u64 {
    u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)
}

/// Acknowledgements that a slow listener may be behind.
const ACKS: usize = 4096;
