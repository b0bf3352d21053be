//! The authenticator app: setting it up, its codes, and codes that must not work.

use crate::support::client::{form_token, typed_key};
use crate::support::{Answer, Ask, Authenticator, Gateway, MFA_ON, MFA_ON_LOOSE, Store, Visitor, on_both_stores, otp};
use regex::Regex;

on_both_stores! {
    enrolling_lets_in_and_the_next_sign_in_asks_for_a_code,
    the_set_up_page_shows_one_key_in_groups_of_four,
    an_abandoned_enrolment_asks_for_nothing,
    a_wrong_code_confirms_nothing,
    the_key_is_never_shown_again,
    codes_of_one_step_before_and_after_are_good_and_no_others,
    a_used_code_is_refused_with_a_reason_in_every_spelling,
    a_used_code_is_refused_after_a_restart,
    an_earlier_code_is_refused_after_a_later_one,
    the_code_that_confirmed_the_enrolment_is_used,
    odd_codes_are_refused_and_count_once,
    five_wrong_codes_end_the_sign_in,
    whose_code_it_is_is_said_by_the_pending_sign_in_alone,
    a_session_of_one_factor_is_asked_the_second_and_its_code_is_used,
    enrolling_once_more_is_refused,
    the_store_holds_no_key,
    what_the_client_says_of_the_time_counts_for_nothing,
}

/// Alice with an authenticator whose first code is one step old, so that two more are good at once.
async fn enrolled(gateway: &Gateway) -> Authenticator {
    gateway.visitor().enrol("alice").await
}

async fn at_challenge(gateway: &Gateway) -> (Visitor, Answer) {
    let mut visitor = gateway.visitor();
    let page = visitor.reach_challenge("alice").await;
    (visitor, page)
}

async fn enrolling_lets_in_and_the_next_sign_in_asks_for_a_code(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let mut app = alice.enrol("alice").await;
    assert!(alice.is_in().await);
    gateway.upstream.forget();
    let (mut again, page) = at_challenge(&gateway).await;
    assert!(!again.is_in().await);
    assert_eq!(gateway.upstream.count(), 0);
    let before = again.pending_cookie().unwrap().to_string();
    let answer = again.give_code(&page, &app.next_code().await).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    again.follow_all(answer).await;
    assert!(again.is_in().await);
    assert_ne!(again.session_cookie(), Some(before.as_str()));
    assert_eq!(again.pending_cookie(), None, "the pending sign-in is gone");
    let assertion = gateway.upstream.last().header("x-auth-assertion").unwrap().to_string();
    let claims = claims(&assertion);
    assert_eq!(claims["acr"], "urn:portcullis:two");
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
}

fn claims(jwt: &str) -> serde_json::Value {
    let part = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap()
}

async fn the_set_up_page_shows_one_key_in_groups_of_four(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let answer = alice.give_password("alice", crate::support::PASSWORD, "/").await;
    let page = alice.follow(&answer).await;
    let key = typed_key(&page);
    assert!(key.len() == 32 && key.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)), "{key}");
    assert!(page.text().contains("<svg"), "the QR code is inline");
    let groups =
        Regex::new(r"(?s)class=.key.[^>]*>(.*?)</code>").unwrap().captures(&page.text()).unwrap()[1].to_string();
    assert_eq!(groups.matches("<span>").count(), 8, "groups of four: {groups}");
    let uri = Regex::new(
        r#"href="otpauth://totp/([^:?"]+):[^?"]+\?secret=([A-Z2-7]+)&#38;issuer=([^&"]+)&#38;algorithm=SHA1&#38;digits=6&#38;period=30""#,
    );
    let text = page.text();
    let uri = uri.unwrap().captures(&text).unwrap_or_else(|| panic!("no key URI on {text}"));
    assert_eq!((&uri[1], &uri[2]), (&uri[3], key.as_str()));
    for name in ["Google Authenticator", "Microsoft Authenticator", "Authy", "1Password", "Bitwarden"] {
        assert!(page.text().contains(name), "{name}");
    }
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    let reloaded = alice.get("/.portcullis/set-up").await;
    assert_eq!(typed_key(&reloaded), key, "a reload shows the same one");
    assert_eq!(alice.confirm(&page, &otp::Authenticator::of_key(&key).code_at(0)).await.status, 303);
}

async fn an_abandoned_enrolment_asks_for_nothing(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let page = alice.get("/.portcullis/set-up?to=%2F").await;
    let abandoned = Authenticator::of_key(&typed_key(&page));
    let mut again = gateway.alice().await;
    assert!(again.is_in().await, "no code is asked");
    // nor does the code of a key that was never confirmed open anything
    let token = form_token(&page);
    let fields = [("form_token", token.as_str()), ("code", &abandoned.code_at(0))];
    gateway.visitor().send(Ask::form("/.portcullis/challenge", &fields)).await;
    assert!(!gateway.visitor().is_in().await);
}

async fn a_wrong_code_confirms_nothing(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let answer = alice.give_password("alice", crate::support::PASSWORD, "/").await;
    let page = alice.follow(&answer).await;
    let app = Authenticator::of_key(&typed_key(&page));
    let wrong = alice.confirm(&page, &app.code_at(40)).await;
    assert_ne!(wrong.status, 303, "{}", wrong.head);
    assert!(!alice.is_in().await);
    let mut again = gateway.visitor();
    let answer = again.give_password("alice", crate::support::PASSWORD, "/").await;
    assert!(again.target_of(&answer).starts_with("/.portcullis/set-up"), "still not enrolled");
}

async fn the_key_is_never_shown_again(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let app = alice.enrol("alice").await;
    for path in ["/.portcullis/", "/.portcullis/set-up", "/.portcullis/challenge", "/.portcullis/sign-out"] {
        let page = alice.get(path).await;
        let shown = format!("{}{}", page.head, page.text().replace([' ', '\n'], ""));
        assert!(!shown.contains(&app.base32) && !shown.contains("<svg"), "{path}");
    }
    let said = gateway.succeed(&["user", "show", "alice"]) + &gateway.succeed(&["user", "list", "--json"]);
    assert!(!said.contains(&app.base32) && !gateway.log().contains(&app.base32));
}

async fn codes_of_one_step_before_and_after_are_good_and_no_others(store: Store) {
    for (steps, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let gateway = Gateway::with_alice(store, MFA_ON).await;
        otp::steady(15).await;
        let mut alice = gateway.visitor();
        let answer = alice.give_password("alice", crate::support::PASSWORD, "/").await;
        let page = alice.follow(&answer).await;
        let app = Authenticator::of_key(&typed_key(&page));
        let confirmed = alice.confirm(&page, &app.code_at(steps)).await.status == 303;
        assert_eq!(confirmed, good, "the code {steps} steps from now");
    }
}

async fn a_used_code_is_refused_with_a_reason_in_every_spelling(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON_LOOSE).await;
    let mut app = enrolled(&gateway).await;
    let (mut first, page) = at_challenge(&gateway).await;
    let code = app.next_code().await;
    let (a, b) = code.split_at(3);
    assert_eq!(first.give_code(&page, &format!(" {a} {b}\n")).await.status, 303, "blanks are no part of a code");
    let arabic: String = code.bytes().map(|d| char::from_u32(0x660 + u32::from(d - b'0')).unwrap()).collect();
    for spelling in [code.clone(), format!("{a} {b}"), format!("{a}\u{a0}{b}"), format!("{a}-{b}"), arabic] {
        let (mut second, page) = at_challenge(&gateway).await;
        let answer = second.give_code(&page, &spelling).await;
        assert_ne!(answer.status, 303, "{spelling:?}");
        assert!(second.session_cookie().is_none(), "{spelling:?}");
    }
    let (mut second, page) = at_challenge(&gateway).await;
    let answer = second.give_code(&page, &code).await;
    assert!(answer.text().to_lowercase().contains("next code"), "{}", answer.text());
}

async fn a_used_code_is_refused_after_a_restart(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut app = enrolled(&gateway).await;
    let (mut first, page) = at_challenge(&gateway).await;
    let code = app.next_code().await;
    assert_eq!(first.give_code(&page, &code).await.status, 303);
    gateway.kill();
    gateway.run().await;
    assert!(first.is_in().await, "sessions outlive a restart");
    let (mut second, page) = at_challenge(&gateway).await;
    assert_ne!(second.give_code(&page, &code).await.status, 303);
}

async fn an_earlier_code_is_refused_after_a_later_one(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    otp::steady(20).await;
    let app = enrolled(&gateway).await;
    let (mut first, page) = at_challenge(&gateway).await;
    assert_eq!(first.give_code(&page, &app.code_at(1)).await.status, 303);
    let (mut second, page) = at_challenge(&gateway).await;
    assert_ne!(second.give_code(&page, &app.code_at(0)).await.status, 303, "never used, but too late");
}

async fn the_code_that_confirmed_the_enrolment_is_used(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    otp::steady(15).await;
    let app = enrolled(&gateway).await;
    let (mut again, page) = at_challenge(&gateway).await;
    assert_ne!(again.give_code(&page, &app.code_at(-1)).await.status, 303);
    assert_eq!(again.give_code(&page, &app.code_at(0)).await.status, 303);
}

async fn odd_codes_are_refused_and_count_once(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON_LOOSE).await;
    let mut app = enrolled(&gateway).await;
    let long = "1".repeat(100_000);
    let odd = ["", "null", "true", "[]", "{}", "000000", "12345", "1234567", "１２３４５６", "0x1234", &long];
    for code in odd {
        let (mut visitor, page) = at_challenge(&gateway).await;
        let answer = visitor.give_code(&page, code).await;
        assert!((200..500).contains(&answer.status) && answer.status != 303, "{code:.20}: {}", answer.head);
        assert!(visitor.session_cookie().is_none());
        let answer = visitor.give_code(&page, "000000").await;
        assert!(
            answer.status != 303 && answer.text().contains("one-time-code"),
            "one odd code does not end it: {code:.20}"
        );
    }
    let (mut visitor, page) = at_challenge(&gateway).await;
    let token = form_token(&page);
    for body in ["", "code[]=1", &format!("form_token={token}&code=1&code=2"), &format!("form_token={token}")] {
        let ask = Ask::form("/.portcullis/challenge", &[]).body(body.as_bytes());
        let answer = visitor.send(ask).await;
        assert!((200..500).contains(&answer.status) && answer.status != 303, "{body}: {}", answer.head);
    }
    assert_eq!(visitor.give_code(&page, &app.next_code().await).await.status, 303);
}

async fn five_wrong_codes_end_the_sign_in(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut app = enrolled(&gateway).await;
    let (mut visitor, page) = at_challenge(&gateway).await;
    let old = visitor.pending_cookie().unwrap().to_string();
    for _ in 0..5 {
        assert_ne!(visitor.give_code(&page, "000000").await.status, 500);
    }
    assert_eq!(visitor.pending_cookie(), None, "its cookie is removed");
    visitor.keep(&format!("{}-pending", visitor.cookie_name()), &old);
    visitor.give_code(&page, &app.next_code().await).await;
    assert!(!visitor.is_in().await, "the right code comes too late");
}

async fn whose_code_it_is_is_said_by_the_pending_sign_in_alone(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    gateway.add_user("bob", &["staff"]);
    let mut app_of_bob = gateway.visitor().enrol("bob").await;
    enrolled(&gateway).await;
    let (mut alice, page) = at_challenge(&gateway).await;
    let token = form_token(&page);
    let code = app_of_bob.next_code().await;
    let fields = [("form_token", token.as_str()), ("code", &code), ("user_id", "bob"), ("username", "bob")];
    let answer = alice.send(Ask::form("/.portcullis/challenge", &fields)).await;
    assert_ne!(answer.status, 303);
    assert!(alice.session_cookie().is_none());
    // nor does the form of one browser's sign-in work in another's
    let mut bob = gateway.visitor();
    bob.reach_challenge("bob").await;
    let answer = bob.send(Ask::form("/.portcullis/challenge", &[("form_token", &token), ("code", &code)])).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
}

async fn a_session_of_one_factor_is_asked_the_second_and_its_code_is_used(store: Store) {
    let two = "version: 1\nmfa: { require: off }\nrules:\n  - { name: vault, match: { path: /vault/ }, require: { factors: two } }\n";
    let gateway = Gateway::with_alice(store, two).await;
    otp::steady(20).await;
    let mut alice = gateway.alice().await;
    let led = alice.get("/vault/").await;
    let page = alice.follow(&led).await;
    let app = alice.confirm_set_up(&page).await;
    assert_eq!(alice.get("/vault/").await.status, 200);
    let mut again = gateway.alice().await;
    let before = again.session_cookie().unwrap().to_string();
    let led = again.get("/vault/door").await;
    assert!(again.target_of(&led).starts_with("/.portcullis/challenge"), "{}", led.head);
    let page = again.follow(&led).await;
    let code = app.code_at(0);
    let answer = again.give_code(&page, &code).await;
    let arrived = again.follow_all(answer).await;
    assert_eq!(arrived.text(), "hello from the app: /vault/door\n");
    assert_ne!(again.session_cookie(), Some(before.as_str()), "the token changes with the privilege");
    let mut third = gateway.alice().await;
    let led = third.get("/vault/").await;
    let page = third.follow(&led).await;
    assert_ne!(third.give_code(&page, &code).await.status, 303, "a code of a step-up is used like any other");
}

async fn enrolling_once_more_is_refused(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    alice.enrol("alice").await;
    let page = alice.get("/.portcullis/set-up").await;
    assert_eq!(page.status, 409);
    let words = "Multi-factor authentication is already on. Turn it off first to set it up again.";
    assert!(page.text().contains(words), "{}", page.text());
    // a sign-in with the password alone cannot reach it either
    let (mut half, _) = at_challenge(&gateway).await;
    let page = half.get("/.portcullis/set-up").await;
    assert!(!page.text().contains("id=\"key\""), "{}", page.text());
}

async fn the_store_holds_no_key(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let app = enrolled(&gateway).await;
    let dump = gateway.dump().await;
    let secret = data_encoding::BASE32_NOPAD.decode(app.base32.as_bytes()).unwrap();
    let forms =
        [app.base32.clone().into_bytes(), secret.clone(), data_encoding::BASE64_NOPAD.encode(&secret).into_bytes()];
    assert!(dump.windows(5).any(|w| w == b"alice"));
    assert!(!forms.iter().any(|form| dump.windows(form.len()).any(|w| w == form)));
}

async fn what_the_client_says_of_the_time_counts_for_nothing(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let app = enrolled(&gateway).await;
    let (mut visitor, page) = at_challenge(&gateway).await;
    let token = form_token(&page);
    let code = app.code_at(-10);
    let then = (std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() - 300).to_string();
    let fields = [("form_token", token.as_str()), ("code", &code), ("time", &then), ("timestamp", &then)];
    let answer = visitor.send(Ask::form("/.portcullis/challenge", &fields).header("Date", &then)).await;
    assert_eq!(answer.status, 422, "{}", answer.head);
}
