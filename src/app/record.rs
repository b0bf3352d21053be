//! The audit of this process: opened before anything can happen, ended after everything has.

use super::store::Opened;
use super::wiring::Extras;
use crate::audit::{Audit, Event, Metrics, Node, Parts, PolicyStamp};
use crate::config::Config;
use crate::crypto::{AuditKeys, KeyRing};
use crate::policy::Policy;
use crate::sys::Clock;
use anyhow::Context;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The audit with the task that writes it.
pub struct Record {
    pub audit: Arc<Audit>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    writing: JoinHandle<()>,
}

impl Record {
    pub fn begin(
        config: &Config,
        extras: &Extras,
        opened: &Opened,
        keys: &KeyRing,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Self> {
        if let Some(folder) = config.audit.file.as_ref().and_then(|f| f.path.parent())
            && !folder.as_os_str().is_empty()
        {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("the audit's folder {} cannot be made (audit.file)", folder.display()))?;
        }
        let settings = config.audit.clone();
        let parts = Parts { settings, store: opened.store.clone(), keys: AuditKeys::new(keys), metrics };
        let (audit, writer) = Audit::open(parts, extras.clock.clone(), extras.entropy.as_ref())?;
        let stop = CancellationToken::new();
        let writing = tokio::spawn(writer.run(stop.clone()));
        Ok(Record { audit, clock: extras.clock.clone(), stop, writing })
    }

    /// The first event of a gateway that serves.
    pub fn started(&self, policy: &Policy) {
        self.audit.policy_is(stamp(policy));
        self.audit.record(&Event::Node { change: Node::Started }, self.clock.now());
    }

    /// The last event of one.
    pub async fn stopped(self) {
        self.audit.record(&Event::Node { change: Node::Stopped }, self.clock.now());
        self.end().await;
    }

    /// Writes what waits.
    pub async fn end(self) {
        self.stop.cancel();
        // a writer that panicked has told the log so
        let _ = self.writing.await;
    }
}

pub fn stamp(policy: &Policy) -> PolicyStamp {
    PolicyStamp { hash: policy.hash().to_owned(), version: policy.version() }
}
