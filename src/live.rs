//! The registry of in-flight exchanges by session, and how one is cut.
//!
//! An exchange is registered *before* its session is checked again, so that a cut between the two is seen by one or
//! the other. What a session was when it was last registered is kept with it: streams are found by who they belong to,
//! although the cache may have let their session go.

use crate::session::Cached;
use crate::session::marks::{Place, Subject};
use crate::sys::lock;
use crate::sys::switch::Switch;
use crate::types::{AppName, ByRandomBits, ClientIp, SessionId, Timestamp, UserId};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// All exchanges of signed-in sessions on this node.
pub struct Registry {
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    sessions: HashMap<SessionId, Held, ByRandomBits>,
}

/// A session with exchanges under way.
pub struct Held {
    who: Arc<Cached>,
    exchanges: Vec<OnWay>,
}

/// An exchange, and where it came in.
struct OnWay {
    switch: Arc<Switch>,
    app: AppName,
    from: ClientIp,
}

impl Held {
    /// The session as orders see it, once for each exchange.
    pub fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        self.subjects_as(&self.who)
    }
    /// The same, as it was read anew.
    pub fn subjects_as<'a>(&'a self, fresh: &'a Cached) -> impl Iterator<Item = Subject<'a>> {
        self.exchanges.iter().map(|e| fresh.subject(Some(Place { app: &e.app, from: e.from })))
    }
    pub fn session(&self) -> &Arc<Cached> {
        &self.who
    }
}

/// One exchange's place; gives it back when dropped.
pub struct Exchange {
    registry: Arc<Registry>,
    session: SessionId,
    switch: Arc<Switch>,
}

impl Exchange {
    /// Thrown when the session is cut.
    pub fn switch(&self) -> &Arc<Switch> {
        &self.switch
    }

    /// From now on no cut of the session reaches this exchange: it is the one that ends it, and has to tell the client.
    pub fn spare(&self) {
        self.registry.with(self.session, |shard| {
            let Some(held) = shard.sessions.get_mut(&self.session) else { return };
            // from the end: most exchanges are short, and the last to come is the first to go
            let Some(n) = held.exchanges.iter().rposition(|e| Arc::ptr_eq(&e.switch, &self.switch)) else { return };
            held.exchanges.swap_remove(n);
            if held.exchanges.is_empty() {
                shard.sessions.remove(&self.session);
            }
        });
    }
}

impl Registry {
    pub fn new() -> Arc<Self> {
        Arc::new(Registry { shards: (0..SHARDS).map(|_| Mutex::default()).collect() })
    }

    pub fn register(self: &Arc<Self>, who: &Arc<Cached>, place: Place<'_>) -> Exchange {
        let session = who.identity.session;
        let switch = Arc::new(Switch::default());
        let on_way = OnWay { switch: switch.clone(), app: place.app.clone(), from: place.from };
        self.with(session, |shard| match shard.sessions.entry(session) {
            Entry::Vacant(new) => {
                new.insert(Held { who: who.clone(), exchanges: vec![on_way] });
            }
            Entry::Occupied(mut held) => {
                let held = held.get_mut();
                held.who = who.clone();
                held.exchanges.push(on_way);
            }
        });
        Exchange { registry: self.clone(), session, switch }
    }

    /// Cuts all exchanges of one session; how many there were.
    pub fn cut_session(&self, session: SessionId) -> usize {
        let held = self.with(session, |shard| shard.sessions.remove(&session));
        end(held.into_iter().collect())
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
        let of = |s: &Mutex<Shard>| {
            lock(s).sessions.extract_if(|_, held| hit(held)).map(|(_, held)| held).collect::<Vec<_>>()
        };
        end(self.shards.iter().flat_map(of).collect())
    }

    /// Each session with exchanges under way.
    pub fn each(&self, mut f: impl FnMut(&Held)) {
        for s in &self.shards {
            lock(s).sessions.values().for_each(&mut f);
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
        self.shards.iter().map(|s| lock(s).sessions.values().map(|held| held.exchanges.len()).sum::<usize>()).sum()
    }

    fn with<R>(&self, session: SessionId, f: impl FnOnce(&mut Shard) -> R) -> R {
        let n = usize::try_from(ByRandomBits::default().hash_one(session) >> 32).unwrap_or(0) % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "n is below SHARDS, the number of shards")]
        f(&mut lock(&self.shards[n]))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.spare();
    }
}

/// Ends all their exchanges; how many there were. Nothing of them passes any more when it returns. Their tasks are woken a
/// few at a time: to close thousands of streams at once would take the processors from whoever waits for the
/// acknowledgement of the order, and from everybody else's requests.
fn end(held: Vec<Held>) -> usize {
    let switches: Arc<[_]> = held.into_iter().flat_map(|h| h.exchanges).map(|e| e.switch).collect();
    switches.iter().for_each(|s| s.mark());
    let later = switches.clone();
    let thread = || std::thread::Builder::new().name("cuts".into()).spawn(move || wake_in_steps(&later));
    // where no thread is to be had, all at once
    if switches.len() <= AT_ONCE || thread().is_err() {
        switches.iter().for_each(|s| s.wake());
    }
    switches.len()
}

#[expect(clippy::disallowed_methods, reason = "a thread of its own makes the pauses")]
fn wake_in_steps(switches: &[Arc<Switch>]) {
    std::thread::sleep(FIRST);
    for some in switches.chunks(switches.len().div_ceil(STEPS).max(AT_ONCE)) {
        some.iter().for_each(|s| s.wake());
        std::thread::sleep(STEP);
    }
}

/// Power of two above any core count we run on: contention, not memory, decides.
const SHARDS: usize = 64;

/// Exchanges that are woken together, where there are not more than `STEPS` times as many.
const AT_ONCE: usize = 16;
/// All are woken within 50 ms: a tunnel may take 200 ms for its goodbye, and the last has to be closed within 250 ms.
const FIRST: Duration = Duration::from_millis(10);
const STEPS: usize = 20;
const STEP: Duration = Duration::from_millis(2);

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
        assert!(a.switch().is_thrown() && b.switch().is_thrown() && !c.switch().is_thrown());
        let late = on(&one); // the caller checks the session again and finds it gone
        assert!(!late.switch().is_thrown());
        drop((a, b));
        assert_eq!(r.count(), 2);
        assert_eq!(r.cut_user(u2, Some(s2)), 0);
        assert_eq!(r.cut_user(u2, None), 1);
        drop((c, late));
        assert_eq!(r.count(), 0);
    }

    #[test]
    fn an_exchange_that_ends_its_session_outlives_it_and_the_others_do_not() {
        let (r, one) = (Registry::new(), sample(1));
        let (sign_out, stream) = (register(&r, &one, "192.0.2.1"), register(&r, &one, "192.0.2.1"));
        sign_out.spare();
        assert_eq!(r.cut_session(one.identity.session), 1);
        assert!(!sign_out.switch().is_thrown() && stream.switch().is_thrown());
        let next = register(&r, &one, "192.0.2.1");
        drop((sign_out, stream)); // the place of neither is the new one's
        assert_eq!((r.count(), next.switch().is_thrown()), (1, false));
    }

    #[test]
    fn a_session_is_found_by_every_place_it_comes_from() {
        let (r, one) = (Registry::new(), sample(1));
        let all: Vec<_> = (0..40).map(|n| register(&r, &one, &format!("192.0.2.{n}"))).collect();
        let from = |a: &str| a.parse().ok();
        let hit = |a: &str| r.cut_where(|h| h.subjects().any(|s| s.addresses.contains(&from(a))));
        assert_eq!(hit("192.0.2.200"), 0);
        assert_eq!(hit("192.0.2.7"), all.len());
    }

    #[tokio::test]
    async fn a_cut_of_many_stops_all_at_once_and_wakes_each() {
        let (r, one) = (Registry::new(), sample(1));
        let all: Vec<_> = (0..2_000).map(|_| register(&r, &one, "192.0.2.1")).collect();
        let waiting: Vec<_> = all
            .iter()
            .map(|e| e.switch().clone())
            .map(|switch| tokio::spawn(std::future::poll_fn(move |cx| switch.poll(cx))))
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(r.cut_everything(), all.len());
        assert!(all.iter().all(|e| e.switch().is_thrown()));
        for one in waiting {
            // against hanging only
            tokio::time::timeout(Duration::from_secs(20), one).await.expect("woken").unwrap();
        }
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
