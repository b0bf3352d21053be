//! Following the log: in order, under the lease, through a frozen and an emptied server.

use super::devices::{device, left_by, with};
use super::factors::{answer, code, enrolled};
use super::forms;
use super::sample::*;
use super::server::{Server, until};
use super::throttles::WAITS;
use crate::store::embedded::Embedded;
use crate::store::feed::{Feed, Follower};
use crate::store::redis::{Redis, RedisSettings};
use crate::store::{
    Attempt, Entry, Fact, FormStore, Head, Opened, Order, Parked, Purpose, Step, Store, ThrottleKey, ThrottleRule, Used,
};
use crate::sys::lease::Lease;
use crate::types::{ClientIp, Seq, UserId};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    Attached(Head),
    Applied(Entry),
    Flushed,
}

#[derive(Default)]
pub(super) struct Ear(Mutex<Vec<Heard>>, Mutex<Option<Vec<Order>>>);
impl Follower for Ear {
    fn attached(&self, head: &Head) {
        self.0.lock().unwrap().push(Heard::Attached(head.clone()));
    }
    fn orders(&self, all: Vec<Order>) {
        *self.1.lock().unwrap() = Some(all);
    }
    fn apply(&self, entry: &Entry) {
        self.0.lock().unwrap().push(Heard::Applied(entry.clone()));
    }
    fn flush(&self) {
        self.0.lock().unwrap().push(Heard::Flushed);
    }
}
impl Ear {
    fn all(&self) -> Vec<Heard> {
        self.0.lock().unwrap().clone()
    }
    /// The last time that all were told.
    pub(super) fn orders(&self) -> Option<Vec<Order>> {
        self.1.lock().unwrap().clone()
    }
    pub(super) fn facts(&self) -> Vec<Entry> {
        let applied = |h| if let Heard::Applied(e) = h { Some(e) } else { None };
        self.all().into_iter().filter_map(applied).collect()
    }
    fn count(&self, what: impl Fn(&Heard) -> bool) -> usize {
        self.all().iter().filter(|h| what(h)).count()
    }
}

/// One node: a store's handle that follows the log.
pub(super) struct Node<S> {
    pub(super) store: Arc<S>,
    pub(super) ear: Arc<Ear>,
    pub(super) lease: Arc<Lease>,
    _stop: DropGuard,
}

pub(super) async fn node<S: Feed>(store: Arc<S>) -> Node<S> {
    let (ear, lease, stop) = (Arc::new(Ear::default()), Lease::not_yet(), CancellationToken::new());
    tokio::spawn(store.clone().follow(ear.clone(), lease.clone(), stop.clone()));
    until("the lease", LONG, || lease.held()).await;
    Node { store, ear, lease, _stop: stop.drop_guard() }
}

pub(super) async fn redis_node(settings: RedisSettings) -> Node<Redis> {
    node(Redis::connect(settings).await.unwrap()).await
}

pub(super) fn short(server: &Server) -> RedisSettings {
    RedisSettings { lease: Duration::from_millis(300), ..server.settings("pc") }
}

/// The node has noticed that its server was emptied, and goes on.
pub(super) async fn emptied(n: &Node<Redis>) {
    let everything = |h: &Heard| matches!(h, Heard::Applied(Entry { fact: Fact::Everything, .. }));
    until("everything", LONG, || n.ear.count(everything) > 0).await;
    until("the lease's return", LONG, || n.lease.held()).await;
}

pub(super) const LONG: Duration = Duration::from_secs(20);

struct Broken;
impl Follower for Broken {
    fn apply(&self, _: &Entry) {
        panic!("a follower that breaks")
    }
    fn flush(&self) {}
}

#[tokio::test]
async fn an_embedded_store_that_can_no_longer_write_gives_no_sign_of_life() {
    let dir = tempfile::tempdir().unwrap();
    let s = Embedded::open(&dir.path().join("s.db")).unwrap();
    let (lease, stop) = (Lease::not_yet(), CancellationToken::new());
    tokio::spawn(s.clone().follow(Arc::new(Broken), lease.clone(), stop.clone()));
    until("the lease", LONG, || lease.held()).await;
    s.ping().await.unwrap();
    assert!(s.append(&Fact::Everything).await.is_err());
    assert!(s.ping().await.is_err());
    stop.cancel();
}

#[tokio::test]
async fn the_embedded_store_has_applied_a_sign_out_when_the_call_returns() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.db");
    let n = node(Embedded::open(&path).unwrap()).await;
    let user = alice(&*n.store).await.id;
    let session = signed_in(&*n.store, user).await;
    let seq = n.store.end_session(user, session.id).await.unwrap().unwrap();
    assert_eq!(n.ear.facts(), [Entry { seq, fact: Fact::SessionEnded { user, session: session.id } }]);
    let seq = n.store.end_user(user, None).await.unwrap();
    assert_eq!(n.ear.facts().last(), Some(&Entry { seq, fact: Fact::UserEnded { user, except: None } }));
    // a command beside the gateway, on the same file
    let other = Embedded::open(&path).unwrap();
    let seq = other.end_user(user, None).await.unwrap();
    until("the other process' entry", LONG, || n.ear.facts().last().is_some_and(|e| e.seq == seq)).await;
    assert_eq!(n.ear.facts().len(), 3);
}

#[tokio::test]
async fn the_embedded_store_keeps_its_data_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.db");
    let s = Embedded::open(&path).unwrap();
    let user = alice(&*s).await.id;
    let (kept, ended) = (signed_in(&*s, user).await, signed_in(&*s, user).await);
    s.end_session(user, ended.id).await.unwrap();
    let head = s.head().await.unwrap();
    drop(s);
    let s = Embedded::open(&path).unwrap();
    assert_eq!(s.head().await.unwrap(), head);
    assert!(lives(&*s, &kept).await);
    assert!(!lives(&*s, &ended).await);
}

#[tokio::test]
async fn two_nodes_see_every_entry_in_order() {
    let server = Server::start(&[]);
    let (a, b) = (redis_node(server.settings("pc")).await, redis_node(server.settings("pc")).await);
    let user = alice(&*a.store).await.id;
    let mut told = Vec::new();
    for n in 0..200 {
        let store = if n % 2 == 0 { &a.store } else { &b.store };
        told.push(store.append(&Fact::UserChanged { user }).await.unwrap());
    }
    for node in [&a, &b] {
        until("all entries", LONG, || node.ear.facts().len() == 200).await;
        assert_eq!(node.ear.facts().iter().map(|e| e.seq).collect::<Vec<_>>(), told);
        assert_eq!(node.ear.count(|h| *h == Heard::Flushed), 0);
        assert!(node.lease.held());
    }
}

#[tokio::test]
async fn a_frozen_server_costs_the_lease_and_its_return_brings_it_back_without_a_flush() {
    let server = Server::start(&[]);
    let n = redis_node(short(&server)).await;
    let user = alice(&*n.store).await.id;
    server.freeze();
    until("the lease's end", Duration::from_secs(2), || !n.lease.held()).await;
    assert!(n.store.account(user).await.is_err());
    server.thaw();
    until("the lease's return", LONG, || n.lease.held()).await;
    let seq = n.store.end_user(user, None).await.unwrap();
    until("the entry", LONG, || n.ear.facts().last().is_some_and(|e| e.seq == seq)).await;
    assert_eq!(n.ear.count(|h| *h == Heard::Flushed), 0);
}

#[tokio::test]
async fn an_emptied_server_ends_everything_on_every_node_once() {
    let server = Server::start(&[]);
    let (a, b) = (redis_node(short(&server)).await, redis_node(short(&server)).await);
    let user = alice(&*a.store).await.id;
    let session = signed_in(&*a.store, user).await;
    let last = a.store.append(&Fact::UserChanged { user }).await.unwrap();
    until("both nodes", LONG, || [&a, &b].iter().all(|n| n.ear.facts().len() == 1)).await;
    server.run(&["FLUSHALL"]).await;
    let everything = |h: &Heard| matches!(h, Heard::Applied(Entry { fact: Fact::Everything, .. }));
    for n in [&a, &b] {
        until("everything", LONG, || n.ear.count(everything) > 0).await;
        until("the lease's return", LONG, || n.lease.held()).await;
        assert!(n.ear.count(|h| *h == Heard::Flushed) > 0);
        assert!(!lives(&*n.store, &session).await);
    }
    let over = [&a, &b].map(|n| n.ear.facts().into_iter().filter(|e| e.fact == Fact::Everything).map(|e| e.seq));
    let over: Vec<Seq> = over.into_iter().flatten().collect();
    assert!(over.iter().all(|s| *s == over[0]), "one entry for all who noticed: {over:?}");
    assert!(over[0].0 >= last.0 + (1 << 20));
    let again = created(&*a.store, account("alice", None)).await.id;
    assert!(lives(&*b.store, &signed_in(&*a.store, again).await).await);
}

#[tokio::test]
async fn a_server_killed_and_restarted_empty_ends_everything() {
    let server = Server::start(&[]);
    let n = redis_node(short(&server)).await;
    let user = alice(&*n.store).await.id;
    let session = signed_in(&*n.store, user).await;
    let last = n.store.end_user(user, Some(session.id)).await.unwrap();
    until("the entry", LONG, || n.ear.facts().len() == 1).await;
    let _server = server.restart_empty();
    until("everything", LONG, || n.ear.facts().iter().any(|e| e.fact == Fact::Everything && e.seq > last)).await;
    until("the lease's return", LONG, || n.lease.held()).await;
    assert!(n.ear.count(|h| *h == Heard::Flushed) > 0);
    assert!(!lives(&*n.store, &session).await);
    assert!(n.store.head().await.unwrap().seq > last);
}

#[tokio::test]
async fn what_a_server_lost_is_written_back_by_the_nodes_that_saw_it() {
    let server = Server::start(&[]);
    let n = redis_node(short(&server)).await;
    let f = factor(Some(1));
    let user =
        created(&*n.store, crate::store::Account { factors: vec![f.clone()], ..account("alice", None) }).await.id;
    let session = signed_in(&*n.store, user).await;
    let before = n.store.append(&Fact::UserChanged { user }).await.unwrap();
    let p = pending(&*n.store, user, Purpose::SignIn).await;
    until("the first entry", LONG, || n.ear.facts().len() == 1).await;
    keep_slot(&server, user).await;
    assert_eq!(n.store.accept_totp_step(user, f.id, 2, NOW).await.unwrap(), Step::Accepted);
    let lost = n.store.end_user(user, None).await.unwrap();
    until("the second entry", LONG, || n.ear.facts().len() == 2).await;
    // back to where it was before the ending, as a failover to a replica behind does it
    lose(&server, user, before).await;
    until("the flush", LONG, || n.ear.count(|h| *h == Heard::Flushed) > 0).await;
    until("the lease's return", LONG, || n.lease.held()).await;
    assert!(!lives(&*n.store, &session).await);
    assert_eq!(n.store.accept_totp_step(user, f.id, 2, NOW).await.unwrap(), Step::Replayed);
    assert_eq!(n.store.open_session(at(&p), &session_for(user, p.began), NOW).await.unwrap(), Opened::Ended);
    assert!(n.store.head().await.unwrap().seq > lost);
    assert_eq!(n.ear.count(|h| matches!(h, Heard::Applied(Entry { fact: Fact::Everything, .. }))), 0);
}

#[tokio::test]
async fn what_was_used_up_before_a_failover_stays_used_up() {
    let server = Server::start(&[]);
    let n = redis_node(short(&server)).await;
    let store = &*n.store;
    let e = enrolled(store).await;
    let (kept, ended) = (device(e.user, 0), device(e.user, 1));
    for d in [&kept, &ended] {
        left_by(store, d).await;
    }
    let before = store.append(&Fact::UserChanged { user: e.user }).await.unwrap();
    let (rule, key) = (ThrottleRule { free: 2, ..WAITS }, ThrottleKey::Password(e.user));
    let (given_back, unlocked) =
        (ThrottleKey::Address(ClientIp::new("192.0.2.1".parse().unwrap()).network()), ThrottleKey::Password(user_id()));
    keep_slot(&server, e.user).await;
    // all this is lost
    assert_eq!(answer(store, e.user, code(e.codes.set, 1)).await, Opened::Yes);
    let next = token();
    assert!(matches!(store.use_device(with(&kept, kept.token), next, NOW).await.unwrap(), Used::Rotated(_)));
    assert!(store.end_device(e.user, ended.id).await.unwrap());
    for key in [key, key, given_back, given_back, unlocked, unlocked] {
        assert_eq!(store.attempt(&key, &rule, NOW).await.unwrap(), Attempt::Allowed);
    }
    let form = forms::form("192.0.2.1", 100);
    assert_eq!(forms::park(store, &form).await, Parked::Yes);
    assert!(store.take_form(form.id, NOW).await.unwrap().is_some());
    // the server that comes back has it still
    assert_eq!(forms::park(store, &form).await, Parked::Yes);
    store.passed(&given_back, NOW).await.unwrap();
    store.unlock(unlocked.user().unwrap()).await.unwrap();
    let last = store.append(&Fact::UserChanged { user: e.user }).await.unwrap();
    until("the last entry", LONG, || n.ear.facts().last().is_some_and(|e| e.seq == last)).await;
    lose(&server, e.user, before).await;
    until("the flush", LONG, || n.ear.count(|h| *h == Heard::Flushed) > 0).await;
    until("the lease's return", LONG, || n.lease.held()).await;
    assert_eq!(answer(store, e.user, code(e.codes.set, 1)).await, Opened::Replayed);
    assert_eq!(answer(store, e.user, code(e.codes.set, 2)).await, Opened::Yes);
    let held = Attempt::Held { until: later(30) };
    let said = async |key| store.attempt(&key, &rule, NOW).await.unwrap();
    assert_eq!(
        [said(key).await, said(given_back).await, said(unlocked).await],
        [held, Attempt::Allowed, Attempt::Allowed]
    );
    assert_eq!(store.form(form.id, NOW).await.unwrap(), None, "it was given out to be sent");
    let left: Vec<_> = store.devices_of(e.user, NOW).await.unwrap().iter().map(|d| (d.id, d.token)).collect();
    assert_eq!(left, [(kept.id, next)], "its owner would look like a thief with an older token");
}

async fn keep_slot(server: &Server, user: UserId) {
    for kind in SLOT {
        server.run(&["COPY", &format!("pc:{{{user}}}:{kind}"), &format!("kept:{kind}")]).await;
    }
}

/// Takes the user's slot and the log back.
async fn lose(server: &Server, user: UserId, to: Seq) {
    let slot = SLOT.map(|kind| format!("pc:{{{user}}}:{kind}"));
    let mark = format!("pc:{{{user}}}:m");
    let mut words = vec!["EVAL", LOSE, "0"];
    let to = to.0.to_string();
    words.extend([to.as_str(), mark.as_str()]);
    words.extend(slot.iter().map(String::as_str));
    server.run(&words).await;
}

const SLOT: [&str; 5] = ["a", "s", "p", "d", "t"];

const LOSE: &str = "
for i, kind in ipairs({'a', 's', 'p', 'd', 't'}) do
  redis.call('DEL', ARGV[i + 2])
  redis.call('COPY', 'kept:' .. kind, ARGV[i + 2])
end
redis.call('DEL', ARGV[2])
local log = redis.call('XREVRANGE', 'pc:{r}:log', '+', '-')
for _, entry in ipairs(log) do
  if tonumber(entry[2][2]) > tonumber(ARGV[1]) then redis.call('XDEL', 'pc:{r}:log', entry[1]) end
end
for _, key in ipairs(redis.call('KEYS', 'pc:{t:*')) do redis.call('DEL', key) end
return redis.call('SET', 'pc:{r}:seq', ARGV[1])";

#[tokio::test]
async fn an_ending_whose_writer_crashed_half_way_is_finished_by_a_node() {
    let server = Server::start(&[]);
    let s = server.store("pc").await;
    let user = alice(&*s).await.id;
    let session = signed_in(&*s, user).await;
    let fact = serde_json::to_string(&Fact::UserEnded { user, except: None }).unwrap();
    server.run(&["INCR", "pc:{r}:seq"]).await;
    server.run(&["XADD", "pc:{r}:log", "*", "s", "1", "f", &fact]).await;
    assert!(lives(&*s, &session).await);
    let n = redis_node(server.settings("pc")).await; // begins to follow after the entry
    let limit = tokio::time::Instant::now() + LONG;
    while lives(&*n.store, &session).await {
        assert!(tokio::time::Instant::now() < limit, "never finished");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
