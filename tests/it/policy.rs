//! The policy: who is asked for what, judged anew at every request, reloaded whole or not at all.

use crate::support::{Ask, Gateway, MFA_ON, Plan, Store, on_both_stores, until};
use std::time::Duration;

on_both_stores! {
    the_first_rule_that_matches_decides,
    a_rule_for_a_group_asks_to_sign_in_first,
    public_routes_know_nobody_unless_they_identify,
    no_default_lets_a_stranger_in,
    turning_mfa_on_asks_at_the_next_request_and_ends_no_session,
    turning_mfa_off_asks_the_password_only,
    the_exempt_are_not_asked_and_a_rule_of_two_refuses_them,
    optional_asks_who_has_enrolled_at_their_other_sessions_too,
    a_changed_policy_is_taken_and_a_bad_one_is_not,
    a_deny_by_default_denies,
    rules_match_methods_networks_and_users,
}

/// Waits until this path answers so.
async fn takes_effect(gateway: &Gateway, path: &str, status: u16) {
    until(&format!("{path} to answer {status}"), || async {
        gateway.visitor().send(Ask::program(path)).await.status == status
    })
    .await;
}

async fn the_first_rule_that_matches_decides(store: Store) {
    let policy = "version: 1
rules:
  - { name: one page, match: { path: /admin/help }, allow: public }
  - { name: admins, match: { path: /admin/, groups: [admin] }, require: { factors: one } }
  - { name: nobody else, match: { path: /admin/ }, deny: true }
";
    let gateway = Plan::on(store).policy(policy).start().await;
    gateway.add_user("alice", &["staff"]);
    gateway.add_user("root", &["admin"]);
    let mut alice = gateway.alice().await;
    let mut root = gateway.visitor();
    root.sign_in("root").await;
    assert_eq!(gateway.visitor().get("/admin/help").await.status, 200);
    assert_eq!(alice.get("/admin/users").await.status, 403);
    assert_eq!(alice.get("/other").await.status, 200);
    assert_eq!(root.get("/admin/users").await.status, 200);
}

async fn a_rule_for_a_group_asks_to_sign_in_first(store: Store) {
    let policy = "version: 1
rules:
  - { name: admins, match: { path: /admin/, groups: [admin] }, require: { factors: one } }
  - { name: nobody else, match: { path: /admin/ }, deny: true }
";
    let gateway = Plan::on(store).policy(policy).start().await;
    assert_eq!(gateway.visitor().get("/admin/").await.status, 303, "sign in first, then judge again");
}

async fn public_routes_know_nobody_unless_they_identify(store: Store) {
    let policy = "version: 1
rules:
  - { name: assets, match: { path: /static/ }, allow: public }
  - { name: greeting, match: { path: /hello/ }, allow: public, identify: true }
";
    let gateway = Gateway::with_alice(store, policy).await;
    let mut alice = gateway.alice().await;
    alice.get("/static/app.css").await;
    assert_eq!(gateway.upstream.last().header("x-auth-user"), None);
    alice.get("/hello/").await;
    assert_eq!(gateway.upstream.last().header("x-auth-user"), Some("alice"));
    assert_eq!(gateway.visitor().get("/hello/").await.status, 200);
    assert_eq!(gateway.upstream.last().header("x-auth-user"), None);
}

async fn no_default_lets_a_stranger_in(store: Store) {
    for policy in ["version: 1\n", "version: 1\nmfa: { require: off }\n", "version: 1\nrules: []\n"] {
        let gateway = Plan::on(store).policy(policy).start().await;
        assert_eq!(gateway.visitor().send(Ask::program("/")).await.status, 401, "{policy}");
        assert_eq!(gateway.upstream.count(), 0);
    }
}

async fn turning_mfa_on_asks_at_the_next_request_and_ends_no_session(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    gateway.write_policy(MFA_ON);
    let probe = alice.clone();
    until("the requirement", || async { probe.clone().get("/").await.status == 303 }).await;
    let led = alice.get("/work").await;
    assert!(alice.target_of(&led).starts_with("/.portcullis/set-up"), "{}", led.head);
    let page = alice.follow(&led).await;
    alice.confirm_set_up(&page).await;
    assert!(alice.is_in().await);
    assert_eq!(gateway.upstream.last().header("x-auth-user"), Some("alice"));
}

async fn turning_mfa_off_asks_the_password_only(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    gateway.visitor().enrol("alice").await;
    gateway.write_policy("version: 1\nmfa: { require: Off }\n");
    until("the password to be enough", || async {
        let mut visitor = gateway.visitor();
        visitor.give_password("alice", crate::support::PASSWORD, "/").await;
        visitor.session_cookie().is_some()
    })
    .await;
    gateway.write_policy("version: 1\nmfa: { require: required }\n");
    until("the factor to be asked again", || async {
        let mut visitor = gateway.visitor();
        visitor.give_password("alice", crate::support::PASSWORD, "/").await;
        visitor.session_cookie().is_none()
    })
    .await;
    gateway.visitor().reach_challenge("alice").await; // what was enrolled is kept
}

async fn the_exempt_are_not_asked_and_a_rule_of_two_refuses_them(store: Store) {
    let policy = "version: 1
mfa: { require: on, exempt_groups: [portal] }
rules:
  - { name: vault, match: { path: /vault/ }, require: { factors: two } }
";
    let gateway = Plan::on(store).policy(policy).start().await;
    gateway.add_user("guest", &["portal"]);
    gateway.add_user("both", &["portal", "staff"]);
    gateway.add_user("none", &[]);
    let mut guest = gateway.visitor();
    guest.sign_in("guest").await;
    assert_eq!(guest.get("/vault/").await.status, 403);
    let page = guest.get("/.portcullis/set-up").await;
    assert!(!page.text().contains("class=\"key\""), "the exempt are not offered it");
    for name in ["both", "none"] {
        let mut visitor = gateway.visitor();
        let answer = visitor.give_password(name, crate::support::PASSWORD, "/").await;
        assert!(visitor.target_of(&answer).starts_with("/.portcullis/set-up"), "{name} is not exempt");
    }
}

async fn optional_asks_who_has_enrolled_at_their_other_sessions_too(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let (mut here, there) = (gateway.alice().await, gateway.alice().await);
    let page = here.get("/.portcullis/set-up").await;
    here.confirm_set_up(&page).await;
    assert!(here.is_in().await, "enrolling counts at once");
    until("the other session to be asked", || async { there.clone().get("/").await.status == 303 }).await;
    let led = there.clone().get("/").await;
    assert!(there.target_of(&led).starts_with("/.portcullis/challenge"), "{}", led.head);
}

async fn a_changed_policy_is_taken_and_a_bad_one_is_not(store: Store) {
    let open =
        |path: &str| format!("version: 1\nrules:\n  - {{ name: open, match: {{ path: {path} }}, allow: public }}\n");
    let gateway = Plan::on(store).policy(&open("/a/")).start().await;
    assert_eq!(gateway.visitor().get("/a/").await.status, 200);
    gateway.write_policy(&open("/b/"));
    takes_effect(&gateway, "/b/", 200).await;
    assert_eq!(gateway.visitor().send(Ask::program("/a/")).await.status, 401);
    gateway.write_policy("version: 1\nrules:\n  - { name: open, match: { pth: /c/ }, allow: public }\n");
    until("the log to tell", || async { gateway.log().contains("pth") }).await;
    assert!(gateway.admin_get("/readyz").await.unwrap().text().contains("policy"), "and /readyz too");
    assert_eq!(gateway.visitor().get("/b/").await.status, 200, "the last good one stays");
    assert_eq!(gateway.visitor().send(Ask::program("/c/")).await.status, 401);
    gateway.write_policy("");
    tokio::time::sleep(Duration::from_millis(300)).await;
    gateway.write_policy(&open("/d/"));
    takes_effect(&gateway, "/d/", 200).await;
}

async fn a_deny_by_default_denies(store: Store) {
    let policy = "version: 1\nrules:\n  - { name: home, match: { path: { exact: / } }, require: { factors: one } }\ndefault: { deny: true }\n";
    let gateway = Gateway::with_alice(store, policy).await;
    let mut alice = gateway.alice().await;
    assert_eq!(alice.get("/").await.status, 200);
    assert_eq!(alice.get("/x").await.status, 403);
    assert_eq!(gateway.visitor().send(Ask::program("/x")).await.status, 403);
}

async fn rules_match_methods_networks_and_users(store: Store) {
    let policy = "version: 1
lists: { here: [127.0.0.0/8], far: [192.0.2.0/24] }
rules:
  - { name: reading, match: { path: /m/, methods: [GET, HEAD] }, allow: public }
  - { name: near, match: { path: /n/, networks: [here] }, allow: public }
  - { name: far, match: { path: /f/, networks: [far] }, allow: public }
  - { name: hers, match: { path: /u/, users: [alice] }, require: { factors: one } }
  - { name: others, match: { path: /u/ }, deny: true }
  - { name: shape, match: { path: { regex: '/v[0-9]+/ok' } }, allow: public }
";
    let gateway = Plan::on(store).policy(policy).start().await;
    gateway.add_user("alice", &["staff"]);
    gateway.add_user("bob", &["staff"]);
    for (method, path, status) in [
        ("GET", "/m/", 200),
        ("HEAD", "/m/", 200),
        ("POST", "/m/", 401),
        ("GET", "/n/", 200),
        ("GET", "/f/", 401),
        ("GET", "/v12/ok", 200),
        ("GET", "/v12/ok/more", 401),
        ("GET", "/x/v12/ok", 401),
    ] {
        let forged = Ask::program(path).method(method).header("X-Forwarded-For", "192.0.2.7");
        assert_eq!(gateway.visitor().send(forged).await.status, status, "{method} {path}");
    }
    assert_eq!(gateway.alice().await.get("/u/").await.status, 200);
    let mut bob = gateway.visitor();
    bob.sign_in("bob").await;
    assert_eq!(bob.get("/u/").await.status, 403);
}
