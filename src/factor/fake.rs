//! Accounts in memory, for tests of what stands on the store. Knows accounts only; all else is an error.

use crate::store::{
    Account, Burn, Canary, Changed, Created, Ends, Fact, Factor, Failed, Head, KeyFile, NewAccount, Opened, Pending, Result,
    Session, Step, Store, StoreError, Stored, Touch,
};
use crate::types::{Email, FactorId, Login, Seq, SessionId, Timestamp, TokenRef, UserId, UserName};
use async_trait::async_trait;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub(crate) struct FakeStore(Mutex<State>);

#[derive(Default)]
struct State {
    accounts: Vec<Account>,
    ends: Vec<Ends>,
    outdated: u32,
    failing: bool,
}

/// A bare account of this name, at example.com.
pub(crate) fn account(name: &str) -> Account {
    let mut id = [0; 16];
    id.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
    Account {
        id: UserId::from_bytes(id),
        name: UserName::parse(name).unwrap(),
        email: Some(Email::parse(&format!("{name}@example.com")).unwrap()),
        groups: Default::default(),
        locale: None,
        disabled: false,
        password: None,
        factors: Vec::new(),
        created: Timestamp::default(),
        last_sign_in: None,
        version: 0,
    }
}

impl FakeStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn up(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.state();
        if state.failing { Err(StoreError::unavailable("testing", "down")) } else { Ok(state) }
    }
    pub(crate) fn put(&self, account: Account) {
        self.state().accounts.push(account);
    }
    pub(crate) fn get(&self, name: &str) -> Account {
        self.state().accounts.iter().find(|a| a.name.as_str() == name).cloned().unwrap()
    }
    pub(crate) fn last_ends(&self) -> Option<Ends> {
        self.state().ends.last().copied()
    }
    /// The next `times` changes find that somebody else was first.
    pub(crate) fn outdate(&self, times: u32) {
        self.state().outdated = times;
    }
    /// From now on it is down.
    pub(crate) fn fail(&self) {
        self.state().failing = true;
    }
}

fn holds(a: &Account, key: &str) -> bool {
    a.name.as_str() == key || a.email.as_ref().is_some_and(|e| e.as_str() == key)
}
fn none<T>() -> Result<T> {
    Err(StoreError::Unfit("knows accounts only".into()))
}

#[async_trait]
impl Store for FakeStore {
    async fn create_account(&self, new: &NewAccount) -> Result<Created> {
        let mut state = self.up()?;
        let taken = |key: &str| state.accounts.iter().any(|a| holds(a, key));
        if taken(new.account.name.as_str()) {
            return Ok(Created::NameTaken);
        }
        if new.account.email.as_ref().is_some_and(|e| taken(e.as_str())) {
            return Ok(Created::EmailTaken);
        }
        state.accounts.push(new.account.clone());
        Ok(Created::Yes)
    }
    async fn account(&self, user: UserId) -> Result<Option<Account>> {
        Ok(self.up()?.accounts.iter().find(|a| a.id == user).cloned())
    }
    async fn account_by_login(&self, login: &Login) -> Result<Option<Account>> {
        Ok(self.up()?.accounts.iter().find(|a| holds(a, login.key())).cloned())
    }
    async fn change_account(&self, account: &Account, ends: Ends) -> Result<Changed> {
        let mut state = self.up()?;
        if let Some(left) = state.outdated.checked_sub(1) {
            state.outdated = left;
            return Ok(Changed::Outdated);
        }
        let Some(there) = state.accounts.iter_mut().find(|a| a.id == account.id) else { return Ok(Changed::Gone) };
        if there.version != account.version {
            return Ok(Changed::Outdated);
        }
        *there = Account { version: account.version + 1, ..account.clone() };
        state.ends.push(ends);
        Ok(Changed::Yes)
    }
    async fn roster(&self, after: Option<&str>, limit: usize) -> Result<Vec<Account>> {
        let mut all = self.up()?.accounts.clone();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let later = all.into_iter().filter(|a| after.is_none_or(|n| a.name.as_str() > n));
        Ok(later.take(limit).collect())
    }
    async fn count_accounts(&self) -> Result<u64> {
        Ok(self.up()?.accounts.len() as u64)
    }
    async fn begin_pending(&self, _: &Pending) -> Result<()> {
        none()
    }
    async fn pending(&self, _: TokenRef, _: Timestamp) -> Result<Option<Pending>> {
        none()
    }
    async fn offer_secret(
        &self,
        _: TokenRef,
        _: &[u8],
        _: FactorId,
        _: Timestamp,
    ) -> Result<Option<(FactorId, Vec<u8>)>> {
        none()
    }
    async fn fail_pending(&self, _: TokenRef, _: u32, _: Timestamp) -> Result<Failed> {
        none()
    }
    async fn take_pending(&self, _: TokenRef, _: Timestamp) -> Result<Option<Pending>> {
        none()
    }
    async fn open_session(&self, _: TokenRef, _: &Session, _: Timestamp) -> Result<Opened> {
        none()
    }
    async fn answer_totp(&self, _: TokenRef, _: Burn, _: &Session, _: Timestamp) -> Result<Opened> {
        none()
    }
    async fn rotate_session(&self, _: TokenRef, _: &Session, _: Timestamp) -> Result<Opened> {
        none()
    }
    async fn session(&self, _: TokenRef, _: Timestamp) -> Result<Option<Stored>> {
        none()
    }
    async fn sessions_of(&self, _: UserId, _: Timestamp) -> Result<Vec<Session>> {
        none()
    }
    async fn touch(&self, _: &[Touch]) -> Result<()> {
        none()
    }
    async fn end_session(&self, _: UserId, _: SessionId) -> Result<Option<Seq>> {
        none()
    }
    async fn end_user(&self, _: UserId, _: Option<SessionId>) -> Result<Seq> {
        none()
    }
    async fn accept_totp_step(&self, _: UserId, _: FactorId, _: u64, _: Timestamp) -> Result<Step> {
        none()
    }
    async fn confirm_enrolment(&self, _: TokenRef, _: &Factor, _: &Session, _: Timestamp) -> Result<Opened> {
        none()
    }
    async fn keep_canaries(&self, _: &[Canary]) -> Result<Vec<Canary>> {
        none()
    }
    async fn know_keys(&self, _: &KeyFile) -> Result<()> {
        self.up().map(drop)
    }
    async fn forget_canary(&self, _: &str) -> Result<()> {
        self.up().map(drop)
    }
    async fn head(&self) -> Result<Head> {
        none()
    }
    async fn append(&self, _: &Fact) -> Result<Seq> {
        none()
    }
    async fn sweep(&self, _: Timestamp) -> Result<u64> {
        none()
    }
    async fn ping(&self) -> Result<()> {
        self.up().map(|_| ())
    }
    async fn warnings(&self) -> Result<Vec<String>> {
        none()
    }
}
