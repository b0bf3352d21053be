//! Following the log under a lease.
//!
//! The tail reads the log on a connection of its own and applies it. Every fifth of N a heartbeat asks for the log's end;
//! only when exactly that entry (number and id) has been applied here is the lease good until N after the question was
//! sent. A revocation appended before the heartbeat ran is therefore applied before the lease is renewed, and one
//! appended after it is in force N later on every node, whatever hangs, without any clock in common.

use super::heal::Verdict;
use super::place::{Place, Seen};
use super::reach::Con;
use super::script::of_log;
use super::{Redis, nanos};
use crate::store::feed::{Feed, Follower};
use crate::store::{Ack, Entry, Fact, Head, Result, StoreError};
use crate::sys::lease::{self, Lease};
use crate::sys::lock;
use crate::types::{NodeId, Seq};
use redis::streams::{StreamId, StreamRangeReply, StreamReadReply};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

#[async_trait::async_trait]
impl Feed for Redis {
    async fn follow(
        self: Arc<Self>,
        follower: Arc<dyn Follower>,
        lease: Arc<Lease>,
        stop: CancellationToken,
    ) -> Result<()> {
        let following = Following {
            redis: self,
            follower,
            lease,
            place: Mutex::default(),
            moved: watch::channel(()).0,
            unsettled: Mutex::default(),
            histories: Mutex::default(),
        };
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            never = following.run() => match never {},
        }
    }
    fn acks(&self) -> broadcast::Receiver<Ack> {
        self.acks.subscribe()
    }
    fn node(&self) -> NodeId {
        self.node
    }
}

pub(super) struct Following {
    pub(super) redis: Arc<Redis>,
    pub(super) follower: Arc<dyn Follower>,
    pub(super) lease: Arc<Lease>,
    place: Mutex<Option<Place>>,
    /// Told after every step of the tail.
    moved: watch::Sender<()>,
    /// Endings and when (nanoseconds since boot) to look whether their writers finished them.
    unsettled: Mutex<VecDeque<(u64, Seq, Fact)>>,
    /// In a cluster, the replication histories of its masters when they were last looked at.
    histories: Mutex<BTreeSet<String>>,
}

/// Why a round ended.
enum Broken {
    Connection(StoreError),
    /// What the server shows does not fit what was seen.
    Place,
}

/// The log's end as the server sees it.
pub(super) struct Tail {
    pub(super) seq: u64,
    pub(super) id: String,
    pub(super) born: String,
    pub(super) replid: String,
    /// The last *everything*.
    pub(super) all: u64,
    /// For how long this server has been followed by anybody, since it was started or took over.
    pub(super) age: Duration,
}

impl Following {
    async fn run(&self) -> std::convert::Infallible {
        let mut told = false;
        loop {
            match self.round(&mut told).await {
                Broken::Place => {}
                Broken::Connection(error) => {
                    if !told {
                        tracing::warn!(%error, "the log is out of reach; sessions stand still until it is back");
                        told = true;
                    }
                    sleep(AGAIN).await;
                }
            }
        }
    }

    async fn round(&self, told: &mut bool) -> Broken {
        let mut con = match self.redis.link.own(BLOCK).await {
            Ok(con) => con,
            Err(e) => return Broken::Connection(e),
        };
        if let Err(e) = self.attach(&mut con).await {
            return Broken::Connection(e);
        }
        let beating = match self.redis.link.for_beats(&con).await {
            Ok(beating) => beating,
            Err(e) => return Broken::Connection(e),
        };
        let followed = con.clone();
        if *told {
            tracing::info!("the log is followed again");
            *told = false;
        }
        tokio::select! {
            broken = self.tail(&mut con) => broken,
            broken = self.beats(beating) => broken,
            broken = self.watch(&followed) => broken,
            never = self.finish() => match never {},
        }
    }

    /// Finds one's place in the log, or a new one where the old cannot be trusted.
    async fn attach(&self, con: &mut Con) -> Result<()> {
        let Some(place) = self.place().clone() else {
            let (tail, _) = self.redis.look(con, None).await?;
            self.look_back(con).await?;
            // after the look: what is ordered from then on is in the log
            self.learn_orders(con).await?;
            self.stand_at(tail, VecDeque::new());
            return Ok(());
        };
        let (tail, verdict) = self.redis.look(con, Some(&place)).await?;
        if verdict == Verdict::Same && tail.replid == place.replid {
            self.redis.raise_floor(tail.all);
            self.redis.known.follows(&tail.born, &tail.replid);
            if let Some(p) = self.place().as_mut() {
                p.checked = tail.seq;
            }
            return Ok(());
        }
        tracing::warn!(?verdict, seen = place.seq, found = tail.seq, "the store is not the one that was followed");
        self.lease.give_up();
        self.follower.flush();
        // verbs go where the log is
        self.redis.link.leave().await;
        self.redis.heal(con, &place, verdict).await?;
        let (tail, _) = self.redis.look(con, None).await?;
        self.learn_orders(con).await?;
        let everything = (tail.all > place.seq).then_some(tail.all);
        self.stand_at(tail, place.recent);
        if let Some(seq) = everything {
            // it lies before the new place: the tail would pass over it
            self.follower.apply(&Entry { seq: Seq(seq), fact: Fact::Everything });
        }
        Ok(())
    }

    async fn learn_orders(&self, con: &mut Con) -> Result<()> {
        self.follower.orders(self.redis.learn_orders(con).await?);
        Ok(())
    }

    fn stand_at(&self, tail: Tail, recent: VecDeque<Seen>) {
        self.redis.raise_floor(tail.all);
        self.redis.known.follows(&tail.born, &tail.replid);
        let incarnation = format!("{}.{}", tail.born, tail.replid);
        let mut place = Place { born: tail.born, replid: tail.replid, recent, ..Place::default() };
        place.move_to(Seen { at: lease::now(), seq: tail.seq, id: tail.id, fact: None });
        self.follower.attached(&Head { seq: Seq(tail.seq), incarnation });
        *self.place() = Some(place);
        self.moved.send_replace(());
    }

    /// What was ended just before this node began to follow is looked at too: its writer may have been this node,
    /// before a crash.
    async fn look_back(&self, con: &mut Con) -> Result<()> {
        let mut cmd = redis::cmd("XREVRANGE");
        cmd.arg(self.redis.keys.stream()).arg("+").arg("-").arg("COUNT").arg(LOOK_BACK);
        let last: StreamRangeReply =
            cmd.query_async(con).await.map_err(|e| super::error::failed("reading the log", e))?;
        for id in &last.ids {
            if let Some((seq, Some(fact))) = parse(id) {
                self.to_settle(seq, &fact);
            }
        }
        Ok(())
    }

    async fn tail(&self, con: &mut Con) -> Broken {
        let (log, acks) = (self.redis.keys.stream(), self.redis.keys.acks());
        // those from before are of no use to anybody here
        let mut heard = match last_id(con, &acks).await {
            Ok(id) => id,
            Err(e) => return Broken::Connection(e),
        };
        loop {
            let from = self.place().as_ref().map_or_else(String::new, |p| p.id.clone());
            let mut cmd = redis::cmd("XREAD");
            cmd.arg("COUNT").arg(512).arg("BLOCK").arg(super::session::millis(BLOCK));
            cmd.arg("STREAMS").arg(&log).arg(&acks).arg(from).arg(&heard);
            let read: Option<StreamReadReply> = match cmd.query_async(con).await {
                Ok(read) => read,
                Err(e) => return Broken::Connection(super::error::failed("reading the log", e)),
            };
            for stream in read.into_iter().flat_map(|r| r.keys) {
                if stream.key == acks {
                    for entry in stream.ids {
                        self.hear(&entry);
                        heard = entry.id;
                    }
                    continue;
                }
                for entry in stream.ids {
                    if let Err(broken) = self.step(&entry) {
                        return broken;
                    }
                }
            }
        }
    }

    /// One that is not understood is a node of another release: its lease is waited for instead.
    fn hear(&self, entry: &StreamId) {
        let ack = entry.get::<String>("a").and_then(|text| serde_json::from_str::<Ack>(&text).ok());
        if let Some(ack) = ack {
            let _ = self.redis.acks.send(ack); // nobody listens: nobody waits
        }
    }

    /// Applies one entry, then takes its place.
    fn step(&self, entry: &StreamId) -> std::result::Result<(), Broken> {
        let (last, checked) = self.place().as_ref().map_or((0, 0), |p| (p.seq, p.checked));
        let Some((seq, fact)) = parse(entry).filter(|(seq, _)| *seq > last) else { return Err(Broken::Place) };
        if seq != last + 1 && seq > checked {
            // another node healed the log, and this one may have seen what that one had not: compared first
            return Err(Broken::Place);
        }
        if seq != last + 1 || fact.is_none() {
            tracing::warn!(last, seq, "a gap in the log, or an entry of a newer release: everything is read again");
            self.follower.flush();
        }
        if let Some(fact) = &fact {
            if *fact == Fact::Everything {
                self.redis.raise_floor(seq);
            }
            self.redis.known.apply(Seq(seq), fact);
            self.follower.apply(&Entry { seq: Seq(seq), fact: fact.clone() });
            self.to_settle(seq, fact);
        }
        if let Some(p) = self.place().as_mut() {
            p.move_to(Seen { at: lease::now(), seq, id: entry.id.clone(), fact });
        }
        self.moved.send_replace(());
        Ok(())
    }

    /// Beats by the connection that all verbs share, so that it is known to lead to the log that is followed; in a cluster
    /// by one of its own.
    async fn beats(&self, mut own: Option<Con>) -> Broken {
        let mut every = interval(self.redis.lease / 5);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut looked = lease::now();
        loop {
            if lease::now() > looked + nanos(LOOK_AGAIN) {
                looked = lease::now();
                // its settings may have changed since it was found fit
                if let Err(unfit @ StoreError::Unfit(_)) = self.redis.link.warnings().await {
                    return Broken::Connection(unfit);
                }
            }
            let deadline = every.tick().await + self.redis.lease;
            let asked = lease::now(); // before the question leaves
            let had = self.place().as_ref().map_or(0, |p| p.seq);
            // the lease runs out by itself while the server does not answer; the link finds it again
            let tail = match (self.redis.beat(own.as_mut()).await, &own) {
                (Ok(tail), _) => tail,
                (Err(_), None) => continue,
                (Err(e), Some(_)) => return Broken::Connection(e),
            };
            // what was applied before the question is in the log when it is answered, or the log has lost it
            if tail.seq < had || !self.known(&tail) {
                return Broken::Place;
            }
            self.redis.raise_floor(tail.all);
            if !self.reached(tail.seq, deadline).await {
                continue;
            }
            if !self.place().as_ref().is_some_and(|p| p.holds(tail.seq, &tail.id)) {
                return Broken::Place;
            }
            // whoever knows what a server that took over does not has written it back by then
            if tail.age >= self.redis.link.settling(self.redis.lease) {
                self.lease.renew(asked, self.redis.lease);
            }
        }
    }

    /// Sees a master replaced that still answers, and in a cluster one that has only users' slots.
    async fn watch(&self, followed: &Con) -> Broken {
        let link = &self.redis.link;
        loop {
            sleep(WATCH).await;
            if !link.is_current(followed).await {
                link.leave().await;
                return Broken::Connection(StoreError::unavailable(
                    "following the log",
                    "another server is the master",
                ));
            }
            if let Err(error) = self.look_for_new_masters().await {
                tracing::debug!(%error, "not every master of the cluster answers");
            }
        }
    }

    /// The log may be whole where marks of users, their spent steps and codes are not.
    async fn look_for_new_masters(&self) -> Result<()> {
        let now = self.redis.link.histories().await?;
        let before = std::mem::take(&mut *self.histories());
        if !before.is_empty() && !now.is_subset(&before) {
            let recent = self.place().as_ref().map(|p| p.recent.clone()).unwrap_or_default();
            if let Err(e) = self.redis.write_back(&recent).await {
                *self.histories() = before; // tried again
                return Err(e);
            }
        }
        *self.histories() = now;
        Ok(())
    }

    fn known(&self, tail: &Tail) -> bool {
        self.place().as_ref().is_some_and(|p| p.born == tail.born && p.replid == tail.replid)
    }

    async fn reached(&self, seq: u64, deadline: Instant) -> bool {
        let mut moved = self.moved.subscribe();
        let there = moved.wait_for(|()| self.place().as_ref().is_some_and(|p| p.seq >= seq));
        timeout_at(deadline, there).await.is_ok()
    }

    fn to_settle(&self, seq: u64, fact: &Fact) {
        if matches!(fact, Fact::SessionEnded { .. } | Fact::UserEnded { .. }) {
            let due = lease::now() + nanos(FINISH_AFTER);
            self.unsettled().push_back((due, Seq(seq), fact.clone()));
        }
    }

    /// Finishes endings whose writers crashed after the log and before the user's slot.
    async fn finish(&self) -> std::convert::Infallible {
        loop {
            sleep(FINISH_AFTER / 4).await;
            loop {
                let due = self.unsettled().front().filter(|(due, ..)| *due < lease::now()).cloned();
                let Some((_, seq, fact)) = due else { break };
                match self.redis.settle(seq, &fact).await {
                    Ok(true) => tracing::warn!(seq = seq.0, "finished an ending that its writer had left half done"),
                    Ok(false) => {}
                    Err(_) => break, // tried again
                }
                self.unsettled().pop_front();
            }
        }
    }

    fn place(&self) -> MutexGuard<'_, Option<Place>> {
        lock(&self.place)
    }
    fn histories(&self) -> MutexGuard<'_, BTreeSet<String>> {
        lock(&self.histories)
    }
    fn unsettled(&self) -> MutexGuard<'_, VecDeque<(u64, Seq, Fact)>> {
        lock(&self.unsettled)
    }
}

impl Redis {
    async fn beat(&self, own: Option<&mut Con>) -> Result<Tail> {
        const DOING: &str = "asking where the log stands";
        let mut call = of_log(&self.scripts.beat, &self.keys);
        call.arg(self.node.to_string());
        let answer = match own {
            None => self.link.run(DOING, &call).await?,
            Some(con) => call.invoke_async(con).await.map_err(|e| super::error::failed(DOING, e))?,
        };
        let (seq, id, born, replid, all, age) = answer;
        Ok(Tail { seq, id, born, replid, all, age: Duration::from_millis(age) })
    }
}

/// The newest entry of a stream.
async fn last_id(con: &mut Con, stream: &str) -> Result<String> {
    let mut cmd = redis::cmd("XREVRANGE");
    cmd.arg(stream).arg("+").arg("-").arg("COUNT").arg(1);
    let last: StreamRangeReply =
        cmd.query_async(con).await.map_err(|e| super::error::failed("reading acknowledgements", e))?;
    Ok(last.ids.first().map_or_else(|| "0-0".into(), |entry| entry.id.clone()))
}

/// Number and fact; a fact that this release does not know is `None`.
fn parse(entry: &StreamId) -> Option<(u64, Option<Fact>)> {
    let seq = entry.get::<u64>("s")?;
    let fact = entry.get::<String>("f").and_then(|f| serde_json::from_str(&f).ok());
    Some((seq, fact))
}

const BLOCK: Duration = Duration::from_millis(250);
const AGAIN: Duration = Duration::from_millis(100);
const WATCH: Duration = Duration::from_secs(1);
/// Longer than any living writer needs from the log to the slot.
const FINISH_AFTER: Duration = Duration::from_secs(2);
/// How soon a server that has become unfit is found out.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
const LOOK_BACK: usize = 256;
