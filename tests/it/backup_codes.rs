//! Backup codes: shown until they are said to be saved, each good once, and what who has lost the phone does with one.

use crate::support::client::{code_form, confirm_form, form_token, saved_form, shown_codes, typed_key};
use crate::support::{Answer, Ask, Authenticator, Gateway, MFA_ON, PASSWORD, Store, Visitor, on_both_stores};

on_both_stores! {
    codes_are_shown_until_they_are_ticked_and_then_never,
    who_never_ticks_gets_ten_new_ones_after_the_next_sign_in,
    a_backup_code_signs_in_once_in_any_spelling_and_never_after_a_restart,
    the_store_holds_no_backup_code,
    after_a_backup_code_the_password_replaces_the_authenticator,
    a_session_of_a_backup_code_gets_no_new_codes,
    new_codes_take_a_fresh_code_and_end_the_old_ones_at_once,
    turning_it_off_takes_a_fresh_code_and_the_policy_asks_again_at_once,
    changes_of_what_is_not_on_are_told_so,
    a_second_tab_and_the_back_button_meet_a_page_that_says_what_to_do,
    few_codes_left_are_said,
}

const CODES: &str = "/.portcullis/codes";

struct Enrolled {
    gateway: Gateway,
    alice: Visitor,
    app: Authenticator,
    codes: Vec<String>,
}

async fn enrolled(store: Store) -> Enrolled {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let (app, codes) = alice.enrol_with_codes("alice").await;
    Enrolled { gateway, alice, app, codes }
}

impl Enrolled {
    /// Signs in with a backup code; the browser and where it was led.
    async fn by_backup_code(&self, code: &str) -> (Visitor, Answer) {
        let mut visitor = self.gateway.visitor();
        let page = visitor.reach_backup("alice").await;
        let answer = visitor.give_code(&page, code).await;
        (visitor, answer)
    }
}

async fn codes_are_shown_until_they_are_ticked_and_then_never(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let answer = alice.give_password("alice", PASSWORD, "/inside").await;
    let page = alice.follow(&answer).await;
    let code = Authenticator::of_key(&typed_key(&page)).next_code().await;
    let answer = alice.send(confirm_form(&page, &code)).await;
    let page = alice.follow(&answer).await;
    let codes = shown_codes(&page);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(shown_codes(&alice.get(CODES).await), codes, "a reload shows them again");
    let token = form_token(&page);
    let file = alice.send(Ask::form(CODES, &[("action", "download"), ("form_token", &token)])).await;
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"backup-codes.txt\""));
    assert_eq!(file.header("cache-control"), Some("no-store"));
    assert!(codes.iter().all(|c| file.text().contains(c.as_str())), "{}", file.text());
    let forged = alice.send(Ask::form(CODES, &[("action", "download"), ("form_token", "AAAA")])).await;
    assert_eq!(forged.status, 403);
    let unticked = alice.send(Ask::form(CODES, &[("action", "saved"), ("form_token", &token)])).await;
    assert_eq!((unticked.status, shown_codes(&unticked)), (422, codes.clone()));
    let answer = alice.send(saved_form(&page)).await;
    assert_eq!(alice.follow_all(answer).await.text(), "hello from the app: /inside\n");
    for shown in [alice.get(CODES).await, alice.send(saved_form(&page)).await, alice.get("/.portcullis/").await] {
        assert!(shown.status < 500 && !codes.iter().any(|c| shown.text().contains(c.as_str())), "{}", shown.text());
    }
    assert!(!gateway.log().contains(&codes[0]) && !gateway.log().contains(&codes[0].replace('-', "")));
}

async fn who_never_ticks_gets_ten_new_ones_after_the_next_sign_in(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let answer = alice.give_password("alice", PASSWORD, "/").await;
    let page = alice.follow(&answer).await;
    let mut app = Authenticator::of_key(&typed_key(&page));
    let answer = alice.confirm(&page, &app.next_code().await).await;
    let old = shown_codes(&alice.follow(&answer).await);
    let mut next = gateway.visitor();
    let page = next.reach_challenge("alice").await;
    let answer = next.give_code(&page, &app.next_code().await).await;
    let page = next.follow(&answer).await;
    let new = shown_codes(&page);
    assert!(next.is_in().await, "nothing is held back meanwhile");
    assert!(new.iter().all(|c| !old.contains(c)));
    assert_eq!(alice.get(CODES).await.status, 410, "the old ones are shown no more");
    next.send(saved_form(&page)).await;
    for (code, good) in [(&old[0], false), (&new[0], true)] {
        let mut visitor = gateway.visitor();
        let page = visitor.reach_backup("alice").await;
        assert_eq!(visitor.give_code(&page, code).await.status == 303, good);
    }
}

async fn a_backup_code_signs_in_once_in_any_spelling_and_never_after_a_restart(store: Store) {
    let it = enrolled(store).await;
    let plain = it.codes[0].replace('-', "");
    let (mut first, answer) = it.by_backup_code(&format!(" {} ", it.codes[0].to_uppercase())).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = first.follow(&answer).await;
    assert!(page.text().contains("You have 9 backup codes left."), "{}", page.text());
    assert!(first.is_in().await);
    let assertion = it.gateway.upstream.last().header("x-auth-assertion").unwrap().to_string();
    let claims = data_encoding::BASE64URL_NOPAD.decode(assertion.split('.').nth(1).unwrap().as_bytes()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["acr"], "urn:portcullis:two");
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
    for spelling in [&it.codes[0], &plain] {
        assert_eq!(it.by_backup_code(spelling).await.1.status, 422, "{spelling}");
    }
    it.gateway.kill();
    it.gateway.run().await;
    assert!(first.is_in().await);
    assert_eq!(it.by_backup_code(&plain).await.1.status, 422);
    assert_eq!(it.by_backup_code(&it.codes[1]).await.1.status, 303);
}

async fn the_store_holds_no_backup_code(store: Store) {
    let it = enrolled(store).await;
    let dump = it.gateway.dump().await;
    let has = |text: &str| dump.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(has("alice"));
    for code in &it.codes {
        assert!(!has(code) && !has(&code.replace('-', "")), "{code}");
    }
}

async fn after_a_backup_code_the_password_replaces_the_authenticator(store: Store) {
    let mut it = enrolled(store).await;
    let (mut lost, answer) = it.by_backup_code(&it.codes[0]).await;
    let page = lost.follow(&answer).await;
    assert!(page.text().contains("href=\"/.portcullis/replace\""), "{}", page.text());
    let wrong = lost.change("/.portcullis/replace", "password", "a wrong password, long").await;
    assert_eq!(wrong.status, 422);
    let answer = lost.change("/.portcullis/replace", "password", PASSWORD).await;
    let page = lost.follow(&answer).await;
    assert_eq!(typed_key(&lost.get("/.portcullis/replace").await), typed_key(&page), "a reload shows the same key");
    let mut new = Authenticator::of_key(&typed_key(&page));
    let form = code_form(&page, &new.next_code().await);
    let answer = lost.send(form.to("/.portcullis/replace")).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(lost.is_in().await && !it.alice.is_in().await, "other sessions are over");
    let mut visitor = it.gateway.visitor();
    let page = visitor.reach_challenge("alice").await;
    assert_eq!(visitor.give_code(&page, &it.app.next_code().await).await.status, 422, "the old one is none");
    visitor.sign_in_with("alice", &mut new).await;
    assert_eq!(it.by_backup_code(&it.codes[1]).await.1.status, 303, "the codes that are left are still good");
}

async fn a_session_of_a_backup_code_gets_no_new_codes(store: Store) {
    let mut it = enrolled(store).await;
    let (mut lost, answer) = it.by_backup_code(&it.codes[0]).await;
    lost.follow(&answer).await;
    let page = lost.get("/.portcullis/codes/new").await;
    assert!(page.text().contains("<button disabled") && page.text().contains("signed in with a backup code"));
    let token = form_token(&lost.get("/.portcullis/").await);
    let code = it.app.next_code().await;
    let fields = [("form_token", token.as_str()), ("code", &code)];
    let answer = lost.send(Ask::form("/.portcullis/codes/new", &fields)).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("signed in with a backup code"), "{}", answer.text());
    let mut again = it.gateway.visitor();
    again.sign_in_with("alice", &mut it.app).await;
    let answer = again.change("/.portcullis/codes/new", "code", &it.app.next_code().await).await;
    assert_eq!(answer.status, 303, "who signs in with the present one may: {}", answer.text());
}

async fn new_codes_take_a_fresh_code_and_end_the_old_ones_at_once(store: Store) {
    let mut it = enrolled(store).await;
    let path = "/.portcullis/codes/new";
    assert_eq!(it.alice.change(path, "code", "000000").await.status, 422);
    assert_eq!(it.alice.change(path, "password", PASSWORD).await.status, 422, "the password is no fresh code");
    let code = it.app.next_code().await;
    let answer = it.alice.change(path, "code", &code).await;
    let page = it.alice.follow(&answer).await;
    let new = shown_codes(&page);
    let again = it.alice.change(path, "code", &code).await;
    assert_eq!(again.status, 422);
    assert!(again.text().contains("Wait for the next code"), "{}", again.text());
    assert_eq!(it.by_backup_code(&it.codes[0]).await.1.status, 422, "at once, before the tick");
    assert_eq!(it.by_backup_code(&new[0]).await.1.status, 303);
    assert_eq!(it.alice.send(Ask::form(path, &[("form_token", "AAAA"), ("code", "1")])).await.status, 403);
}

async fn turning_it_off_takes_a_fresh_code_and_the_policy_asks_again_at_once(store: Store) {
    let mut it = enrolled(store).await;
    let path = "/.portcullis/disable";
    assert_eq!(it.alice.change(path, "code", "000000").await.status, 422);
    let answer = it.alice.change(path, "code", &it.app.next_code().await).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let led = it.alice.get("/").await;
    assert!(it.alice.target_of(&led).starts_with("/.portcullis/set-up"), "{}", led.head);
    let mut visitor = it.gateway.visitor();
    let answer = visitor.give_password("alice", PASSWORD, "/").await;
    assert!(visitor.target_of(&answer).starts_with("/.portcullis/set-up"));
    // it can be set up again in this very session, with codes of its own
    let page = it.alice.follow(&led).await;
    let (_, codes) = it.alice.confirm_and_save(&page).await;
    assert!(it.alice.is_in().await && codes.iter().all(|c| !it.codes.contains(c)));
}

async fn changes_of_what_is_not_on_are_told_so(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let token = form_token(&alice.get("/.portcullis/").await);
    for path in ["/.portcullis/codes/new", "/.portcullis/replace", "/.portcullis/disable"] {
        let posted = Ask::form(path, &[("form_token", &token), ("code", "123456")]);
        for answer in [alice.get(path).await, alice.send(posted).await] {
            assert_eq!(answer.status, 409, "{path}");
            assert!(answer.text().contains("Multi-factor authentication is not on for your account."), "{path}");
        }
    }
}

async fn a_second_tab_and_the_back_button_meet_a_page_that_says_what_to_do(store: Store) {
    let mut it = enrolled(store).await;
    // the code that was sent twice: by a double click, or by going back to the form
    let mut visitor = it.gateway.visitor();
    let page = visitor.reach_challenge("alice").await;
    let form = code_form(&page, &it.app.next_code().await);
    let kept = visitor.clone();
    assert_eq!(visitor.send(form.clone()).await.status, 303);
    let late = kept.clone().send(form.clone()).await;
    let back = visitor.send(form).await;
    for answer in [late, back] {
        assert_eq!(answer.status, 410, "{}", answer.head);
        assert!(answer.text().contains("finished in another tab"), "{}", answer.text());
    }
    // an expired or finished sign-in, a page of codes in a browser that knows nothing
    for path in [CODES, "/.portcullis/replace", "/.portcullis/disable", "/.portcullis/codes/new"] {
        let answer = it.gateway.visitor().get(path).await;
        assert_eq!(answer.status, 410, "{path}");
        assert!(answer.text().contains("Sign in again"), "{path}");
    }
    // a second sign-in in another tab takes the place of the first
    let mut tabs = it.gateway.visitor();
    let first = tabs.reach_challenge("alice").await;
    tabs.reach_challenge("alice").await;
    assert_eq!(tabs.give_code(&first, "000000").await.status, 403, "the form of the first is none of the second");
}

async fn few_codes_left_are_said(store: Store) {
    let it = enrolled(store).await;
    for (n, code) in it.codes.iter().take(7).enumerate() {
        let (mut visitor, answer) = it.by_backup_code(code).await;
        let page = visitor.follow(&answer).await;
        assert_eq!(page.text().contains("Make new ones soon."), n == 6, "{} left", 9 - n);
    }
}
