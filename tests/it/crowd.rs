//! A crowd of idle WebSockets: one order for everybody closes them all.

use crate::support::stream::{End, Socket, handshake};
use crate::support::{Gateway, Plan, Store, on_both_stores};
use futures::future::join_all;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

on_both_stores! { an_order_for_everybody_closes_a_crowd_of_idle_sockets_at_once }

/// Of each person.
const SOCKETS: usize = 30;

async fn an_order_for_everybody_closes_a_crowd_of_idle_sockets_at_once(store: Store) {
    let gateway = Plan::on(store).top("limits: { connections_per_address: 1000 }").start().await;
    let sockets = join_all((0..10).map(|n| crowd(&gateway, n))).await;
    let mut sockets: Vec<Socket> = sockets.into_iter().flatten().collect();
    let since = Instant::now();
    let said = gateway.disconnect(json!({ "everyone": true }), "sign_out", json!({})).await;
    assert_eq!(said["matched"]["connections"], sockets.len(), "{said}");
    for ended in join_all(sockets.iter_mut().map(Socket::next)).await {
        assert_eq!(ended, Err(End::Close(1008)));
    }
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}

async fn crowd(gateway: &Gateway, n: usize) -> Vec<Socket> {
    let name = format!("user-{n}");
    gateway.add_user(&name, &[]);
    let mut visitor = gateway.visitor();
    visitor.sign_in(&name).await;
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        sockets.push(Socket::open(&visitor, handshake("/ws")).await.unwrap());
    }
    sockets
}
