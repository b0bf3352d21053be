//! Nobody but the gateway tells the app who somebody is, and the app cannot speak for the gateway.

use crate::support::{Ask, Gateway, Plan, Store, on_both_stores};

on_both_stores! {
    identity_headers_of_a_client_are_replaced_in_every_spelling,
    identity_headers_are_removed_where_there_is_nothing_to_set,
    identity_headers_are_removed_on_public_routes,
    a_connection_header_cannot_remove_ours,
    trailers_cannot_carry_identity,
    headers_that_tell_another_path_or_address_are_removed,
    a_header_passes_where_the_app_asks_for_it,
    our_cookies_never_reach_the_app_and_others_pass_unchanged,
    the_app_cannot_set_our_cookies,
    the_app_cannot_undo_what_the_gateway_relies_on,
    what_the_app_says_of_its_own_security_stays,
    the_upstreams_own_address_in_a_redirect_becomes_the_origin,
    values_outside_ascii_are_percent_encoded,
    the_assertion_is_signed_with_the_published_key,
}

const PUBLIC: &str = "version: 1\nrules:\n  - { name: open, match: { path: /open/ }, allow: public }\n";

async fn identity_headers_of_a_client_are_replaced_in_every_spelling(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let spellings = [
        "X-Auth-User",
        "x-auth-user",
        "X-AUTH-USER",
        "X_Auth_User",
        "x-auth_user",
        "X.Auth.User",
        "X_AUTH-USER",
        "x.auth_user",
    ];
    for name in spellings {
        let answer = alice.send(Ask::navigate("/who").header(name, "root").header(name, "admin")).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        let seen = gateway.upstream.last();
        assert_eq!(seen.header("x-auth-user"), Some("alice"), "{name}");
        assert!(!seen.head.contains("root") && !seen.head.contains("admin"), "{name}: {}", seen.head);
    }
    for name in ["X-Auth-Groups", "X_Auth_Email", "x.auth.assertion"] {
        alice.send(Ask::navigate("/who").header(name, "forged")).await;
        assert!(!gateway.upstream.last().head.contains("forged"), "{name}");
    }
}

async fn identity_headers_are_removed_where_there_is_nothing_to_set(store: Store) {
    let gateway = Plan::on(store).start().await;
    gateway.add_user("alice", &[]);
    let mut alice = gateway.alice().await;
    alice.send(Ask::navigate("/").header("X-Auth-Groups", "admin").header("x_auth_groups", "admin")).await;
    assert!(!gateway.upstream.last().head.contains("admin"));
}

async fn identity_headers_are_removed_on_public_routes(store: Store) {
    let gateway = Gateway::with_alice(store, PUBLIC).await;
    let alice = gateway.alice().await;
    for visitor in [gateway.visitor(), alice] {
        for method in ["GET", "OPTIONS"] {
            let ask = Ask::program("/open/x").method(method).header("Origin", "https://evil.example");
            let ask = ask
                .header("X-Auth-User", "root")
                .header("X_Auth_Groups", "admin")
                .header("X-Auth-Assertion", "e30.e30.x");
            assert_eq!(visitor.clone().send(ask).await.status, 200);
            let seen = gateway.upstream.last();
            let identity = ["auth-user", "auth_user", "auth-groups", "auth_groups", "assertion", "auth-email"];
            assert!(!identity.iter().any(|i| seen.head.to_lowercase().contains(i)), "{}", seen.head);
        }
    }
}

async fn a_connection_header_cannot_remove_ours(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    for nominated in
        ["close, X-Auth-User", "X-Auth-Groups", "Keep-Alive, X-Auth-Assertion", "X-Forwarded-For", "Cookie"]
    {
        gateway.upstream.forget();
        let answer = alice.send(Ask::navigate("/").header("Connection", nominated).header("X-Auth-User", "root")).await;
        if answer.status == 200 {
            let seen = gateway.upstream.last();
            assert_eq!(seen.header("x-auth-user"), Some("alice"), "{nominated}");
            assert!(seen.header("x-auth-groups").is_some() && seen.header("x-auth-assertion").is_some(), "{nominated}");
            assert!(seen.header("x-forwarded-for").is_some(), "{nominated}");
        } else {
            assert_eq!((answer.status, gateway.upstream.count()), (400, 0), "{nominated}");
        }
    }
}

async fn trailers_cannot_carry_identity(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let head =
        alice.head(&Ask::bare("POST", "/post").header("Transfer-Encoding", "chunked").header("Trailer", "X-Auth-User"));
    let reaction =
        gateway.react(&format!("{head}2\r\nab\r\n0\r\nX-Auth-User: root\r\nX_Auth_User: root\r\n\r\n")).await;
    assert_eq!(reaction.statuses().first(), Some(&200));
    let seen = gateway.upstream.last();
    assert_eq!((seen.header("x-auth-user"), seen.body.as_slice()), (Some("alice"), &b"ab"[..]));
    assert!(!seen.head.contains("root"));
}

const MISLEADING: [&str; 18] = [
    "X-Original-URL",
    "X-Original-URI",
    "X-Rewrite-URL",
    "X-HTTP-Method",
    "X-HTTP-Method-Override",
    "X-Method-Override",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Uri",
    "X-Forwarded-Method",
    "X-Forwarded-User",
    "X-Forwarded-Prefix",
    "Forwarded",
    "X-Real-IP",
    "X-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
];

async fn headers_that_tell_another_path_or_address_are_removed(store: Store) {
    let gateway = Gateway::with_alice(store, PUBLIC).await;
    let mut alice = gateway.alice().await;
    let mut ask = Ask::navigate("/who");
    for name in MISLEADING {
        ask = ask.header(name, "/open/forged").header(&name.replace('-', "_"), "/open/forged");
    }
    assert_eq!(alice.send(ask.clone()).await.status, 200);
    let seen = gateway.upstream.last();
    assert!(!seen.head.contains("forged"), "{}", seen.head);
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.header("x-forwarded-proto"), Some("http"));
    assert_eq!(seen.header("x-forwarded-host"), Some(gateway.authority()));
    assert!(seen.header("forwarded").is_some_and(|f| f.contains("127.0.0.1")), "{}", seen.head);
    // and they open no door
    assert_eq!(gateway.visitor().send(ask).await.status, 303);
}

async fn a_header_passes_where_the_app_asks_for_it(store: Store) {
    let gateway = Plan::on(store).app("pass_headers: [X-HTTP-Method-Override]").start().await;
    gateway.add_user("alice", &["staff"]);
    let ask = Ask::navigate("/").header("X-HTTP-Method-Override", "PATCH").header("X-Real-IP", "192.0.2.1");
    gateway.alice().await.send(ask).await;
    let seen = gateway.upstream.last();
    assert_eq!(seen.header("x-http-method-override"), Some("PATCH"));
    assert!(!seen.head.contains("192.0.2.1"));
}

async fn our_cookies_never_reach_the_app_and_others_pass_unchanged(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let ours = alice.cookie_name();
    let line = format!(
        "a=\"b;c\"; {ours}-pending=x; theme=dark=er; {ours}-device=y; odd; {ours}-form=z; __Host-portcullis=w; d="
    );
    let token = alice.session_cookie().unwrap().to_string();
    alice.cookies.clear();
    let answer = alice.send(Ask::navigate("/").header("Cookie", &format!("{ours}={token}; {line}"))).await;
    assert_eq!(answer.status, 200);
    let cookies = gateway.upstream.last().all("cookie").join("; ");
    assert!(!cookies.contains("portcullis") && !cookies.contains(&token), "{cookies}");
    assert_eq!(cookies, "a=\"b;c\"; theme=dark=er; odd; d=");
    let mut alone = gateway.alice().await;
    alone.get("/").await;
    assert_eq!(gateway.upstream.last().header("cookie"), None, "nothing is left of a header with ours only");
}

async fn the_app_cannot_set_our_cookies(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let ours = alice.cookie_name();
    let lines = [
        format!("{ours}=evil; Path=/"),
        format!("{}=evil", ours.to_uppercase()),
        format!("{ours}-pending=evil"),
        format!(" {ours}-form=evil"),
        "__Host-portcullis=evil; Path=/; Secure".to_string(),
        "__HOST-Portcullis-device=evil; Path=/; Secure".to_string(),
        format!("={ours}=evil"),
        ours.to_string(),
    ];
    let headers: String = lines.iter().map(|l| format!("Set-Cookie: {l}\r\n")).collect();
    gateway.upstream.answer_with("/login", &format!("{headers}Set-Cookie: app=1; Path=/\r\n"));
    let before = alice.session_cookie().unwrap().to_string();
    let answer = alice.get("/login").await;
    assert_eq!(answer.all("set-cookie"), ["app=1; Path=/"]);
    assert_eq!(alice.session_cookie(), Some(before.as_str()));
}

async fn the_app_cannot_undo_what_the_gateway_relies_on(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let headers = "Alt-Svc: h3=\":443\"\r\nNEL: {}\r\nReport-To: {}\r\nService-Worker-Allowed: /\r\nClear-Site-Data: \"cookies\"\r\n";
    gateway.upstream.answer_with("/odd", headers);
    let answer = alice.get("/odd").await;
    for name in ["alt-svc", "nel", "report-to", "service-worker-allowed", "clear-site-data"] {
        assert_eq!(answer.header(name), None);
    }
    gateway.upstream.answer_with("/all", "Clear-Site-Data: \"*\"\r\n");
    assert_eq!(alice.get("/all").await.header("clear-site-data"), None);
    gateway.upstream.answer_with("/cache", "Clear-Site-Data: \"cache\"\r\n");
    assert_eq!(alice.get("/cache").await.header("clear-site-data"), Some("\"cache\""));
    // a worker above our prefix would see our pages: it gets a script of ours instead of the app's
    let script = alice.send(Ask::bare("GET", "/sw.js").header("Service-Worker", "script")).await;
    assert!(script.text().contains("unregister"), "{}", script.text());
}

async fn what_the_app_says_of_its_own_security_stays(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let own = "Content-Security-Policy: default-src 'self'\r\nStrict-Transport-Security: max-age=63072000; preload\r\n\
               Cache-Control: public, max-age=60\r\nX-Frame-Options: SAMEORIGIN\r\n";
    gateway.upstream.answer_with("/own", own);
    let answer = gateway.alice().await.get("/own").await;
    assert_eq!(answer.header("content-security-policy"), Some("default-src 'self'"));
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000; preload"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=60"));
    assert_eq!(answer.header("x-frame-options"), Some("SAMEORIGIN"));
}

async fn the_upstreams_own_address_in_a_redirect_becomes_the_origin(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let up = gateway.upstream.address;
    let redirect = |to: &str| format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
    gateway.upstream.answer("/r", &redirect(&format!("http://{up}/next?a=b")));
    gateway.upstream.answer("/away", &redirect("https://elsewhere.example/x"));
    let mut alice = gateway.alice().await;
    assert_eq!(alice.get("/r").await.header("location"), Some(format!("{}/next?a=b", gateway.origin).as_str()));
    assert_eq!(alice.get("/away").await.header("location"), Some("https://elsewhere.example/x"));
}

async fn values_outside_ascii_are_percent_encoded(store: Store) {
    let gateway = Plan::on(store).start().await;
    let password = gateway.secret_file("password", crate::support::PASSWORD);
    let file = password.to_str().unwrap();
    gateway.succeed(&["user", "add", "zoë", "--email", "z@example.com", "--group", "équipe", "--password-file", file]);
    for bad in ["a b", "a\nb", "a\r\nX-Auth-User: root", "a,b", "a@b", ""] {
        assert!(
            !gateway.cli(&["user", "add", bad, "--email", "q@example.com", "--password-file", file]).status.success()
        );
    }
    let comma = ["user", "add", "carl", "--email", "c@example.com", "--group", "a,b", "--password-file", file];
    assert!(!gateway.cli(&comma).status.success(), "a comma would make two groups of one");
    let mut zoe = gateway.visitor();
    zoe.sign_in("zoë").await;
    let seen = gateway.upstream.last();
    assert_eq!(seen.header("x-auth-user"), Some("zo%C3%AB"));
    assert_eq!(seen.header("x-auth-groups"), Some("%C3%A9quipe"));
}

async fn the_assertion_is_signed_with_the_published_key(store: Store) {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    gateway.alice().await.get("/").await;
    let token = gateway.upstream.last().header("x-auth-assertion").unwrap().to_string();
    let published = gateway.visitor().send(Ask::program("/.portcullis/jwks.json")).await;
    let keys: JwkSet = serde_json::from_slice(&published.body).unwrap();
    assert!(!published.text().contains("\"d\""), "no private part");
    let kid = decode_header(&token).unwrap().kid.expect("a key id");
    let key = DecodingKey::from_jwk(keys.find(&kid).expect("the key is published")).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&["app"]);
    rules.set_issuer(&[&gateway.origin]);
    let claims = decode::<serde_json::Value>(&token, &key, &rules).unwrap().claims;
    assert_eq!((&claims["acr"], &claims["groups"]), (&"urn:portcullis:one".into(), &serde_json::json!(["staff"])));
    let life = claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap();
    assert!(life <= 60 && claims["jti"].is_string() && claims["auth_time"].is_number(), "{claims}");
    assert!(!claims["sub"].as_str().unwrap().contains("alice"), "the id, which is never used again");
}
