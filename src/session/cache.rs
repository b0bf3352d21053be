//! The node's cache of live sessions, kept true by the log.
//!
//! A fill races with the log: the read may have begun before an entry that ends the session and arrive after it was
//! applied. Two things close that: a fill that overlaps any entry about its user is not kept, and what ended is
//! remembered (tombstones), so that a read which saw the slot before it was marked is refused as well.

use super::identity::Cached;
use crate::store::log::{Entry, Fact};
use crate::sys::lock;
use crate::types::{ByRandomBits, Seq, SessionId, TokenHash, UserId};
use papaya::HashMap as Concurrent;
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

pub struct Cache {
    sessions: Concurrent<TokenHash, Arc<Cached>, ByRandomBits>,
    shards: Vec<Mutex<Shard>>,
    /// Sessions that began before this entry are over, whosever they are.
    everything: AtomicU64,
    /// Raised by every flush: a fill that overlaps one is not kept.
    flushes: AtomicU64,
    /// Raised when an entry has been applied: it may have ended a session.
    endings: AtomicU64,
    limit: usize,
}

type Shard = HashMap<UserId, UserSlot, ByRandomBits>;

/// What the node knows of one user.
#[derive(Default)]
struct UserSlot {
    tokens: Vec<TokenHash>,
    /// The last entry about this user.
    touched: Seq,
    /// Sessions that began before `.0` are over, but `.1`.
    ended: Vec<(Seq, Option<SessionId>)>,
    ended_sessions: Vec<SessionId>,
    /// Sweeps since the last entry; forgotten when no fill can be older.
    age: u8,
}

/// Taken before the store is read; tells whether the log moved meanwhile.
#[derive(Clone, Copy)]
pub struct Ticket {
    touched: Seq,
    flushes: u64,
}

impl Cache {
    /// Keeps at most `limit` tokens.
    pub fn new(limit: usize) -> Self {
        Cache {
            sessions: Concurrent::with_hasher(ByRandomBits::default()),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            everything: AtomicU64::new(0),
            flushes: AtomicU64::new(0),
            endings: AtomicU64::new(0),
            limit,
        }
    }

    pub fn find(&self, token: &TokenHash) -> Option<Arc<Cached>> {
        self.sessions.pin().get(token).cloned()
    }
    /// The sessions of one user that this node knows; one may be there under two tokens.
    pub fn of(&self, user: UserId) -> Vec<Arc<Cached>> {
        let tokens = self.shard(user).get(&user).map(|s| s.tokens.clone()).unwrap_or_default();
        tokens.iter().filter_map(|t| self.find(t)).collect()
    }
    /// All sessions that this node knows.
    pub fn each(&self, mut f: impl FnMut(&Cached)) {
        self.sessions.pin().values().for_each(|c| f(c));
    }
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Before reading the store.
    pub fn ticket(&self, user: UserId) -> Ticket {
        let touched = self.shard(user).get(&user).map_or(Seq(0), |s| s.touched);
        Ticket { touched, flushes: self.flushes.load(Ordering::SeqCst) }
    }

    /// After reading the store: `Kept` and `Passed` may be used for this request, `Over` is over.
    pub fn fill(&self, ticket: Ticket, session: Arc<Cached>) -> Filled {
        let user = session.identity.user;
        if self.is_over(user, session.identity.session, session.began) {
            return Filled::Over;
        }
        if self.sessions.len() >= self.limit {
            self.make_room();
        }
        let mut shard = self.shard(user);
        let slot = shard.entry(user).or_default();
        if slot.touched != ticket.touched || self.flushes.load(Ordering::SeqCst) != ticket.flushes {
            return Filled::Overtaken;
        }
        if !slot.tokens.contains(&session.token) {
            slot.tokens.push(session.token);
        }
        self.sessions.pin().insert(session.token, session);
        Filled::Kept
    }

    /// Taken before `find`; the same after an exchange is registered for cutting: no entry has ended a session between
    /// the two, and one that does so now will find the exchange.
    pub fn endings(&self) -> u64 {
        self.endings.load(Ordering::SeqCst)
    }

    /// Whether an applied entry ended this session; asked again after an exchange is registered, where `endings` moved.
    pub fn is_over(&self, user: UserId, session: SessionId, began: Seq) -> bool {
        if began.0 < self.everything.load(Ordering::SeqCst) {
            return true;
        }
        self.shard(user).get(&user).is_some_and(|s| {
            s.ended_sessions.contains(&session)
                || s.ended.iter().any(|(before, except)| began < *before && *except != Some(session))
        })
    }

    /// Drops what the entry makes untrue. Called before the live exchanges are cut.
    pub fn apply(&self, entry: &Entry) {
        if entry.fact == Fact::Everything {
            self.everything.fetch_max(entry.seq.0, Ordering::SeqCst);
            self.flush();
        }
        // an order makes nothing untrue that is cached: whom it meets is asked of each request
        if let Some(user) = entry.fact.user() {
            self.apply_to(user, entry);
        }
        self.endings.fetch_add(1, Ordering::SeqCst);
    }

    fn apply_to(&self, user: UserId, entry: &Entry) {
        let mut shard = self.shard(user);
        let slot = shard.entry(user).or_default();
        slot.touched = slot.touched.max(entry.seq);
        slot.age = 0;
        match &entry.fact {
            Fact::SessionEnded { session, .. } => slot.ended_sessions.push(*session),
            Fact::UserEnded { except, .. } => slot.ended.push((entry.seq, *except)),
            Fact::SessionRotated { .. } | Fact::UserChanged { .. } => {}
            Fact::Everything | Fact::Order { .. } | Fact::Lifted { .. } | Fact::TokenRevoked { .. } => {}
        }
        self.drop_tokens(slot);
    }

    /// Nothing cached may be trusted any more.
    pub fn flush(&self) {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        for s in &self.shards {
            for slot in lock(s).values_mut() {
                self.drop_tokens(slot);
            }
        }
    }

    /// Drops one token, such as one that has run out.
    pub fn forget(&self, user: UserId, token: &TokenHash) {
        if let Some(slot) = self.shard(user).get_mut(&user) {
            slot.tokens.retain(|t| t != token);
        }
        self.sessions.pin().remove(token);
    }

    /// Drops what has ended by time, and tombstones older than any read can be. Once a minute.
    pub fn sweep(&self, live: impl Fn(&Cached) -> bool) {
        let sessions = self.sessions.pin();
        for s in &self.shards {
            lock(s).retain(|_, slot| {
                slot.tokens.retain(|t| {
                    let keep = sessions.get(t).is_some_and(|c| live(c));
                    if !keep {
                        sessions.remove(t);
                    }
                    keep
                });
                slot.age = slot.age.saturating_add(1);
                if slot.age > TOMBSTONE_SWEEPS {
                    slot.ended.clear();
                    slot.ended_sessions.clear();
                }
                slot.age <= TOMBSTONE_SWEEPS || !slot.tokens.is_empty()
            });
        }
    }

    fn drop_tokens(&self, slot: &mut UserSlot) {
        let sessions = self.sessions.pin();
        for t in slot.tokens.drain(..) {
            sessions.remove(&t);
        }
    }

    /// A sixteenth goes, whichever: what is asked for again is one read away.
    fn make_room(&self) {
        let some: Vec<_> =
            self.sessions.pin().values().take(self.limit / 16 + 1).map(|c| (c.identity.user, c.token)).collect();
        for (user, token) in some {
            self.forget(user, &token);
        }
    }

    fn shard(&self, user: UserId) -> MutexGuard<'_, Shard> {
        let n = usize::try_from(ByRandomBits::default().hash_one(user) >> 32).unwrap_or(0) % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "n is below SHARDS, the number of shards")]
        lock(&self.shards[n])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    Kept,
    /// The log moved while it was read: read again.
    Overtaken,
    Over,
}

const SHARDS: usize = 64;
/// Minutes; far longer than any read of the store can take.
const TOMBSTONE_SWEEPS: u8 = 5;

#[cfg(test)]
mod tests;
