//! What this node does with the log: the session cache first, then the live exchanges.
//!
//! The order matters: an exchange that registers between the two finds its session over when it asks again.

use crate::audit::Metrics;
use crate::live::Registry;
use crate::session::Sessions;
use crate::store::feed::Follower;
use crate::store::{Entry, Fact, Store};
use crate::sys::Clock;
use std::sync::Arc;

/// The node as the log sees it.
pub struct Node {
    pub sessions: Arc<Sessions>,
    pub live: Arc<Registry>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
}

impl Follower for Node {
    fn apply(&self, entry: &Entry) {
        self.sessions.cache.apply(entry);
        let cut = match &entry.fact {
            Fact::SessionEnded { session, .. } => self.live.cut_session(*session),
            Fact::UserEnded { user, except } => self.live.cut_user(*user, *except),
            Fact::Everything => self.live.cut_everything(),
            // the streams of a rotated session are its own still; a changed account is judged at the next request
            Fact::SessionRotated { .. } | Fact::UserChanged { .. } => 0,
            Fact::Order { .. } | Fact::Lifted { .. } => 0,
        };
        self.metrics.exchanges_cut(cut);
        if cut > 0 {
            tracing::info!(seq = entry.seq.0, cut, "live exchanges cut");
        }
    }

    /// What the store no longer holds is over; what it still holds lives on.
    fn flush(&self) {
        self.sessions.cache.flush();
        tracing::warn!("the log went another way: cached sessions dropped, live ones are read again");
        let (live, store, clock) = (self.live.clone(), self.store.clone(), self.clock.clone());
        tokio::spawn(async move {
            for (session, user) in live.sessions() {
                let kept = match store.sessions_of(user, clock.now()).await {
                    Ok(all) => all.iter().any(|s| s.id == session),
                    Err(_) => false, // the lease decides anyway; closed rather than open
                };
                if !kept {
                    live.cut_session(session);
                }
            }
        });
    }
}
