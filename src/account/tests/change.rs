//! What an admin does to accounts, and the last administrator.

use super::*;
use crate::account::change::Change;
use crate::account::keys::CODE_LIVES;
use crate::crypto::{Codes, code};

fn group(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

/// Alice, the only administrator who can sign in, and Bob of no group.
async fn people() -> (Arc<FakeStore>, Accounts) {
    let (store, accounts) = accounts();
    accounts.add(alice()).await.unwrap();
    store.put(account("bob"));
    (store, accounts)
}

#[tokio::test]
async fn what_is_set_changes_and_all_else_stays() {
    let (store, accounts) = people().await;
    let before = store.get("bob");
    let change = Change {
        email: Some(Some(Email::parse("b@example.com").unwrap())),
        add_groups: [group("staff"), group("sales")].into(),
        remove_groups: [group("sales")].into(),
        locale: Some(Some("pt-br".into())),
        ..Change::default()
    };
    store.outdate(2);
    let after = accounts.set("bob", change).await.unwrap();
    assert_eq!(store.last_ends(), Some(Ends::Nothing));
    let email = Email::parse("b@example.com").ok();
    let want = Account { email, groups: [group("staff")].into(), locale: Some("pt-BR".into()), version: 1, ..before };
    assert_eq!((store.get("bob"), after), (want.clone(), want));
    let none = Change { email: Some(None), locale: Some(None), groups: Some(BTreeSet::new()), ..Change::default() };
    let after = accounts.set("bob", none).await.unwrap();
    assert_eq!((after.email, after.locale, after.groups), (None, None, BTreeSet::new()));
    let bad = Change { locale: Some(Some("!".into())), ..Change::default() };
    assert!(matches!(accounts.set("bob", bad).await, Err(AccountError::BadLocale(_))));
}

#[tokio::test]
async fn a_disabled_account_ends_everything_and_comes_back() {
    let (store, accounts) = people().await;
    assert!(accounts.disable("bob").await.unwrap().disabled);
    assert_eq!(store.last_ends(), Some(Ends::Everything));
    assert!(!accounts.enable("bob@example.com").await.unwrap().disabled);
    assert_eq!(store.last_ends(), Some(Ends::Nothing));
}

#[tokio::test]
async fn the_last_administrator_stays_one_whatever_is_asked() {
    let (store, accounts) = people().await;
    let before = store.get("alice");
    // an administrator who cannot sign in is no way back
    store.put(Account { groups: [group("admin")].into(), ..account("carol") });
    let out = Change { groups: Some([group("staff")].into()), ..Change::default() };
    for refused in [
        accounts.disable("alice").await,
        accounts.delete("alice").await,
        accounts.set("alice", out.clone()).await,
        accounts.set("alice", Change { remove_groups: [group("owner")].into(), ..Change::default() }).await,
    ] {
        assert!(matches!(refused, Err(AccountError::LastAdmin)), "{refused:?}");
    }
    assert_eq!(store.get("alice"), before);
    let moved = Change { groups: Some([group("admin")].into()), ..Change::default() };
    accounts.set("alice", moved).await.unwrap();
    accounts.set_password("carol", secret(PASSWORD)).await.unwrap();
    accounts.set("alice", out).await.unwrap();
    accounts.delete("alice").await.unwrap();
    assert!(matches!(accounts.delete("carol").await, Err(AccountError::LastAdmin)));
}

#[tokio::test]
async fn of_two_administrators_who_end_each_other_at_once_one_is_left() {
    let (store, accounts) = people().await;
    let second = NewUser { name: UserName::parse("dora").unwrap(), email: None, ..alice() };
    accounts.add(second).await.unwrap();
    let (a, b) = tokio::join!(accounts.disable("alice"), accounts.disable("dora"));
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(["alice", "dora"].iter().filter(|n| !store.get(n).disabled).count(), 1);
}

#[tokio::test]
async fn a_deleted_account_is_gone_with_all_that_it_had_open() {
    let (store, accounts) = people().await;
    accounts.delete("bob").await.unwrap();
    assert_eq!(store.last_ends(), Some(Ends::Everything));
    assert_eq!(accounts.show("bob").await.unwrap(), None);
    assert!(matches!(accounts.delete("bob").await, Err(AccountError::NoSuchUser(_))));
}

#[tokio::test]
async fn a_reset_gives_a_code_only_where_one_is_asked_for() {
    let (store, accounts) = people().await;
    let (after, none) = accounts.reset_mfa("alice", false).await.unwrap();
    assert!(none.is_none() && after.enrolment_code.is_none());
    let (_, given) = accounts.reset_mfa("alice", true).await.unwrap();
    let given = given.unwrap();
    let kept = store.get("alice").enrolment_code.unwrap();
    assert_eq!((kept.ends, given.ends), (NOW.plus(CODE_LIVES), NOW.plus(CODE_LIVES)));
    let shown = given.code.expose_secret();
    assert!(shown.len() == 19 && shown.split('-').all(|four| four.len() == 4), "{shown}");
    let typed = code::canonical(&shown.to_uppercase(), code::ENROLMENT).unwrap();
    let codes = Codes::new(&accounts.keys);
    assert!(codes.is_enrolment(store.get("alice").id, typed.expose_secret(), &kept.digest));
    assert!(!codes.is_enrolment(store.get("bob").id, typed.expose_secret(), &kept.digest));
}

#[tokio::test]
async fn only_who_enrols_by_code_is_given_one_when_added() {
    let (store, accounts) = accounts();
    let (owner, code) = accounts.add(alice()).await.unwrap();
    assert!(code.is_some() && owner.enrolment_code.is_some());
    let member = NewUser { name: UserName::parse("mia").unwrap(), email: None, groups: BTreeSet::new(), ..alice() };
    let (member, code) = accounts.add(member).await.unwrap();
    assert!(code.is_none() && member.enrolment_code.is_none() && store.get("mia").enrolment_code.is_none());
}

#[tokio::test]
async fn an_unlocked_account_may_be_tried_again() {
    let (store, accounts) = people().await;
    accounts.unlock("bob").await.unwrap();
    assert_eq!(store.unlocked(), [store.get("bob").id]);
    assert!(matches!(accounts.unlock("nobody").await, Err(AccountError::NoSuchUser(_))));
}
