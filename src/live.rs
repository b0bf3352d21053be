//! The registry of in-flight exchanges by session, and how one is cut.
//!
//! An exchange is registered *before* its session is checked again, so that a cut between the two is seen by one or
//! the other. What a session was when it was last registered is kept with it: streams are found by who they belong to,
//! although the cache may have let their session go.

use crate::session::Cached;
use crate::session::marks::{Place, Subject};
use crate::types::{AppName, ByRandomBits, ClientIp, SessionId, Timestamp, UserId};
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
    held: Held,
    token: CancellationToken,
    exchanges: usize,
}

/// A session with exchanges under way.
pub struct Held {
    who: Arc<Cached>,
    /// Where they came in.
    places: Vec<(AppName, ClientIp)>,
}

impl Held {
    /// The session as orders see it, once for each place.
    pub fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        self.places.iter().map(|(app, from)| self.who.subject(Some(Place { app, from: *from })))
    }
    /// The same, as it was read anew.
    pub fn subjects_as<'a>(&'a self, fresh: &'a Cached) -> impl Iterator<Item = Subject<'a>> {
        self.places.iter().map(|(app, from)| fresh.subject(Some(Place { app, from: *from })))
    }
    pub fn session(&self) -> &Arc<Cached> {
        &self.who
    }

    fn came_in(&mut self, who: &Arc<Cached>, place: Place<'_>) {
        self.who = who.clone();
        if !self.places.iter().any(|(app, from)| app == place.app && *from == place.from) {
            // who moves about has left the oldest
            if self.places.len() >= PLACES {
                self.places.remove(0);
            }
            self.places.push((place.app.clone(), place.from));
        }
    }
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

    pub fn register(self: &Arc<Self>, who: &Arc<Cached>, place: Place<'_>) -> Exchange {
        let session = who.identity.session;
        let token = self.with(session, |shard| {
            let slot = shard.sessions.entry(session).or_insert_with(|| Slot {
                held: Held { who: who.clone(), places: Vec::new() },
                token: CancellationToken::new(),
                exchanges: 0,
            });
            slot.held.came_in(who, place);
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
        self.cut_where(|h| h.who.identity.user == user && Some(h.who.identity.session) != except)
    }

    /// Cuts every session's exchanges (the lease has been away too long, the store came back empty).
    pub fn cut_everything(&self) -> usize {
        self.cut_where(|_| true)
    }

    /// Cuts all exchanges of the sessions that are hit.
    pub fn cut_where(&self, hit: impl Fn(&Held) -> bool) -> usize {
        self.shards
            .iter()
            .flat_map(|s| lock(s).sessions.extract_if(|_, slot| hit(&slot.held)).map(|(_, s)| s).collect::<Vec<_>>())
            .map(Slot::cut)
            .sum()
    }

    /// Each session with exchanges under way.
    pub fn each(&self, mut f: impl FnMut(&Held)) {
        for s in &self.shards {
            lock(s).sessions.values().for_each(|slot| f(&slot.held));
        }
    }

    /// Sessions with exchanges under way.
    pub fn sessions(&self) -> Vec<(SessionId, UserId)> {
        let mut all = Vec::new();
        self.each(|h| all.push((h.who.identity.session, h.who.identity.user)));
        all
    }

    /// Sessions with exchanges under way whose time is up, as far as this node knows.
    pub fn due(&self, now: Timestamp) -> Vec<Arc<Cached>> {
        let mut due = Vec::new();
        self.each(|h| due.extend(h.who.is_due(now).then(|| h.who.clone())));
        due
    }

    /// Exchanges under way.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|s| lock(s).sessions.values().map(|s| s.exchanges).sum::<usize>()).sum()
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
/// Places that are remembered of one session.
const PLACES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    use crate::session::identity::sample;

    fn register(r: &Arc<Registry>, who: &Arc<Cached>, from: &str) -> Exchange {
        r.register(who, Place { app: &AppName("wiki".into()), from: ClientIp::new(from.parse().unwrap()) })
    }

    #[test]
    fn a_cut_reaches_the_session_and_nobody_else() {
        let r = Registry::new();
        let (one, two) = (sample(1), sample(2));
        let (s1, u2, s2) = (one.identity.session, two.identity.user, two.identity.session);
        let on = |who| register(&r, who, "192.0.2.1");
        let (a, b, c) = (on(&one), on(&one), on(&two));
        assert_eq!(r.cut_session(s1), 2);
        assert!(a.token().is_cancelled() && b.token().is_cancelled() && !c.token().is_cancelled());
        let late = on(&one); // the caller checks the session again and finds it gone
        assert!(!late.token().is_cancelled());
        drop((a, b));
        assert_eq!(r.count(), 2);
        assert_eq!(r.cut_user(u2, Some(s2)), 0);
        assert_eq!(r.cut_user(u2, None), 1);
        drop((c, late));
        assert_eq!(r.count(), 0);
    }

    #[test]
    fn a_session_is_found_by_every_place_it_comes_from() {
        let (r, one) = (Registry::new(), sample(1));
        let all: Vec<_> = (0..40).map(|n| register(&r, &one, &format!("192.0.2.{n}"))).collect();
        let from = |a: &str| a.parse().ok();
        let hit = |a: &str| r.cut_where(|h| h.subjects().any(|s| s.addresses.contains(&from(a))));
        assert_eq!(hit("192.0.2.200"), 0);
        assert_eq!(hit("192.0.2.7"), 0, "left long ago");
        assert_eq!(hit("192.0.2.39"), all.len());
    }

    #[test]
    fn a_session_is_due_at_its_end() {
        let (r, one) = (Registry::new(), sample(1));
        let _on = register(&r, &one, "192.0.2.1");
        assert!(r.due(Timestamp::from_secs(9)).is_empty());
        assert_eq!(r.due(Timestamp::from_secs(10)).len(), 1);
        one.lives_until(Timestamp::from_secs(50));
        assert!(r.due(Timestamp::from_secs(10)).is_empty());
        assert_eq!(r.due(Timestamp::from_secs(20)).len(), 1, "absolutely");
    }
}
