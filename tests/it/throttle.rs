//! Guesses: what is held, for how long, and that no stranger holds the owner.

use crate::support::client::code_form;
use crate::support::{Answer, Ask, Gateway, MFA_ON, PASSWORD, Plan, Store, on_both_stores};

on_both_stores! {
    after_ten_wrong_passwords_nothing_is_judged_for_a_while,
    a_known_browser_gets_in_while_strangers_are_held,
    no_other_spelling_header_or_restart_resets_a_count,
    wrong_codes_count_over_all_sign_ins_and_methods_have_counters_of_their_own,
    thirty_failures_hold_an_address,
    a_wait_names_its_end_and_forms_of_strangers_write_no_session,
}

async fn wrong(gateway: &Gateway, name: &str) -> Answer {
    gateway.visitor().give_password(name, "a wrong password, long", "/").await
}

fn waits(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 429, "{}\n{}", answer.head, answer.text());
    assert!(answer.text().contains("Nothing was checked."), "{}", answer.text());
    answer.header("retry-after").unwrap().parse().unwrap()
}

async fn after_ten_wrong_passwords_nothing_is_judged_for_a_while(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    for n in 0..10 {
        assert_eq!(wrong(&gateway, "alice").await.status, 422, "{n}");
    }
    let held = gateway.visitor().give_password("alice", PASSWORD, "/").await;
    assert!((20..=30).contains(&waits(&held)), "the right one too: {}", held.head);
    assert_eq!((held.header("ratelimit"), held.header("ratelimit-policy")), (None, None), "nor is the limit told");
    assert_eq!(held.all("set-cookie").len(), 0);
    gateway.add_user("bob", &["staff"]);
    assert_eq!(gateway.visitor().give_password("bob", PASSWORD, "/").await.status, 303, "nobody else is held");
    assert!(gateway.log().contains("\"event\":\"throttle\""), "{}", gateway.log());
}

async fn a_known_browser_gets_in_while_strangers_are_held(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut mine = gateway.alice().await.restarted();
    for _ in 0..10 {
        wrong(&gateway, "alice").await;
    }
    waits(&gateway.visitor().give_password("alice", PASSWORD, "/").await);
    for n in 0..25 {
        wrong(&gateway, &format!("nobody{n}")).await;
    }
    waits(&wrong(&gateway, "somebody").await);
    assert_eq!(mine.give_password("alice", PASSWORD, "/").await.status, 303, "from the very address that is held");
    let mut stolen = mine.restarted();
    for _ in 0..10 {
        assert_eq!(stolen.give_password("alice", "a wrong password, long", "/").await.status, 422);
    }
    waits(&stolen.give_password("alice", PASSWORD, "/").await);
}

async fn no_other_spelling_header_or_restart_resets_a_count(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\nthrottle: { addresses: { failures: 12 } }\n").await;
    for name in ["alice", "ALICE", " alice ", "alice@example.com", "Alice@Example.COM"].iter().cycle().take(10) {
        assert_eq!(wrong(&gateway, name).await.status, 422, "{name}");
    }
    gateway.kill();
    gateway.run().await;
    waits(&wrong(&gateway, "Alice").await);
    for name in ["nobody", "somebody"] {
        assert_eq!(wrong(&gateway, name).await.status, 422);
    }
    for header in ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP"] {
        let fields = [("username", "another"), ("password", "a wrong password, long"), ("to", "/")];
        let form = Ask::form("/.portcullis/sign-in", &fields).header(header, "203.0.113.9");
        waits(&gateway.visitor().send(form).await);
    }
}

async fn wrong_codes_count_over_all_sign_ins_and_methods_have_counters_of_their_own(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let (mut app, codes) = gateway.visitor().enrol_with_codes("alice").await;
    for n in 0..5 {
        let mut visitor = gateway.visitor();
        let page = visitor.reach_challenge("alice").await;
        assert_eq!(visitor.give_code(&page, "000000").await.status, 422, "{n}");
    }
    let mut visitor = gateway.visitor();
    let page = visitor.reach_challenge("alice").await;
    let code = app.next_code().await;
    let held = visitor.give_code(&page, &code).await;
    assert!((20..=30).contains(&waits(&held)));
    assert_eq!(held.header("ratelimit-policy"), Some("\"codes\";q=5"));
    let limit = format!("\"codes\";r=0;t={}", waits(&held));
    assert_eq!(held.header("ratelimit"), Some(limit.as_str()), "never later than Retry-After");
    assert!(visitor.pending_cookie().is_some(), "the sign-in is not over");
    let mut other = gateway.visitor();
    let page = other.reach_backup("alice").await;
    assert_eq!(other.give_code(&page, &codes[0]).await.status, 303, "backup codes have a counter of their own");
}

async fn thirty_failures_hold_an_address(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    for n in 0..30 {
        assert_eq!(wrong(&gateway, &format!("nobody{n}")).await.status, 422, "{n}");
    }
    let wait = waits(&gateway.visitor().give_password("alice", PASSWORD, "/").await);
    assert!((500..=600).contains(&wait), "{wait}");
    assert_eq!(gateway.visitor().get("/.portcullis/sign-in").await.status, 200, "pages are shown");
}

async fn a_wait_names_its_end_and_forms_of_strangers_write_no_session(store: Store) {
    let policy = "version: 1\nmfa: { require: on }\nthrottle: { codes: { free: 1, wait: 1s, longest: 1s } }\n";
    let gateway = Plan::on(store).policy(policy).start().await;
    gateway.add_user("alice", &["staff"]);
    let mut app = gateway.visitor().enrol("alice").await;
    let mut visitor = gateway.visitor();
    let page = visitor.reach_challenge("alice").await;
    assert_eq!(visitor.give_code(&page, "000000").await.status, 422);
    assert_eq!(waits(&visitor.give_code(&page, "000000").await), 1);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let form = code_form(&page, &app.next_code().await);
    assert_eq!(visitor.send(form).await.status, 303, "the wait was over when it said");
    assert!(visitor.is_in().await);
}
