//! The registry of in-flight exchanges by session and user, and how one is cut.
//!
//! An exchange is registered *before* its session is checked again, so that a cut between the two is seen by one or
//! the other.

use crate::types::{ByRandomBits, SessionId, UserId};
use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// All exchanges of signed-in sessions on this node.
pub struct Registry {
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    sessions: HashMap<SessionId, Slot, ByRandomBits>,
}

struct Slot {
    user: UserId,
    token: CancellationToken,
    exchanges: usize,
}

/// One exchange's place; gives it back when dropped.
pub struct Exchange {
    registry: Arc<Registry>,
    session: SessionId,
    token: CancellationToken,
}

impl Exchange {
    /// Cancelled when the session is cut.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}

impl Registry {
    pub fn new() -> Arc<Self> {
        Arc::new(Registry { shards: (0..SHARDS).map(|_| Mutex::default()).collect() })
    }

    pub fn register(self: &Arc<Self>, session: SessionId, user: UserId) -> Exchange {
        let token = self.with(session, |shard| {
            let slot = shard.sessions.entry(session).or_insert_with(|| Slot {
                user,
                token: CancellationToken::new(),
                exchanges: 0,
            });
            slot.exchanges += 1;
            slot.token.clone()
        });
        Exchange { registry: self.clone(), session, token }
    }

    /// Cuts all exchanges of one session; how many there were.
    pub fn cut_session(&self, session: SessionId) -> usize {
        let slot = self.with(session, |shard| shard.sessions.remove(&session));
        slot.map_or(0, Slot::cut)
    }

    /// Cuts all exchanges of a user's sessions but those of `except`.
    pub fn cut_user(&self, user: UserId, except: Option<SessionId>) -> usize {
        self.cut_where(|s, slot| slot.user == user && Some(s) != except)
    }

    /// Cuts every session's exchanges (the lease has been away too long, the store came back empty).
    pub fn cut_everything(&self) -> usize {
        self.cut_where(|_, _| true)
    }

    /// Sessions with exchanges under way.
    pub fn sessions(&self) -> Vec<(SessionId, UserId)> {
        self.shards
            .iter()
            .flat_map(|s| lock(s).sessions.iter().map(|(id, slot)| (*id, slot.user)).collect::<Vec<_>>())
            .collect()
    }

    /// Exchanges under way.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|s| lock(s).sessions.values().map(|s| s.exchanges).sum::<usize>()).sum()
    }

    fn cut_where(&self, hit: impl Fn(SessionId, &Slot) -> bool) -> usize {
        self.shards
            .iter()
            .flat_map(|s| lock(s).sessions.extract_if(|id, slot| hit(*id, slot)).map(|(_, s)| s).collect::<Vec<_>>())
            .map(Slot::cut)
            .sum()
    }

    fn with<R>(&self, session: SessionId, f: impl FnOnce(&mut Shard) -> R) -> R {
        let n = usize::try_from(ByRandomBits::default().hash_one(session) >> 32).unwrap_or(0) % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "n is below SHARDS, the number of shards")]
        f(&mut lock(&self.shards[n]))
    }
}

impl Slot {
    fn cut(self) -> usize {
        self.token.cancel();
        self.exchanges
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.registry.with(self.session, |shard| {
            // after a cut the place is another slot's, or nobody's: only a slot with our own token is ours to leave
            if self.token.is_cancelled() {
                return;
            }
            if let Some(slot) = shard.sessions.get_mut(&self.session) {
                slot.exchanges -= 1;
                if slot.exchanges == 0 {
                    shard.sessions.remove(&self.session);
                }
            }
        });
    }
}

fn lock(m: &Mutex<Shard>) -> std::sync::MutexGuard<'_, Shard> {
    // a panic elsewhere must not stop cuts; the map is whole after every statement
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Power of two above any core count we run on: contention, not memory, decides.
const SHARDS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(n: u8) -> (SessionId, UserId) {
        (SessionId::from_bytes([n; 16]), UserId::from_bytes([n; 16]))
    }

    #[test]
    fn a_cut_reaches_the_session_and_nobody_else() {
        let r = Registry::new();
        let ((s1, u1), (s2, u2)) = (ids(1), ids(2));
        let (a, b, c) = (r.register(s1, u1), r.register(s1, u1), r.register(s2, u2));
        assert_eq!(r.cut_session(s1), 2);
        assert!(a.token().is_cancelled() && b.token().is_cancelled() && !c.token().is_cancelled());
        let late = r.register(s1, u1); // the caller checks the session again and finds it gone
        assert!(!late.token().is_cancelled());
        drop((a, b));
        assert_eq!(r.count(), 2);
        assert_eq!(r.cut_user(u2, Some(s2)), 0);
        assert_eq!(r.cut_user(u2, None), 1);
        drop((c, late));
        assert_eq!(r.count(), 0);
    }
}
