//! WebSockets: none dies, both directions flow, and how each ends.

use super::support::*;
use super::upstream;
use crate::proxy::engine::certs::Certificates;
use crate::proxy::engine::certs::tests::Authority;
use crate::proxy::engine::tunnel::{End, To};
use futures::{SinkExt, StreamExt};
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

fn close_code(message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) -> u16 {
    match message {
        Some(Ok(Message::Close(Some(frame)))) => frame.code.into(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_three_hundred_none_dies_and_a_drain_says_so_to_each() {
    let (up, _) = upstream::start().await;
    let gateway = Gateway::start(Config::to(up)).await;
    let mut all = vec![];
    for _ in 0..300 {
        all.push(websocket(gateway.addr, "/ws", true).await);
    }
    for ws in &mut all {
        ws.send("x".into()).await.unwrap();
        assert_eq!(soon(ws.next()).await.unwrap().unwrap().into_text().unwrap(), "x");
    }
    gateway.stop.send(true).unwrap();
    for ws in &mut all {
        assert_eq!(close_code(soon(ws.next()).await), 1001);
    }
    drop(all);
    soon(gateway.task).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn megabyte_frames_flow_in_both_directions_at_once() {
    let (up, _) = upstream::start().await;
    let mut gateway = Gateway::start(Config::to(up)).await;
    let ws = websocket(gateway.addr, "/ws", true).await;
    let (mut tx, mut rx) = ws.split();
    let sender = tokio::spawn(async move {
        for i in 0..20u8 {
            tx.send(Message::Binary(vec![i; 1 << 20].into())).await.unwrap();
        }
        tx
    });
    for i in 0..20u8 {
        let got = soon(rx.next()).await.unwrap().unwrap().into_data();
        assert!(got.len() == 1 << 20 && got.iter().all(|b| *b == i));
    }
    drop((soon(sender).await.unwrap(), rx));
    let report = soon(gateway.reports.recv()).await.unwrap();
    assert!(report.to_client > 20 << 20 && report.to_upstream > 20 << 20 && report.frames >= 20, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_tells_an_idle_client_why() {
    let (up, _) = upstream::start().await;
    let mut gateway = Gateway::start(Config::to(up)).await;
    let mut mine = websocket(gateway.addr, "/ws", true).await;
    let mut public = websocket(gateway.addr, "/ws", false).await;
    for ws in [&mut mine, &mut public] {
        ws.send("x".into()).await.unwrap();
        soon(ws.next()).await.unwrap().unwrap();
    }
    gateway.session.cancel();
    assert_eq!(close_code(soon(mine.next()).await), 1008);
    drop(mine);
    let report = soon(gateway.reports.recv()).await.unwrap();
    assert!(report.end == End::Cut && report.polite);
    public.send("y".into()).await.unwrap();
    assert_eq!(soon(public.next()).await.unwrap().unwrap().into_text().unwrap(), "y");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_inside_a_frame_is_a_reset() {
    let (up, _) = upstream::start().await;
    let mut gateway = Gateway::start(Config::to(up)).await;
    let mut client = connect(gateway.addr).await;
    client.write_all(UPGRADE.replace("/ws", "/part").as_bytes()).await.unwrap();
    assert!(soon(upstream::read_head(&mut client)).await.unwrap().starts_with("HTTP/1.1 101"));
    soon(client.read_exact(&mut [0; 14])).await.unwrap();
    gateway.session.cancel();
    assert_eq!(rest(&mut client).await, (vec![], true));
    let report = soon(gateway.reports.recv()).await.unwrap();
    assert!(report.end == End::Cut && !report.polite);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_came_with_the_101_reaches_the_client_and_silence_ends_the_tunnel() {
    let (up, seen) = upstream::saying(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nKeep-Alive: timeout=5\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSet-Cookie: a=1\r\n\r\n\u{1}\u{3}abc",
    )
    .await;
    let mut gateway = Gateway::start(Config { idle: Duration::from_millis(100), ..Config::to(up) }).await;
    let mut client = connect(gateway.addr).await;
    client.write_all(UPGRADE.as_bytes()).await.unwrap();
    let head = soon(upstream::read_head(&mut client)).await.unwrap();
    assert!(head.contains("Set-Cookie: a=1\r\n") && !head.contains("Keep-Alive"), "{head}");
    let (frames, reset) = rest(&mut client).await;
    assert!(frames.starts_with(b"\x01\x03abc\x88") && frames.ends_with(b"going away") && !reset);
    assert_eq!(soon(gateway.reports.recv()).await.unwrap().end, End::Idle);
    let asked = seen.heads.lock().unwrap().clone();
    assert!(asked.contains("Connection: Upgrade\r\n") && !asked.contains("keep-alive"), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_speaks_before_the_101_is_closed() {
    let (up, _) = upstream::start().await;
    let gateway = Gateway::start(Config::to(up)).await;
    let mut hasty = connect(gateway.addr).await;
    hasty.write_all(format!("{UPGRADE}\u{1}\u{0}").as_bytes()).await.unwrap();
    assert_eq!(rest(&mut hasty).await.0, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_answer_takes_the_ordinary_path_and_is_asked_for_once() {
    for (upstream_says, status, body) in [
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nhello", "403", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "200", "lo"),
        ("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno", "426", "no"),
        ("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", "404", "no"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "502", ""),
        ("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", "502", ""),
        ("hello\r\n\r\n", "502", ""),
    ] {
        let (up, seen) = upstream::saying(upstream_says).await;
        let gateway = Gateway::start(Config::to(up)).await;
        let mut client = connect(gateway.addr).await;
        client.write_all(UPGRADE.as_bytes()).await.unwrap();
        let mut text = soon(upstream::read_head(&mut client)).await.unwrap();
        while !body.is_empty() && !text.contains(body) {
            text.push(soon(client.read_u8()).await.unwrap().into());
        }
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{upstream_says}: {text}");
        assert_eq!(seen.requests.load(SeqCst), 1, "{upstream_says}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_or_silent_upstream_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let to = To { answer: Duration::from_millis(100), ..To::plain(addr) };
    let gateway = Gateway::start(Config { to, ..Config::to(addr) }).await;
    let mut client = connect(gateway.addr).await;
    client.write_all(UPGRADE.as_bytes()).await.unwrap();
    assert!(soon(upstream::read_head(&mut client)).await.unwrap().starts_with("HTTP/1.1 504"));
    drop(listener);
    let mut client = connect(gateway.addr).await;
    client.write_all(UPGRADE.as_bytes()).await.unwrap();
    assert!(soon(upstream::read_head(&mut client)).await.unwrap().starts_with("HTTP/1.1 502"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_data_frames_of_the_client_are_its_activity() {
    let (up, _) = upstream::start().await;
    let gateway = Gateway::start(Config::to(up)).await;
    let mut ws = websocket(gateway.addr, "/ws", true).await;
    ws.send(Message::Ping(vec![1].into())).await.unwrap();
    assert!(soon(ws.next()).await.unwrap().unwrap().is_pong());
    assert_eq!(gateway.client_data.load(SeqCst), 0);
    ws.send("x".into()).await.unwrap();
    soon(ws.next()).await.unwrap().unwrap();
    assert_eq!(gateway.client_data.load(SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_close_handshake_of_both_sides_passes() {
    let (up, _) = upstream::start().await;
    let mut gateway = Gateway::start(Config::to(up)).await;
    let mut ws = websocket(gateway.addr, "/ws", true).await;
    ws.close(None).await.unwrap();
    assert!(soon(ws.next()).await.unwrap().unwrap().is_close());
    while soon(ws.next()).await.is_some() {}
    drop(ws);
    assert_eq!(soon(gateway.reports.recv()).await.unwrap().end, End::Closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_on_both_sides_carries_tunnels_and_their_close() {
    let authority = Authority::new();
    let files = authority.issue("app", &["app.test"]);
    let tls = Certificates::load(vec![files]).unwrap().server_config().unwrap();
    let (up, _) = upstream::start().await;
    let behind = Gateway::start(Config { tls: Some(tls.clone()), ..Config::to(up) }).await;
    let name = || "app.test".try_into().unwrap();
    let to = To { tls: Some((authority.client(&["http/1.1"]), name())), ..To::plain(behind.addr) };
    let gateway = Gateway::start(Config { to, tls: Some(tls), ..Config::to(behind.addr) }).await;
    let client = TlsConnector::from(authority.client(&["http/1.1"]));
    let stream = soon(client.connect(name(), connect(gateway.addr).await)).await.unwrap();
    let mut request = "wss://app.test/ws".into_client_request().unwrap();
    request.headers_mut().insert("x-session", "1".parse().unwrap());
    let mut ws = soon(tokio_tungstenite::client_async(request, stream)).await.unwrap().0;
    for size in [1, 50_000, 300_000] {
        ws.send(Message::Binary(vec![5; size].into())).await.unwrap();
        assert_eq!(soon(ws.next()).await.unwrap().unwrap().len(), size);
    }
    gateway.session.cancel();
    assert_eq!(close_code(soon(ws.next()).await), 1008);

    let stranger = Authority::new();
    let to = To { tls: Some((stranger.client(&["http/1.1"]), name())), ..To::plain(behind.addr) };
    let gateway = Gateway::start(Config { to, ..Config::to(behind.addr) }).await;
    let mut client = connect(gateway.addr).await;
    client.write_all(UPGRADE.as_bytes()).await.unwrap();
    assert!(soon(upstream::read_head(&mut client)).await.unwrap().starts_with("HTTP/1.1 502"));
}
