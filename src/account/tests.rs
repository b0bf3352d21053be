//! Accounts on a store in memory.

use super::*;
use crate::crypto::keys::tests::ring;
use crate::crypto::{Cost, Verified};
use crate::factor::fake::{FakeStore, account};
use crate::sys::{ManualClock, SystemEntropy};
use crate::types::Timestamp;

pub(super) const PASSWORD: &str = "correct horse battery";
pub(super) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

pub(super) fn accounts() -> (Arc<FakeStore>, Accounts) {
    let store = Arc::new(FakeStore::default());
    let cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };
    let keys = Arc::new(ring());
    let accounts = Accounts {
        store: store.clone(),
        passwords: Arc::new(Passwords::new(&keys, cost, 2, 8).unwrap()),
        keys,
        policy: Arc::new(ArcSwap::from_pointee(Policy::parse("policy.yaml", "version: 1\n").unwrap())),
        entropy: Arc::new(SystemEntropy),
        clock: Arc::new(ManualClock::at(NOW)),
        rules: PasswordRules { min_length: 15, brand: "Example".into() },
        guard: Arc::default(),
    };
    (store, accounts)
}
pub(super) fn secret(s: &str) -> SecretString {
    SecretString::from(s)
}
pub(super) fn alice() -> NewUser {
    NewUser {
        name: UserName::parse("alice").unwrap(),
        email: Some(Email::parse("alice@example.com").unwrap()),
        groups: [GroupName::parse("owner").unwrap()].into(),
        locale: Some("pt-br".into()),
        disabled: false,
        password: Some(secret(PASSWORD)),
    }
}

#[tokio::test]
async fn an_added_user_is_found_by_name_and_address_and_can_sign_in() {
    let (_, accounts) = accounts();
    let (added, _) = accounts.add(alice()).await.unwrap();
    assert_eq!((added.created, added.version, added.disabled), (NOW, 0, false));
    assert_eq!(added.locale.as_deref(), Some("pt-BR"));
    for login in ["alice", "ALICE", "Alice@Example.com"] {
        assert_eq!(accounts.show(login).await.unwrap().as_ref(), Some(&added), "{login}");
    }
    let verified = accounts.passwords.verify(added.password.as_ref(), &secret(PASSWORD)).await.unwrap();
    assert_eq!(verified, Verified::Yes { rehash: false });
    assert_eq!(accounts.show("no such name").await.unwrap(), None);
}

#[tokio::test]
async fn a_taken_name_or_address_is_said_by_name() {
    let (_, accounts) = accounts();
    accounts.add(alice()).await.unwrap();
    let twice = accounts.add(alice()).await.unwrap_err();
    assert_eq!(twice.to_string(), "the name `alice` is taken by a name or an e-mail address");
    let other = NewUser { name: UserName::parse("bob").unwrap(), ..alice() };
    let twice = accounts.add(other).await.unwrap_err();
    assert_eq!(twice.to_string(), "the e-mail address `alice@example.com` is taken by a name or an e-mail address");
}

#[tokio::test]
async fn a_bad_password_or_locale_adds_nobody() {
    let (_, accounts) = accounts();
    let short = NewUser { password: Some(secret("short")), ..alice() };
    let e = accounts.add(short).await.unwrap_err();
    assert!(matches!(e, AccountError::BadPassword(BadPassword::TooShort(15))), "{e}");
    for tag in ["", "und", "not a tag", "x"] {
        let e = accounts.add(NewUser { locale: Some(tag.into()), ..alice() }).await.unwrap_err();
        assert!(matches!(e, AccountError::BadLocale(_)), "{tag}: {e}");
    }
    assert_eq!(accounts.list(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_new_password_ends_all_else_and_survives_a_race() {
    let (store, accounts) = accounts();
    accounts.add(alice()).await.unwrap();
    store.outdate(3);
    let after = accounts.set_password("alice@example.com", secret("another horse battery")).await.unwrap();
    assert_eq!(store.last_ends(), Some(Ends::Others(None)));
    assert_eq!(store.get("alice"), after);
    let old = accounts.passwords.verify(after.password.as_ref(), &secret(PASSWORD)).await.unwrap();
    assert_eq!(old, Verified::No);
}

#[tokio::test]
async fn a_race_without_end_gives_up_and_changes_nothing() {
    let (store, accounts) = accounts();
    let (before, _) = accounts.add(alice()).await.unwrap();
    store.outdate(u32::MAX);
    let e = accounts.set_password("alice", secret("another horse battery")).await.unwrap_err();
    assert!(matches!(e, AccountError::Contended), "{e}");
    assert_eq!(store.get("alice"), before);
}

#[tokio::test]
async fn a_password_of_nobody_or_a_bad_one_is_not_set() {
    let (store, accounts) = accounts();
    store.put(account("carol"));
    let e = accounts.set_password("nobody", secret(PASSWORD)).await.unwrap_err();
    assert!(matches!(e, AccountError::NoSuchUser(_)), "{e}");
    let e = accounts.set_password("carol", secret("short")).await.unwrap_err();
    assert!(matches!(e, AccountError::BadPassword(_)), "{e}");
    assert_eq!(store.get("carol"), account("carol"));
}

#[tokio::test]
async fn the_list_goes_on_after_a_name() {
    let (store, accounts) = accounts();
    for name in ["carol", "alice", "bob"] {
        store.put(account(name));
    }
    let names = |list: Vec<Account>| list.iter().map(|a| a.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(accounts.list(None, 2).await.unwrap()), ["alice", "bob"]);
    assert_eq!(names(accounts.list(Some("bob"), 2).await.unwrap()), ["carol"]);
}

#[tokio::test]
async fn any_looks_through_every_page() {
    let (store, accounts) = accounts();
    for i in 0..2 * PAGE {
        store.put(account(&format!("user{i:04}")));
    }
    let last = format!("user{:04}", 2 * PAGE - 1);
    assert!(accounts.any(|a| a.name.as_str() == last).await.unwrap());
    assert!(!accounts.any(|a| a.disabled).await.unwrap());
}

#[tokio::test]
async fn other_rules_judge_the_next_password() {
    let (_, accounts) = accounts();
    let strict = accounts.under(PasswordRules { min_length: 40, brand: "Example".into() });
    let e = strict.add(alice()).await.unwrap_err();
    assert!(matches!(e, AccountError::BadPassword(BadPassword::TooShort(40))), "{e}");
}

mod change;
mod keys;
