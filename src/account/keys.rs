//! What lies under which root key: sealing anew after a rotation, and counting before a key is retired.
//!
//! A changed account is never written over: each write is refused where somebody was faster, and done again on what is
//! there then.

use super::{Account, AccountError, Accounts, PAGE, TRIES};
use crate::crypto::password::digest;
use crate::crypto::seal;
use crate::factor::second;
use crate::store::{Changed, Ends};
use crate::types::UserName;
use std::time::Duration;

/// What still needs a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub factors: u64,
    pub passwords: u64,
    pub backup_codes: u64,
    /// Tokens of the API.
    pub tokens: u64,
    /// Some of those whose password or backup codes need it.
    pub people: Vec<UserName>,
}

impl Named {
    pub fn nothing(&self) -> bool {
        (self.factors, self.passwords, self.backup_codes, self.tokens) == (0, 0, 0, 0)
    }
}

/// Why a key stays.
#[derive(Debug, thiserror::Error)]
pub enum NotRetired {
    #[error("there is no key `{0}`")]
    NoSuchKey(String),
    #[error("the key `{0}` seals what is written now")]
    Seals(String),
    #[error("sessions and codes begun under the key `{key}` may live for another {} s", left.as_secs())]
    Young { key: String, left: Duration },
    #[error("records of accounts lie under the key `{key}`")]
    Named { key: String, named: Named },
    #[error("the accounts could not be gone through")]
    Account(#[from] AccountError),
}

/// As many names as fit in an answer.
const SHOWN: usize = 10;
/// An enrolment code, which names no key.
pub(super) const CODE_LIVES: Duration = Duration::from_secs(24 * 3600);

impl Accounts {
    /// Seals everything anew that lies under an older key; gives the number of factors. What does not open is left as it
    /// is and said in the log: it was lost before.
    pub async fn reseal(&self) -> Result<u64, AccountError> {
        let mut resealed = 0;
        let mut after = None;
        loop {
            let page = self.store.roster(after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(resealed) };
            after = Some(last.name.to_string());
            for account in page {
                resealed += self.reseal_one(account).await?;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn reseal_one(&self, mut account: Account) -> Result<u64, AccountError> {
        for _ in 0..TRIES {
            let (renewed, count) = self.renewed(&account);
            if count == 0 {
                return Ok(0);
            }
            match self.store.change_account(&renewed, Ends::Nothing).await? {
                Changed::Yes => return Ok(count),
                Changed::Gone | Changed::NameTaken | Changed::EmailTaken => return Ok(0),
                Changed::Outdated => match self.store.account(account.id).await? {
                    Some(now) => account = now,
                    None => return Ok(0),
                },
            }
        }
        Err(AccountError::Contended)
    }

    fn renewed(&self, account: &Account) -> (Account, u64) {
        let (mut renewed, mut count) = (account.clone(), 0);
        for f in &mut renewed.factors {
            match second::reseal(f.kind, &self.keys, &*self.entropy, (account.id, f.id), &f.sealed) {
                Ok(Some(sealed)) => {
                    f.sealed = sealed;
                    count += 1;
                }
                Ok(None) => {}
                Err(e) => {
                    tracing::error!(user = %account.id, factor = %f.id, error = %e, "a second factor cannot be sealed anew")
                }
            }
        }
        (renewed, count)
    }

    /// Lets the store forget a key under which nothing lies any more; its holder then takes it out of the file. `force`:
    /// although sessions, devices and codes of people end that carry its check and name no key.
    pub async fn retire(&self, key: &str, force: bool) -> Result<(), NotRetired> {
        let keys = self.keys.keys();
        let retired = keys.find(key).ok_or_else(|| NotRetired::NoSuchKey(key.to_string()))?;
        if keys.newest().id() == key {
            return Err(NotRetired::Seals(key.to_string()));
        }
        let now = self.clock.now();
        let lives = self.policy.load().session_lifetimes().absolute.max(CODE_LIVES);
        let until = keys.sealed_until(key).map_or(now, |sealed_until| sealed_until.plus(lives));
        if retired.seals() <= now && now < until && !force {
            return Err(NotRetired::Young { key: key.to_string(), left: until.since(now) });
        }
        self.reseal().await?;
        let mut named = self.named_by(key).await?;
        let tokens = self.store.api_tokens().await.map_err(AccountError::from)?;
        let under = tokens.iter().filter(|t| t.key == key && t.lives(now)).count();
        named.tokens = u64::try_from(under).unwrap_or(u64::MAX);
        if !named.nothing() {
            return Err(NotRetired::Named { key: key.to_string(), named });
        }
        Ok(self.store.forget_canary(key).await.map_err(AccountError::from)?)
    }

    /// What names this key, over all accounts.
    pub async fn named_by(&self, key: &str) -> Result<Named, AccountError> {
        let mut named = Named::default();
        let mut after = None;
        loop {
            let page = self.store.roster(after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(named) };
            after = Some(last.name.to_string());
            page.iter().for_each(|account| named.count(account, key));
            tokio::task::yield_now().await;
        }
    }
}

impl Named {
    fn count(&mut self, account: &Account, key: &str) {
        let sealed = account.factors.iter().filter(|f| seal::key_id(&f.sealed) == Some(key)).count();
        self.factors += u64::try_from(sealed).unwrap_or(u64::MAX);
        let password = account.password.as_ref().is_some_and(|p| p.pepper_key == key);
        let codes = account.backup.as_ref().is_some_and(|b| digest::pepper_key(&b.salt) == Some(key));
        self.passwords += u64::from(password);
        self.backup_codes += u64::from(codes);
        if (password || codes) && self.people.len() < SHOWN {
            self.people.push(account.name.clone());
        }
    }
}
