//! What a person or an admin may do to an account. Pages, API and CLI all come through here.
//!
//! Names and addresses arrive parsed; passwords are judged here. What ends with a change is said to the store with the
//! change itself, so that neither can happen without the other.

pub mod change;
pub mod import;
mod keys;
pub mod password;
pub mod tokens;

pub use keys::NotRetired;
pub use password::{BadPassword, PasswordRules};
pub use tokens::{ApiToken, NewToken, TokenError, Tokens};

use crate::crypto::{Codes, KeyRing, PasswordError, Passwords, code};
use crate::policy::Policy;
use crate::store::{self, Changed, Created, Ends, NewAccount, Store, StoreError};
pub use crate::store::{Account, Device, Session};
use crate::sys::{Clock, Entropy, random};
use crate::types::{Email, GroupName, Login, PasswordHash, SessionId, Timestamp, UserId, UserName};
use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use std::sync::Arc;
use unic_langid::LanguageIdentifier;
use zeroize::Zeroizing;

/// How often a change is tried again after somebody else's.
const TRIES: u32 = 8;
/// Accounts read at once where all are gone through.
const PAGE: usize = 200;

/// The work on accounts; cheap to clone, so whoever follows a reloaded policy makes one `under` its rules.
#[derive(Clone)]
pub struct Accounts {
    pub store: Arc<dyn Store>,
    pub passwords: Arc<Passwords>,
    pub keys: Arc<KeyRing>,
    /// Says who is an administrator.
    pub policy: Arc<ArcSwap<Policy>>,
    pub entropy: Arc<dyn Entropy>,
    pub clock: Arc<dyn Clock>,
    pub rules: PasswordRules,
    /// One change at a time of what could take the last administrator away.
    pub guard: Arc<tokio::sync::Mutex<()>>,
}

/// Who is to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub name: UserName,
    pub email: Option<Email>,
    pub groups: BTreeSet<GroupName>,
    /// BCP 47; `None`: by the browser.
    pub locale: Option<String>,
    pub disabled: bool,
    /// `None`: nobody can sign in with a password yet.
    pub password: Option<SecretString>,
}

/// A one-time code that enrols the first second factor of one account; shown once.
#[derive(Clone, Debug)]
pub struct EnrolmentCode {
    /// In groups of four.
    pub code: SecretString,
    pub ends: Timestamp,
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
    #[error("there is no session `{0}` of this user")]
    NoSuchSession(SessionId),
    #[error("this is the last administrator who can sign in")]
    LastAdmin,
    #[error("others keep changing this account; try again")]
    Contended,
    #[error("the password could not be hashed")]
    Hash(#[from] PasswordError),
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Accounts {
    /// The same under other rules, after the policy was reloaded.
    pub fn under(&self, rules: PasswordRules) -> Self {
        Accounts { rules, ..self.clone() }
    }

    /// Where the policy lets the new user enrol by code only, with one.
    pub async fn add(&self, new: NewUser) -> Result<(Account, Option<EnrolmentCode>), AccountError> {
        let hash = match &new.password {
            Some(password) => {
                self.rules.judge(password, &new.name, new.email.as_ref())?;
                Some(self.passwords.hash(password, &*self.entropy).await?)
            }
            None => None,
        };
        let by_code = self.policy.load().enrols_by_code(&new.groups);
        self.create(new, hash, by_code).await
    }

    /// With this hash, whatever password is given.
    async fn create(
        &self,
        new: NewUser,
        password: Option<PasswordHash>,
        by_code: bool,
    ) -> Result<(Account, Option<EnrolmentCode>), AccountError> {
        let id = UserId::from_bytes(random(&*self.entropy));
        let (kept, given) = by_code.then(|| self.enrolment_code(id)).unzip();
        let account = Account {
            id,
            name: new.name,
            email: new.email,
            groups: new.groups,
            locale: new.locale.map(canonical_locale).transpose()?,
            disabled: new.disabled,
            password,
            factors: Vec::new(),
            backup: None,
            enrolment_code: kept,
            created: self.clock.now(),
            last_sign_in: None,
            proofs: Default::default(),
            version: 0,
        };
        let new = NewAccount { account };
        let created = self.store.create_account(&new).await?;
        let account = new.account;
        match (created, account.email.clone()) {
            (Created::Yes, _) => Ok((account, given)),
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
        let account = self.find(login).await?;
        self.rules.judge(&password, &account.name, account.email.as_ref())?;
        let hash = self.passwords.hash(&password, &*self.entropy).await?;
        let set = |a: &Account| Account { password: Some(hash.clone()), ..a.clone() };
        self.change(account, set, Ends::Others(None)).await
    }

    /// A new code: what the store keeps of it, and what its holder is given.
    fn enrolment_code(&self, user: UserId) -> (store::EnrolmentCode, EnrolmentCode) {
        let code = code::generate(&*self.entropy, code::ENROLMENT);
        let digest = Codes::new(&self.keys).enrolment(user, code.expose_secret());
        let ends = self.clock.now().plus(keys::CODE_LIVES);
        (store::EnrolmentCode { digest, ends }, EnrolmentCode { code: in_groups(&code), ends })
    }

    async fn find(&self, login: &str) -> Result<Account, AccountError> {
        self.show(login).await?.ok_or_else(|| AccountError::NoSuchUser(login.to_string()))
    }

    /// Makes the change on what is stored now, again where somebody else was faster.
    async fn change(
        &self,
        mut account: Account,
        change: impl Fn(&Account) -> Account + Send,
        ends: Ends,
    ) -> Result<Account, AccountError> {
        let nobody = |a: &Account| AccountError::NoSuchUser(a.name.to_string());
        for _ in 0..TRIES {
            let changed = change(&account);
            match self.store.change_account(&changed, ends).await? {
                Changed::Yes => return Ok(Account { version: changed.version + 1, ..changed }),
                Changed::Gone => return Err(nobody(&changed)),
                Changed::Outdated => {}
                Changed::NameTaken => return Err(AccountError::NameTaken(changed.name)),
                Changed::EmailTaken => {
                    return Err(changed.email.map_or(AccountError::Contended, AccountError::EmailTaken));
                }
            }
            // the same person, whatever they are called by now
            account = self.store.account(changed.id).await?.ok_or_else(|| nobody(&changed))?;
        }
        Err(AccountError::Contended)
    }
}

/// As it is read and typed; dashes and blanks count for nothing.
fn in_groups(code: &SecretString) -> SecretString {
    let mut out = Zeroizing::new(String::with_capacity(2 * code.expose_secret().len()));
    for (n, c) in code.expose_secret().chars().enumerate() {
        if n > 0 && n % 4 == 0 {
            out.push('-');
        }
        out.push(c);
    }
    SecretString::from(out.as_str())
}

fn canonical_locale(tag: String) -> Result<String, AccountError> {
    match tag.parse::<LanguageIdentifier>() {
        Ok(id) if !id.language.is_empty() => Ok(id.to_string()),
        Ok(_) | Err(_) => Err(AccountError::BadLocale(tag)),
    }
}

#[cfg(test)]
mod tests;
