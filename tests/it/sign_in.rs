//! A stranger is stopped, signs in with a password and reaches the app, which learns who it is.

use crate::support::{Ask, Gateway, PASSWORD, Plan, Store, on_both_stores};
use regex::Regex;

on_both_stores! {
    a_stranger_is_led_to_sign_in_and_the_upstream_hears_nothing,
    the_password_alone_reaches_the_app_where_it_is_enough,
    signing_in_leads_back_to_the_page_that_was_asked_for,
    the_upstream_learns_who_it_is,
    either_name_or_e_mail_is_typed_in_any_case,
    an_unknown_name_and_a_wrong_password_look_the_same,
    a_session_of_one_origin_or_of_rubbish_opens_nothing,
    a_planted_cookie_never_becomes_the_session,
    a_request_that_is_not_a_form_of_our_own_page_signs_nobody_in,
    a_success_redirect_followed_by_hand_opens_nothing,
    the_store_holds_no_password_and_no_token,
}

async fn a_stranger_is_led_to_sign_in_and_the_upstream_hears_nothing(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut stranger = gateway.visitor();
    let answer = stranger.get("/reports?year=2026&q=a%20b").await;
    assert_eq!(answer.status, 303);
    let target = stranger.target_of(&answer);
    assert!(target.starts_with("/.portcullis/sign-in?to="), "{target}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let page = stranger.follow(&answer).await;
    assert_eq!(page.status, 200);
    for word in ["name=\"username\"", "autocomplete=\"username\"", "autocomplete=\"current-password\""] {
        assert!(page.text().contains(word), "{word} is not on\n{}", page.text());
    }
    assert!(stranger.cookies.is_empty(), "a stranger costs nothing: {:?}", stranger.cookies);
    assert_eq!(gateway.upstream.count(), 0);
}

async fn the_password_alone_reaches_the_app_where_it_is_enough(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.visitor();
    alice.sign_in("alice").await;
    let page = alice.get("/inside").await;
    assert_eq!((page.status, page.text().as_str()), (200, "hello from the app: /inside\n"));
    assert_eq!(page.header("cache-control"), Some("private"), "{}", page.head);
}

async fn signing_in_leads_back_to_the_page_that_was_asked_for(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.visitor();
    let stopped = alice.get("/reports?year=2026&q=a%20b").await;
    let page = alice.follow(&stopped).await;
    let field = Regex::new(r#"name="to"[^>]*value="([^"]*)""#).unwrap();
    let to = field.captures(&page.text()).expect("the field `to`")[1].replace("&#38;", "&");
    let answer = alice.give_password("alice", PASSWORD, &to).await;
    let page = alice.follow_all(answer).await;
    assert_eq!(page.text(), "hello from the app: /reports?year=2026&q=a%20b\n");
}

async fn the_upstream_learns_who_it_is(store: Store) {
    let gateway = Plan::on(store).start().await;
    gateway.add_user("alice", &["staff", "audit"]);
    gateway.alice().await.get("/who").await;
    let seen = gateway.upstream.last();
    assert_eq!(seen.header("x-auth-user"), Some("alice"));
    assert_eq!(seen.header("x-auth-groups"), Some("audit,staff"));
    assert_eq!(seen.header("x-auth-email"), Some("alice@example.com"));
    assert_eq!(seen.header("x-auth-assertion").map(|a| a.split('.').count()), Some(3), "{}", seen.head);
    assert_eq!(seen.header("host"), Some(gateway.authority()));
}

async fn either_name_or_e_mail_is_typed_in_any_case(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    for typed in ["alice", "ALICE", "Alice@Example.COM", " alice "] {
        let mut visitor = gateway.visitor();
        let answer = visitor.give_password(typed, PASSWORD, "/").await;
        assert_eq!(answer.status, 303, "{typed:?}: {}", answer.text());
        assert!(visitor.session_cookie().is_some(), "{typed:?}");
    }
    assert!(!gateway.cli(&["user", "add", "ALICE", "--email", "other@example.com"]).status.success());
    assert!(!gateway.cli(&["user", "add", "other", "--email", "ALICE@example.com"]).status.success());
}

async fn an_unknown_name_and_a_wrong_password_look_the_same(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    // the typed name may stand in the field again, and a request id differs
    let varying = Regex::new(r#"value="[^"]*"|(?im)^(date|x-request-id|content-length):.*$"#).unwrap();
    let mut looks = Vec::new();
    for (name, password) in [("alice", "a wrong password of some length"), ("nobody", PASSWORD), ("a\0b", PASSWORD)] {
        let mut visitor = gateway.visitor();
        let answer = visitor.give_password(name, password, "/").await;
        assert!(visitor.cookies.is_empty(), "{name:?} got {:?}", visitor.cookies);
        let shown = |text: &str| varying.replace_all(text, "").into_owned();
        looks.push((answer.status, shown(&answer.head), shown(&answer.text())));
    }
    assert!((200..500).contains(&looks[0].0), "{}", looks[0].0);
    assert_eq!(looks[0], looks[1]);
    assert_eq!(looks[0], looks[2]);
}

async fn a_session_of_one_origin_or_of_rubbish_opens_nothing(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let good = alice.session_cookie().unwrap().to_string();
    let mut flipped = good.clone().into_bytes();
    flipped[good.len() / 2] = if flipped[good.len() / 2] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let long = "A".repeat(8192);
    let (tail, head) = (good.get(1..).unwrap(), good.get(..good.len() - 1).unwrap());
    gateway.upstream.forget();
    for value in ["", " ", "x", "\"", "%00", "a.b.c", "é", tail, head, &flipped, &long, "4294967295"] {
        let mut visitor = gateway.visitor();
        visitor.keep(&alice.cookie_name(), value);
        let answer = visitor.get("/").await;
        assert_eq!(answer.status, 303, "{value:?}: {}", answer.text());
    }
    for cookies in [vec![&good, &flipped], vec![&good, &good]] {
        let both: Vec<_> = cookies.iter().map(|v| format!("{}={v}", alice.cookie_name())).collect();
        let answer = gateway.visitor().send(Ask::navigate("/").header("Cookie", &both.join("; "))).await;
        assert_eq!(answer.status, 303, "two cookies of our name count as none");
    }
    let other_case = format!("{}={good}", alice.cookie_name().to_uppercase());
    let answer = gateway.visitor().send(Ask::navigate("/").header("Cookie", &other_case)).await;
    assert_eq!(answer.status, 303, "names are told apart by case");
    assert_eq!(gateway.upstream.count(), 0);
}

async fn a_planted_cookie_never_becomes_the_session(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mallory = gateway.alice().await;
    let planted = mallory.session_cookie().unwrap().to_string();
    let mut alice = gateway.visitor();
    alice.keep(&mallory.cookie_name(), "planted-by-somebody-in-the-middle");
    alice.sign_in("alice").await;
    assert_ne!(alice.session_cookie(), Some("planted-by-somebody-in-the-middle"));
    // a real session of the attacker's, planted before the victim signs in, is not the one the victim gets
    let mut alice = gateway.visitor();
    alice.keep(&mallory.cookie_name(), &planted);
    alice.sign_in("alice").await;
    assert_ne!(alice.session_cookie(), Some(planted.as_str()));
}

async fn a_request_that_is_not_a_form_of_our_own_page_signs_nobody_in(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let form = || Ask::form("/.portcullis/sign-in", &[("username", "alice"), ("password", PASSWORD), ("to", "/")]);
    let refused = [
        ("another site", form().set("Sec-Fetch-Site", "cross-site").set("Origin", "https://evil.example")),
        ("a sibling", form().set("Sec-Fetch-Site", "same-site").set("Origin", "http://other.localhost")),
        ("a foreign origin of an old browser", form().without_fetch_metadata().set("Origin", "https://evil.example")),
        ("no origin at all", form().without_fetch_metadata().without("Origin")),
        ("an opaque origin", form().without_fetch_metadata().set("Origin", "null")),
        ("a script", form().set("Sec-Fetch-Mode", "cors").set("Sec-Fetch-Dest", "empty")),
        ("a frame", form().set("Sec-Fetch-Dest", "iframe")),
    ];
    for (what, ask) in refused {
        let mut visitor = gateway.visitor();
        let answer = visitor.send(ask).await;
        assert_eq!(answer.status, 403, "{what}: {}", answer.text());
        assert!(visitor.cookies.is_empty(), "{what}");
    }
    let mut old_browser = gateway.visitor();
    old_browser.send(form().without_fetch_metadata()).await;
    assert!(old_browser.session_cookie().is_some(), "a browser without Fetch Metadata signs in by its Origin");
}

async fn a_success_redirect_followed_by_hand_opens_nothing(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut stranger = gateway.visitor();
    let page = stranger.get("/.portcullis/arrived?to=%2Finside").await;
    assert!(page.status != 303 || !stranger.target_of(&page).starts_with("/inside"), "{}", page.head);
    assert!(!stranger.is_in().await);
    assert_eq!(gateway.upstream.count(), 0);
}

async fn the_store_holds_no_password_and_no_token(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let alice = gateway.alice().await;
    let token = alice.session_cookie().unwrap().to_string();
    let dump = gateway.dump().await;
    let has = |text: &str| dump.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(has("alice"), "the dump holds the account");
    assert!(has("$argon2id$v=19$m=19456,t=2,p=1$"), "the password is hashed as agreed");
    assert!(!has(PASSWORD) && !has(&token));
    assert!(!token.split(['.', '-', '_', '~']).any(|part| part.len() > 30 && has(part)), "part of the token is stored");
}
