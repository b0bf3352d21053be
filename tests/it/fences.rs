//! Three gateways on one Redis: when an order is confirmed, nothing of whom it meets passes on any of them, whatever
//! happens to a node.

use crate::support::chaos::Wire;
use crate::support::redis::Redis;
use crate::support::stream::{End, Socket, handshake};
use crate::support::{Gateway, Plan, Store, Visitor, until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

struct Three {
    nodes: [Gateway; 3],
    /// The third node's way to Redis.
    wire: Wire,
    redis: Arc<Redis>,
}

async fn three() -> Three {
    let redis = Arc::new(Redis::start().await);
    let one = Plan::on(Store::Redis).redis(redis.clone()).start().await;
    one.add_user("alice", &["staff"]);
    one.add_user("bob", &[]);
    let two = one.twin().await;
    let wire = Wire::to(redis.address).await;
    let third = one.twin_through(&wire).await;
    // a store that is new to a node makes it wait for the whole lease
    sleep(Duration::from_millis(1200)).await;
    Three { nodes: [one, two, third], wire, redis }
}

impl Three {
    /// One session of somebody, as each node knows it.
    async fn on_all(&self, name: &str) -> Vec<Visitor> {
        let mut visitor = self.nodes[0].visitor();
        visitor.sign_in(name).await;
        let mut all = Vec::new();
        for node in &self.nodes {
            let mut there = visitor.at(node.address);
            assert!(there.is_in().await);
            all.push(there);
        }
        all
    }
    async fn sign_alice_out(&self) -> Value {
        self.nodes[0].disconnect(json!({ "user": "alice" }), "sign_out", json!({})).await
    }
}

fn states(said: &Value) -> Vec<&str> {
    let mut states: Vec<_> = said["nodes"].as_array().unwrap().iter().map(|n| n["state"].as_str().unwrap()).collect();
    states.sort();
    states
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_order_is_obeyed_by_every_node_while_requests_pour_in() {
    let t = three().await;
    for _ in 0..10 {
        let alice = t.on_all("alice").await;
        let bob = t.on_all("bob").await;
        let mut sockets = Vec::new();
        for visitor in &alice {
            sockets.push(Socket::open(visitor, handshake("/ws")).await.unwrap());
        }
        let pouring: Vec<_> = alice
            .iter()
            .cloned()
            .map(|visitor| {
                tokio::spawn(async move {
                    // the last that passed, by when it was asked
                    let mut last = None;
                    loop {
                        let asked = Instant::now();
                        if visitor.status_now().await != 200 {
                            return last;
                        }
                        last = Some(asked);
                    }
                })
            })
            .collect();
        sleep(Duration::from_millis(20)).await;
        let said = t.sign_alice_out().await;
        let confirmed = Instant::now();
        assert_eq!(states(&said), ["acknowledged"; 3], "{said}");
        assert_eq!(said["matched"]["sessions"], 1, "{said}");
        for task in pouring {
            assert!(task.await.unwrap().is_none_or(|asked| asked < confirmed), "passed after it was confirmed");
        }
        for socket in &mut sockets {
            assert_eq!(socket.next().await, Err(End::Close(1008)));
        }
        for visitor in &bob {
            assert_eq!(visitor.status_now().await, 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_stopped_is_fenced_by_its_lease() {
    let t = three().await;
    let alice = t.on_all("alice").await;
    let mut socket = Socket::open(&alice[1], handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    t.nodes[1].signal(Signal::STOP);
    let since = Instant::now();
    let said = t.sign_alice_out().await;
    let took = since.elapsed();
    assert_eq!(states(&said), ["acknowledged", "acknowledged", "fenced"], "{said}");
    assert!(took >= Duration::from_millis(900), "{took:?}");
    socket.send("into the silence").await;
    t.nodes[1].signal(Signal::CONT);
    let next = socket.next().await;
    assert!(next.is_err(), "no byte after it woke: {next:?}");
    until("the node to serve again", || async { t.nodes[1].is_ready().await }).await;
    assert_ne!(alice[1].status_now().await, 200);
    let again = t.sign_alice_out().await;
    assert_eq!(states(&again), ["acknowledged"; 3], "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_wire_is_frozen_is_fenced_and_obeys_when_it_hears_again() {
    let t = three().await;
    let alice = t.on_all("alice").await;
    let mut socket = Socket::open(&alice[2], handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    t.wire.freeze();
    let said = t.sign_alice_out().await;
    assert_eq!(said["status"], "confirmed");
    assert!(states(&said).contains(&"fenced"), "{said}");
    assert_ne!(alice[2].status_now().await, 200);
    socket.send("into the silence").await;
    assert!(socket.is_silent(Duration::from_millis(300)).await);
    t.wire.mend();
    assert_eq!(socket.next().await, Err(End::Close(1008)));
    until("the node to serve again", || async { t.nodes[2].is_ready().await }).await;
    assert_ne!(alice[2].status_now().await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_store_nothing_is_ordered_and_a_repetition_orders_once() {
    let t = three().await;
    let alice = t.on_all("alice").await;
    t.redis.kill();
    let body = json!({ "select": { "user": "alice" }, "action": "block", "reason": "alert" });
    let failed = t.nodes[0].api("POST", "/api/v1/disconnects", &body, Some("k")).await;
    assert_eq!((failed.status, failed.header("content-type")), (503, Some("application/problem+json")));
    t.redis.run().await;
    until("the nodes", || async { t.nodes[0].is_ready().await && t.nodes[1].is_ready().await }).await;
    let said = t.nodes[0].api("POST", "/api/v1/disconnects", &body, Some("k")).await;
    assert_eq!(said.status, 200, "{}", said.text());
    for visitor in &alice[..2] {
        assert_ne!(visitor.status_now().await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_outlives_a_store_that_came_back_empty() {
    let t = three().await;
    t.nodes[0].disconnect(json!({ "user": "alice" }), "block", json!({})).await;
    t.redis.command("FLUSHALL").await;
    for node in &t.nodes {
        until("the block to be written back", || async {
            let list = node.api("GET", "/api/v1/disconnects", &Value::Null, None).await;
            list.status == 200 && list.json()["orders"][0]["action"] == "block"
        })
        .await;
    }
}
