//! Who calls the admin API: tokens and certificates, what each may do, and what a flood of calls is told.

use crate::support::caller::Caller;
use crate::support::certificate::Authority;
use crate::support::process::free_port;
use crate::support::redis::Redis;
use crate::support::{Gateway, PASSWORD, Plan, Store, on_both_stores, until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

on_both_stores! {
    a_token_is_shown_once_kept_as_a_hash_and_ends_when_it_is_revoked,
    a_caller_does_what_its_scopes_say_and_nothing_else,
    who_may_not_keep_administrators_out_spares_those_that_come_later,
    orders_of_one_caller_meet_so_many_users_in_an_hour,
    who_is_confined_to_an_app_orders_and_sees_nothing_else,
    a_flood_of_orders_is_answered_429_while_visitors_pass,
    wrong_credentials_are_refused_alike_held_and_on_record,
}

const ORDERS: &str = "/api/v1/disconnects";
const ADMINS: &str = "version: 1\nadmins: { groups: [admin] }\n";

fn order(select: Value, action: &str) -> Value {
    json!({ "select": select, "action": action, "reason": "alert" })
}

async fn gateway(store: Store) -> Gateway {
    let gateway = Gateway::with_alice(store, ADMINS).await;
    gateway.add_user("bob", &["staff"]);
    gateway.add_user("ada", &["admin"]);
    gateway
}

/// Lines of the audit of this kind, the oldest first, once one of them fits.
async fn audit(gateway: &Gateway, kind: &str, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
    let path = format!("/api/v1/audit?kind={kind}&after=0-0&limit=1000");
    let mut found = Vec::new();
    for _ in 0..500 {
        let page = gateway.api("GET", &path, &Value::Null, None).await.json();
        found = page["events"].as_array().unwrap().iter().map(|e| e["event"].clone()).collect();
        if found.iter().any(&fits) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing fits among {found:?}");
}

async fn a_token_is_shown_once_kept_as_a_hash_and_ends_when_it_is_revoked(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let words = ["--name", "soc", "--scope", "read", "--expires", "30d", "--network", "127.0.0.0/8"];
    let soc = Caller::with_token(&gateway, &words);
    let elsewhere = ["--name", "far", "--scope", "admin", "--network", "192.0.2.0/24"];
    let far = Caller::with_token(&gateway, &elsewhere);
    assert!(soc.token().starts_with("portcullis_"));
    assert_eq!(soc.get("/api/v1/users").await.status, 200);
    assert_eq!(far.get("/api/v1/users").await.status, 401, "not from this network");
    let list = gateway.succeed(&["token", "list"]);
    assert!(list.contains("soc") && list.contains("127.0.0.0/8") && !list.contains(soc.token()), "{list}");
    let raw = soc.secret().as_bytes();
    let dump = gateway.dump().await;
    assert!(!dump.windows(raw.len()).any(|w| w == raw), "the store holds the token itself");
    assert!(gateway.succeed(&["token", "revoke", "soc"]).contains("revoked"));
    let refused = soc.get("/api/v1/users").await;
    assert_eq!(refused.status, 401);
    assert!(!refused.text().contains("soc"), "a stranger is told nothing of it: {}", refused.text());
    let token = audit(&gateway, "token", |e| e["change"] == "revoked").await;
    assert!(token.iter().any(|e| e["change"] == "created" && e["name"] == "soc" && e["caller"] == "socket"));
    let calls = audit(&gateway, "api_call", |e| e["reason"] == "revoked token").await;
    assert!(calls.iter().any(|e| e["reason"] == "token used from elsewhere" && e["caller"] == "token:far"));
    let everything = format!("{}{token:?}{calls:?}", gateway.log());
    assert!(!everything.contains(soc.secret()) && !everything.contains(far.secret()));
}

async fn a_caller_does_what_its_scopes_say_and_nothing_else(store: Store) {
    let gateway = gateway(store).await;
    let soc = Caller::with_token(&gateway, &["--name", "soc", "--scope", "disconnect"]);
    let desk = Caller::with_token(&gateway, &["--name", "desk", "--scope", "lift"]);
    let placed = soc.call("POST", ORDERS, &order(json!({ "user": "alice" }), "block")).await;
    assert_eq!(placed.status, 200, "{}", placed.text());
    let at = format!("{ORDERS}/{}", placed.json()["id"].as_str().unwrap());
    assert_eq!(soc.get(&at).await.json()["by"], "token:soc");
    let refused = soc.call("DELETE", &at, &Value::Null).await;
    assert!(refused.status == 403 && refused.text().contains("`lift`"), "{}", refused.text());
    assert_eq!(desk.call("POST", ORDERS, &order(json!({ "user": "bob" }), "sign_out")).await.status, 403);
    assert_eq!(desk.call("DELETE", &at, &Value::Null).await.status, 200);
    for (select, action) in [
        (json!({ "everyone": true }), "sign_out"),
        (json!({ "group": "staff" }), "sign_out"),
        (json!({ "network": "0.0.0.0/0" }), "sign_out"),
        (json!({ "user": "ada" }), "block"),
        (json!({ "user": "ADA@example.com" }), "re_enroll"),
    ] {
        let refused = soc.call("POST", ORDERS, &order(select.clone(), action)).await;
        let text = refused.text();
        assert!(refused.status == 403 && text.contains("`admin`"), "{select} {action}: {text}");
    }
    assert_eq!(soc.call("POST", ORDERS, &order(json!({ "user": "ada" }), "sign_out")).await.status, 200);
    let refused = soc.call("POST", "/api/v1/users", &json!({ "name": "eve", "groups": ["admin"] })).await;
    assert!(refused.status == 403 && refused.text().contains("`admin`"));
    let more = json!({ "name": "more", "scopes": ["admin"] });
    assert_eq!(soc.call("POST", "/api/v1/tokens", &more).await.status, 403);
    let lines = audit(&gateway, "api_call", |e| e["path"] == "/api/v1/tokens" && e["status"] == 403).await;
    assert!(
        lines.iter().filter(|e| e["status"] == 403).all(|e| e["caller"] == "token:soc" || e["caller"] == "token:desk")
    );
}

async fn who_may_not_keep_administrators_out_spares_those_that_come_later(store: Store) {
    let gateway = gateway(store).await;
    let soc = Caller::with_token(&gateway, &["--name", "soc", "--scope", "disconnect"]);
    let mut ada = gateway.visitor();
    ada.sign_in("ada").await;
    let here = order(json!({ "ip": "127.0.0.1" }), "block");
    let refused = soc.call("POST", ORDERS, &here).await;
    assert!(refused.status == 403 && refused.text().contains("administrator"), "{}", refused.text());
    assert!(ada.is_in().await);
    gateway.disconnect(json!({ "user": "ada" }), "sign_out", json!({})).await;
    let alice = gateway.alice().await;
    let placed = soc.call("POST", ORDERS, &here).await;
    assert_eq!((placed.status, &placed.json()["matched"]["users"]), (200, &json!(1)), "{}", placed.text());
    assert_ne!(alice.status_now().await, 200);
    assert_ne!(gateway.visitor().give_password("bob", PASSWORD, "/").await.status, 303);
    let mut ada = gateway.visitor();
    ada.sign_in("ada").await;
    assert!(ada.is_in().await, "the order spares administrators");
}

async fn orders_of_one_caller_meet_so_many_users_in_an_hour(store: Store) {
    let gateway = gateway(store).await;
    let words = ["--name", "soc", "--scope", "disconnect", "--users-per-hour", "2"];
    let soc = Caller::with_token(&gateway, &words);
    let sign_out = async |user: &str| soc.call("POST", ORDERS, &order(json!({ "user": user }), "sign_out")).await;
    for user in ["alice", "not-known-yet", "alice", "ALICE@example.com"] {
        assert_eq!(sign_out(user).await.status, 200, "{user}");
    }
    let refused = sign_out("bob").await;
    assert_eq!(refused.status, 429, "{}", refused.text());
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3000..=3600).contains(&wait), "{wait}");
    let mut dry = order(json!({ "user": "bob" }), "sign_out");
    dry["dry_run"] = true.into();
    assert_eq!(soc.call("POST", ORDERS, &dry).await.status, 200, "a dry run counts for nothing");
    // an address counts for all whom it meets
    let other = Caller::with_token(&gateway, &["--name", "other", "--scope", "disconnect", "--users-per-hour", "1"]);
    let mut people = Vec::new();
    for name in ["alice", "bob"] {
        let mut visitor = gateway.visitor();
        visitor.sign_in(name).await;
        people.push(visitor);
    }
    assert_eq!(other.call("POST", ORDERS, &order(json!({ "ip": "127.0.0.1" }), "sign_out")).await.status, 429);
    assert_eq!((people[0].status_now().await, people[1].status_now().await), (200, 200));
    let nowhere = order(json!({ "ip": "192.0.2.9" }), "sign_out");
    assert_eq!(other.call("POST", ORDERS, &nowhere).await.status, 200);
    let alarms = audit(&gateway, "alarm", |e| e["caller"] == "token:other").await;
    let soc = alarms.iter().find(|e| e["caller"] == "token:soc").unwrap();
    assert_eq!((&soc["limit"], &soc["count"]), (&json!("users_per_hour"), &json!(2)));
}

async fn who_is_confined_to_an_app_orders_and_sees_nothing_else(store: Store) {
    let more = format!(
        "- {{ name: wiki, origins: [http://wiki.localhost:{}], upstreams: [http://127.0.0.1:9] }}",
        free_port()
    );
    let gateway = Plan::on(store).another_app(&format!("  {more}")).start().await;
    gateway.add_user("alice", &["staff"]);
    let alice = gateway.alice().await;
    let words =
        |name, app| ["--name", name, "--app", app, "--scope", "disconnect", "--scope", "read", "--scope", "lift"];
    let wiki = Caller::with_token(&gateway, &words("wiki", "wiki"));
    let app = Caller::with_token(&gateway, &words("app", "app"));
    let everywhere = order(json!({ "user": "alice" }), "sign_out");
    for caller in [&wiki, &app] {
        let refused = caller.call("POST", ORDERS, &everywhere).await;
        assert!(refused.status == 403 && refused.text().contains("select.app"), "{}", refused.text());
        assert_eq!(caller.get("/api/v1/users").await.status, 403);
    }
    let sessions = async |caller: &Caller| caller.get("/api/v1/sessions").await.json()["sessions"].clone();
    assert_eq!(sessions(&wiki).await, json!([]));
    assert_eq!(sessions(&app).await[0]["name"], "alice");
    let of = |app: &str| order(json!({ "user": "alice", "app": app }), "step_up");
    assert_eq!(wiki.call("POST", ORDERS, &of("app")).await.status, 403);
    assert_eq!(wiki.call("POST", ORDERS, &of("wiki")).await.status, 200);
    assert_eq!(alice.status_now().await, 200);
    let placed = app.call("POST", ORDERS, &of("app")).await.json();
    assert_ne!(alice.status_now().await, 200);
    let at = format!("{ORDERS}/{}", placed["id"].as_str().unwrap());
    assert_eq!((wiki.get(&at).await.status, app.get(&at).await.status), (404, 200));
    assert_eq!(wiki.call("DELETE", &at, &Value::Null).await.status, 404);
    assert_eq!(wiki.get(ORDERS).await.json()["orders"].as_array().unwrap().len(), 1);
    assert_eq!(app.call("DELETE", &at, &Value::Null).await.status, 200);
}

async fn a_flood_of_orders_is_answered_429_while_visitors_pass(store: Store) {
    let gateway = Arc::new(Gateway::with_alice(store, "version: 1\n").await);
    let alice = gateway.alice().await;
    let noisy = Caller::with_token(&gateway, &["--name", "noisy", "--scope", "admin"]);
    let quiet = Caller::with_token(&gateway, &["--name", "quiet", "--scope", "read"]);
    let begun = tokio::time::Instant::now();
    let mut floods = tokio::task::JoinSet::new();
    for n in 0..40 {
        let noisy = noisy.clone();
        floods.spawn(async move {
            let mut told = BTreeMap::new();
            for m in 0..50 {
                let body = order(json!({ "user": format!("nobody-{n}-{m}") }), "sign_out");
                let answer = noisy.call("POST", ORDERS, &body).await;
                assert_eq!(answer.header("retry-after").is_some(), answer.status == 429);
                *told.entry(answer.status).or_insert(0_u64) += 1;
            }
            told
        });
    }
    let mut passed = 0;
    let mut told: BTreeMap<u16, u64> = BTreeMap::new();
    while !floods.is_empty() {
        assert_eq!(alice.status_now().await, 200);
        assert_eq!(quiet.get("/api/v1/users").await.status, 200, "another caller is not held");
        passed += 1;
        while let Some(one) = floods.try_join_next() {
            one.unwrap().into_iter().for_each(|(status, n)| *told.entry(status).or_default() += n);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let may = 200 + 100 * (begun.elapsed().as_secs() + 1);
    assert_eq!(told.values().sum::<u64>(), 2000, "{told:?}");
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), [200, 429], "{told:?}");
    assert!(told[&200] <= may && passed > 1, "{told:?} where {may} may be, {passed} visits");
    let lines = audit(&gateway, "api_call", |e| e["status"] == 429).await;
    assert!(lines.iter().filter(|e| e["status"] == 429).count() <= 240, "held calls fill no record");
}

async fn wrong_credentials_are_refused_alike_held_and_on_record(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let good = Caller::with_token(&gateway, &["--name", "soc", "--scope", "read"]);
    let users = "/api/v1/users";
    assert_eq!(Caller::nobody(&gateway).get(users).await.status, 401);
    let in_url = Caller::nobody(&gateway).get(&format!("{users}?token={}", good.token())).await;
    assert!(in_url.status == 401 && in_url.text().contains("URL") && !in_url.text().contains(good.token()));
    let made_up = good.clone().bearing(&format!("portcullis_{}", "A".repeat(75)));
    let foreign = good.clone().bearing("eyJhbGciOiJub25lIn0.e30.");
    assert_eq!(made_up.get(users).await.text(), foreign.get(users).await.text(), "told alike");
    let mut told = BTreeMap::new();
    for _ in 0..100 {
        let answer = made_up.get(users).await;
        assert_eq!(answer.header("retry-after").is_some(), answer.status == 429);
        *told.entry(answer.status).or_insert(0) += 1;
    }
    assert!(told[&401] <= 30 && told[&429] >= 70, "{told:?}");
    assert_eq!(good.get(users).await.status, 200, "who guesses holds nobody at the same address");
    let lines = audit(&gateway, "api_call", |e| e["reason"] == "made-up token").await;
    assert!(lines.iter().any(|e| e["reason"] == "credential in the URL" && e["from"] == "127.0.0.1"));
    assert!(lines.len() <= 20, "{}", lines.len());
    assert!(!gateway.log().contains(good.secret()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_revoked_on_one_node_is_none_on_the_other_at_once() {
    let redis = Arc::new(Redis::start().await);
    let one = Plan::on(Store::Redis).redis(redis).start().await;
    let two = one.twin().await;
    let here = Caller::with_token(&one, &["--name", "soc", "--scope", "disconnect", "--users-per-hour", "1"]);
    let there = here.at(&two);
    let alice = order(json!({ "user": "alice" }), "sign_out");
    let bob = order(json!({ "user": "bob" }), "sign_out");
    assert_eq!(here.call("POST", ORDERS, &alice).await.status, 200);
    assert_eq!(there.call("POST", ORDERS, &bob).await.status, 429, "counted over all nodes");
    for _ in 0..20 {
        one.api("POST", "/api/v1/tokens", &json!({ "name": "other", "scopes": ["read"] }), None).await;
        let id = one.api("GET", "/api/v1/tokens", &Value::Null, None).await.json()["tokens"]
            .as_array()
            .unwrap()
            .iter()
            .find(|t| t["name"] == "other" && t["revoked"].is_null())
            .unwrap()["id"]
            .clone();
        let at = format!("/api/v1/tokens/{}", id.as_str().unwrap());
        assert_eq!(two.api("DELETE", &at, &Value::Null, None).await.status, 200);
    }
    assert_eq!(there.call("POST", ORDERS, &alice).await.status, 200);
    two.succeed(&["token", "revoke", "soc"]);
    assert_eq!(here.call("POST", ORDERS, &alice).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_can_be_made_while_the_gateway_is_stopped() {
    let gateway = Gateway::with_alice(Store::Embedded, "version: 1\n").await;
    gateway.signal(Signal::TERM);
    until("the end", || async { gateway.has_ended() }).await;
    let soc = Caller::with_token(&gateway, &["--offline", "--name", "soc", "--scope", "read"]);
    let list = gateway.succeed(&["token", "list", "--offline"]);
    assert!(list.contains("soc"), "{list}");
    gateway.run().await;
    assert_eq!(soc.get("/api/v1/users").await.status, 200);
    gateway.succeed(&["token", "revoke", "soc"]);
    assert_eq!(soc.get("/api/v1/users").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_listener_speaks_tls_and_knows_callers_by_their_certificates() {
    let (servers, people) = (Authority::new(), Authority::new());
    let first = servers.issue(&["localhost"]);
    let clients = "clients: [{ name: soc, certificate: soc.example.com, scopes: [disconnect] }]";
    let gateway = Plan::on(Store::Embedded)
        .file("admin.crt", &first.cert)
        .file("admin.key", &first.key)
        .file("people.crt", &people.pem())
        .file("servers.crt", &servers.pem())
        .admin("tls: { cert: admin.crt, key: admin.key, client_ca: people.crt }")
        .admin(clients)
        .start()
        .await;
    gateway.add_user("alice", &["staff"]);
    let alice = gateway.alice().await;
    let anybody = Caller::nobody(&gateway).over_tls(servers.client(&[]));
    assert_eq!(anybody.get("/api/v1/users").await.status, 401);
    assert_eq!(anybody.get("/readyz").await.status, 200);
    assert!(Caller::nobody(&gateway).try_call("GET", "/readyz", &Value::Null).await.is_none(), "in plain");
    let showing = |authority: &Authority, name: &str| {
        Caller::nobody(&gateway).over_tls(servers.client_with(&authority.issue(&[name])))
    };
    let sign_out = order(json!({ "user": "alice" }), "sign_out");
    let soc = showing(&people, "soc.example.com");
    let placed = soc.call("POST", ORDERS, &sign_out).await;
    assert_eq!(placed.status, 200, "{}", placed.text());
    assert_ne!(alice.status_now().await, 200);
    assert_eq!(soc.get("/api/v1/users").await.status, 403, "its scopes hold");
    assert_eq!(showing(&people, "other.example.com").call("POST", ORDERS, &sign_out).await.status, 403);
    let forged = showing(&servers, "soc.example.com").try_call("POST", ORDERS, &sign_out).await;
    assert!(forged.is_none(), "signed by another authority");
    let lines = audit(&gateway, "api_call", |e| e["caller"] == "certificate:soc").await;
    assert!(lines.iter().any(|e| e["status"] == 200));

    let token = Caller::with_token(&gateway, &["--name", "desk", "--scope", "read"]);
    gateway.secret_file("token", &format!("{}\n", token.token()));
    let url = format!("https://localhost:{}", gateway.admin.port());
    let remote = ["--url", &url, "--token-file", "token", "--ca", "servers.crt", "user", "list"];
    let out = std::process::Command::new(crate::support::gateway::BINARY)
        .current_dir(gateway.dir())
        .args(remote)
        .output()
        .unwrap();
    assert!(out.status.success() && String::from_utf8_lossy(&out.stdout).contains("alice"), "{out:?}");

    // a new certificate, of another authority, is taken up while it runs
    let others = Authority::new();
    let new = others.issue(&["localhost"]);
    gateway.secret_file("admin.key", &new.key);
    gateway.secret_file("admin.crt", &new.cert);
    let trusting = Caller::nobody(&gateway).over_tls(others.client(&[]));
    until("the new certificate", || async {
        trusting.try_call("GET", "/healthz", &Value::Null).await.is_some_and(|a| a.status == 200)
    })
    .await;
    gateway.secret_file("admin.crt", "broken");
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(trusting.get("/healthz").await.status, 200, "the one before stays in use");
    assert!(gateway.log().contains("was not replaced"));
}
