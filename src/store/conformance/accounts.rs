//! Accounts, their names and their burnt steps.

use super::sample::*;
use crate::store::{Account, Changed, Created, Ends, NewAccount, Step, Store};
use crate::types::{Email, Login, UserName};
use std::sync::Arc;

fn login(s: &str) -> Login {
    Login::parse(s).unwrap()
}

pub(super) async fn names_and_addresses_share_one_namespace(s: Arc<impl Store>) {
    let alice = created(&*s, account("alice", Some("alice@example.com"))).await;
    let other = |name, email| NewAccount { account: account(name, email) };
    assert_eq!(s.create_account(&other("alice", None)).await.unwrap(), Created::NameTaken);
    let same_mail = other("bob", Some("alice@example.com"));
    assert_eq!(s.create_account(&same_mail).await.unwrap(), Created::EmailTaken);
    assert!(s.account_by_login(&login("bob")).await.unwrap().is_none());
    let bob = created(&*s, account("bob", None)).await;
    for key in ["alice", "alice@example.com"] {
        assert_eq!(s.account_by_login(&login(key)).await.unwrap().as_ref(), Some(&alice));
    }
    assert_eq!(s.account(bob.id).await.unwrap(), Some(bob));
    assert_eq!(s.account(user_id()).await.unwrap(), None);
    assert_eq!(s.count_accounts().await.unwrap(), 2);
}

pub(super) async fn of_a_hundred_who_want_one_name_one_gets_it(s: Arc<impl Store>) {
    let made = hundred(&s, |s, n| async move {
        let mail = format!("{}@example.com", n % 2);
        s.create_account(&NewAccount { account: account("carol", Some(&mail)) }).await.unwrap()
    });
    assert_eq!(made.await.iter().filter(|c| **c == Created::Yes).count(), 1);
    assert_eq!(s.count_accounts().await.unwrap(), 1);
    let by_name = s.account_by_login(&login("carol")).await.unwrap().unwrap();
    let mail = Login::Email(by_name.email.clone().unwrap());
    assert_eq!(s.account_by_login(&mail).await.unwrap(), Some(by_name));
}

pub(super) async fn a_write_of_an_older_version_is_refused(s: Arc<impl Store>) {
    let read = alice(&*s).await;
    let write = Account { locale: Some("de".into()), ..read.clone() };
    let changed = hundred(&s, |s, _| {
        let write = write.clone();
        async move { s.change_account(&write, Ends::Nothing).await.unwrap() }
    });
    let changed = changed.await;
    assert_eq!(changed.iter().filter(|c| **c == Changed::Yes).count(), 1);
    assert_eq!(changed.iter().filter(|c| **c == Changed::Outdated).count(), 99);
    let stored = s.account(read.id).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.locale.as_deref()), (2, Some("de")));
    assert_eq!(s.change_account(&account("nobody", None), Ends::Nothing).await.unwrap(), Changed::Gone);
}

pub(super) async fn a_renamed_account_is_found_by_its_new_name_alone(s: Arc<impl Store>) {
    let alice = created(&*s, account("alice", Some("alice@example.com"))).await;
    created(&*s, account("bob", Some("bob@example.com"))).await;
    let renamed = |name: &str, mail: &str| Account {
        name: UserName::parse(name).unwrap(),
        email: Some(Email::parse(mail).unwrap()),
        ..alice.clone()
    };
    let taken = renamed("bob", "a@example.com");
    assert_eq!(s.change_account(&taken, Ends::Nothing).await.unwrap(), Changed::NameTaken);
    let taken = renamed("ally", "bob@example.com");
    assert_eq!(s.change_account(&taken, Ends::Nothing).await.unwrap(), Changed::EmailTaken);
    assert!(s.account_by_login(&login("ally")).await.unwrap().is_none());
    let new = renamed("ally", "ally@example.com");
    assert_eq!(s.change_account(&new, Ends::Nothing).await.unwrap(), Changed::Yes);
    for key in ["ally", "ally@example.com"] {
        assert_eq!(s.account_by_login(&login(key)).await.unwrap().map(|a| a.id), Some(alice.id));
    }
    for key in ["alice", "alice@example.com"] {
        assert!(s.account_by_login(&login(key)).await.unwrap().is_none());
    }
    created(&*s, account("alice", Some("alice@example.com"))).await;
    let names: Vec<_> = s.roster(None, 9).await.unwrap().into_iter().map(|a| a.name.to_string()).collect();
    assert_eq!(names, ["alice", "ally", "bob"]);
}

pub(super) async fn the_roster_is_in_order_and_can_be_paged(s: Arc<impl Store>) {
    for name in ["dora", "ann-b", "ann", "berta", "änne", "ann.c", "carla"] {
        created(&*s, account(name, None)).await;
    }
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = s.roster(after.as_deref(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.name.to_string());
        seen.extend(page.into_iter().map(|a| a.name.to_string()));
    }
    assert_eq!(seen, ["ann", "ann-b", "ann.c", "berta", "carla", "dora", "änne"]);
    assert_eq!(s.count_accounts().await.unwrap(), 7);
    assert!(s.roster(None, 0).await.unwrap().is_empty());
}

pub(super) async fn a_totp_step_is_accepted_once_and_never_an_older_one(s: Arc<impl Store>) {
    let (used, unused) = (factor(Some(100)), factor(None));
    let user = created(&*s, Account { factors: vec![used.clone(), unused.clone()], ..account("alice", None) }).await.id;
    let mut said = Vec::new();
    for step in [99, 100, 101, 101, 100, 103] {
        said.push(s.accept_totp_step(user, used.id, step, later(step)).await.unwrap());
    }
    use Step::*;
    assert_eq!(said, [Replayed, Replayed, Accepted, Replayed, Replayed, Accepted]);
    assert_eq!(s.accept_totp_step(user, unused.id, 0, NOW).await.unwrap(), Accepted);
    assert_eq!(s.accept_totp_step(user, factor_id(), 7, NOW).await.unwrap(), NotEnrolled);
    assert_eq!(s.accept_totp_step(user_id(), used.id, 7, NOW).await.unwrap(), NotEnrolled);
    let stored = s.account(user).await.unwrap().unwrap();
    let burnt = stored.factor(used.id).unwrap();
    assert_eq!((burnt.last_step, burnt.last_used), (Some(103), Some(later(103))));
    assert_eq!(stored.version, 1, "a sign-in must not make an administrator's change outdated");
}

pub(super) async fn of_a_hundred_uses_of_one_step_one_is_accepted(s: Arc<impl Store>) {
    let f = factor(Some(1));
    let user = created(&*s, Account { factors: vec![f.clone()], ..account("alice", None) }).await.id;
    let said = hundred(&s, |s, _| async move { s.accept_totp_step(user, f.id, 2, NOW).await.unwrap() }).await;
    assert_eq!(said.iter().filter(|s| **s == Step::Accepted).count(), 1);
    assert_eq!(said.iter().filter(|s| **s == Step::Replayed).count(), 99);
}

pub(super) async fn a_change_never_takes_a_spent_step_back(s: Arc<impl Store>) {
    let (kept, removed) = (factor(Some(1)), factor(Some(1)));
    let factors = vec![kept.clone(), removed.clone()];
    let read = created(&*s, Account { factors, ..account("alice", None) }).await;
    assert_eq!(s.accept_totp_step(read.id, kept.id, 9, NOW).await.unwrap(), Step::Accepted);
    let write = Account { factors: vec![kept.clone()], ..read.clone() };
    assert_eq!(s.change_account(&write, Ends::Nothing).await.unwrap(), Changed::Yes);
    assert_eq!(s.accept_totp_step(read.id, kept.id, 9, NOW).await.unwrap(), Step::Replayed);
    assert_eq!(s.accept_totp_step(read.id, removed.id, 99, NOW).await.unwrap(), Step::NotEnrolled);
}
