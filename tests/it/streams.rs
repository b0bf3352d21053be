//! Long exchanges pass as they come, in both directions, and nothing is kept back.

use crate::support::stream::{Flow, Upload};
use crate::support::{Ask, Gateway, Store, on_both_stores, until};

on_both_stores! {
    events_arrive_one_by_one,
    a_large_download_arrives_whole,
    an_upload_reaches_the_app_while_it_is_sent,
    a_reader_that_leaves_ends_the_upstreams_side,
    connections_to_the_app_are_used_again,
}

async fn events_arrive_one_by_one(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut events = Flow::open(&alice, Ask::program("/events").header("Accept", "text/event-stream")).await;
    assert!(events.head.starts_with("HTTP/1.1 200"), "{}", events.head);
    let mut heard = String::new();
    for _ in 0..200 {
        heard += &String::from_utf8_lossy(&events.next().await.expect("it goes on"));
        if heard.contains("tick 5") {
            break;
        }
    }
    assert!(heard.contains("tick 0") && heard.contains("tick 5") && !heard.contains("tick 100"), "{heard}");
}

async fn a_large_download_arrives_whole(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let answer = gateway.alice().await.get("/download?bytes=20000000").await;
    assert_eq!((answer.status, answer.body.len()), (200, 20_000_000));
    assert!(answer.body.iter().all(|b| *b == b'x'));
}

async fn an_upload_reaches_the_app_while_it_is_sent(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut upload = Upload::begin(&alice, Ask::program("/upload").method("POST"), 3_000_000).await;
    upload.send(1_000_000).await.unwrap();
    until("the first part to arrive", || async { gateway.upstream.uploaded() >= 900_000 }).await;
    upload.send(2_000_000).await.unwrap();
    assert_eq!(upload.answer().await.unwrap().status, 200);
    assert_eq!(gateway.upstream.uploaded(), 3_000_000);
}

async fn a_reader_that_leaves_ends_the_upstreams_side(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    for _ in 0..20 {
        let mut download = Flow::open(&alice, Ask::program("/download")).await;
        download.next().await.unwrap();
    }
    assert_eq!(alice.clone().get("/after").await.status, 200);
}

async fn connections_to_the_app_are_used_again(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let before = gateway.upstream.connections();
    let mut connection = alice.connect().await;
    for n in 0..30 {
        let answer = alice.send_over(&mut connection, Ask::navigate(&format!("/{n}"))).await;
        assert_eq!(answer.text(), format!("hello from the app: /{n}\n"));
    }
    assert!(gateway.upstream.connections() - before <= 3, "{} new ones", gateway.upstream.connections() - before);
}
