//! Killed with -9 at any moment: what was said to be done is done, the rest is not, and the store opens.

use crate::support::client::{confirm_form, form_token, shown_codes, typed_key};
use crate::support::{Ask, Authenticator, Gateway, MFA_ON, MFA_ON_LOOSE, PASSWORD, Plan, Store, on_both_stores};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

on_both_stores! {
    killed_while_enrolling_the_person_is_enrolled_or_not,
    killed_while_making_new_codes_the_old_set_or_the_new_one_is_there,
    killed_after_signing_out_the_session_stays_ended,
    killed_while_importing_every_account_is_whole_or_not_there,
}

async fn killed_while_enrolling_the_person_is_enrolled_or_not(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    for (n, wait) in [0, 1, 2, 5, 10, 20].into_iter().enumerate() {
        let name = format!("user{n}");
        gateway.add_user(&name, &["staff"]);
        let mut visitor = gateway.visitor();
        let answer = visitor.give_password(&name, PASSWORD, "/").await;
        let page = visitor.follow(&answer).await;
        let mut app = Authenticator::of_key(&typed_key(&page));
        let form = confirm_form(&page, &app.next_code().await);
        let mut io = visitor.connect().await;
        let mut confirming = visitor.clone();
        let confirm = tokio::spawn(async move { confirming.try_over(&mut io, form).await });
        tokio::time::sleep(Duration::from_millis(wait)).await;
        gateway.kill();
        let told = confirm.await.unwrap().is_some_and(|a| a.status == 303);
        gateway.run().await;
        let mut again = gateway.visitor();
        let answer = again.give_password(&name, PASSWORD, "/").await;
        let next = again.target_of(&answer);
        let enrolled = next.starts_with("/.portcullis/challenge");
        assert!(enrolled || next.starts_with("/.portcullis/set-up"), "{next}");
        assert!(enrolled || !told, "told that it was done, and it was not");
        if enrolled {
            again.sign_in_with(&name, &mut app).await;
            let own = again.get("/.portcullis/").await;
            assert!(own.text().contains("You have 10 backup codes left."), "never half: {}", own.text());
        } else {
            gateway.visitor().enrol(&name).await;
        }
    }
}

async fn killed_while_making_new_codes_the_old_set_or_the_new_one_is_there(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON_LOOSE).await;
    let (mut app, codes) = gateway.visitor().enrol_with_codes("alice").await;
    let mut alice = gateway.visitor();
    alice.sign_in_with("alice", &mut app).await;
    let mut last = codes;
    for wait in [0, 150] {
        let page = alice.get("/.portcullis/codes/new").await;
        let code = app.next_code().await;
        let fields = [("form_token", &*form_token(&page)), ("code", &code)];
        let form = Ask::form("/.portcullis/codes/new", &fields);
        let mut io = alice.connect().await;
        let mut making = alice.clone();
        let made = tokio::spawn(async move {
            let answer = making.try_over(&mut io, form).await;
            (answer.is_some_and(|a| a.status == 303), making)
        });
        tokio::time::sleep(Duration::from_millis(wait)).await;
        gateway.kill();
        let (told, mut shown) = made.await.unwrap();
        gateway.run().await;
        let mut by_code = gateway.visitor();
        let page = by_code.reach_backup("alice").await;
        let old_is_good = by_code.give_code(&page, &last[0]).await.status == 303;
        let own = alice.get("/.portcullis/").await;
        let left = if old_is_good { last.len() - 1 } else { 10 };
        assert!(own.text().contains(&format!("You have {left} backup codes left.")), "{}", own.text());
        assert!(!(told && old_is_good), "told that there are new ones");
        last = match (old_is_good, told) {
            (true, _) => last[1..].to_vec(),
            (false, true) => shown_codes(&shown.get("/.portcullis/codes").await),
            // made, and nobody was told: the person makes new ones
            (false, false) => {
                let answer = alice.change("/.portcullis/codes/new", "code", &app.next_code().await).await;
                shown_codes(&alice.follow(&answer).await)
            }
        };
    }
}

async fn killed_after_signing_out_the_session_stays_ended(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let (mut here, mut there) = (gateway.alice().await, gateway.alice().await);
    let kept = here.clone();
    here.sign_out(false).await;
    gateway.kill();
    gateway.run().await;
    assert!(!kept.clone().is_in().await);
    assert!(there.is_in().await);
}

async fn killed_while_importing_every_account_is_whole_or_not_there(store: Store) {
    let gateway = Arc::new(Plan::on(store).start().await);
    let people: String = (0..400).map(|n| format!("user{n:03},user{n:03}@example.com,staff\n")).collect();
    let file = gateway.secret_file("people.csv", &format!("name,email,groups\n{people}"));
    let import = move |gateway: &Gateway| gateway.cli(&["user", "import", file.to_str().unwrap(), "--skip-existing"]);
    for wait in [40, 90, 150] {
        let (running, import) = (gateway.clone(), import.clone());
        let importing = tokio::task::spawn_blocking(move || import(&running).status.code());
        tokio::time::sleep(Duration::from_millis(wait)).await;
        gateway.kill();
        assert!(matches!(importing.await.unwrap(), Some(0 | 3)));
        gateway.run().await;
        whole(&gateway);
    }
    assert!(import(&gateway).status.success());
    assert_eq!(whole(&gateway), 400);
}

/// Every account that is listed is found by its name and its address and has all that the file gives it.
fn whole(gateway: &Gateway) -> usize {
    let list: serde_json::Value = serde_json::from_str(&gateway.succeed(&["user", "list", "--json"])).unwrap();
    let all = list["users"].as_array().unwrap();
    let names: BTreeSet<_> = all.iter().map(|u| u["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), all.len());
    for user in all {
        let name = user["name"].as_str().unwrap();
        assert_eq!(user["email"], format!("{name}@example.com"), "{user}");
        assert_eq!(user["groups"], serde_json::json!(["staff"]), "{user}");
    }
    let last = all.last().map(|u| u["email"].as_str().unwrap());
    last.into_iter().for_each(|email| drop(gateway.succeed(&["user", "show", email])));
    all.len()
}
