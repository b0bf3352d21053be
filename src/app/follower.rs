//! What this node does with the log: the session cache and the marks of orders first, then the live exchanges.
//!
//! The order matters: an exchange that registers between the two finds its session over when it asks again.

use crate::audit::Metrics;
use crate::disconnect::Cutter;
use crate::live::Registry;
use crate::session::Sessions;
use crate::store::feed::Follower;
use crate::store::{Entry, Fact, Head, Order, Store};
use crate::sys::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The node as the log sees it.
pub struct Node {
    pub sessions: Arc<Sessions>,
    pub live: Arc<Registry>,
    pub orders: Cutter,
    /// The number of the last entry applied.
    pub applied: Arc<AtomicU64>,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
    /// The log may be followed from a thread that is none of the runtime's.
    pub runtime: tokio::runtime::Handle,
}

impl Follower for Node {
    fn attached(&self, head: &Head) {
        self.applied.store(head.seq.0, Ordering::Relaxed);
    }

    fn orders(&self, all: Vec<Order>) {
        self.metrics.exchanges_cut(self.orders.all(all));
    }

    fn apply(&self, entry: &Entry) {
        self.sessions.cache.apply(entry);
        let cut = match &entry.fact {
            Fact::SessionEnded { session, .. } => self.live.cut_session(*session),
            Fact::UserEnded { user, except } => self.live.cut_user(*user, *except),
            Fact::Everything => self.live.cut_everything(),
            // the streams of a rotated session are its own still; a changed account is judged at the next request
            Fact::SessionRotated { .. } => 0,
            Fact::UserChanged { user } => {
                self.orders.changed(*user);
                0
            }
            Fact::Order { order } => self.orders.placed(order.placed_at(entry.seq)),
            Fact::TokenRevoked { .. } => 0,
            Fact::Lifted { order, at } => {
                self.orders.lifted(*order, *at);
                0
            }
        };
        self.applied.fetch_max(entry.seq.0, Ordering::Relaxed);
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
        self.runtime.spawn(async move {
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
