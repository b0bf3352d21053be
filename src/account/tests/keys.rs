//! Sealing anew after a rotation, and what keeps a key from being retired.

use super::*;
use crate::account::NotRetired;
use crate::crypto::keys::RootKey;
use crate::crypto::seal;
use crate::factor::second::totp::{TotpParameters, open_factor, seal_new};
use crate::store::Factor;
use crate::types::{FactorId, SecondFactor};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn enrolled(accounts: &Accounts, name: &str) -> Account {
    let (base, id) = (account(name), FactorId::from_bytes([9; 16]));
    let sealed = seal_new(&accounts.keys, &SystemEntropy, base.id, id, &TotpParameters::default());
    let factor = Factor {
        id,
        kind: SecondFactor::Totp,
        name: "app".into(),
        sealed,
        created: NOW,
        last_used: None,
        last_step: None,
        enrolled: Default::default(),
    };
    Account { factors: vec![factor], ..base }
}

/// A new key, made and sealing since then; the id of the one before it.
fn rotate(accounts: &Accounts, at: Timestamp) -> String {
    let before = accounts.keys.newest().id().to_string();
    let keys = accounts.keys.keys();
    accounts.keys.replace(keys.with(RootKey::generate(&SystemEntropy, at, at), at.max(NOW)));
    before
}

fn long_ago() -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - 30 * 86_400_000)
}

/// With a first key that was made before all else.
fn old_accounts() -> (Arc<FakeStore>, Accounts) {
    let (store, accounts) = accounts();
    let first = Timestamp::from_secs(1);
    let keys = crate::crypto::KeyRing::generate(&SystemEntropy, first).keys();
    accounts.keys.replace((*keys).clone());
    (store, accounts)
}

#[tokio::test]
async fn after_a_rotation_every_factor_lies_under_the_newest_key_and_opens() {
    let (store, accounts) = old_accounts();
    for name in ["alice", "bob"] {
        store.put(enrolled(&accounts, name));
    }
    assert_eq!(accounts.reseal().await.unwrap(), 0);
    rotate(&accounts, long_ago());
    assert_eq!(accounts.reseal().await.unwrap(), 2);
    for name in ["alice", "bob"] {
        let a = store.get(name);
        assert_eq!(seal::key_id(&a.factors[0].sealed), Some(accounts.keys.newest().id()));
        assert!(open_factor(&accounts.keys, a.id, a.factors[0].id, &a.factors[0].sealed, 1).is_ok());
    }
    assert_eq!(store.last_ends(), Some(Ends::Nothing));
    assert_eq!(accounts.reseal().await.unwrap(), 0);
}

#[tokio::test]
async fn a_change_during_sealing_anew_is_not_written_over() {
    let (store, accounts) = old_accounts();
    store.put(enrolled(&accounts, "alice"));
    rotate(&accounts, long_ago());
    // somebody else writes between the reading and the writing
    store.outdate(1);
    assert_eq!(accounts.reseal().await.unwrap(), 1);
    store.outdate(u32::MAX);
    rotate(&accounts, long_ago().plus(DAY));
    assert!(matches!(accounts.reseal().await, Err(AccountError::Contended)));
}

#[tokio::test]
async fn what_does_not_open_is_left_as_it_is() {
    let (store, accounts) = old_accounts();
    let mut broken = enrolled(&accounts, "alice");
    let last = broken.factors[0].sealed.len() - 1;
    broken.factors[0].sealed[last] ^= 1;
    store.put(broken.clone());
    store.put(enrolled(&accounts, "bob"));
    rotate(&accounts, long_ago());
    assert_eq!(accounts.reseal().await.unwrap(), 1);
    assert_eq!(store.get("alice"), broken);
}

#[tokio::test]
async fn a_key_stays_while_a_record_names_it() {
    let (store, accounts) = old_accounts();
    store.put(enrolled(&accounts, "bob"));
    accounts.add(alice()).await.unwrap();
    let old = rotate(&accounts, long_ago());
    let Err(NotRetired::Named { named, .. }) = accounts.retire(&old, false).await else { panic!("it was retired") };
    assert_eq!((named.factors, named.passwords, named.backup_codes), (0, 1, 0), "factors are sealed anew at once");
    assert_eq!(named.people, [UserName::parse("alice").unwrap()]);
    accounts.set_password("alice", secret("another horse battery")).await.unwrap();
    accounts.retire(&old, false).await.unwrap();
}

#[tokio::test]
async fn a_key_stays_while_it_seals_or_sessions_of_it_may_live() {
    let (_, accounts) = old_accounts();
    let seals = accounts.keys.newest().id().to_string();
    assert!(matches!(accounts.retire(&seals, true).await, Err(NotRetired::Seals(_))));
    assert!(matches!(accounts.retire("nobody", true).await, Err(NotRetired::NoSuchKey(_))));
    let hour_ago = Timestamp::from_millis(NOW.as_millis() - 3_600_000);
    let old = rotate(&accounts, hour_ago);
    let Err(NotRetired::Young { left, .. }) = accounts.retire(&old, false).await else { panic!("it was retired") };
    assert_eq!(left, Duration::from_secs(23 * 3600));
    accounts.retire(&old, true).await.unwrap();
}

#[tokio::test]
async fn a_key_whose_time_never_came_goes_at_once() {
    let (_, accounts) = old_accounts();
    let (keys, later) = (accounts.keys.keys(), NOW.plus(DAY));
    let next = RootKey::generate(&SystemEntropy, NOW, later);
    accounts.keys.replace(keys.with(next.clone(), NOW));
    accounts.retire(next.id(), false).await.unwrap();
}

#[tokio::test]
async fn a_key_stays_while_a_token_of_the_api_carries_its_check() {
    let (_, accounts) = old_accounts();
    let tokens = crate::account::Tokens::of(&accounts);
    let new = crate::account::NewToken {
        name: crate::types::TokenName::parse("soc").unwrap(),
        scopes: crate::types::Scopes::all(),
        ends: None,
        networks: Vec::new(),
        apps: Default::default(),
        users_per_hour: None,
        by: "socket".into(),
    };
    let (made, _) = tokens.create(new).await.unwrap();
    let old = rotate(&accounts, long_ago());
    let Err(NotRetired::Named { named, .. }) = accounts.retire(&old, false).await else { panic!("it was retired") };
    assert_eq!((named.tokens, named.factors), (1, 0));
    tokens.revoke(made.id).await.unwrap();
    accounts.retire(&old, false).await.unwrap();
}
