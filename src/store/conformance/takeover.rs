//! A server that took over from another: what it may lack is written back, and nobody is served before everybody who knows
//! better had the time to.

use super::feed::{LONG, redis_node};
use super::orders::order;
use super::sample::*;
use super::server::{Cluster, Server, until};
use crate::store::redis::RedisSettings;
use crate::store::{Action, OrderStore, Store};
use std::time::Duration;
use tokio::time::Instant;

const DEBUG: [&str; 2] = ["--enable-debug-command", "yes"];
/// From here on it looks like a replica that was promoted.
const TAKE_OVER: [&str; 2] = ["DEBUG", "CHANGE-REPL-ID"];

#[tokio::test]
async fn nobody_is_served_until_every_node_had_the_time_to_write_back_what_a_new_master_lacks() {
    let lease = Duration::from_secs(2);
    let server = Server::start(&DEBUG);
    let n = redis_node(RedisSettings { lease, ..server.settings("pc") }).await;
    let placed = n.store.place_order(&order(Action::Block { until: None })).await.unwrap().order;
    until("the order", LONG, || n.ear.facts().len() == 1).await;
    // the log is whole, and something else is not
    server.run(&["DEL", "pc:{r}:orders"]).await;
    server.run(&TAKE_OVER).await;
    let since = Instant::now();
    until("the lease's end", LONG, || !n.lease.held()).await;
    until("the lease's return", LONG, || n.lease.held()).await;
    assert!(since.elapsed() >= lease, "after {:?}", since.elapsed());
    assert_eq!(n.store.orders().await.unwrap(), [placed]);
    // one that begins to follow only then waits as long, and not once more
    let late = redis_node(RedisSettings { lease, ..server.settings("pc") }).await;
    assert!(late.lease.held());
}

#[tokio::test]
async fn an_order_that_another_server_accepts_than_the_one_followed_is_refused() {
    let server = Server::start(&DEBUG);
    // so seldom that it does not notice by itself
    let n = redis_node(RedisSettings { lease: Duration::from_secs(600), ..server.settings("pc") }).await;
    server.run(&TAKE_OVER).await;
    assert!(n.store.place_order(&order(Action::SignOut)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_cluster_a_server_without_the_log_is_written_back_to_as_well() {
    let cluster = Cluster::start(&DEBUG).await;
    let n = redis_node(cluster.settings("pc")).await;
    let log = cluster.place_of("pc:{r}:log").await;
    let mut user = user_id();
    while cluster.place_of(&format!("pc:{{{user}}}:m")).await == log {
        user = user_id();
    }
    let mark = format!("pc:{{{user}}}:m");
    let server = cluster.server(cluster.place_of(&mark).await);
    n.store.end_user(user, None).await.unwrap();
    until("the entry", LONG, || n.ear.facts().len() == 1).await;
    // the histories of all masters have been looked at
    tokio::time::sleep(Duration::from_millis(2500)).await;
    server.run(&["DEL", &mark]).await;
    server.run(&TAKE_OVER).await;
    let limit = Instant::now() + LONG;
    while server.run(&["EXISTS", &mark]).await == redis::Value::Int(0) {
        assert!(Instant::now() < limit, "never written back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(n.lease.held(), "the log's own server is the same");
}
