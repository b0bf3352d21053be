//! Cutting: what belongs to a session ends at once, on both sides, and nothing else does.

use super::support::*;
use super::upstream;
use bytes::Bytes;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_reset_and_its_upstream_let_go_while_a_public_one_goes_on() {
    let (up, seen) = upstream::start().await;
    let gateway = Gateway::start(Config::to(up)).await;
    let (mut mine, mut public) = (connect(gateway.addr).await, connect(gateway.addr).await);
    mine.write_all(request("/ticks", true).as_bytes()).await.unwrap();
    public.write_all(request("/ticks", false).as_bytes()).await.unwrap();
    soon(mine.read_exact(&mut [0; 500])).await.unwrap();
    soon(public.read_exact(&mut [0; 500])).await.unwrap();

    gateway.session.cancel();

    assert!(rest(&mut mine).await.1, "a reset");
    soon(seen.gone.notified()).await;
    soon(public.read_exact(&mut [0; 500])).await.unwrap();
    assert_eq!(gateway.cuts.load(SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_cut() {
    let (up, seen) = upstream::start().await;
    let gateway = Gateway::start(Config::to(up)).await;
    let mut upload = connect(gateway.addr).await;
    let head = b"POST /sink HTTP/1.1\r\nHost: app.test\r\nx-session: 1\r\nContent-Length: 8000000\r\n\r\n";
    upload.write_all(head).await.unwrap();
    upload.write_all(&upstream::Numbers::default().make(100)).await.unwrap();
    soon(async {
        while seen.sunk.load(SeqCst) < 800 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    gateway.session.cancel();
    assert!(rest(&mut upload).await.1);
    soon(seen.gone.notified()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_http2_stream_is_cut_and_its_neighbour_is_not() {
    let (up, _) = upstream::start().await;
    let gateway = Gateway::start(Config::to(up)).await;
    let (mut send, _connection) = h2(gateway.addr).await;
    let (mine, _) = send.send_request(h2_request("/ticks", true), true).unwrap();
    let (public, _) = send.send_request(h2_request("/ticks", false), true).unwrap();
    let (mut mine, mut public) = (soon(mine).await.unwrap().into_body(), soon(public).await.unwrap().into_body());
    soon(mine.data()).await.unwrap().unwrap();

    gateway.session.cancel();

    let end = soon(async {
        loop {
            match mine.data().await {
                Some(Ok(_)) => {}
                other => break other,
            }
        }
    });
    assert_eq!(end.await.unwrap().unwrap_err().reason(), Some(h2::Reason::CANCEL));
    for _ in 0..10 {
        soon(public.data()).await.unwrap().unwrap();
    }
    let (next, _) = send.send_request(h2_request("/hello", false), true).unwrap();
    assert_eq!(soon(next).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_before_it_was_bound_gets_nothing() {
    let (up, seen) = upstream::start().await;
    let gateway = Gateway::start(Config::to(up)).await;
    gateway.session.cancel();
    let mut late = connect(gateway.addr).await;
    late.write_all(request("/wait", true).as_bytes()).await.unwrap();
    assert!(!rest(&mut late).await.0.starts_with(b"HTTP/1.1 200"));
    assert_eq!(seen.requests.load(SeqCst), 0, "nothing reaches the upstream");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_drips_has_one_limit_for_all_of_it() {
    let (up, _) = upstream::start().await;
    let gateway = Gateway::start(Config { head: Duration::from_millis(200), ..Config::to(up) }).await;
    let mut drip = connect(gateway.addr).await;
    drip.write_all(b"GET /hello HTTP/1.1\r\nHost: app.test\r\n").await.unwrap();
    let (mut read, mut write) = drip.split();
    let mut all = vec![];
    soon(async {
        tokio::select! {
            _ = read.read_to_end(&mut all) => {}
            () = async {
                while write.write_all(b"x: y\r\n").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            } => {}
        }
    })
    .await;
    assert_eq!(all, b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http2_body_that_stands_still_is_ended_and_one_that_moves_is_not() {
    let (up, seen) = upstream::start().await;
    let limit = Duration::from_millis(300);
    let gateway = Gateway::start(Config { body: limit, ..Config::to(up) }).await;
    let (mut send, _connection) = h2(gateway.addr).await;
    let (still, mut still_body) = send.send_request(h2_request("/sink", false), false).unwrap();
    let (moving, mut moving_body) = send.send_request(h2_request("/sink", false), false).unwrap();
    let (silent, _silent_body) = send.send_request(h2_request("/sink", false), false).unwrap();
    let mut numbers = upstream::Numbers::default();
    still_body.send_data(upstream::Numbers::default().make(1).into(), false).unwrap();
    for _ in 0..8 {
        moving_body.send_data(numbers.make(1).into(), false).unwrap();
        tokio::time::sleep(limit / 4).await; // twice the limit in all
    }
    moving_body.send_data(Bytes::new(), true).unwrap();
    assert_eq!(soon(moving).await.unwrap().status(), 200);
    for ended in [still, silent] {
        assert_eq!(soon(ended).await.unwrap_err().reason(), Some(h2::Reason::CANCEL));
    }
    assert!(!seen.bent.load(SeqCst));
}
