//! Own pages: what they say of themselves in headers, who may load them, and what they cost.

use crate::support::{Answer, Ask, Gateway, MFA_ON, PASSWORD, Plan, Store, on_both_stores};
use futures::future::join_all;
use regex::Regex;

on_both_stores! {
    every_page_is_closed_to_frames_scripts_and_caches,
    pages_answer_only_to_a_navigation,
    a_pending_sign_in_reaches_nothing,
    forms_take_forms_only,
    answers_to_forms_are_redirects_to_a_get,
    a_page_is_never_followed_by_the_apps_content,
    nothing_of_the_session_is_told_to_a_script,
    a_flood_of_sign_ins_leaves_the_app_reachable,
    odd_names_make_one_line_of_the_log,
}

fn is_closed(what: &str, page: &Answer) {
    let policy = page.header("content-security-policy").unwrap_or_else(|| panic!("{what}: {}", page.head));
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-"), "{what}: {policy}");
    for directive in ["frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
        assert!(policy.contains(directive), "{what}: {policy}");
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(page.header(name), Some(value), "{what}: {name}");
    }
    assert!(page.header("permissions-policy").is_some_and(|p| p.contains("camera=()")), "{what}");
    assert_eq!(page.header("strict-transport-security"), None, "{what}: HSTS means nothing over plain HTTP");
    let text = page.text();
    let active = Regex::new(r"<script|\sstyle=|\son\w+=").unwrap();
    assert!(!active.is_match(&text), "{what}: {text}");
    assert!(!text.contains("src=\"http") && !text.contains("href=\"http"), "{what} loads from elsewhere");
}

async fn every_page_is_closed_to_frames_scripts_and_caches(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut visitor = gateway.visitor();
    is_closed("sign-in", &visitor.get("/.portcullis/sign-in").await);
    is_closed("a wrong password", &visitor.give_password("alice", "a wrong password, long", "/").await);
    is_closed("nothing there", &visitor.get("/.portcullis/nothing").await);
    is_closed("arrived without a cookie", &visitor.get("/.portcullis/arrived?to=%2F").await);
    let answer = visitor.give_password("alice", PASSWORD, "/").await;
    let page = visitor.follow(&answer).await;
    is_closed("set-up", &page);
    visitor.confirm_set_up(&page).await;
    is_closed("index", &visitor.get("/.portcullis/").await);
    is_closed("sign-out", &visitor.get("/.portcullis/sign-out").await);
    is_closed("already on", &visitor.get("/.portcullis/set-up").await);
    let mut again = gateway.visitor();
    is_closed("challenge", &again.reach_challenge("alice").await);
}

async fn pages_answer_only_to_a_navigation(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    for path in ["/.portcullis/", "/.portcullis/sign-out", "/.portcullis/set-up", "/.portcullis/sign-in"] {
        for (name, value) in [
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Mode", "no-cors"),
            ("Sec-Fetch-Mode", "same-origin"),
            ("Sec-Fetch-Dest", "iframe"),
            ("Sec-Fetch-Dest", "frame"),
            ("Sec-Fetch-Dest", "embed"),
            ("Sec-Fetch-Dest", "object"),
            ("Sec-Fetch-Dest", "script"),
            ("Sec-Fetch-Dest", "image"),
            ("Sec-Fetch-Dest", "serviceworker"),
            ("Sec-Fetch-Dest", "empty"),
        ] {
            let answer = alice.send(Ask::navigate(path).set(name, value)).await;
            assert_eq!(answer.status, 403, "{path} with {name}: {value}");
            assert!(!answer.text().contains("form_token"));
        }
    }
    let style = gateway.visitor().get("/.portcullis/sign-in").await.text();
    let style = style.split("href=\"").find(|h| h.contains(".css")).unwrap().split('"').next().unwrap().to_string();
    let answer = alice
        .send(Ask::bare("GET", &style).header("Sec-Fetch-Mode", "no-cors").header("Sec-Fetch-Dest", "style"))
        .await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("cache-control").is_some_and(|c| c.contains("immutable")), "{}", answer.head);
    assert_eq!(answer.header("set-cookie"), None);
}

async fn a_pending_sign_in_reaches_nothing(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    gateway.visitor().enrol("alice").await;
    gateway.upstream.forget();
    let mut half = gateway.visitor();
    half.reach_challenge("alice").await;
    let pending = half.pending_cookie().unwrap().to_string();
    for path in ["/", "/api/orders", "/download", "/events", "/static/x.css", "/.portcullis/"] {
        let answer = half.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        let answer = half.send(Ask::program(path)).await;
        assert!(matches!(answer.status, 401 | 403), "{path}: {}", answer.status);
    }
    let socket = crate::support::stream::Socket::open(&half, crate::support::stream::handshake("/ws")).await;
    assert_eq!(socket.err().expect("a refusal").status, 401);
    // nor is its token a session's
    half.keep(&half.cookie_name(), &pending);
    assert_eq!(half.get("/").await.status, 303);
    assert_eq!(gateway.upstream.count(), 0);
}

async fn forms_take_forms_only(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let form = || Ask::form("/.portcullis/sign-in", &[]);
    let json = form().set("Content-Type", "application/json");
    let body = format!("{{\"username\":\"alice\",\"password\":\"{PASSWORD}\",\"to\":\"/\"}}");
    assert_eq!(gateway.visitor().send(json.body(body.as_bytes())).await.status, 415);
    assert_eq!(gateway.visitor().send(form().body(&vec![b'a'; 300_000])).await.status, 413);
    for method in ["PUT", "DELETE", "PATCH"] {
        let answer = gateway.visitor().send(Ask::navigate("/.portcullis/sign-in").method(method)).await;
        assert_eq!((answer.status, answer.header("allow").is_some()), (405, true), "{method}");
    }
    let long = "x".repeat(5000);
    let answer = gateway.visitor().give_password("alice", &long, "/").await;
    assert!(answer.status != 303 && answer.status < 500, "{}", answer.head);
}

async fn answers_to_forms_are_redirects_to_a_get(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let mut answers = vec![alice.give_password("alice", PASSWORD, "/").await];
    let page = alice.follow(&answers[0]).await;
    let app = crate::support::Authenticator::of_key(&crate::support::client::typed_key(&page));
    answers.push(alice.confirm(&page, &app.code_at(0)).await);
    answers.push(alice.sign_out(false).await);
    for answer in answers {
        assert_eq!((answer.status, answer.header("cache-control")), (303, Some("no-store")), "{}", answer.head);
    }
}

async fn a_page_is_never_followed_by_the_apps_content(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let ask = gateway.visitor().head(&Ask::navigate("/secret"));
    let reaction = gateway.react(&(ask.clone() + &ask)).await;
    assert!(!reaction.text().contains("hello from the app"));
    let page = gateway.visitor().get("/.portcullis/sign-in").await;
    assert!(page.text().trim_end().ends_with("</html>"), "exactly our page");
    assert_eq!(gateway.upstream.count(), 0);
}

async fn nothing_of_the_session_is_told_to_a_script(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let token = alice.session_cookie().unwrap().to_string();
    for path in ["/.portcullis/", "/.portcullis/jwks.json", "/.portcullis/sign-out", "/.portcullis/userinfo"] {
        let as_script = Ask::program(path).set("Sec-Fetch-Site", "same-origin").header("Sec-Fetch-Dest", "empty");
        let answer = alice.send(as_script).await;
        assert!(!answer.text().contains(&token) && !answer.text().contains("form_token"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
    }
}

async fn a_flood_of_sign_ins_leaves_the_app_reachable(store: Store) {
    let gateway = Plan::on(store).top("limits: { connections_per_address: 1000 }").start().await;
    gateway.add_user("alice", &["staff"]);
    let alice = gateway.alice().await;
    let strangers = (0..300).map(|n| {
        let mut visitor = gateway.visitor();
        async move { visitor.give_password(&format!("guess{n}"), "a wrong password, long", "/").await.status }
    });
    let busy = join_all(strangers);
    let served = async {
        for _ in 0..50 {
            assert_eq!(alice.clone().send(Ask::program("/")).await.status, 200);
            assert!(gateway.is_ready().await);
        }
    };
    let (statuses, ()) = tokio::join!(busy, served);
    assert!(statuses.iter().all(|s| *s < 500 || *s == 503), "{statuses:?}");
}

async fn odd_names_make_one_line_of_the_log(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let odd = ["a\r\n2026-01-01 admin signed in", "\u{1b}[2J", "\u{202e}nimda", "a\0b", &"n".repeat(100_000)];
    for name in odd {
        let answer = gateway.visitor().give_password(name, PASSWORD, "/").await;
        assert!(answer.status < 500 && answer.status != 303, "{name:.20}");
        gateway
            .visitor()
            .send(Ask::navigate("/").header("User-Agent", &name.replace(['\r', '\n', '\0', '\u{1b}'], "%")))
            .await;
    }
    let log = gateway.log();
    assert!(!log.contains('\u{1b}') && !log.contains('\u{202e}') && !log.contains('\0'), "{log}");
    assert!(!log.lines().any(|l| l.starts_with("2026-01-01 admin") || l.len() > 8192), "{log}");
    assert!(!log.contains(PASSWORD));
}
