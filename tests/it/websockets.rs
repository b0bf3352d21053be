//! WebSockets: whole, both ways at once, from the app's own pages only.

use crate::support::stream::{Socket, handshake};
use crate::support::{Gateway, Plan, Store, on_both_stores, until};
use std::time::Duration;

on_both_stores! {
    a_websocket_of_a_session_echoes_both_ways,
    a_handshake_from_another_origin_is_refused,
    what_the_upstream_says_instead_is_passed_on,
    many_websockets_open_and_none_dies,
    a_drain_tells_websockets_to_go_away,
    a_closed_websocket_leaves_nothing_behind,
}

async fn a_websocket_of_a_session_echoes_both_ways(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut socket = Socket::open(&alice, handshake("/ws").header("X-Auth-User", "root")).await.unwrap();
    let seen = gateway.upstream.last();
    assert_eq!((seen.header("x-auth-user"), seen.header("cookie")), (Some("alice"), None));
    socket.echo("hello").await;
    socket.echo(&"x".repeat(300_000)).await;
    // many on the way at once: neither side waits for the other
    for n in 0..50 {
        socket.send(&format!("{n} {}", "y".repeat(20_000))).await;
    }
    for n in 0..50 {
        assert!(socket.next().await.unwrap().starts_with(&format!("{n} ")));
    }
}

async fn a_handshake_from_another_origin_is_refused(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    gateway.upstream.forget();
    let origins =
        ["https://evil.example", "null", "http://localhost", "https://localhost", "http://localhost.evil", "", "x"];
    for origin in origins {
        let refused = Socket::open(&alice, handshake("/ws").set("Origin", origin)).await.err().expect(origin);
        assert_eq!(refused.status, 403, "{origin:?}");
    }
    let refused = Socket::open(&alice, handshake("/ws").without("Origin")).await.err().expect("none at all");
    assert_eq!(refused.status, 403);
    assert_eq!(gateway.upstream.count(), 0);
}

async fn what_the_upstream_says_instead_is_passed_on(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let upgrade_required = "HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 3\r\n\r\nold";
    gateway.upstream.answer("/old", upgrade_required);
    let answer =
        Socket::open(&alice, handshake("/old").set("Sec-WebSocket-Version", "99")).await.err().expect("no tunnel");
    assert_eq!((answer.status, answer.text().as_str()), (426, "old"));
    assert_eq!(answer.header("sec-websocket-version"), Some("13"));
    let answer = Socket::open(&alice, handshake("/plain")).await.err().expect("no tunnel");
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello from the app: /plain\n"));
    let chunked = "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\nX-App: no\r\n\r\n3\r\nnay\r\n0\r\n\r\n";
    gateway.upstream.answer("/no", chunked);
    let answer = Socket::open(&alice, handshake("/no")).await.err().expect("no tunnel");
    assert_eq!((answer.status, answer.text().as_str()), (403, "nay"));
    gateway.upstream.answer("/rubbish", "rubbish\r\n\r\n");
    assert_eq!(Socket::open(&alice, handshake("/rubbish")).await.err().expect("no tunnel").status, 502);
    assert_eq!(gateway.upstream.open_sockets(), 0);
}

async fn many_websockets_open_and_none_dies(store: Store) {
    let gateway = Plan::on(store).top("limits: { connections_per_address: 1000 }").start().await;
    gateway.add_user("alice", &["staff"]);
    let alice = gateway.alice().await;
    for round in 0..4 {
        let opened = (0..50).map(|_| Socket::open(&alice, handshake("/ws")));
        let sockets = futures::future::join_all(opened).await;
        for socket in sockets {
            socket.unwrap_or_else(|a| panic!("round {round}: {}", a.head)).echo("there").await;
        }
    }
}

async fn a_drain_tells_websockets_to_go_away(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut socket = Socket::open(&alice, handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    gateway.signal(rustix::process::Signal::TERM);
    assert_eq!(socket.next().await, Err(crate::support::stream::End::Close(1001)));
    until("the gateway's end", || async { gateway.has_ended() }).await;
}

async fn a_closed_websocket_leaves_nothing_behind(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut socket = Socket::open(&alice, handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    assert!(socket.is_silent(Duration::from_millis(200)).await, "an idle one stays open");
    drop(socket);
    until("the upstream's side to end", || async { gateway.upstream.open_sockets() == 0 }).await;
}
