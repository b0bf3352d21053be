//! Programs are told in their own terms: never a redirect to a page.

use crate::support::stream::{Socket, handshake};
use crate::support::{Ask, Gateway, Plan, Store, on_both_stores};

on_both_stores! {
    a_program_gets_401_and_a_problem_and_never_a_redirect,
    a_websocket_of_a_stranger_is_refused_before_the_upstream_hears_of_it,
    grpc_is_refused_in_its_own_status,
    who_is_not_allowed_gets_403,
    a_program_whose_session_lacks_the_second_factor_gets_401,
    a_posted_form_of_a_stranger_is_led_to_sign_in_and_not_sent,
    every_method_is_judged_like_get,
}

async fn a_program_gets_401_and_a_problem_and_never_a_redirect(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let programs = [
        Ask::program("/api/orders"),
        Ask::bare("GET", "/").header("Accept", "application/json"),
        Ask::bare("GET", "/").header("X-Requested-With", "XMLHttpRequest").header("Accept", "*/*"),
        Ask::bare("GET", "/").header("Sec-Fetch-Mode", "cors").header("Accept", "text/html"),
        Ask::bare("GET", "/").header("Sec-Fetch-Mode", "no-cors").header("Sec-Fetch-Dest", "image"),
        Ask::bare("POST", "/").header("Content-Type", "application/json").body(b"{}"),
        Ask::bare("GET", "/").header("User-Agent", "kube-probe/1.29").header("Accept", "*/*"),
        Ask::program("/events").header("Accept", "text/event-stream"),
    ];
    for ask in programs {
        let shown = format!("{ask:?}");
        let answer = gateway.visitor().send(ask).await;
        assert_eq!(answer.status, 401, "{shown}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
        let asks = answer.header("www-authenticate").expect("WWW-Authenticate (RFC 9110 section 11.6.1)");
        assert!(!["basic", "negotiate", "ntlm", "digest"].iter().any(|s| asks.to_lowercase().starts_with(s)), "{asks}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{shown}");
        assert_eq!(answer.json()["status"], 401, "{shown}");
    }
    assert_eq!(gateway.upstream.count(), 0);
}

async fn a_websocket_of_a_stranger_is_refused_before_the_upstream_hears_of_it(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let refused = Socket::open(&gateway.visitor(), handshake("/ws")).await.err().expect("a refusal");
    assert_eq!(refused.status, 401);
    assert_eq!(gateway.upstream.count(), 0);
}

async fn grpc_is_refused_in_its_own_status(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let ask =
        Ask::bare("POST", "/orders.v1.Orders/List").header("Content-Type", "application/grpc").header("TE", "trailers");
    let answer = gateway.visitor().send(ask.body(b"\0\0\0\0\0")).await;
    assert_eq!((answer.status, answer.header("grpc-status")), (200, Some("16")), "{}", answer.head);
    assert_eq!(answer.header("content-type"), Some("application/grpc"));
    assert_eq!(gateway.upstream.count(), 0);
}

async fn who_is_not_allowed_gets_403(store: Store) {
    let policy = "version: 1\nrules:\n  - { name: admin area, match: { path: /admin/ }, deny: true }\n";
    let gateway = Gateway::with_alice(store, policy).await;
    let mut alice = gateway.alice().await;
    gateway.upstream.forget();
    let page = alice.get("/admin/users").await;
    assert_eq!((page.status, page.header("cache-control")), (403, Some("no-store")));
    assert!(page.text().contains("admin area"), "the page names the rule: {}", page.text());
    let problem = alice.send(Ask::program("/admin/users")).await;
    assert_eq!((problem.status, problem.header("content-type")), (403, Some("application/problem+json")));
    assert_eq!(gateway.upstream.count(), 0);
}

async fn a_program_whose_session_lacks_the_second_factor_gets_401(store: Store) {
    let policy = "version: 1\nrules:\n  - { name: vault, match: { path: /vault/ }, require: { factors: two } }\n";
    let gateway = Gateway::with_alice(store, policy).await;
    let mut alice = gateway.alice().await;
    gateway.upstream.forget();
    let answer = alice.send(Ask::program("/vault/door")).await;
    assert_eq!((answer.status, answer.header("content-type")), (401, Some("application/problem+json")));
    assert!(answer.header("www-authenticate").is_some());
    assert_eq!(gateway.upstream.count(), 0);
}

async fn a_posted_form_of_a_stranger_is_led_to_sign_in_and_not_sent(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut stranger = gateway.visitor();
    let answer = stranger.send(Ask::form("/orders?new=1", &[("amount", "5")])).await;
    assert_eq!(answer.status, 303);
    assert!(stranger.target_of(&answer).starts_with("/.portcullis/sign-in"));
    assert!(!answer.head.contains("amount"));
    assert_eq!(gateway.upstream.count(), 0);
}

async fn every_method_is_judged_like_get(store: Store) {
    let gateway = Plan::on(store).start().await;
    for method in ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "PROPFIND", "REPORT"] {
        let preflight = Ask::program("/").method(method).header("Origin", "https://evil.example");
        let answer = gateway.visitor().send(preflight.header("Access-Control-Request-Method", "PUT")).await;
        assert_eq!(answer.status, 401, "{method}");
    }
    let head = gateway.visitor().send(Ask::navigate("/").method("HEAD")).await;
    assert_eq!(head.status, 303);
    for (method, target) in [("get", "/"), ("TRACE", "/"), ("CONNECT", "{host}")] {
        let reaction = gateway.react(&format!("{method} {target} HTTP/1.1\r\nHost: {{host}}\r\n\r\n")).await;
        assert_eq!(reaction.statuses(), [405], "{method}");
        assert!(
            reaction.text().to_lowercase().contains("\r\nallow: "),
            "405 names what is allowed: {}",
            reaction.text()
        );
    }
    assert_eq!(gateway.upstream.count(), 0);
}
