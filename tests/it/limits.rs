//! Bounds on heads, bodies and time: who is slow or large is ended, and nobody else notices.

use crate::support::raw::listen;
use crate::support::stream::{Flow, Upload};
use crate::support::{Ask, Gateway, Plan, Store, on_both_stores, within};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

on_both_stores! {
    a_head_that_is_too_large_is_431,
    a_body_that_is_too_large_is_413,
    a_body_that_stops_is_408,
    a_slow_body_of_a_stranger_is_never_waited_for,
    connections_of_one_address_are_bounded,
    an_upstream_that_does_not_answer_is_504_and_one_that_is_gone_502,
    connections_are_drained_at_the_end,
}

const OPEN: &str = "version: 1\nrules:\n  - { name: all, match: { path: / }, allow: public }\n";

async fn a_head_that_is_too_large_is_431(store: Store) {
    let gateway = Plan::on(store).policy(OPEN).start().await;
    let head = "GET / HTTP/1.1\r\nHost: {host}\r\n";
    for more in [
        "X: y\r\n".repeat(101),
        "X: y\r\n".repeat(300),
        format!("X: {}\r\n", "y".repeat(70_000)),
        format!("X: {}\r\n", "y".repeat(300_000)),
    ] {
        let reaction = gateway.react(&format!("{head}{more}\r\n")).await;
        let got = reaction.statuses();
        assert!(
            got == [431] || (got == [400] && more.len() > 200_000 || more.matches('\n').count() > 256),
            "{got:?} for {} bytes",
            more.len()
        );
        assert!(reaction.closed);
    }
    assert_eq!(gateway.upstream.count(), 0);
    let fits = format!("{head}{}\r\n", "X: y\r\n".repeat(90));
    assert_eq!(gateway.react(&fits).await.statuses(), [200]);
}

async fn a_body_that_is_too_large_is_413(store: Store) {
    let gateway = Plan::on(store).policy(OPEN).app("limits: { body: 1KiB }").start().await;
    let head = "POST / HTTP/1.1\r\nHost: {host}\r\n";
    let told = gateway.react(&format!("{head}Content-Length: 1025\r\n\r\n")).await;
    assert_eq!(told.statuses(), [413], "{}", told.text());
    assert_eq!(gateway.upstream.count(), 0, "told by its length, the upstream never hears of it");
    let untold = format!("{head}Transfer-Encoding: chunked\r\n\r\n400\r\n{}\r\n400\r\n", "a".repeat(1024));
    let reaction = gateway.react(&(untold + &"b".repeat(1024) + "\r\n0\r\n\r\n")).await;
    assert_eq!(reaction.statuses(), [413], "{}", reaction.text());
    let fits = gateway.react(&format!("{head}Content-Length: 1024\r\n\r\n{}", "a".repeat(1024))).await;
    assert_eq!(fits.statuses(), [200]);
}

async fn a_body_that_stops_is_408(store: Store) {
    let gateway = Plan::on(store).policy(OPEN).app("timeouts: { idle: 1s }").start().await;
    let mut upload = Upload::begin(&gateway.visitor(), Ask::program("/upload").method("POST"), 1000).await;
    upload.send(10).await.unwrap();
    assert_eq!(upload.answer().await.expect("an answer").status, 408);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_is_ended() {
    let gateway = Plan::on(Store::Embedded).policy(OPEN).start().await;
    // nothing at all, or a byte now and then: neither holds a connection for ever
    let mut silent = TcpStream::connect(gateway.address).await.unwrap();
    let mut drip = TcpStream::connect(gateway.address).await.unwrap();
    let dripping = async {
        for byte in "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".bytes().chain(std::iter::repeat(b'y')) {
            if drip.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let silence = async {
        let mut byte = [0];
        while tokio::io::AsyncReadExt::read(&mut silent, &mut byte).await.is_ok_and(|n| n > 0) {}
    };
    within_two_minutes(async { tokio::join!(dripping, silence) }).await;
    assert_eq!(gateway.visitor().get("/").await.status, 200);
}

async fn within_two_minutes<T>(work: impl Future<Output = T>) {
    assert!(tokio::time::timeout(Duration::from_secs(120), work).await.is_ok(), "a slow head goes on for ever");
}

async fn a_slow_body_of_a_stranger_is_never_waited_for(store: Store) {
    let gateway = Plan::on(store).start().await;
    let mut upload = Upload::begin(&gateway.visitor(), Ask::program("/upload").method("POST"), 1 << 30).await;
    assert_eq!(upload.answer().await.expect("an answer at once").status, 401);
    let mut form = TcpStream::connect(gateway.address).await.unwrap();
    let head = format!(
        "POST /.portcullis/sign-in HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\nContent-Length: 100\r\n\r\n",
        gateway.authority(),
        gateway.origin
    );
    form.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(gateway.visitor().get("/.portcullis/sign-in").await.status, 200);
}

async fn connections_of_one_address_are_bounded(store: Store) {
    let gateway = Plan::on(store).policy(OPEN).top("limits: { connections_per_address: 5 }").start().await;
    let visitor = gateway.visitor();
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(Flow::open(&visitor, Ask::program("/events")).await);
    }
    let mut sixth = TcpStream::connect(gateway.address).await.unwrap();
    let _ = sixth.write_all(visitor.head(&Ask::program("/")).as_bytes()).await;
    let reaction = listen(&mut sixth).await;
    assert!(reaction.closed && reaction.statuses() != [200], "{}", reaction.text());
    held.clear();
    crate::support::until("room again", || async {
        let mut tcp = TcpStream::connect(gateway.address).await.unwrap();
        let _ = tcp.write_all(visitor.head(&Ask::program("/")).as_bytes()).await;
        listen(&mut tcp).await.statuses() == [200]
    })
    .await;
}

async fn an_upstream_that_does_not_answer_is_504_and_one_that_is_gone_502(store: Store) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((tcp, _)) = listener.accept().await {
            held.push(tcp);
        }
    });
    let gateway = Plan::on(store).policy(OPEN).upstream(&silent).app("timeouts: { head: 1s }").start().await;
    let answer = gateway.visitor().send(Ask::program("/")).await;
    assert_eq!(answer.status, 504, "{}", answer.text());
    let gone = format!("http://127.0.0.1:{}", crate::support::process::free_port());
    let gateway = Plan::on(store).policy(OPEN).upstream(&gone).not_ready().start().await;
    let answer = gateway.visitor().send(Ask::program("/")).await;
    assert!(matches!(answer.status, 502 | 503), "{}", answer.status);
    let page = gateway.visitor().get("/").await;
    assert!(
        page.text().contains("</html>") && !page.text().contains("127.0.0.1"),
        "a page that names no address: {}",
        page.text()
    );
}

async fn connections_are_drained_at_the_end(store: Store) {
    let gateway: Gateway = Plan::on(store).policy(OPEN).start().await;
    let mut visitor = gateway.visitor();
    let mut open = visitor.connect().await;
    assert_eq!(visitor.send_over(&mut open, Ask::program("/")).await.status, 200);
    let mut flow = Flow::open(&visitor, Ask::program("/download?bytes=30000000")).await;
    flow.next().await.unwrap();
    gateway.signal(rustix::process::Signal::TERM);
    flow.ends().await;
    within("the end", async {
        while !gateway.has_ended() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
