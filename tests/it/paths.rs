//! What is judged is what is forwarded: one reading of host and path, and what can be read in two ways is refused.

use crate::support::{Ask, Gateway, Plan, Store, Visitor, on_both_stores};

on_both_stores! {
    no_spelling_of_a_protected_path_passes_as_public,
    what_is_forwarded_is_what_was_judged,
    a_path_that_reads_in_two_ways_is_refused,
    a_prefix_ends_at_a_segment,
    the_query_and_a_fragment_take_no_part,
    a_host_that_is_not_ours_is_misdirected,
    a_host_of_ours_is_known_in_every_spelling,
    the_return_path_leads_nowhere_else,
    a_foreign_host_is_in_no_link_of_ours,
    an_app_may_take_an_encoded_slash,
    an_app_that_folds_case_is_judged_folded,
    the_upstream_cannot_shadow_our_pages,
    operators_pages_are_not_on_the_public_listener,
}

const OPEN: &str = "version: 1\nrules:\n  - { name: open, match: { path: /public/ }, allow: public }\n";
const SHUT: &str = "version: 1\nrules:\n  - { name: shut, match: { path: /admin/ }, deny: true }\n";

/// Sends the target as it is; 0 where the connection just closes.
async fn status(gateway: &Gateway, visitor: &Visitor, target: &str) -> u16 {
    let head = visitor.head(&Ask::navigate("/TARGET")).replace("/TARGET", target);
    gateway.react(&head).await.statuses().first().copied().unwrap_or(0)
}

const SPELLINGS: [&str; 26] = [
    "/public/../admin/",
    "/public/..%2fadmin/",
    "/public/%2e%2e/admin/",
    "/public/.%2e/admin/",
    "/public/%2E./admin/",
    "/public/..;/admin/",
    "/public/..;x=y/admin/",
    "/public%2f..%2fadmin/",
    "/public/..%5cadmin/",
    "/public\\..\\admin/",
    "//admin/",
    "///admin/",
    "/./admin/",
    "/admin/.",
    "/admin/./",
    "/%61dmin/",
    "/%2561dmin/",
    "/admin;jsessionid=1/",
    "/public/x/../../admin/",
    "/admin%00",
    "/public/%00/../admin/",
    "/%c0%ae%c0%ae/admin/",
    "/public/%e0%80%ae%2e/admin/",
    "/public/;/../admin/",
    "/public//../admin/",
    "/public/.;/../admin/",
];

async fn no_spelling_of_a_protected_path_passes_as_public(store: Store) {
    let gateway = Plan::on(store).policy(OPEN).start().await;
    let stranger = gateway.visitor();
    assert_eq!(status(&gateway, &stranger, "/public/x").await, 200);
    gateway.upstream.forget();
    for target in SPELLINGS {
        let got = status(&gateway, &stranger, target).await;
        assert!(matches!(got, 303 | 400), "{target}: {got}, forwarded {:?}", gateway.upstream.requests());
    }
    assert_eq!(gateway.upstream.count(), 0);
}

async fn what_is_forwarded_is_what_was_judged(store: Store) {
    let gateway = Gateway::with_alice(store, SHUT).await;
    let alice = gateway.alice().await;
    for target in SPELLINGS {
        gateway.upstream.forget();
        let got = status(&gateway, &alice, target).await;
        assert!(matches!(got, 200 | 400 | 403), "{target}: {got}");
        for seen in gateway.upstream.requests() {
            // an upstream that decodes once more, or cuts parameters, must not find the denied path either
            let read = seen.path().split(';').next().unwrap().replace("%61", "a");
            assert!(!read.starts_with("/admin"), "{target} went on as {}", seen.path());
            assert!(
                !seen.path().contains("/../") && !seen.path().contains("//"),
                "{target} went on as {}",
                seen.path()
            );
        }
    }
    for (target, forwarded) in [
        ("/a/../b//c/./d", "/b/c/d"),
        ("/caf%c3%a9?x=%2f..%2f", "/caf%C3%A9?x=%2f..%2f"),
        ("/%7Euser/%41", "/~user/A"),
        ("/x;v=1/y", "/x;v=1/y"),
    ] {
        assert_eq!(status(&gateway, &alice, target).await, 200, "{target}");
        assert_eq!(gateway.upstream.last().path(), forwarded, "{target}");
    }
}

async fn a_path_that_reads_in_two_ways_is_refused(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    gateway.upstream.forget();
    let long = format!("/{}", "a".repeat(70_000));
    let refused = [
        "/a%2fb",
        "/a%2Fb",
        "/a%5cb",
        "/a%00b",
        "/a%0d%0aX:%20y",
        "/a%7f",
        "/%zz",
        "/%",
        "/%2",
        "/%c0%ae",
        "/%ff",
        "/a\\b",
        "/..",
        "/../x",
        "/a/../../x",
        "/..;/x",
        "/a/;x/b",
        "admin",
        "?x",
        "*",
    ];
    for target in refused {
        assert_eq!(status(&gateway, &alice, target).await, 400, "{target}");
    }
    assert!(matches!(status(&gateway, &alice, &long).await, 400 | 414 | 431));
    assert_eq!(gateway.upstream.count(), 0);
}

async fn a_prefix_ends_at_a_segment(store: Store) {
    let gateway = Plan::on(store).policy(OPEN).start().await;
    let stranger = gateway.visitor();
    for (target, expected) in
        [("/public", 200), ("/public/", 200), ("/publications", 303), ("/publi", 303), ("/PUBLIC/", 303)]
    {
        assert_eq!(status(&gateway, &stranger, target).await, expected, "{target}");
    }
}

async fn the_query_and_a_fragment_take_no_part(store: Store) {
    let gateway = Plan::on(store).policy(OPEN).start().await;
    let stranger = gateway.visitor();
    for target in ["/admin?x=/public/ok", "/admin?/public/", "/admin?/../public/x"] {
        assert_eq!(status(&gateway, &stranger, target).await, 303, "{target}");
    }
    assert!(matches!(status(&gateway, &stranger, "/admin#/public/x").await, 303 | 400));
    assert_eq!(gateway.upstream.count(), 0);
}

async fn a_host_that_is_not_ours_is_misdirected(store: Store) {
    let gateway = Plan::on(store).policy(OPEN).start().await;
    let own = gateway.authority().to_string();
    for (host, expected) in [
        ("other.example", 421),
        ("127.0.0.1", 421),
        ("localhost.evil.example", 421),
        ("evil.localhost", 421),
        ("", 400),
        ("localhost:443@evil", 400),
        ("a@localhost", 400),
        ("localhost, evil", 400),
        ("localhost/x", 400),
        ("local host", 400),
        ("[::1", 400),
    ] {
        let reaction = gateway.react(&format!("GET /public/ HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        let got = reaction.statuses();
        assert!(got == [expected] || got == [421], "{host:?}: {got:?}");
    }
    for request in [
        format!("GET /public/ HTTP/1.1\r\nHost: {own}\r\nHost: other.example\r\n\r\n"),
        format!("GET /public/ HTTP/1.1\r\nHost: {own}\r\nHost: {own}\r\n\r\n"),
        "GET /public/ HTTP/1.1\r\n\r\n".to_string(),
        format!("GET http://other.example/public/ HTTP/1.1\r\nHost: {own}\r\n\r\n"),
        format!("GET http://{own}/public/ HTTP/1.1\r\nHost: {own}\r\n\r\n"),
        format!("GET ftp://{own}/public/ HTTP/1.1\r\nHost: {own}\r\n\r\n"),
    ] {
        assert_eq!(gateway.react(&request).await.statuses(), [400], "{request}");
    }
    assert_eq!(gateway.upstream.count(), 0);
}

async fn a_host_of_ours_is_known_in_every_spelling(store: Store) {
    let gateway = Plan::on(store).policy(OPEN).start().await;
    let port = gateway.address.port();
    for host in [format!("LOCALHOST:{port}"), format!("localhost.:{port}"), format!("LocalHost.:{port}")] {
        let reaction = gateway.react(&format!("GET /public/ HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert_eq!(reaction.statuses(), [200], "{host}");
        assert_eq!(gateway.upstream.last().header("host"), Some(gateway.authority()), "one form goes on");
    }
}

async fn the_return_path_leads_nowhere_else(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let long = format!("/{}", "a".repeat(20_000));
    let evil = [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "/%5cevil.example",
        "/%0d%0aSet-Cookie:x=y",
        "/\r\nSet-Cookie: x=y",
        "https:evil.example",
        "https://evil.example/",
        "https://localhost@evil",
        "http://localhost.evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "\\\\evil",
        "/..//evil",
        "/。。/evil",
        "evil.example",
        "",
        "?",
        "#",
        "/.portcullis/sign-out",
        "/x/../.portcullis/sign-out",
        "/%2eportcullis/sign-out",
        &long,
    ];
    for to in evil {
        let mut alice = gateway.visitor();
        let answer = alice.give_password("alice", crate::support::PASSWORD, to).await;
        assert_eq!(answer.status, 303, "{to:?}");
        let arrived = alice.follow_all(answer).await; // fails where it leads to another origin
        assert_eq!(arrived.status, 200, "{to:?}");
        assert!(!arrived.head.contains("x=y"), "{to:?}");
        let path = gateway.upstream.last().path().to_string();
        assert!(path.starts_with('/') && !path.starts_with("//") && path.len() < 3000, "{to:?} led to {path}");
        assert!(alice.is_in().await, "{to:?} signed out again");
    }
}

async fn a_foreign_host_is_in_no_link_of_ours(store: Store) {
    let gateway = Plan::on(store).start().await;
    let ask = Ask::navigate("/").header("X-Forwarded-Host", "evil.example").header("Forwarded", "host=evil.example");
    let answer = gateway.visitor().send(ask).await;
    assert!(answer.status == 303 && !answer.head.contains("evil"), "{}", answer.head);
}

async fn an_app_may_take_an_encoded_slash(store: Store) {
    let gateway = Plan::on(store).policy(SHUT).app("encoded_slash: allow").start().await;
    gateway.add_user("alice", &["staff"]);
    let alice = gateway.alice().await;
    assert_eq!(status(&gateway, &alice, "/repo/group%2fname").await, 200);
    assert_eq!(gateway.upstream.last().path(), "/repo/group%2Fname");
    assert_eq!(status(&gateway, &alice, "/admin%2fusers").await, 403);
    assert_eq!(status(&gateway, &alice, "/x/..%2fadmin/").await, 400);
}

async fn an_app_that_folds_case_is_judged_folded(store: Store) {
    let gateway = Plan::on(store).policy(SHUT).app("case_insensitive: true").start().await;
    gateway.add_user("alice", &["staff"]);
    let alice = gateway.alice().await;
    for target in ["/ADMIN/", "/Admin", "/aDmIn/users", "/admin./users", "/admin%20/users"] {
        assert_eq!(status(&gateway, &alice, target).await, 403, "{target}");
    }
}

async fn the_upstream_cannot_shadow_our_pages(store: Store) {
    let policy = "version: 1\nrules:\n  - { name: all, match: { path: / }, allow: public }\n";
    let gateway = Plan::on(store).policy(policy).start().await;
    let mut stranger = gateway.visitor();
    for path in ["/.portcullis/", "/.portcullis/sign-in", "/.portcullis/nothing-here", "/.portcullis"] {
        stranger.get(path).await;
    }
    assert_eq!(gateway.upstream.count(), 0);
    assert_eq!(stranger.get("/.portcullis/nothing-here").await.status, 404);
}

async fn operators_pages_are_not_on_the_public_listener(store: Store) {
    let gateway = Plan::on(store).start().await;
    for path in ["/metrics", "/healthz", "/readyz", "/debug", "/api/v1/openapi.json", "/healthz?x=1"] {
        assert_eq!(gateway.visitor().get(path).await.status, 303, "{path} is the app's, for who is signed in");
    }
    for path in ["/.portcullis/metrics", "/.portcullis/healthz", "/.portcullis/debug", "/.portcullis/api/v1/users"] {
        assert_eq!(gateway.visitor().get(path).await.status, 404, "{path}");
    }
    assert_eq!(gateway.upstream.count(), 0);
    assert_eq!(gateway.admin_get("/metrics").await.unwrap().status, 200);
}
