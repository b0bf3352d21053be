//! Two gateways on one Redis: what ends on one has ended on the other, within the lease, whatever happens between them.

use crate::support::chaos::Wire;
use crate::support::redis::Redis;
use crate::support::stream::{End, Flow, Socket, handshake};
use crate::support::{Ask, Gateway, MFA_ON, Plan, Store, Visitor, until};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What a lease allows, and as much again for a busy machine.
const LEASE: Duration = Duration::from_millis(2500);

struct Two {
    one: Gateway,
    two: Gateway,
    /// The second node's way to Redis.
    wire: Wire,
    redis: Arc<Redis>,
}

async fn two(policy: &str) -> Two {
    let redis = Arc::new(Redis::start().await);
    let one = Plan::on(Store::Redis).redis(redis.clone()).policy(policy).start().await;
    one.add_user("alice", &["staff"]);
    let wire = Wire::to(redis.address).await;
    let two = one.twin_through(&wire).await;
    Two { one, two, wire, redis }
}

/// Alice on the first node, known and cached on the second.
async fn alice_on_both(nodes: &Two) -> (Visitor, Visitor) {
    let alice = nodes.one.alice().await;
    let mut there = alice.at(nodes.two.address);
    assert!(there.is_in().await);
    (alice, there)
}

async fn is_refused(visitor: &Visitor) -> bool {
    visitor.status_now().await != 200
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_everywhere_is_honoured_by_the_other_node() {
    let nodes = two("version: 1\n").await;
    let (mut here, there) = alice_on_both(&nodes).await;
    let mut socket = Socket::open(&there, handshake("/ws")).await.unwrap();
    let mut events = Flow::open(&there, Ask::program("/events")).await;
    socket.echo("hello").await;
    events.next().await.unwrap();
    here.sign_out(true).await;
    let since = Instant::now();
    until("the refusal", || is_refused(&there)).await;
    assert_eq!(socket.next().await, Err(End::Close(1008)));
    events.ends().await;
    assert!(since.elapsed() < LEASE, "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_one_node_is_good_on_the_other_and_rotates_on_both() {
    let rule = "version: 1\nrules:\n  - { name: vault, match: { path: /vault/ }, require: { factors: two } }\n";
    let nodes = two(rule).await;
    let (mut alice, there) = alice_on_both(&nodes).await;
    let old = alice.session_cookie().unwrap().to_string();
    let led = alice.get("/vault/").await;
    let page = alice.follow(&led).await;
    alice.confirm_set_up(&page).await;
    assert_ne!(alice.session_cookie(), Some(old.as_str()));
    assert_eq!(alice.at(nodes.two.address).send(Ask::program("/vault/")).await.status, 200);
    assert_eq!(there.clone().send(Ask::program("/vault/")).await.status, 401, "the old token has the old assurance");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_used_on_one_node_is_refused_on_the_other() {
    let nodes = two(MFA_ON).await;
    let mut app = nodes.one.visitor().enrol("alice").await;
    let mut here = nodes.one.visitor();
    let mut there = nodes.two.visitor();
    let (page, page_there) = (here.reach_challenge("alice").await, there.reach_challenge("alice").await);
    let code = app.next_code().await;
    assert_eq!(here.give_code(&page, &code).await.status, 303);
    assert_ne!(there.give_code(&page_there, &code).await.status, 303);
    assert!(there.session_cookie().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_cannot_hear_the_store_stands_still_and_then_honours_what_was_said() {
    let nodes = two("version: 1\n").await;
    let (mut here, there) = alice_on_both(&nodes).await;
    let mut socket = Socket::open(&there, handshake("/ws")).await.unwrap();
    let mut events = Flow::open(&there, Ask::program("/events")).await;
    let mut download = Flow::open(&there, Ask::program("/download")).await;
    socket.echo("hello").await;
    events.next().await.unwrap();
    download.next().await.unwrap();
    nodes.wire.freeze();
    sleep(LEASE).await;
    socket.send("into the silence").await;
    assert!(events.stands_still(Duration::from_millis(600)).await);
    assert!(download.stands_still(Duration::from_millis(600)).await);
    assert!(socket.is_silent(Duration::from_millis(600)).await);
    here.sign_out(true).await;
    assert_eq!(
        there.clone().send(Ask::program("/")).await.status,
        503,
        "a cached session is not served without a lease"
    );
    nodes.wire.mend();
    assert_eq!(socket.next().await, Err(End::Close(1008)), "not even the echo comes");
    events.ends().await;
    download.ends().await;
    until("the lease", || async { nodes.two.is_ready().await }).await;
    assert!(is_refused(&there).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_silence_of_the_store_ends_no_stream() {
    let nodes = two("version: 1\n").await;
    let (_, there) = alice_on_both(&nodes).await;
    let mut socket = Socket::open(&there, handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    nodes.wire.freeze();
    sleep(LEASE).await;
    socket.send("kept").await;
    assert!(socket.is_silent(Duration::from_millis(300)).await);
    nodes.wire.mend();
    assert_eq!(socket.next().await.as_deref(), Ok("kept"));
    socket.echo("and on").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_restarts_empty_ends_every_session_on_every_node() {
    let nodes = two("version: 1\n").await;
    let (here, there) = alice_on_both(&nodes).await;
    let mut socket = Socket::open(&there, handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    nodes.redis.kill();
    nodes.redis.run().await;
    for node in [&nodes.one, &nodes.two] {
        until("the lease", || node.is_ready()).await;
    }
    // the gate is shut while the nodes find out, and then the session is over: from the first refusal on nothing passes
    for visitor in [&here, &there] {
        until("the first refusal", || async { matches!(visitor.status_now().await, 401 | 503) }).await;
    }
    nodes.one.upstream.forget();
    for visitor in [&here, &there] {
        until("the end", || async { visitor.status_now().await == 401 }).await;
    }
    assert!(socket.next().await.is_err());
    assert_eq!(nodes.one.upstream.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_message_does_not_keep_a_session_alive() {
    let nodes = two("version: 1\n").await;
    let (mut here, there) = alice_on_both(&nodes).await;
    nodes.wire.cut();
    here.sign_out(true).await;
    let since = Instant::now();
    until("the refusal", || is_refused(&there)).await;
    assert!(since.elapsed() < LEASE, "{:?}", since.elapsed());
    nodes.wire.mend();
    until("the lease", || nodes.two.is_ready()).await;
    until("401", || async { there.status_now().await == 401 }).await;
}
