//! A change of an account acts at the next request on every node, and ends what it has to end.

use crate::support::redis::Redis;
use crate::support::stream::{End, Socket, handshake};
use crate::support::{Ask, Gateway, MFA_ON, PASSWORD, Plan, Store, Visitor, until};
use std::sync::Arc;

/// Two nodes on one Redis, with alice of group staff.
async fn two(policy: &str) -> (Gateway, Gateway) {
    let redis = Arc::new(Redis::start().await);
    let one = Plan::on(Store::Redis).redis(redis).policy(policy).start().await;
    one.add_user("alice", &["staff"]);
    let two = one.twin().await;
    (one, two)
}

/// Known and cached on that node.
async fn cached_on(node: &Gateway, visitor: &Visitor) -> Visitor {
    let mut there = visitor.at(node.address);
    assert!(there.is_in().await);
    there
}

async fn is_out(visitor: &Visitor) -> bool {
    visitor.status_now().await == 401
}

/// What the app is told by this node.
async fn told(node: &Gateway, visitor: &Visitor, header: &str) -> Option<String> {
    let mut visitor = visitor.clone();
    let answer = visitor.send(Ask::program("/")).await;
    assert_eq!(answer.status, 200, "{}", answer.head);
    node.upstream.last().header(header).map(str::to_string)
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_address_act_at_the_next_request_on_the_other_node() {
    let rule = "version: 1\nrules:\n  - { name: desk, match: { path: /desk/, groups: [sales] }, require: { factors: one } }\n  - { name: closed, match: { path: /desk/ }, deny: true }\n";
    let (one, two) = two(rule).await;
    let alice = one.alice().await;
    let there = cached_on(&two, &alice).await;
    assert_eq!(there.clone().send(Ask::program("/desk/")).await.status, 403);
    one.succeed(&["user", "set", "alice", "--add-group", "sales", "--email", "new@example.com"]);
    until("the new groups", || async { told(&two, &there, "x-auth-groups").await.as_deref() == Some("sales,staff") })
        .await;
    assert_eq!(told(&two, &there, "x-auth-email").await.as_deref(), Some("new@example.com"));
    assert_eq!(there.clone().send(Ask::program("/desk/")).await.status, 200);
    // by the new address alone
    assert_eq!(two.visitor().give_password("new@example.com", PASSWORD, "/").await.status, 303);
    assert_ne!(two.visitor().give_password("alice@example.com", PASSWORD, "/").await.status, 303);
    one.succeed(&["user", "set", "alice", "--remove-group", "sales"]);
    until("the old groups", || async { there.clone().send(Ask::program("/desk/")).await.status == 403 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_out_on_every_node_with_its_streams_and_sign_ins() {
    let (one, two) = two(MFA_ON).await;
    let mut alice = one.visitor();
    let mut app = alice.enrol("alice").await;
    let there = cached_on(&two, &alice).await;
    let mut socket = Socket::open(&there, handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    let mut half = two.visitor();
    let page = half.reach_challenge("alice").await;
    one.succeed(&["user", "disable", "alice"]);
    until("the end", || is_out(&there)).await;
    assert_eq!(socket.next().await, Err(End::Close(1008)));
    half.give_code(&page, &app.next_code().await).await;
    assert!(half.session_cookie().is_none());
    assert_ne!(two.visitor().give_password("alice", PASSWORD, "/").await.status, 303);
    two.succeed(&["user", "enable", "alice"]);
    assert!(is_out(&alice).await, "what has ended stays ended");
    one.visitor().sign_in_with("alice", &mut app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_ends_sessions_and_sign_ins_on_every_node() {
    let (one, two) = two(MFA_ON).await;
    let mut alice = one.visitor();
    let mut app = alice.enrol("alice").await;
    let there = cached_on(&two, &alice).await;
    let mut half = two.visitor();
    let page = half.reach_challenge("alice").await;
    let new = one.secret_file("new", "another horse battery staple");
    one.succeed(&["user", "passwd", "alice", "--password-file", new.to_str().unwrap()]);
    until("the end", || is_out(&there)).await;
    until("the end", || is_out(&alice)).await;
    half.give_code(&page, &app.next_code().await).await;
    assert!(half.session_cookie().is_none());
    assert_ne!(two.visitor().give_password("alice", PASSWORD, "/").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_and_a_deletion_end_sessions_and_sign_ins_on_every_node() {
    let (one, two) = two(MFA_ON).await;
    for end in [&["user", "reset-mfa", "alice", "--reason", "lost"][..], &["user", "delete", "alice", "--yes"]] {
        let mut alice = two.visitor();
        let mut app = alice.enrol("alice").await;
        let there = cached_on(&one, &alice).await;
        let mut half = two.visitor();
        let page = half.reach_challenge("alice").await;
        one.succeed(end);
        until("the end", || is_out(&alice)).await;
        until("the end", || is_out(&there)).await;
        half.give_code(&page, &app.next_code().await).await;
        assert!(half.session_cookie().is_none());
    }
    assert_ne!(two.visitor().give_password("alice", PASSWORD, "/").await.status, 303);
}
