//! From a token to a live session: the node's cache under the lease, else one read for all who wait.

use super::cache::{Cache, Filled};
use super::identity::Cached;
use super::marks::{Effect, Marks, Place};
use crate::store::{Store, StoreError, Stored, Touch};
use crate::sys::Clock;
use crate::sys::lease::Lease;
use crate::sys::lock;
use crate::types::{TokenHash, TokenRef, UserId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{OnceCell, mpsc};
use tokio_util::sync::CancellationToken;

/// Reads of the store under way, one a token.
type Reading = HashMap<TokenHash, Arc<OnceCell<Option<Arc<Cached>>>>>;

/// The node's way to its sessions.
pub struct Sessions {
    pub cache: Cache,
    store: Arc<dyn Store>,
    lease: Arc<Lease>,
    marks: Arc<dyn Marks>,
    clock: Arc<dyn Clock>,
    reading: Mutex<Reading>,
    activity: mpsc::Sender<Touch>,
}

/// Takes noted activity to the store; run by the app.
pub struct ActivityWriter {
    queue: mpsc::Receiver<Touch>,
    store: Arc<dyn Store>,
}

#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    #[error("this node has no lease")]
    NoLease,
    #[error("the session could not be read")]
    Store(#[from] StoreError),
}

impl Sessions {
    pub fn new(
        store: Arc<dyn Store>,
        lease: Arc<Lease>,
        marks: Arc<dyn Marks>,
        clock: Arc<dyn Clock>,
        limit: usize,
    ) -> (Arc<Self>, ActivityWriter) {
        let (activity, queue) = mpsc::channel(4096);
        let writer = ActivityWriter { queue, store: store.clone() };
        let reading = Mutex::default();
        (Arc::new(Sessions { cache: Cache::new(limit), store, lease, marks, clock, reading, activity }), writer)
    }

    /// The live session under this token that no order ends, and what orders leave of it.
    pub async fn find(&self, at: TokenRef, place: Place<'_>) -> Result<Option<(Arc<Cached>, Effect)>, LookupError> {
        let Some(found) = self.find_any(at).await? else { return Ok(None) };
        let effect = self.effect(&found, place);
        if effect.over {
            self.end(&found);
        }
        Ok((!effect.ends()).then_some((found, effect)))
    }

    /// What orders come to for this session, at a request that came in there.
    pub fn effect(&self, session: &Cached, place: Place<'_>) -> Effect {
        if self.marks.is_empty() {
            return Effect::default();
        }
        self.marks.effect(&session.subject(Some(place)), self.clock.now())
    }

    /// The user's sessions as the store has them now.
    pub async fn of_user(&self, user: UserId) -> Result<Vec<Cached>, LookupError> {
        let now = self.clock.now();
        let Some(account) = self.store.account(user).await? else { return Ok(Vec::new()) };
        let sessions = self.store.sessions_of(user, now).await?.into_iter();
        let read = sessions.filter_map(|session| {
            let token = session.token;
            Cached::of(&Stored { session, account: account.clone() }, &token, now)
        });
        Ok(read.collect())
    }

    /// Who knows the orders.
    pub fn marks(&self) -> &dyn Marks {
        &*self.marks
    }

    /// An order has ended it: the store is told, so that nobody is shown it as one of theirs.
    fn end(&self, session: &Cached) {
        let (store, user, session) = (self.store.clone(), session.identity.user, session.identity.session);
        tokio::spawn(async move {
            if let Err(error) = store.end_session(user, session).await {
                tracing::debug!(%error, %session, "a session that an order ended stays in the store; it opens nothing");
            }
        });
    }

    async fn find_any(&self, at: TokenRef) -> Result<Option<Arc<Cached>>, LookupError> {
        // without the lease the cache may be behind the log, and so may be what the store would say a moment later
        if !self.lease.held() {
            return Err(LookupError::NoLease);
        }
        let now = self.clock.now();
        if let Some(c) = self.cache.find(&at.hash) {
            if c.is_live(now) {
                return Ok(Some(c));
            }
            self.cache.forget(at.user, &at.hash);
        }
        Box::pin(self.read_once(at)).await // rare: its room is not part of every request
    }

    /// Notes activity of a session; written in the background.
    pub fn note(&self, session: &Cached, idle: Duration) {
        if let Some(idle_end) = session.note_activity(self.clock.now(), idle) {
            let touch = Touch { user: session.identity.user, session: session.identity.session, idle_end };
            // a full queue loses one note of activity; the next comes in a minute
            let _ = self.activity.try_send(touch);
        }
    }

    async fn read_once(&self, at: TokenRef) -> Result<Option<Arc<Cached>>, LookupError> {
        let cell = self.reading().entry(at.hash).or_default().clone();
        let found = cell.get_or_try_init(|| self.read(at)).await.cloned();
        let mut reading = self.reading();
        if reading.get(&at.hash).is_some_and(|c| Arc::ptr_eq(c, &cell)) {
            reading.remove(&at.hash);
        }
        found
    }

    async fn read(&self, at: TokenRef) -> Result<Option<Arc<Cached>>, LookupError> {
        for _ in 0..READ_TRIES {
            let ticket = self.cache.ticket(at.user);
            let now = self.clock.now();
            let Some(stored) = self.store.session(at, now).await? else { return Ok(None) };
            let Some(cached) = Cached::of(&stored, &at.hash, now).map(Arc::new) else { return Ok(None) };
            match self.cache.fill(ticket, cached.clone()) {
                Filled::Kept => return Ok(Some(cached)),
                Filled::Over => return Ok(None),
                Filled::Overtaken => {}
            }
        }
        // entries about this user arrive faster than it can be read; closed rather than out of date
        Err(LookupError::NoLease)
    }

    fn reading(&self) -> std::sync::MutexGuard<'_, Reading> {
        lock(&self.reading)
    }
}

impl ActivityWriter {
    /// Writes batches until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                n = self.queue.recv_many(&mut batch, 512) => if n == 0 { return },
                () = stop.cancelled() => return,
            }
            if let Err(e) = self.store.touch(&batch).await {
                tracing::warn!(error = %e, sessions = batch.len(), "activity could not be written");
            }
            batch.clear();
        }
    }
}

const READ_TRIES: u32 = 8;
