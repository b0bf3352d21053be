//! Who may set up an authenticator: admins, and everybody where the policy says so, only with a one-time code.

use crate::support::client::{code_form, confirm_form, form_token, typed_key};
use crate::support::{Answer, Ask, Authenticator, Gateway, PASSWORD, Plan, Store, Visitor, on_both_stores};
use futures::future::join_all;

on_both_stores! {
    an_admin_sets_up_an_authenticator_with_the_code_of_user_add,
    a_reset_gives_a_code_without_which_nobody_enrols,
    a_wrong_enrolment_code_is_throttled_and_shows_no_key,
    one_enrolment_code_used_a_hundred_times_enrols_once,
}

const BY_CODE: &str = "version: 1\nmfa: { require: on, enrol: code }\n";

/// Adds somebody and gives back the enrolment code that was printed.
fn add(gateway: &Gateway, name: &str, group: &str) -> String {
    let password = gateway.secret_file("password", PASSWORD);
    let email = format!("{name}@example.com");
    let password = password.to_str().unwrap();
    let words = ["user", "add", name, "--email", &email, "--group", group, "--password-file", password, "--json"];
    let said = gateway.succeed(&words);
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    told["enrolment_code"]["code"].as_str().unwrap_or_else(|| panic!("no code: {said}")).to_string()
}

async fn reach_code(gateway: &Gateway, name: &str) -> (Visitor, Answer) {
    let mut visitor = gateway.visitor();
    let answer = visitor.give_password(name, PASSWORD, "/").await;
    let page = visitor.follow(&answer).await;
    assert!(page.text().contains("Enrolment code") && !page.text().contains("class=\"key\""), "{}", page.text());
    (visitor, page)
}

async fn give(visitor: &mut Visitor, page: &Answer, code: &str) -> Answer {
    visitor.send(code_form(page, code).to("/.portcullis/set-up")).await
}

async fn an_admin_sets_up_an_authenticator_with_the_code_of_user_add(store: Store) {
    let gateway = Plan::on(store).policy("version: 1\nmfa: { require: on }\n").start().await;
    let code = add(&gateway, "root", "admin");
    let (mut root, page) = reach_code(&gateway, "root").await;
    let answer = give(&mut root, &page, &code.to_uppercase()).await;
    let page = root.follow(&answer).await;
    let mut app = root.confirm_set_up(&page).await;
    assert!(root.is_in().await);
    gateway.visitor().sign_in_with("root", &mut app).await;
    gateway.add_user("alice", &["staff"]);
    gateway.visitor().enrol("alice").await;
}

async fn a_reset_gives_a_code_without_which_nobody_enrols(store: Store) {
    let gateway = Gateway::with_alice(store, crate::support::MFA_ON).await;
    let mut alice = gateway.visitor();
    alice.enrol("alice").await;
    let said = gateway.succeed(&["user", "reset-mfa", "alice", "--reason", "phone lost", "--code", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(!alice.is_in().await, "everything of the person ended");
    let (mut alice, page) = reach_code(&gateway, "alice").await;
    let answer = give(&mut alice, &page, told["enrolment_code"]["code"].as_str().unwrap()).await;
    let page = alice.follow(&answer).await;
    alice.confirm_set_up(&page).await;
    assert!(alice.is_in().await);
}

async fn a_wrong_enrolment_code_is_throttled_and_shows_no_key(store: Store) {
    let gateway = Plan::on(store).policy(BY_CODE).start().await;
    let code = add(&gateway, "alice", "staff");
    for n in 0..5 {
        let (mut visitor, page) = reach_code(&gateway, "alice").await;
        let answer = give(&mut visitor, &page, "aaaa-bbbb-cccc").await;
        assert_eq!(answer.status, 422, "{n}");
        assert!(!answer.text().contains("class=\"key\""));
    }
    let (mut visitor, page) = reach_code(&gateway, "alice").await;
    assert_eq!(give(&mut visitor, &page, &code).await.status, 429);
    let forged =
        Ask::form("/.portcullis/set-up", &[("action", "confirm"), ("form_token", &form_token(&page)), ("code", "1")]);
    assert_eq!(visitor.send(forged).await.status, 410, "no key was offered, so none can be confirmed");
}

async fn one_enrolment_code_used_a_hundred_times_enrols_once(store: Store) {
    let loose = "throttle: { codes: { free: 100, day: 1000 }, addresses: { failures: 100000 } }\n";
    let gateway = Plan::on(store).policy(&format!("{BY_CODE}{loose}")).start().await;
    let code = add(&gateway, "alice", "staff");
    let twin = if store == Store::Redis { Some(gateway.twin().await) } else { None };
    let mut waiting = Vec::new();
    for n in 0..100 {
        let (mut visitor, page) = reach_code(&gateway, "alice").await;
        let answer = give(&mut visitor, &page, &code).await;
        let page = visitor.follow(&answer).await;
        let app = Authenticator::of_key(&typed_key(&page));
        let address = twin.as_ref().filter(|_| n % 2 == 1).map_or(gateway.address, |t| t.address);
        waiting.push((visitor.at(address), page, app));
    }
    // ten hashes each: what the queue does not hold is refused unjudged, and is tried no more here
    let confirmed = waiting.into_iter().map(|(mut visitor, page, mut app)| async move {
        let form = confirm_form(&page, &app.next_code().await);
        let answer = visitor.send(form).await;
        assert!(matches!(answer.status, 303 | 403 | 410 | 503), "{}\n{}", answer.head, answer.text());
        visitor.session_cookie().is_some() && visitor.is_in().await
    });
    assert_eq!(join_all(confirmed).await.into_iter().filter(|done| *done).count(), 1);
}
