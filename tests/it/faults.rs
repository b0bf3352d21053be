//! Gateways, wires and servers that fail while somebody is signed out: nothing of theirs passes after the order is confirmed,
//! nor a lease after it was accepted, whatever fails. One round of each here; `bench/faults` goes on for as long as it is told.

use crate::support::chaos::Wire;
use crate::support::fleet::Fleet;
use crate::support::redis::Redis;
use crate::support::traffic::{Traffic, now};
use crate::support::{Gateway, PASSWORD, Plan, Store, Visitor, until, within};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

/// N of the promise.
const LEASE: Duration = Duration::from_secs(1);
/// A call has answered a quarter of a second after N; on a busy machine it may take longer, but never hangs.
const ANSWERED: Duration = Duration::from_secs(8);
/// Who cannot get in for so long signs in again.
const AGAIN: Duration = Duration::from_secs(10);
/// What passed is seen later than it passed: the app and the client are of this busy process.
const SEEN_LATE: Duration = Duration::from_millis(700);

/// An order as its caller saw it; times by `traffic::now`.
struct Told {
    asked: u64,
    answered: u64,
    waited: bool,
    /// Answered 503, and repeated.
    refused: usize,
    fenced: usize,
    /// To be lifted.
    block: Option<String>,
}

/// An order to sign alice out or keep her out, not yet given.
struct Order<'a> {
    at: &'a Gateway,
    wait: bool,
    action: &'static str,
}

impl Order<'_> {
    /// Gives it until it is taken, as a caller would who was told that repeating is safe.
    async fn give(self) -> Told {
        let key = random(u64::MAX).to_string();
        let body =
            json!({ "select": { "user": "alice" }, "action": self.action, "reason": "faults", "wait": self.wait });
        let mut refused = 0;
        loop {
            let (asked, since) = (now(), Instant::now());
            let answer = self.at.api("POST", "/api/v1/disconnects", &body, Some(&key)).await;
            assert!(since.elapsed() < ANSWERED, "the call took {:?}", since.elapsed());
            let answered = now();
            if answer.status == 503 {
                refused += 1;
                sleep(Duration::from_millis(50)).await;
                continue;
            }
            assert_eq!(answer.status, if self.wait { 200 } else { 202 }, "{}", answer.text());
            let nodes = answer.json()["nodes"].as_array().cloned().unwrap_or_default();
            let fenced = nodes.iter().filter(|n| n["state"] == "fenced").count();
            let id = answer.json()["id"].as_str().unwrap().to_string();
            let block = (self.action == "block").then_some(id);
            return Told { asked, answered, waited: self.wait, refused, fenced, block };
        }
    }
    /// The same at any time within the next while.
    async fn give_soon(self) -> Told {
        sleep(Duration::from_millis(random(250))).await;
        self.give().await
    }
}

#[derive(Default)]
struct Row {
    rounds: usize,
    confirmed: usize,
    fenced: usize,
    refused: usize,
    /// How long after it was asked for the last of anything passed.
    worst: u64,
    violations: Vec<String>,
}

/// Rounds of one kind of trouble. `trouble` breaks something, gives the order, and mends what it broke.
async fn suffer(name: &str, nodes: &[Gateway], trouble: impl AsyncFn(Order<'_>) -> Told) {
    let (rounds, length) = how_long();
    let (mut row, begun) = (Row::default(), Instant::now());
    while row.rounds < rounds || begun.elapsed() < length {
        round(&mut row, nodes, &trouble).await;
    }
    let Row { rounds, confirmed, fenced, refused, worst, violations } = row;
    let worst = worst / 1000;
    println!("faults|{name}|{rounds}|{confirmed}|{fenced}|{refused}|{worst}|{}", violations.len());
    assert!(violations.is_empty(), "{name}: {violations:#?}");
}

async fn round(row: &mut Row, nodes: &[Gateway], trouble: &impl AsyncFn(Order<'_>) -> Told) {
    let bob = signed_in(&nodes[0], "bob").await;
    let (alice, traffic) = flowing(nodes).await;
    let told = trouble(Order {
        at: &nodes[0],
        wait: random(2) == 0,
        action: ["sign_out", "block"][usize::from(random(2) == 0)],
    })
    .await;
    for node in nodes {
        until("the nodes to serve again", || node.is_ready()).await;
        until("the end of her session", || async { alice.at(node.address).status_now().await == 401 }).await;
        // a store that came back with nothing ended his session too
        until("bob to be told", || async { matches!(bob.at(node.address).status_now().await, 200 | 401) }).await;
    }
    row.rounds += 1;
    row.confirmed += usize::from(told.waited);
    row.fenced += told.fenced;
    row.refused += told.refused;
    judge(row, &told, nodes, &traffic);
    if let Some(id) = told.block {
        let path = format!("/api/v1/disconnects/{id}");
        until("the block to be lifted", || async {
            nodes[0].api("DELETE", &path, &Value::Null, None).await.status == 200
        })
        .await;
    }
}

/// Alice, and her traffic at each node. An order that a failover lost is written back by each node that knows it, and may
/// meet who has signed in meanwhile: she signs in again, as she would.
async fn flowing(nodes: &[Gateway]) -> (Visitor, Vec<Traffic>) {
    for _ in 0..3 {
        let alice = signed_in(&nodes[0], "alice").await;
        nodes[0].upstream.forget();
        let traffic: Vec<_> = nodes.iter().map(|node| Traffic::of(&alice.at(node.address))).collect();
        let flows = async {
            for of_node in &traffic {
                of_node.flows().await;
            }
        };
        if timeout(AGAIN, flows).await.is_ok() {
            return (alice, traffic);
        }
    }
    panic!("her traffic does not flow");
}

fn judge(row: &mut Row, told: &Told, nodes: &[Gateway], traffic: &[Traffic]) {
    let micros = |d: Duration| u64::try_from(d.as_micros()).unwrap();
    // from the answer on where it says confirmed; else a lease after it was accepted, which was before the answer
    let until = told.answered + if told.waited { 0 } else { micros(LEASE) };
    let seen = until + micros(SEEN_LATE);
    for (n, of_node) in traffic.iter().enumerate() {
        for (what, passed) in of_node.all() {
            row.worst = row.worst.max(passed.born().saturating_sub(told.asked));
            if passed.born() >= until || passed.arrived() >= seen {
                let (born, arrived) = (passed.born().saturating_sub(until), passed.arrived().saturating_sub(until));
                row.violations.push(format!(
                    "round {}: {what} at node {n}: born {born} us late, there {arrived} us late",
                    row.rounds
                ));
            }
        }
    }
    let hers = nodes[0].upstream.requests().into_iter().filter(|r| r.header("x-auth-user") == Some("alice"));
    let late = hers.filter(|r| r.at >= seen).count();
    if late > 0 {
        row.violations.push(format!("round {}: {late} requests reached the app", row.rounds));
    }
}

async fn signed_in(node: &Gateway, name: &str) -> Visitor {
    // a store that has just changed hands may change once more: what was refused then is tried again, whole
    within("somebody to sign in", async {
        loop {
            let mut visitor = node.visitor();
            let answer = visitor.give_password(name, PASSWORD, "/").await;
            if answer.status == 303 && visitor.session_cookie().is_some() {
                return visitor;
            }
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}

/// Rounds of each kind of trouble, and how long to go on at least.
#[expect(clippy::disallowed_methods, reason = "bench/faults says how long the same tests are to go on")]
fn how_long() -> (usize, Duration) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let rounds = number("FAULTS_ROUNDS").unwrap_or(1);
    (usize::try_from(rounds).unwrap(), Duration::from_secs(number("FAULTS_SECONDS").unwrap_or(0)))
}

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

/// One deployment at a time: they are many processes, and a starved one proves nothing.
static ALONE: Mutex<()> = Mutex::const_new(());

/// Three nodes on one Redis that keeps its data, the third by a wire of its own.
struct Three {
    nodes: Vec<Gateway>,
    redis: Arc<Redis>,
    wire: Wire,
}

async fn three() -> Three {
    let redis = Arc::new(Redis::with(&["--appendonly", "yes"]));
    redis.run().await;
    let one = Plan::on(Store::Redis).redis(redis.clone()).start().await;
    add_people(&one);
    let wire = Wire::to(redis.address).await;
    let (two, third) = (one.twin().await, one.twin_through(&wire).await);
    Three { nodes: vec![one, two, third], redis, wire }
}

/// Two nodes on several servers.
async fn two_on(fleet: &Arc<Fleet>) -> Vec<Gateway> {
    let one = Plan::on(Store::Redis).fleet(fleet.clone()).start().await;
    add_people(&one);
    let two = one.twin().await;
    vec![one, two]
}

fn add_people(node: &Gateway) {
    node.add_user("alice", &["staff"]);
    node.add_user("bob", &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_passes_after_the_order_when_a_node_fails() {
    let _alone = ALONE.lock().await;
    let t = three().await;
    suffer("node stopped", &t.nodes, async |order| {
        t.nodes[1].signal(Signal::STOP);
        let going_on = async {
            sleep(Duration::from_millis(2500)).await;
            t.nodes[1].signal(Signal::CONT);
        };
        tokio::join!(order.give_soon(), going_on).0
    })
    .await;
    suffer("node killed", &t.nodes, async |order| {
        let starting = async {
            sleep(Duration::from_millis(random(250))).await;
            t.nodes[1].kill();
            t.nodes[1].run().await;
        };
        tokio::join!(order.give_soon(), starting).0
    })
    .await;
}

/// What is done to a wire, and its name.
type Trouble = (&'static str, fn(&Wire));

#[tokio::test(flavor = "multi_thread")]
async fn nothing_passes_after_the_order_when_a_nodes_wire_fails() {
    let _alone = ALONE.lock().await;
    let t = three().await;
    let troubles: [Trouble; 4] = [
        ("wire frozen", Wire::freeze),
        ("wire frozen towards the node", Wire::deafen),
        ("wire frozen towards Redis", Wire::silence),
        ("wire cut", Wire::cut),
    ];
    for (name, trouble) in troubles {
        suffer(name, &t.nodes, async |order| {
            let mending = async {
                sleep(Duration::from_millis(random(250))).await;
                trouble(&t.wire);
                sleep(Duration::from_millis(2500)).await;
                t.wire.mend();
            };
            tokio::join!(order.give_soon(), mending).0
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_passes_after_the_order_when_redis_fails() {
    let _alone = ALONE.lock().await;
    let t = three().await;
    suffer("Redis stopped", &t.nodes, async |order| {
        let going_on = async {
            sleep(Duration::from_millis(random(250))).await;
            t.redis.signal(Signal::STOP);
            sleep(Duration::from_millis(2000)).await;
            t.redis.signal(Signal::CONT);
        };
        tokio::join!(order.give_soon(), going_on).0
    })
    .await;
    suffer("Redis killed, back with its data", &t.nodes, async |order| {
        let starting = async {
            sleep(Duration::from_millis(random(250))).await;
            t.redis.kill();
            sleep(Duration::from_millis(random(1500))).await;
            t.redis.run().await;
        };
        tokio::join!(order.give_soon(), starting).0
    })
    .await;
    suffer("Redis killed, back with nothing", &t.nodes, async |order| {
        let starting = async {
            sleep(Duration::from_millis(random(250))).await;
            t.redis.kill();
            t.redis.forget();
            t.redis.run().await;
            until("the first node", || t.nodes[0].is_ready()).await;
            add_people(&t.nodes[0]);
        };
        tokio::join!(order.give_soon(), starting).0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_passes_after_the_order_when_sentinels_fail_over() {
    let _alone = ALONE.lock().await;
    let fleet = Arc::new(Fleet::watched().await);
    let nodes = two_on(&fleet).await;
    masters_die(["Sentinel, master killed", "Sentinel, replicas behind, master killed"], &fleet, &nodes).await;
    suffer("Sentinel, failover by hand", &nodes, async |order| {
        fleet.settled().await;
        let failing = async {
            sleep(Duration::from_millis(random(250))).await;
            fleet.fail_over().await;
        };
        tokio::join!(order.give_soon(), failing).0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_passes_after_the_order_when_a_cluster_fails_over() {
    let _alone = ALONE.lock().await;
    let fleet = Arc::new(Fleet::cluster().await);
    let nodes = two_on(&fleet).await;
    masters_die(["Cluster, master killed", "Cluster, replica behind, master killed"], &fleet, &nodes).await;
}

/// The master dies while the order is given: one whose replicas follow it, and one whose replicas have fallen behind.
async fn masters_die(names: [&str; 2], fleet: &Fleet, nodes: &[Gateway]) {
    suffer(names[0], nodes, async |order| {
        fleet.settled().await;
        let killing = async {
            sleep(Duration::from_millis(random(250))).await;
            let master = fleet.master().await.expect("a master");
            fleet.replace(master, &[]).await;
        };
        tokio::join!(order.give_soon(), killing).0
    })
    .await;
    suffer(names[1], nodes, async |order| {
        fleet.settled().await;
        only_its_node_knows(fleet, nodes, order).await
    })
    .await;
}

/// The order is accepted by a master whose replicas never hear of it, is read by no other node, and then the master dies.
async fn only_its_node_knows(fleet: &Fleet, nodes: &[Gateway], order: Order<'_>) -> Told {
    let (master, behind) = fleet.leave_replicas_behind().await;
    nodes[1].signal(Signal::STOP);
    let told = order.give().await;
    let waking = async {
        sleep(Duration::from_millis(random(1500))).await;
        nodes[1].signal(Signal::CONT);
    };
    tokio::join!(waking, fleet.replace(master, &behind));
    told
}
