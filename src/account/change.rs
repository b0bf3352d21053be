//! What an admin does to an account that is there: change it, disable it, reset its second factor, end it.
//!
//! The last administrator who can sign in stays one, whatever is asked.

use super::{Account, AccountError, Accounts, Device, EnrolmentCode, Session};
use crate::store::Ends;
use crate::types::{Email, GroupName, SessionId, UserId, UserName};
use std::collections::BTreeSet;

/// What is to be another; `None`: stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub name: Option<UserName>,
    /// `Some(None)`: none any more.
    pub email: Option<Option<Email>>,
    /// All groups from now on; those to be added and removed count after it.
    pub groups: Option<BTreeSet<GroupName>>,
    pub add_groups: BTreeSet<GroupName>,
    pub remove_groups: BTreeSet<GroupName>,
    /// `Some(None)`: by the browser.
    pub locale: Option<Option<String>>,
}

impl Change {
    fn on(&self, before: &Account) -> Account {
        let mut a = before.clone();
        if let Some(name) = &self.name {
            a.name = name.clone();
        }
        if let Some(email) = &self.email {
            a.email = email.clone();
        }
        if let Some(groups) = &self.groups {
            a.groups = groups.clone();
        }
        a.groups.extend(self.add_groups.iter().cloned());
        a.groups.retain(|g| !self.remove_groups.contains(g));
        if let Some(locale) = &self.locale {
            a.locale = locale.clone();
        }
        a
    }
}

impl Accounts {
    /// Name, e-mail, groups, language: acts on live sessions at their next request, and ends none.
    pub async fn set(&self, login: &str, mut change: Change) -> Result<Account, AccountError> {
        if let Some(Some(locale)) = change.locale {
            change.locale = Some(Some(super::canonical_locale(locale)?));
        }
        let account = self.find(login).await?;
        self.change_guarded(account, |a| change.on(a), Ends::Nothing).await
    }

    /// All sessions end, and nobody signs in.
    pub async fn disable(&self, login: &str) -> Result<Account, AccountError> {
        let account = self.find(login).await?;
        self.change_guarded(account, |a| Account { disabled: true, ..a.clone() }, Ends::Everything).await
    }

    pub async fn enable(&self, login: &str) -> Result<Account, AccountError> {
        let account = self.find(login).await?;
        self.change(account, |a| Account { disabled: false, ..a.clone() }, Ends::Nothing).await
    }

    /// Ends everything and removes the account; its id is never used again. Disabled first, so that nobody comes in
    /// meanwhile and the last administrator is noticed while there is a way back.
    pub async fn delete(&self, login: &str) -> Result<Account, AccountError> {
        let account = self.disable(login).await?;
        self.store.delete_account(account.id).await?;
        Ok(account)
    }

    /// Takes second factors, backup codes and devices away and ends all sessions. With a code, only its holder enrols anew.
    pub async fn reset_mfa(
        &self,
        login: &str,
        with_code: bool,
    ) -> Result<(Account, Option<EnrolmentCode>), AccountError> {
        let account = self.find(login).await?;
        let (kept, given) = with_code.then(|| self.enrolment_code(account.id)).unzip();
        if !self.store.reset_mfa(account.id, kept).await? {
            return Err(AccountError::NoSuchUser(login.to_string()));
        }
        let after = self.store.account(account.id).await?;
        Ok((after.unwrap_or(account), given))
    }

    /// Lifts every wait, and what a hundred failures disabled.
    pub async fn unlock(&self, login: &str) -> Result<Account, AccountError> {
        let account = self.find(login).await?;
        self.store.unlock(account.id).await?;
        Ok(account)
    }

    /// What is open now, and the browsers that are known.
    pub async fn sessions(&self, login: &str) -> Result<(Account, Vec<Session>, Vec<Device>), AccountError> {
        let account = self.find(login).await?;
        let now = self.clock.now();
        let sessions = self.store.sessions_of(account.id, now).await?;
        let devices = self.store.devices_of(account.id, now).await?;
        Ok((account, sessions, devices))
    }

    /// Ends one session, or all of them with pending sign-ins and devices.
    pub async fn sign_out(&self, login: &str, session: Option<SessionId>) -> Result<Account, AccountError> {
        let account = self.find(login).await?;
        match session {
            Some(session) => {
                let ended = self.store.end_session(account.id, session).await?;
                ended.ok_or(AccountError::NoSuchSession(session))?;
            }
            None => drop(self.store.end_user(account.id, None).await?),
        }
        Ok(account)
    }

    /// A change that may take the last administrator away: refused, or taken back where two nodes took one each.
    async fn change_guarded(
        &self,
        before: Account,
        change: impl Fn(&Account) -> Account + Send,
        ends: Ends,
    ) -> Result<Account, AccountError> {
        let _one_at_a_time = self.guard.lock().await;
        let was_admin = self.administers(&before);
        if was_admin && !self.administers(&change(&before)) && !self.another_admin(before.id).await? {
            return Err(AccountError::LastAdmin);
        }
        let after = self.change(before.clone(), change, ends).await?;
        if was_admin && !self.administers(&after) && !self.another_admin(before.id).await? {
            let back = |a: &Account| Account { groups: before.groups.clone(), disabled: before.disabled, ..a.clone() };
            self.change(after, back, Ends::Nothing).await?;
            return Err(AccountError::LastAdmin);
        }
        Ok(after)
    }

    /// In a group of `admins.groups`, and able to sign in.
    fn administers(&self, a: &Account) -> bool {
        !a.disabled && a.password.is_some() && self.policy.load().is_admin(&a.groups)
    }

    async fn another_admin(&self, than: UserId) -> Result<bool, AccountError> {
        self.any(|a| a.id != than && self.administers(a)).await
    }
}
