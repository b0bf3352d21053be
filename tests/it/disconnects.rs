//! Orders to disconnect somebody: what they end, what they ask, whom they leave alone.

use crate::support::client::{code_form, remembered_form, typed_key};
use crate::support::stream::{End, Flow, Socket, Upload, handshake};
use crate::support::{
    Answer, Ask, Authenticator, Gateway, MFA_ON, PASSWORD, Plan, Store, Visitor, on_both_stores, until,
};
use serde_json::{Value, json};
use std::time::Duration;

on_both_stores! {
    a_sign_out_ends_the_matched_sessions_with_their_streams_and_nobody_elses,
    every_selection_meets_whom_it_names_and_no_other,
    a_step_up_is_asked_of_the_session_and_where_the_person_was_they_are_again,
    a_step_up_stays_on_the_person_and_no_trusted_device_stands_for_it,
    a_step_up_that_is_not_done_in_time_signs_out,
    a_step_up_of_who_has_no_method_never_leads_to_enrolment,
    a_step_up_may_block_who_has_no_method,
    a_blocked_person_gets_the_one_text_of_all_refusals_until_it_is_lifted,
    a_block_ends_by_its_time,
    forgotten_devices_are_asked_again,
    after_re_enroll_the_old_authenticator_is_good_only_for_being_replaced,
    an_order_meets_who_is_not_known_yet,
    who_comes_into_a_blocked_group_is_cut,
    a_challenge_under_way_is_met_too,
    an_order_outlives_a_restart,
    one_key_is_one_order,
    a_dry_run_orders_nothing_and_names_who_has_no_method,
    mistakes_are_told_all_at_once,
    sessions_are_listed_with_their_ids,
    the_command_says_what_was_done,
    streams_end_when_their_sessions_time_is_up,
}

fn alice() -> Value {
    json!({ "user": "alice" })
}

fn none() -> Value {
    json!({})
}

async fn open(store: Store) -> Gateway {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    gateway.add_user("bob", &["guests"]);
    gateway
}

async fn signed_in(gateway: &Gateway, name: &str) -> Visitor {
    let mut visitor = gateway.visitor();
    visitor.sign_in(name).await;
    visitor
}

async fn led_to(visitor: &mut Visitor, target: &str) -> String {
    let answer = visitor.get(target).await;
    visitor.target_of(&answer)
}

/// Alice with an authenticator, signed in by it.
async fn with_app(gateway: &Gateway) -> (Visitor, Authenticator) {
    let mut visitor = gateway.visitor();
    let app = visitor.enrol("alice").await;
    assert!(visitor.is_in().await);
    (visitor, app)
}

async fn a_sign_out_ends_the_matched_sessions_with_their_streams_and_nobody_elses(store: Store) {
    let gateway = open(store).await;
    let (first, second) = (signed_in(&gateway, "alice").await, signed_in(&gateway, "alice").await);
    let bob = signed_in(&gateway, "bob").await;
    let mut sockets = Vec::new();
    for visitor in [&first, &second, &bob] {
        sockets.push(Socket::open(visitor, handshake("/ws")).await.unwrap());
    }
    for socket in &mut sockets {
        socket.echo("hello").await;
    }
    let mut events = Flow::open(&first, Ask::program("/events")).await;
    let mut download = Flow::open(&second, Ask::program("/download")).await;
    let mut upload = Upload::begin(&first, Ask::program("/upload").method("POST"), 3_000_000).await;
    let mut bobs = Flow::open(&bob, Ask::program("/events")).await;
    upload.send(100_000).await.unwrap();
    until("the upload's beginning", || async { gateway.upstream.uploaded() > 0 }).await;
    for flow in [&mut events, &mut download, &mut bobs] {
        flow.next().await.unwrap();
    }
    let said = gateway.disconnect(alice(), "sign_out", none()).await;
    assert_eq!(said["status"], "confirmed");
    assert_eq!(said["nodes"][0]["state"], "acknowledged");
    let matched = &said["matched"];
    assert_eq!((&matched["users"], &matched["sessions"]), (&json!(1), &json!(2)), "{said}");
    assert_eq!(matched["connections"], 5, "{said}");
    // from here on nothing of them passes
    gateway.upstream.forget();
    for visitor in [&first, &second] {
        assert_eq!(visitor.status_now().await, 401);
    }
    for socket in &mut sockets[..2] {
        assert_eq!(socket.next().await, Err(End::Close(1008)));
    }
    events.ends().await;
    download.ends().await;
    assert_eq!(gateway.upstream.count(), 0);
    until("the upstream's side to end", || async { gateway.upstream.open_sockets() == 1 }).await;
    sockets[2].echo("still here").await;
    bobs.next().await.expect("bob's events go on");
    assert!(bob.clone().is_in().await);
    assert!(signed_in(&gateway, "alice").await.is_in().await, "who signs in later is not met");
}

async fn every_selection_meets_whom_it_names_and_no_other(store: Store) {
    let gateway = open(store).await;
    let sessions = async |name: &str| {
        let list = gateway.api("GET", &format!("/api/v1/sessions?user={name}"), &Value::Null, None).await.json();
        list["sessions"].as_array().unwrap().clone()
    };
    let meets: [fn(&Value) -> Value; 7] = [
        |_| json!({ "user": "ALICE@example.com" }),
        |_| json!({ "group": "staff" }),
        |s| json!({ "session": s["session"] }),
        |s| json!({ "device": s["device"] }),
        |_| json!({ "ip": "127.0.0.1", "user": "alice" }),
        |_| json!({ "network": "127.0.0.0/8", "group": "staff" }),
        |_| json!({ "app": "app", "user": "alice" }),
    ];
    for select in meets {
        let (alice, bob) = (signed_in(&gateway, "alice").await, signed_in(&gateway, "bob").await);
        let live = sessions("alice").await;
        assert_eq!(live.len(), 1);
        let select = select(&live[0]);
        gateway.disconnect(select.clone(), "sign_out", none()).await;
        assert_eq!((alice.status_now().await, bob.status_now().await), (401, 200), "{select}");
    }
    let (alice, bob) = (signed_in(&gateway, "alice").await, signed_in(&gateway, "bob").await);
    for select in [json!({ "ip": "192.0.2.1" }), json!({ "network": "10.0.0.0/8" }), json!({ "group": "admins" })] {
        gateway.disconnect(select, "sign_out", none()).await;
    }
    assert_eq!((alice.status_now().await, bob.status_now().await), (200, 200));
    gateway.disconnect(json!({ "everyone": true }), "sign_out", none()).await;
    assert_eq!((alice.status_now().await, bob.status_now().await), (401, 401));
}

async fn a_step_up_is_asked_of_the_session_and_where_the_person_was_they_are_again(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let (mut alice, mut app) = with_app(&gateway).await;
    let mut socket = Socket::open(&alice, handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    let said = gateway.disconnect(alice_and("app"), "step_up", none()).await;
    assert_eq!((&said["matched"]["users"], &said["matched"]["without_method"]), (&json!(1), &json!(0)), "{said}");
    assert_eq!(socket.next().await, Err(End::Close(1008)));
    let refused = alice.send(Ask::program("/inside")).await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").unwrap().contains("insufficient_user_authentication"));
    assert!(refused.json()["step_up_url"].as_str().unwrap().contains("/.portcullis/challenge"));
    assert_eq!(led_to(&mut alice, "/inside").await, "/.portcullis/challenge?to=/inside");
    let led = alice.get("/inside").await;
    let page = alice.follow(&led).await;
    let answer = alice.send(code_form(&page, &app.next_code().await)).await;
    assert_eq!(alice.target_of(&answer), "/inside");
    assert!(alice.is_in().await);
}

fn alice_and(app: &str) -> Value {
    json!({ "user": "alice", "app": app })
}

async fn a_step_up_stays_on_the_person_and_no_trusted_device_stands_for_it(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut app = gateway.visitor().enrol("alice").await;
    let mut browser = gateway.visitor();
    let page = browser.reach_challenge("alice").await;
    assert_eq!(browser.send(remembered_form(&page, &app.next_code().await)).await.status, 303);
    let password = async |browser: &mut Visitor| {
        *browser = browser.restarted();
        let answer = browser.give_password("alice", PASSWORD, "/").await;
        browser.target_of(&answer)
    };
    assert!(!password(&mut browser).await.starts_with("/.portcullis/challenge"), "trusted");
    gateway.disconnect(alice(), "step_up", none()).await;
    assert_eq!(browser.status_now().await, 401);
    for _ in 0..2 {
        assert!(password(&mut browser).await.starts_with("/.portcullis/challenge"), "asked until it is given");
    }
    let page = browser.get("/.portcullis/challenge").await;
    assert_eq!(browser.give_code(&page, &app.next_code().await).await.status, 303);
    assert!(browser.is_in().await);
    assert!(!password(&mut browser).await.starts_with("/.portcullis/challenge"), "done: the trust counts again");
}

async fn a_step_up_that_is_not_done_in_time_signs_out(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let (mut alice, _) = with_app(&gateway).await;
    gateway.disconnect(self::alice(), "step_up", json!({ "within": "2s" })).await;
    assert!(led_to(&mut alice, "/").await.starts_with("/.portcullis/challenge"));
    until("the sign-out", || async { led_to(&mut alice.clone(), "/").await.starts_with("/.portcullis/sign-in") }).await;
    let answer = gateway.visitor().give_password("alice", PASSWORD, "/").await;
    assert!(gateway.visitor().target_of(&answer).starts_with("/.portcullis/challenge"), "it stays on the person");
}

async fn a_step_up_of_who_has_no_method_never_leads_to_enrolment(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    // on the way to set-up with the password alone, as a thief of it would be
    let mut thief = gateway.visitor();
    let answer = thief.give_password("alice", PASSWORD, "/").await;
    let shown = thief.follow(&answer).await;
    let mut key = Authenticator::of_key(&typed_key(&shown));
    let said = gateway.disconnect(alice(), "step_up", none()).await;
    assert_eq!(said["matched"]["without_method"], 1, "{said}");
    let answer = thief.confirm(&shown, &key.next_code().await).await;
    assert!(thief.session_cookie().is_none(), "{}", answer.head);
    // and from the beginning
    let mut again = gateway.visitor();
    let answer = again.give_password("alice", PASSWORD, "/").await;
    let page = again.follow(&answer).await;
    assert!(!page.text().contains("otpauth") && page.text().contains("name=\"code\""), "{}", page.text());
    assert!(again.session_cookie().is_none());
    assert_eq!(gateway.upstream.count(), 0);
}

async fn a_step_up_may_block_who_has_no_method(store: Store) {
    let gateway = open(store).await;
    let alice = signed_in(&gateway, "alice").await;
    gateway.disconnect(self::alice(), "step_up", json!({ "if_no_method": "block" })).await;
    assert_eq!(alice.status_now().await, 401);
    assert_eq!(refusal(&gateway, "alice").await.status, 422);
    assert!(signed_in(&gateway, "bob").await.is_in().await);
}

async fn refusal(gateway: &Gateway, name: &str) -> Answer {
    gateway.visitor().give_password(name, PASSWORD, "/").await
}

async fn a_blocked_person_gets_the_one_text_of_all_refusals_until_it_is_lifted(store: Store) {
    let gateway = open(store).await;
    let mut before = signed_in(&gateway, "alice").await;
    let said = gateway.disconnect(alice(), "block", none()).await;
    assert_eq!(before.status_now().await, 401);
    let (blocked, wrong) = (
        refusal(&gateway, "alice").await,
        gateway.visitor().give_password("alice", "a wrong password, long", "/").await,
    );
    assert_eq!((blocked.status, wrong.status), (422, 422));
    let bare = |a: &Answer| {
        let text = a.text();
        let cut = text.find("form_token").unwrap_or(text.len());
        text.split_at(cut).0.replace(|c: char| c.is_ascii_digit(), "")
    };
    assert_eq!(bare(&blocked).len(), bare(&wrong).len(), "nothing tells that the password was right");
    let path = format!("/api/v1/disconnects/{}", said["id"].as_str().unwrap());
    let lifted = gateway.api("DELETE", &path, &Value::Null, None).await;
    assert_eq!(lifted.status, 200, "{}", lifted.text());
    assert_eq!(gateway.api("DELETE", &path, &Value::Null, None).await.status, 409);
    let mut after = gateway.visitor();
    until("the lifting", || async { gateway.visitor().give_password("alice", PASSWORD, "/").await.status == 303 })
        .await;
    after.sign_in("alice").await;
    assert!(after.is_in().await);
    assert!(!before.is_in().await, "what was ended stays ended");
}

async fn a_block_ends_by_its_time(store: Store) {
    let gateway = open(store).await;
    gateway.disconnect(json!({ "group": "staff" }), "block", json!({ "until": "2s" })).await;
    assert_eq!(refusal(&gateway, "alice").await.status, 422);
    until("the end of the block", || async { refusal(&gateway, "alice").await.status == 303 }).await;
}

async fn forgotten_devices_are_asked_again(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut app = gateway.visitor().enrol("alice").await;
    let mut browser = gateway.visitor();
    let page = browser.reach_challenge("alice").await;
    assert_eq!(browser.send(remembered_form(&page, &app.next_code().await)).await.status, 303);
    let mut trusted = browser.restarted();
    trusted.give_password("alice", PASSWORD, "/").await;
    assert!(trusted.is_in().await);
    gateway.disconnect(alice(), "forget_devices", none()).await;
    assert!(browser.is_in().await, "a session of two factors stands on its own");
    assert!(led_to(&mut trusted, "/").await.starts_with("/.portcullis/challenge"));
    let mut again = browser.restarted();
    let answer = again.give_password("alice", PASSWORD, "/").await;
    assert!(again.target_of(&answer).starts_with("/.portcullis/challenge"));
}

async fn after_re_enroll_the_old_authenticator_is_good_only_for_being_replaced(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    gateway.add_user("bob", &[]);
    let (mut alice, mut app) = with_app(&gateway).await;
    gateway.disconnect(json!({ "everyone": true }), "re_enroll", none()).await;
    assert_eq!(led_to(&mut alice, "/").await.split('?').next(), Some("/.portcullis/replace"));
    assert_eq!(alice.send(Ask::program("/")).await.status, 401);
    let mut other = gateway.visitor();
    let page = other.reach_challenge("alice").await;
    assert_eq!(other.give_code(&page, &app.next_code().await).await.status, 303);
    assert_eq!(led_to(&mut other, "/").await.split('?').next(), Some("/.portcullis/replace"));
    let answer = other.change("/.portcullis/replace", "code", &app.next_code().await).await;
    let page = other.follow(&answer).await;
    let mut new = Authenticator::of_key(&typed_key(&page));
    let code = new.next_code().await;
    other.confirm(&page, &code).await;
    assert!(other.is_in().await);
    assert_eq!(alice.status_now().await, 401, "the other sessions are over");
    // who has nothing to prove themselves with needs a reset
    assert_eq!(refusal(&gateway, "bob").await.status, 422);
}

async fn an_order_meets_who_is_not_known_yet(store: Store) {
    let gateway = open(store).await;
    let said = gateway.disconnect(json!({ "user": "carol" }), "block", none()).await;
    assert_eq!(said["matched"]["users"], 0);
    gateway.add_user("carol", &[]);
    assert_eq!(refusal(&gateway, "carol").await.status, 422);
    assert!(signed_in(&gateway, "alice").await.is_in().await);
}

async fn who_comes_into_a_blocked_group_is_cut(store: Store) {
    let gateway = open(store).await;
    gateway.disconnect(json!({ "group": "suspended" }), "block", none()).await;
    let (alice, bob) = (signed_in(&gateway, "alice").await, signed_in(&gateway, "bob").await);
    let mut socket = Socket::open(&alice, handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    gateway.succeed(&["user", "set", "alice", "--add-group", "suspended", "--reason", "left"]);
    assert_eq!(socket.next().await, Err(End::Close(1008)));
    assert_eq!((alice.status_now().await, bob.status_now().await), (401, 200));
}

async fn a_challenge_under_way_is_met_too(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut app = gateway.visitor().enrol("alice").await;
    let mut visitor = gateway.visitor();
    let page = visitor.reach_challenge("alice").await;
    gateway.disconnect(alice(), "sign_out", none()).await;
    visitor.give_code(&page, &app.next_code().await).await;
    assert!(visitor.session_cookie().is_none());
    let mut later = gateway.visitor();
    later.sign_in_with("alice", &mut app).await;
    assert!(later.is_in().await);
}

async fn an_order_outlives_a_restart(store: Store) {
    let gateway = open(store).await;
    let alice = signed_in(&gateway, "alice").await;
    let said = gateway.disconnect(self::alice(), "block", none()).await;
    gateway.kill();
    gateway.run().await;
    assert_ne!(alice.status_now().await, 200);
    assert_eq!(refusal(&gateway, "alice").await.status, 422);
    let path = format!("/api/v1/disconnects/{}", said["id"].as_str().unwrap());
    let told = gateway.api("GET", &path, &Value::Null, None).await.json();
    assert_eq!((&told["action"], &told["reason"]), (&json!("block"), &json!("test")), "{told}");
    until("its confirmation", || async {
        gateway.api("GET", &path, &Value::Null, None).await.json()["status"] == "confirmed"
    })
    .await;
}

async fn one_key_is_one_order(store: Store) {
    let gateway = open(store).await;
    let alice = signed_in(&gateway, "alice").await;
    let body = json!({ "select": { "user": "alice" }, "action": "sign_out", "reason": "alert" });
    let place = |body: Value| {
        let gateway = &gateway;
        async move { gateway.api("POST", "/api/v1/disconnects", &body, Some("k-1")).await }
    };
    let all = futures::future::join_all((0..20).map(|_| place(body.clone()))).await;
    assert!(all.iter().all(|a| a.status == 200), "{}", all[0].text());
    let ids: std::collections::HashSet<_> = all.iter().map(|a| a.json()["id"].to_string()).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(all.iter().filter(|a| a.json()["repeated"] == false).count(), 1);
    assert_eq!(alice.status_now().await, 401);
    let again = signed_in(&gateway, "alice").await;
    assert_eq!(place(body.clone()).await.json()["repeated"], true);
    assert_eq!(again.status_now().await, 200, "a repetition orders nothing");
    let other = place(json!({ "select": { "user": "bob" }, "action": "sign_out", "reason": "alert" })).await;
    assert_eq!(other.status, 422, "{}", other.text());
}

async fn a_dry_run_orders_nothing_and_names_who_has_no_method(store: Store) {
    let gateway = open(store).await;
    let (alice, bob) = (signed_in(&gateway, "alice").await, signed_in(&gateway, "bob").await);
    let said = gateway.disconnect(json!({ "everyone": true }), "step_up", json!({ "dry_run": true })).await;
    assert_eq!((&said["status"], &said["id"]), (&json!("dry_run"), &Value::Null));
    assert_eq!((&said["matched"]["users"], &said["matched"]["sessions"]), (&json!(2), &json!(2)), "{said}");
    assert_eq!(said["without_method"], json!(["alice", "bob"]), "{said}");
    assert_eq!((alice.status_now().await, bob.status_now().await), (200, 200));
    let list = gateway.api("GET", "/api/v1/disconnects", &Value::Null, None).await.json();
    assert_eq!(list["orders"], json!([]));
}

async fn mistakes_are_told_all_at_once(store: Store) {
    let gateway = open(store).await;
    let body = json!({ "select": { "ip": "x", "app": "none" }, "action": "sign_out", "reason": "", "until": "1h" });
    let answer = gateway.api("POST", "/api/v1/disconnects", &body, None).await;
    assert_eq!((answer.status, answer.header("content-type")), (422, Some("application/problem+json")));
    let detail = answer.json()["detail"].to_string();
    for part in ["select.ip", "select.app", "reason", "until"] {
        assert!(detail.contains(part), "{part} is not in {detail}");
    }
    let unknown = gateway.api("GET", "/api/v1/disconnects/nothing", &Value::Null, None).await;
    assert_eq!(unknown.status, 404);
    let signed = gateway.disconnect(alice(), "sign_out", none()).await;
    let path = format!("/api/v1/disconnects/{}", signed["id"].as_str().unwrap());
    assert_eq!(gateway.api("DELETE", &path, &Value::Null, None).await.status, 409, "what is over is over");
}

async fn sessions_are_listed_with_their_ids(store: Store) {
    let gateway = open(store).await;
    signed_in(&gateway, "alice").await;
    signed_in(&gateway, "bob").await;
    let list = |query: &str| {
        let (gateway, path) = (&gateway, format!("/api/v1/sessions{query}"));
        async move { gateway.api("GET", &path, &Value::Null, None).await.json() }
    };
    let all = list("").await;
    let names: Vec<_> = all["sessions"].as_array().unwrap().iter().map(|s| s["name"].clone()).collect();
    assert_eq!(names, ["alice", "bob"]);
    assert_eq!(all["sessions"][0]["app"], "app");
    let first = list("?limit=1").await;
    assert_eq!((first["sessions"].as_array().unwrap().len(), &first["next"]), (1, &json!("alice")));
    assert_eq!(list("?limit=1&after=alice").await["sessions"][0]["name"], "bob");
    assert_eq!(list("?user=bob").await["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(list("?ip=127.0.0.1").await["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(list("?ip=192.0.2.1").await["sessions"], json!([]));
    gateway.disconnect(alice(), "sign_out", none()).await;
    assert_eq!(list("?user=alice").await["sessions"], json!([]), "what is over is not told");
}

async fn the_command_says_what_was_done(store: Store) {
    let gateway = open(store).await;
    let alice = signed_in(&gateway, "alice").await;
    let dry = gateway.succeed(&["disconnect", "--user", "alice", "--reason", "alert", "--dry-run"]);
    assert!(dry.contains("would meet 1 users, 1 sessions"), "{dry}");
    let said = gateway.succeed(&["disconnect", "--user", "alice", "--action", "block", "--reason", "alert"]);
    assert!(said.contains("confirmed on 1 nodes") && said.contains("1 users"), "{said}");
    assert_eq!(alice.status_now().await, 401);
    let list = gateway.succeed(&["disconnect", "--list"]);
    assert!(list.contains("block") && list.contains("alert"), "{list}");
    let id = said.split(':').next().unwrap();
    gateway.succeed(&["disconnect", "--lift", id]);
    assert!(gateway.succeed(&["disconnect", "--list"]).contains("no orders stand"));
    assert_eq!(gateway.cli(&["disconnect", "--lift", id]).status.code(), Some(1));
}

async fn streams_end_when_their_sessions_time_is_up(store: Store) {
    let policy = "version: 1\nsessions: { idle: 4s, absolute: 6s }\n";
    let gateway = Plan::on(store).policy(policy).start().await;
    gateway.add_user("alice", &["staff"]);
    let idle = signed_in(&gateway, "alice").await;
    let mut events = Flow::open(&idle, Ask::program("/events")).await;
    let mut socket = Socket::open(&idle, handshake("/ws")).await.unwrap();
    socket.echo("hello").await;
    events.next().await.unwrap();
    let since = tokio::time::Instant::now();
    assert_eq!(socket.next().await, Err(End::Close(1008)), "however busy the app is");
    events.ends().await;
    assert!(since.elapsed() >= Duration::from_secs(2), "not before");
}
