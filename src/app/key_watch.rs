//! Follows the key file of a running gateway: new keys are taken up, the next one seals when its time comes, and what lies
//! under older ones is sealed anew. A file that is wrong, or not this store's, changes nothing.

use super::keys::{read, to_compare};
use super::stamp::Stamp;
use crate::account::Accounts;
use crate::audit::{self, Audit, Event, Reporter};
use crate::config::is_open_to_others;
use crate::crypto::KeyRing;
use crate::crypto::keys::Keys;
use crate::store::Store;
use crate::sys::{Clock, lock};
use crate::types::with_causes;
use arc_swap::ArcSwap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The key file and what became of its last change.
pub struct KeyWatch {
    pub path: PathBuf,
    pub ring: Arc<KeyRing>,
    pub store: Arc<dyn Store>,
    pub accounts: Arc<ArcSwap<Accounts>>,
    pub audit: Arc<Audit>,
    pub clock: Arc<dyn Clock>,
    pub rejected: Mutex<Option<String>>,
    pub changed: Notify,
}

impl KeyWatch {
    /// Why the file as it is now is not in use; `None`: it is.
    pub fn rejected(&self) -> Option<String> {
        lock(&self.rejected).clone()
    }

    /// Looks once a second. What was rejected is looked at again each time: the reason may lie in the store.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        let mut seen = Stamp::of(&self.path);
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
            let now = Stamp::of(&self.path);
            if now != seen || self.rejected().is_some() {
                seen = now;
                self.reload().await;
            } else {
                self.move_on().await;
            }
        }
    }

    async fn reload(&self) {
        let taken = match self.judge() {
            Ok(keys) => self.take(keys).await,
            Err(why) => Err(why),
        };
        let mut rejected = lock(&self.rejected);
        let why = taken.err();
        if why != *rejected
            && let Some(why) = &why
        {
            tracing::error!(file = %self.path.display(), why, "the changed key file is not taken up; the keys in use stay");
        }
        *rejected = why;
    }

    fn judge(&self) -> Result<Keys, String> {
        if is_open_to_others(&self.path) {
            return Err(format!("others can read the key file {0}: run chmod 600 {0}", self.path.display()));
        }
        let keys = read(&self.path, self.clock.now()).map_err(|e| format!("{e:#}"))?;
        if keys.contradict(&self.ring.keys()) {
            return Err(format!(
                "in the key file {} a key in use has other bytes under its id; bring the right file back",
                self.path.display()
            ));
        }
        Ok(keys)
    }

    /// The store first: what seals must be known there before anything lies under it.
    async fn take(&self, keys: Keys) -> Result<(), String> {
        self.store.know_keys(&to_compare(&self.path, &keys)).await.map_err(|e| with_causes(&e))?;
        let before = self.ring.newest();
        let ids: Vec<_> = keys.ids().map(str::to_string).collect();
        self.ring.replace(keys);
        let seals = self.ring.newest().id().to_string();
        tracing::info!(keys = %ids.join(" "), seals, "keys in use");
        if seals != before.id() {
            let event = Event::Keys { by: Reporter::File, key: seals, change: audit::Keys::Rotated };
            self.audit.record(&event, self.clock.now());
            self.changed.notify_one();
        }
        Ok(())
    }

    async fn move_on(&self) {
        let Some(then) = self.ring.keys().moved_on(self.clock.now()) else { return };
        if let Err(why) = self.take(then).await {
            tracing::warn!(why, "the next key cannot seal yet; it is tried again");
        }
    }

    /// Seals anew at start, after each change of the key that seals, and once more a minute later: another node may have
    /// sealed with the key before, until it had read the file.
    pub async fn reseal(self: Arc<Self>, stop: CancellationToken) {
        let mut once_more = true;
        loop {
            self.pass(&stop).await;
            tokio::select! {
                () = self.changed.notified() => once_more = true,
                () = tokio::time::sleep(SECOND_PASS), if once_more => once_more = false,
                () = stop.cancelled() => return,
            }
        }
    }

    async fn pass(&self, stop: &CancellationToken) {
        if self.ring.keys().ids().nth(1).is_none() {
            return; // one key: all lies under it
        }
        let accounts = self.accounts.load_full();
        let outcome = tokio::select! {
            outcome = accounts.reseal() => outcome,
            () = stop.cancelled() => return,
        };
        match outcome {
            Ok(0) => {}
            Ok(factors) => tracing::info!(factors, "second factors sealed anew under the newest key"),
            Err(e) => {
                tracing::warn!(error = %with_causes(&e), "not everything was sealed anew; it is tried again at the next start")
            }
        }
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(1);
const SECOND_PASS: Duration = Duration::from_secs(60);
