//! Name and password of an account in our own store.
//!
//! Unknown name, disabled account, no password yet and wrong password cost the same hash and get the same answer
//! (ASVS 6.3.8); only the audit may know the difference, and it is told by whoever calls.

use super::FirstError;
use crate::crypto::{Passwords, Verified};
use crate::store::{Account, Changed, Ends, Store};
use crate::sys::Entropy;
use crate::types::{Login, UserId};
use secrecy::SecretString;
use std::sync::Arc;

/// What name and password came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Checked {
    Passed(Box<Account>),
    /// Nobody has that name.
    Unknown,
    Wrong(UserId),
    /// The password was right.
    Disabled(UserId),
}

impl Checked {
    #[cfg(test)]
    pub fn passed(self) -> Option<Account> {
        match self {
            Checked::Passed(account) => Some(*account),
            Checked::Unknown | Checked::Wrong(_) | Checked::Disabled(_) => None,
        }
    }
}

/// The first factor `local`.
#[derive(Clone)]
pub struct Local {
    store: Arc<dyn Store>,
    passwords: Arc<Passwords>,
    entropy: Arc<dyn Entropy>,
}

impl Local {
    pub fn new(store: Arc<dyn Store>, passwords: Arc<Passwords>, entropy: Arc<dyn Entropy>) -> Self {
        Local { store, passwords, entropy }
    }

    /// Whose name or address was typed.
    pub async fn find(&self, login: &str) -> Result<Option<Account>, FirstError> {
        Ok(match Login::parse(login) {
            Some(login) => self.store.account_by_login(&login).await?,
            None => None,
        })
    }

    /// Judges the password of who was found; nobody's costs the same. The visitor must not learn which refusal it was.
    pub async fn judge(&self, account: Option<Account>, password: &SecretString) -> Result<Checked, FirstError> {
        let stored = account.as_ref().and_then(|a| a.password.as_ref());
        let verified = self.passwords.verify(stored, password).await?;
        Ok(match (account, verified) {
            (None, Verified::Yes { .. } | Verified::No) => Checked::Unknown,
            (Some(account), Verified::No) => Checked::Wrong(account.id),
            (Some(account), Verified::Yes { .. }) if account.disabled => Checked::Disabled(account.id),
            (Some(account), Verified::Yes { rehash: false }) => Checked::Passed(Box::new(account)),
            (Some(account), Verified::Yes { rehash: true }) => {
                Checked::Passed(Box::new(self.rehash(account, password).await))
            }
        })
    }

    /// Stores the same password under today's cost and pepper. Nothing ends with it, and where it does not succeed the
    /// next sign-in tries again: the person was right either way.
    async fn rehash(&self, account: Account, password: &SecretString) -> Account {
        let hash = match self.passwords.hash(password, &*self.entropy).await {
            Ok(hash) => hash,
            Err(cause) => {
                tracing::warn!(user = %account.id, %cause, "a password was not hashed anew");
                return account;
            }
        };
        let renewed = Account { password: Some(hash), ..account.clone() };
        match self.store.change_account(&renewed, Ends::Nothing).await {
            Ok(Changed::Yes) => Account { version: account.version + 1, ..renewed },
            Ok(Changed::Outdated | Changed::Gone | Changed::NameTaken | Changed::EmailTaken) => account,
            Err(cause) => {
                tracing::warn!(user = %account.id, %cause, "a password hashed anew was not stored");
                account
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::tests::{ring, rotated};
    use crate::crypto::{Cost, KeyRing};
    use crate::factor::fake::{FakeStore, account};
    use crate::sys::SystemEntropy;

    const CHEAP: Cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };
    const PASSWORD: &str = "correct horse battery";

    fn passwords(ring: &KeyRing, cost: Cost) -> Arc<Passwords> {
        Arc::new(Passwords::new(ring, cost, 2, 8).unwrap())
    }
    fn secret(s: &str) -> SecretString {
        SecretString::from(s)
    }
    async fn check(local: &Local, login: &str, password: &str) -> Result<Checked, FirstError> {
        local.judge(local.find(login).await?, &secret(password)).await
    }
    /// Alice with a password, Bob disabled, Carol without one.
    async fn people(passwords: Arc<Passwords>) -> (Arc<FakeStore>, Local) {
        let store = Arc::new(FakeStore::default());
        let hash = passwords.hash(&secret(PASSWORD), &SystemEntropy).await.unwrap();
        let with = |n: &str| Account { password: Some(hash.clone()), ..account(n) };
        store.put(with("alice"));
        store.put(Account { disabled: true, ..with("bob") });
        store.put(account("carol"));
        let local = Local::new(store.clone(), passwords, Arc::new(SystemEntropy));
        (store, local)
    }

    #[tokio::test]
    async fn name_or_address_in_any_case_and_the_right_password_sign_in() {
        let (_, local) = people(passwords(&ring(), CHEAP)).await;
        for login in ["alice", "ALICE", " alice ", "alice@example.com", "Alice@Example.com"] {
            let found = check(&local, login, PASSWORD).await.unwrap().passed();
            assert_eq!(found.map(|a| a.name.to_string()).as_deref(), Some("alice"), "{login}");
        }
    }

    #[tokio::test]
    async fn every_reason_why_not_costs_one_hash_and_is_none() {
        let (_, local) = people(passwords(&ring(), CHEAP)).await;
        let table = [
            ("alice", "wrong"),
            ("alice", ""),
            ("bob", PASSWORD),
            ("carol", PASSWORD),
            ("carol", ""),
            ("nobody", PASSWORD),
            ("no such name", PASSWORD),
            ("", PASSWORD),
        ];
        for (login, password) in table {
            let before = local.passwords.worked();
            assert_eq!(check(&local, login, password).await.unwrap().passed(), None, "{login} {password}");
            assert_eq!(local.passwords.worked() - before, 1, "{login} {password}");
        }
    }

    #[tokio::test]
    async fn a_changed_cost_or_pepper_renews_the_hash_and_ends_nothing() {
        let old = ring();
        let (store, _) = people(passwords(&old, CHEAP)).await;
        for now in [passwords(&old, Cost { iterations: 2, ..CHEAP }), passwords(&rotated(&old), CHEAP)] {
            let local = Local::new(store.clone(), now, Arc::new(SystemEntropy));
            let before = store.get("alice");
            let found = check(&local, "alice", PASSWORD).await.unwrap().passed().unwrap();
            let after = store.get("alice");
            assert_ne!(before.password, after.password);
            assert_eq!(found, after);
            assert_eq!(store.last_ends(), Some(Ends::Nothing));
            let verified = local.passwords.verify(after.password.as_ref(), &secret(PASSWORD)).await.unwrap();
            assert_eq!(verified, Verified::Yes { rehash: false });
        }
    }

    #[tokio::test]
    async fn a_renewal_that_is_not_stored_still_signs_in() {
        let old = ring();
        let (store, _) = people(passwords(&old, CHEAP)).await;
        let now = passwords(&old, Cost { iterations: 2, ..CHEAP });
        let local = Local::new(store.clone(), now, Arc::new(SystemEntropy));
        store.outdate(1);
        assert_eq!(check(&local, "alice", PASSWORD).await.unwrap().passed(), Some(store.get("alice")));
    }

    #[tokio::test]
    async fn a_store_that_fails_is_an_error_not_a_no() {
        let (store, local) = people(passwords(&ring(), CHEAP)).await;
        store.fail();
        assert!(matches!(check(&local, "alice", PASSWORD).await, Err(FirstError::Store(_))));
    }
}
