//! Several apps behind one listener: told apart by their origins, each with sessions of its own.

use crate::support::upstream::Upstream;
use crate::support::{Ask, Gateway, MFA_ON, PASSWORD, Plan, Store, Visitor, on_both_stores};

on_both_stores! {
    each_origin_leads_to_its_own_app_and_an_unknown_host_to_none,
    a_session_of_one_app_is_none_on_the_other,
    a_pending_sign_in_of_one_app_is_none_on_the_other,
    a_page_of_one_app_cannot_post_to_the_other,
    signing_out_everywhere_ends_the_sessions_of_every_app,
    a_rule_for_one_app_is_none_for_the_other,
}

struct Two {
    gateway: Gateway,
    second: String,
    upstream: Upstream,
}

impl Two {
    /// The usual app, and a second one beside it.
    async fn start(store: Store, policy: &str) -> Two {
        let (plan, upstream) = (Plan::on(store).policy(policy), Upstream::start().await);
        let second = format!("http://app2.localhost:{}", plan.port());
        let address = upstream.address;
        let item = format!("  - {{ name: second, origins: [{second}], upstreams: [http://{address}] }}");
        let gateway = plan.another_app(&item).start().await;
        gateway.add_user("alice", &["staff"]);
        Two { gateway, second, upstream }
    }
    fn visitor_of_second(&self) -> Visitor {
        Visitor::new(self.gateway.address, &self.second)
    }
}

async fn each_origin_leads_to_its_own_app_and_an_unknown_host_to_none(store: Store) {
    let two = Two::start(store, crate::support::PUBLIC).await;
    assert_eq!(two.gateway.visitor().get("/one").await.status, 200);
    assert_eq!(two.visitor_of_second().get("/two").await.status, 200);
    assert_eq!((two.gateway.upstream.count_of("GET /one"), two.gateway.upstream.count()), (1, 1));
    assert_eq!((two.upstream.count_of("GET /two"), two.upstream.count()), (1, 1));
    assert_eq!(two.upstream.last().header("x-forwarded-host"), two.second.strip_prefix("http://"));
    let port = two.gateway.address.port();
    for host in ["app3.localhost", "x.app2.localhost", "127.0.0.1"] {
        let mut stranger = Visitor::new(two.gateway.address, &format!("http://{host}:{port}"));
        assert_eq!(stranger.get("/").await.status, 421, "{host}");
    }
    assert_eq!((two.gateway.upstream.count(), two.upstream.count()), (1, 1));
}

async fn a_session_of_one_app_is_none_on_the_other(store: Store) {
    let two = Two::start(store, "version: 1\n").await;
    let mut alice = two.gateway.alice().await;
    let mut thief = alice.carried_to(&two.second);
    assert_eq!(thief.get("/").await.status, 303);
    assert_eq!(thief.send(Ask::program("/")).await.status, 401);
    assert_eq!(two.upstream.count(), 0);
    let mut there = two.visitor_of_second();
    there.sign_in("alice").await;
    assert_eq!(two.upstream.last().header("x-auth-user"), Some("alice"));
    let mut back = there.carried_to(&two.gateway.origin);
    assert!(!back.is_in().await, "nor the other way round");
    there.sign_out(false).await;
    assert!(!there.is_in().await && alice.is_in().await);
}

async fn a_pending_sign_in_of_one_app_is_none_on_the_other(store: Store) {
    let two = Two::start(store, MFA_ON).await;
    let mut app = two.gateway.visitor().enrol("alice").await;
    let mut visitor = two.gateway.visitor();
    let page = visitor.reach_challenge("alice").await;
    let mut thief = visitor.carried_to(&two.second);
    thief.give_code(&page, &app.next_code().await).await;
    assert!(thief.session_cookie().is_none() && !thief.is_in().await);
    assert_eq!(two.upstream.count(), 0);
}

async fn a_page_of_one_app_cannot_post_to_the_other(store: Store) {
    let two = Two::start(store, "version: 1\n").await;
    let mut visitor = two.visitor_of_second();
    let fields = [("username", "alice"), ("password", PASSWORD), ("to", "/")];
    let form = Ask::form("/.portcullis/sign-in", &fields);
    // both are one site (RFC 6761 gives every name below localhost to this machine), yet two origins
    let foreign = form.set("Origin", &two.gateway.origin).set("Sec-Fetch-Site", "same-site");
    for ask in [foreign.clone(), foreign.without_fetch_metadata()] {
        let answer = visitor.send(ask).await;
        assert_eq!(answer.status, 403, "{}", answer.text());
        assert!(visitor.session_cookie().is_none());
    }
}

async fn signing_out_everywhere_ends_the_sessions_of_every_app(store: Store) {
    let two = Two::start(store, "version: 1\n").await;
    let mut here = two.gateway.alice().await;
    let mut there = two.visitor_of_second();
    there.sign_in("alice").await;
    here.sign_out(true).await;
    assert!(!here.is_in().await && !there.is_in().await);
}

async fn a_rule_for_one_app_is_none_for_the_other(store: Store) {
    let policy = "version: 1
rules:
  - { name: open, match: { app: second, path: /open/ }, allow: public }
  - { name: closed, match: { app: app, path: /open/ }, deny: true }
";
    let two = Two::start(store, policy).await;
    assert_eq!(two.visitor_of_second().get("/open/").await.status, 200);
    assert_eq!(two.gateway.visitor().get("/open/").await.status, 403);
    let mut there = two.visitor_of_second();
    there.sign_in("alice").await;
    assert_eq!(there.get("/else").await.status, 200);
}
