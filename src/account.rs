//! What a person or an admin may do to an account. Pages, API and CLI all come through here.
//!
//! Names and addresses arrive parsed; passwords are judged here. What ends with a change is said to the store with the
//! change itself, so that neither can happen without the other.

pub mod password;

pub use password::{BadPassword, PasswordRules};

use crate::crypto::{PasswordError, Passwords};
pub use crate::store::Account;
use crate::store::{Changed, Created, Ends, NewAccount, Store, StoreError};
use crate::sys::{Clock, Entropy, random};
use crate::types::{Email, GroupName, Login, UserId, UserName};
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::sync::Arc;
use unic_langid::LanguageIdentifier;

/// How often a change is tried again after somebody else's.
const TRIES: u32 = 8;
/// Accounts read at once where all are gone through.
const PAGE: usize = 200;

/// The work on accounts; cheap to clone, so whoever follows a reloaded policy makes one `under` its rules.
#[derive(Clone)]
pub struct Accounts {
    pub store: Arc<dyn Store>,
    pub passwords: Arc<Passwords>,
    pub entropy: Arc<dyn Entropy>,
    pub clock: Arc<dyn Clock>,
    pub rules: PasswordRules,
}

/// Who is to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub name: UserName,
    pub email: Option<Email>,
    pub groups: BTreeSet<GroupName>,
    /// BCP 47; `None`: by the browser.
    pub locale: Option<String>,
    /// `None`: nobody can sign in with a password yet.
    pub password: Option<SecretString>,
}

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("there is no user `{0}`; names and e-mail addresses are tried")]
    NoSuchUser(String),
    #[error("the name `{0}` is taken by a name or an e-mail address")]
    NameTaken(UserName),
    #[error("the e-mail address `{0}` is taken by a name or an e-mail address")]
    EmailTaken(Email),
    #[error("`{0}` is not a language tag; write it like `en` or `pt-BR`")]
    BadLocale(String),
    #[error("the password does not do: {0}")]
    BadPassword(#[from] BadPassword),
    #[error("others keep changing this account; try again")]
    Contended,
    #[error("the password could not be hashed")]
    Hash(#[from] PasswordError),
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Accounts {
    pub fn new(
        store: Arc<dyn Store>,
        passwords: Arc<Passwords>,
        entropy: Arc<dyn Entropy>,
        clock: Arc<dyn Clock>,
        rules: PasswordRules,
    ) -> Self {
        Accounts { store, passwords, entropy, clock, rules }
    }

    /// The same under other rules, after the policy was reloaded.
    pub fn under(&self, rules: PasswordRules) -> Self {
        Accounts { rules, ..self.clone() }
    }

    pub async fn add(&self, new: NewUser) -> Result<Account, AccountError> {
        let locale = new.locale.map(canonical_locale).transpose()?;
        let password = match &new.password {
            Some(password) => {
                self.rules.judge(password, &new.name, new.email.as_ref())?;
                Some(self.passwords.hash(password, &*self.entropy).await?)
            }
            None => None,
        };
        let account = Account {
            id: UserId::from_bytes(random(&*self.entropy)),
            name: new.name,
            email: new.email,
            groups: new.groups,
            locale,
            disabled: false,
            password,
            factors: Vec::new(),
            backup: None,
            enrolment_code: None,
            created: self.clock.now(),
            last_sign_in: None,
            proofs: Default::default(),
            version: 0,
        };
        let new = NewAccount { account };
        let created = self.store.create_account(&new).await?;
        let account = new.account;
        match (created, account.email.clone()) {
            (Created::Yes, _) => Ok(account),
            (Created::EmailTaken, Some(email)) => Err(AccountError::EmailTaken(email)),
            (Created::NameTaken | Created::EmailTaken, _) => Err(AccountError::NameTaken(account.name)),
        }
    }

    /// In order of name, those after the name `after`, at most `limit`.
    pub async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Account>, AccountError> {
        Ok(self.store.roster(after, limit).await?)
    }

    /// Whether there is an account like that; stops at the first.
    pub async fn any(&self, like: impl Fn(&Account) -> bool + Send) -> Result<bool, AccountError> {
        let mut page = self.store.roster(None, PAGE).await?;
        while let Some(last) = page.last() {
            if page.iter().any(&like) {
                return Ok(true);
            }
            if page.len() < PAGE {
                break;
            }
            page = self.store.roster(Some(last.name.as_str()), PAGE).await?;
        }
        Ok(false)
    }

    /// By name or e-mail address.
    pub async fn show(&self, login: &str) -> Result<Option<Account>, AccountError> {
        match Login::parse(login) {
            Some(login) => Ok(self.store.account_by_login(&login).await?),
            None => Ok(None),
        }
    }

    /// Sets a new password as an admin does: every session and pending sign-in of the person ends.
    pub async fn set_password(&self, login: &str, password: SecretString) -> Result<Account, AccountError> {
        let nobody = || AccountError::NoSuchUser(login.to_string());
        let mut account = self.show(login).await?.ok_or_else(nobody)?;
        self.rules.judge(&password, &account.name, account.email.as_ref())?;
        let hash = self.passwords.hash(&password, &*self.entropy).await?;
        for _ in 0..TRIES {
            let changed = Account { password: Some(hash.clone()), ..account };
            match self.store.change_account(&changed, Ends::Others(None)).await? {
                Changed::Yes => return Ok(Account { version: changed.version + 1, ..changed }),
                Changed::Gone => return Err(nobody()),
                Changed::Outdated => {}
                Changed::NameTaken => return Err(AccountError::NameTaken(changed.name)),
                Changed::EmailTaken => {
                    return Err(changed.email.map_or(AccountError::Contended, AccountError::EmailTaken));
                }
            }
            // the same person, whatever they are called by now
            account = self.store.account(changed.id).await?.ok_or_else(nobody)?;
        }
        Err(AccountError::Contended)
    }
}

fn canonical_locale(tag: String) -> Result<String, AccountError> {
    match tag.parse::<LanguageIdentifier>() {
        Ok(id) if !id.language.is_empty() => Ok(id.to_string()),
        Ok(_) | Err(_) => Err(AccountError::BadLocale(tag)),
    }
}

#[cfg(test)]
mod tests;
