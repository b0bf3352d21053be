//! Signing out, here and everywhere: the session is gone, and what it had open is cut.

use crate::support::stream::{End, Flow, Socket, Upload, handshake};
use crate::support::{Ask, Gateway, Plan, Store, on_both_stores, until};

on_both_stores! {
    signing_out_ends_this_session_and_no_other,
    signing_out_everywhere_ends_all_of_ones_sessions_and_nobody_elses,
    a_cookie_kept_after_signing_out_opens_nothing_on_an_open_connection,
    signing_out_cuts_what_the_session_has_open,
    signing_out_needs_the_form_of_this_very_session,
    the_apps_own_sign_out_ends_the_session,
    a_request_at_the_moment_of_signing_out_brings_nothing_back,
}

async fn signing_out_ends_this_session_and_no_other(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let (mut here, mut there) = (gateway.alice().await, gateway.alice().await);
    let kept = here.clone();
    let answer = here.sign_out(false).await;
    assert_eq!(answer.status, 303, "a POST is answered by a redirect to a GET");
    assert_eq!((here.session_cookie(), here.pending_cookie()), (None, None));
    assert!(!here.is_in().await && !kept.clone().is_in().await);
    assert!(there.is_in().await);
}

async fn signing_out_everywhere_ends_all_of_ones_sessions_and_nobody_elses(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    gateway.add_user("bob", &["staff"]);
    let (mut here, mut there) = (gateway.alice().await, gateway.alice().await);
    let mut bob = gateway.visitor();
    bob.sign_in("bob").await;
    here.sign_out(true).await;
    assert!(!here.is_in().await && !there.is_in().await);
    assert!(bob.is_in().await);
    assert!(gateway.alice().await.is_in().await, "and may sign in again at once");
}

async fn a_cookie_kept_after_signing_out_opens_nothing_on_an_open_connection(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let mut kept = alice.clone();
    let mut connection = kept.connect().await;
    assert_eq!(kept.send_over(&mut connection, Ask::navigate("/")).await.status, 200);
    alice.clone().sign_out(false).await;
    gateway.upstream.forget();
    assert_eq!(kept.send_over(&mut connection, Ask::navigate("/")).await.status, 303);
    assert_eq!(gateway.upstream.count(), 0);
}

async fn signing_out_cuts_what_the_session_has_open(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let (alice, other) = (gateway.alice().await, gateway.alice().await);
    let mut socket = Socket::open(&alice, handshake("/ws")).await.unwrap();
    let mut others = Socket::open(&other, handshake("/ws")).await.unwrap();
    let mut events = Flow::open(&alice, Ask::program("/events")).await;
    let mut download = Flow::open(&alice, Ask::program("/download")).await;
    let mut upload = Upload::begin(&alice, Ask::program("/upload").method("POST"), 1 << 30).await;
    socket.echo("hello").await;
    others.echo("hello").await;
    events.next().await.unwrap();
    download.next().await.unwrap();
    upload.send(100_000).await.unwrap();
    alice.clone().sign_out(false).await;
    assert_eq!(socket.next().await, Err(End::Close(1008)));
    events.ends().await;
    download.ends().await;
    assert!(upload.answer().await.is_none_or(|a| a.status >= 400));
    until("the upstream's side to end", || async { gateway.upstream.open_sockets() == 1 }).await;
    others.echo("still there").await;
    let refused = Socket::open(&alice, handshake("/ws")).await.err().expect("a refusal");
    assert_eq!(refused.status, 401);
    assert_eq!(alice.clone().send(Ask::program("/events")).await.status, 401);
}

async fn signing_out_needs_the_form_of_this_very_session(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let (mut alice, mut other) = (gateway.alice().await, gateway.alice().await);
    let foreign = crate::support::client::form_token(&other.get("/.portcullis/sign-out").await);
    for token in ["", "x", foreign.as_str()] {
        let answer = alice.clone().send(Ask::form("/.portcullis/sign-out", &[("form_token", token)])).await;
        assert_eq!(answer.status, 403, "{token:?}");
    }
    let own = crate::support::client::form_token(&alice.get("/.portcullis/sign-out").await);
    let posted = Ask::form("/.portcullis/sign-out", &[("form_token", &own)]);
    let from_elsewhere = posted.set("Origin", "https://evil.example").set("Sec-Fetch-Site", "cross-site");
    assert_eq!(alice.clone().send(from_elsewhere).await.status, 403);
    alice.get("/.portcullis/sign-out").await;
    assert!(alice.is_in().await, "looking at the page signs nobody out");
}

async fn the_apps_own_sign_out_ends_the_session(store: Store) {
    let gateway = Plan::on(store).app("sign_out: [/logout]").start().await;
    gateway.add_user("alice", &["staff"]);
    let mut alice = gateway.alice().await;
    alice.send(Ask::program("/logout")).await;
    assert!(alice.is_in().await, "a picture that names it signs nobody out");
    let answer = alice.send(Ask::form("/logout", &[])).await;
    assert_eq!(answer.status, 200, "the app answers it");
    assert_eq!(gateway.upstream.last().line(), "POST /logout HTTP/1.1");
    assert!(alice.session_cookie().is_none() && !alice.is_in().await);
}

async fn a_request_at_the_moment_of_signing_out_brings_nothing_back(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    for _ in 0..5 {
        let alice = gateway.alice().await;
        let busy = (0..8).map(|_| {
            let mut visitor = alice.clone();
            async move {
                for _ in 0..10 {
                    let mut io = visitor.connect().await;
                    visitor.try_over(&mut io, Ask::program("/")).await; // cut in its middle, it gets no answer
                }
            }
        });
        let mut leaving = alice.clone();
        tokio::join!(futures::future::join_all(busy), leaving.sign_out(false));
        assert!(!alice.clone().is_in().await);
    }
}
