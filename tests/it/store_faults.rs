//! A store that is away, wrong or empty: the gate stays shut, cookies stay, and it recovers by itself.

use crate::support::chaos::Wire;
use crate::support::redis::Redis;
use crate::support::{Ask, Gateway, MFA_ON, PASSWORD, Plan, Store, Visitor, until};
use std::sync::Arc;

/// 503, says when to come back, keeps the cookie, and the upstream hears nothing.
async fn is_shut(gateway: &Gateway, visitor: &mut Visitor) {
    gateway.upstream.forget();
    let kept = visitor.cookies.clone();
    for ask in [Ask::navigate("/"), Ask::program("/")] {
        let answer = visitor.send(ask).await;
        assert_eq!(answer.status, 503, "{}\n{}", answer.head, answer.text());
        assert!(answer.text().contains("Sign-ins cannot be checked"), "{}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{}", answer.head);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(visitor.cookies, kept);
    assert_eq!(gateway.upstream.count(), 0);
}

async fn becomes_shut(visitor: &Visitor) {
    until("503", || async { visitor.status_now().await == 503 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_starts_without_its_store_and_serves_when_it_comes() {
    let redis = Arc::new(Redis::not_started());
    let gateway = Plan::on(Store::Redis).redis(redis.clone()).not_ready().start().await;
    assert_eq!(gateway.admin_get("/readyz").await.unwrap().status, 503);
    let answer = gateway.visitor().give_password("alice", PASSWORD, "/").await;
    assert_eq!((answer.status, answer.header("retry-after").is_some()), (503, true), "{}", answer.text());
    redis.run().await;
    until("recovery", || gateway.is_ready()).await;
    gateway.add_user("alice", &["staff"]);
    assert!(gateway.alice().await.is_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_away_shuts_the_gate_and_keeps_the_cookies() {
    let redis = Arc::new(Redis::start().await);
    let wire = Wire::to(redis.address).await;
    let policy = "version: 1\nrules:\n  - { name: open, match: { path: /open/ }, allow: public }\n";
    let plan = Plan::on(Store::Redis).redis(redis).redis_at(&wire.url()).policy(policy);
    let gateway = plan.start().await;
    gateway.add_user("alice", &["staff"]);
    let mut alice = gateway.alice().await;
    for away in [Wire::cut, Wire::freeze] {
        away(&wire);
        becomes_shut(&alice).await;
        is_shut(&gateway, &mut alice).await;
        until("/readyz to tell", || async { !gateway.is_ready().await }).await;
        assert_eq!(alice.get("/open/x").await.status, 200, "public rules need no store");
        wire.mend();
        until("recovery", || gateway.is_ready()).await;
        until("the session", || async { alice.status_now().await == 200 }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_the_wrong_shape_is_a_fault_and_no_pass() {
    let gateway = Gateway::with_alice(Store::Redis, "version: 1\n").await;
    let alice = gateway.alice().await;
    let redis = gateway.redis.clone().unwrap();
    gateway.kill();
    for key in redis.keys().await {
        redis.command(&format!("DEL \"{key}\"")).await;
        redis.command(&format!("SADD \"{key}\" x")).await;
    }
    gateway.upstream.forget();
    gateway.run_until_alive().await;
    let answer = alice.clone().send(Ask::program("/")).await;
    assert!(matches!(answer.status, 401 | 503), "{}", answer.head);
    let answer = gateway.visitor().give_password("alice", PASSWORD, "/").await;
    assert!(answer.status == 503 && answer.header("retry-after").is_some(), "{}", answer.head);
    assert_eq!(gateway.upstream.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refuses_commands_shuts_the_gate() {
    let gateway = Gateway::with_alice(Store::Redis, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let redis = gateway.redis.clone().unwrap();
    redis.command("REPLICAOF 127.0.0.1 1").await; // READONLY, as after a failover
    let answer = gateway.visitor().give_password("alice", PASSWORD, "/").await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    redis.command("REPLICAOF NO ONE").await;
    until("recovery", || gateway.is_ready()).await;
    until("the session", || async { alice.status_now().await == 200 }).await;
    assert!(alice.is_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_may_forget_at_will_is_refused() {
    let redis = Arc::new(Redis::start().await);
    redis.command("CONFIG SET maxmemory-policy allkeys-lru").await;
    let gateway = Plan::on(Store::Redis).redis(redis.clone()).not_ready().start().await;
    let ready = gateway.admin_get("/readyz").await.unwrap();
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains("noeviction"), "{}", ready.text());
    redis.command("CONFIG SET maxmemory-policy noeviction").await;
    until("recovery", || gateway.is_ready()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_store_asks_everybody_to_sign_in() {
    let gateway = Gateway::with_alice(Store::Redis, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    gateway.redis.as_ref().unwrap().command("FLUSHALL").await;
    gateway.upstream.forget();
    until("the session's end", || async { alice.status_now().await == 401 }).await;
    let answer = alice.get("/").await;
    assert_eq!(answer.status, 303);
    let page = alice.follow(&answer).await;
    assert_eq!(page.status, 200, "sign-in, no loop");
    let refused = alice.give_password("alice", PASSWORD, "/").await;
    assert!(refused.status != 303 && refused.status < 500, "the account is gone, not the gate: {}", refused.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_away_in_the_middle_of_a_challenge_lets_nobody_in() {
    let redis = Arc::new(Redis::start().await);
    let wire = Wire::to(redis.address).await;
    let gateway = Plan::on(Store::Redis).redis(redis).redis_at(&wire.url()).policy(MFA_ON).start().await;
    gateway.add_user("alice", &["staff"]);
    let mut app = gateway.visitor().enrol("alice").await;
    let mut visitor = gateway.visitor();
    let page = visitor.reach_challenge("alice").await;
    wire.cut();
    let code = app.next_code().await;
    let answer = visitor.give_code(&page, &code).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(visitor.pending_cookie().is_some(), "its cookie is kept");
    wire.mend();
    until("recovery", || gateway.is_ready()).await;
    assert_eq!(visitor.give_code(&page, &code).await.status, 303, "and the code was not spent");
}
