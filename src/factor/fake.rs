//! Accounts in memory, for tests of what stands on the store. Knows accounts and tokens of the API, and remembers what was ended and unlocked;
//! every attempt is allowed. What has to do with a browser is an error.

use crate::store::audit::{AuditBounds, AuditFilter, AuditFrom, AuditPage, AuditRow};
use crate::store::{
    Account, Ack, ApiToken, Attempt, AuditStore, Burn, Canary, Changed, CodeKind, CodeRules, Confirmation, Counted,
    Created, Device, DeviceLimits, Drift, Ends, EnrolmentCode, Fact, Failed, FormLimits, FormStore, Head, KeyFile,
    Lifted, NewAccount, NewBackup, Opened, Order, OrderStore, Parked, ParkedForm, Pending, Placed, Proof, Quota,
    Replaced, Result, Session, Step, Store, StoreError, Stored, ThrottleKey, ThrottleRule, TokenStore, Touch, Used,
};
use crate::sys::lock;
use crate::types::{
    ApiTokenId, DeviceId, DeviceRef, Email, FactorId, FormId, Login, NodeId, OrderId, Seq, SessionId, Timestamp,
    TokenHash, TokenRef, UserId, UserName,
};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

#[derive(Default)]
pub(crate) struct FakeStore(Mutex<State>);

#[derive(Default)]
struct State {
    accounts: Vec<Account>,
    ends: Vec<Ends>,
    unlocked: Vec<UserId>,
    outdated: u32,
    failing: bool,
    tokens: Vec<ApiToken>,
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
        backup: None,
        enrolment_code: None,
        created: Timestamp::default(),
        last_sign_in: None,
        proofs: Default::default(),
        version: 0,
    }
}

impl FakeStore {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
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
    /// Whose throttles were cleared, in order.
    pub(crate) fn unlocked(&self) -> Vec<UserId> {
        self.state().unlocked.clone()
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
    async fn delete_account(&self, user: UserId) -> Result<bool> {
        let mut state = self.up()?;
        let before = state.accounts.len();
        state.accounts.retain(|a| a.id != user);
        let gone = state.accounts.len() < before;
        if gone {
            state.ends.push(Ends::Everything);
        }
        Ok(gone)
    }
    async fn reset_mfa(&self, user: UserId, code: Option<EnrolmentCode>) -> Result<bool> {
        let mut state = self.up()?;
        let Some(a) = state.accounts.iter_mut().find(|a| a.id == user) else { return Ok(false) };
        (a.factors, a.backup, a.enrolment_code) = (Vec::new(), None, code);
        a.version += 1;
        state.ends.push(Ends::Others(None));
        state.unlocked.push(user);
        Ok(true)
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
    async fn fail_pending(&self, _: TokenRef, _: u32, _: Option<Drift>, _: Timestamp) -> Result<Failed> {
        none()
    }
    async fn take_pending(&self, _: TokenRef, _: Timestamp) -> Result<Option<Pending>> {
        none()
    }
    async fn open_session(&self, _: TokenRef, _: &Session, _: Timestamp) -> Result<Opened> {
        none()
    }
    async fn answer(&self, _: TokenRef, _: Proof, _: &Session, _: Timestamp) -> Result<Opened> {
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
    async fn end_user(&self, _: UserId, except: Option<SessionId>) -> Result<Seq> {
        self.up()?.ends.push(Ends::Others(except));
        Ok(Seq(1))
    }
    async fn accept_totp_step(&self, _: UserId, _: FactorId, _: u64, _: Timestamp) -> Result<Step> {
        none()
    }
    async fn confirm_enrolment(&self, _: TokenRef, _: &Confirmation, _: Timestamp) -> Result<Opened> {
        none()
    }
    async fn replace_backup(&self, _: Option<Burn>, _: &NewBackup, _: &Pending, _: Timestamp) -> Result<Replaced> {
        none()
    }
    async fn codes_saved(&self, _: TokenRef, _: Timestamp) -> Result<bool> {
        none()
    }
    async fn disable_mfa(
        &self,
        user: UserId,
        _: Option<Burn>,
        except: Option<SessionId>,
        _: Timestamp,
    ) -> Result<Replaced> {
        let mut state = self.up()?;
        let found = state.accounts.iter_mut().find(|a| a.id == user).filter(|a| a.has_second_factor());
        let Some(a) = found else { return Ok(Replaced::NotEnrolled) };
        (a.factors, a.backup) = (Vec::new(), None);
        a.version += 1;
        state.ends.push(Ends::Others(except));
        Ok(Replaced::Yes)
    }
    async fn put_device(&self, _: &Device, _: SessionId, _: DeviceLimits) -> Result<bool> {
        none()
    }
    async fn use_device(&self, _: DeviceRef, _: TokenHash, _: Timestamp) -> Result<Used> {
        none()
    }
    async fn device(&self, _: DeviceRef, _: Timestamp) -> Result<Option<Device>> {
        none()
    }
    async fn devices_of(&self, _: UserId, _: Timestamp) -> Result<Vec<Device>> {
        none()
    }
    async fn end_device(&self, _: UserId, _: DeviceId) -> Result<bool> {
        none()
    }
    async fn attempt(&self, _: &ThrottleKey, _: &ThrottleRule, _: Timestamp) -> Result<Attempt> {
        self.up().map(|_| Attempt::Allowed)
    }
    async fn attempt_code(&self, _: UserId, _: CodeKind, _: &CodeRules, _: Timestamp) -> Result<Attempt> {
        self.up().map(|_| Attempt::Allowed)
    }
    async fn passed(&self, _: &ThrottleKey, _: Timestamp) -> Result<()> {
        self.up().map(|_| ())
    }
    async fn unlock(&self, user: UserId) -> Result<()> {
        self.up()?.unlocked.push(user);
        Ok(())
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

/// Keeps no row.
#[async_trait]
impl AuditStore for FakeStore {
    async fn append_audit(&self, _: &[AuditRow], _: Duration) -> Result<()> {
        none()
    }
    async fn audit_seq(&self, _: NodeId) -> Result<u64> {
        none()
    }
    async fn audit_page(&self, _: &AuditFilter, _: AuditFrom, _: usize) -> Result<AuditPage> {
        none()
    }
    async fn trim_audit(&self, _: AuditBounds, _: Timestamp) -> Result<u64> {
        none()
    }
}

/// Keeps no form.
#[async_trait]
impl FormStore for FakeStore {
    async fn park_form(&self, _: &ParkedForm, _: FormLimits, _: Timestamp) -> Result<Parked> {
        none()
    }
    async fn form(&self, _: FormId, _: Timestamp) -> Result<Option<Vec<u8>>> {
        none()
    }
    async fn take_form(&self, _: FormId, _: Timestamp) -> Result<Option<Vec<u8>>> {
        none()
    }
}

/// Keeps no order.
#[async_trait]
impl OrderStore for FakeStore {
    async fn place_order(&self, _: &Order) -> Result<Placed> {
        none()
    }
    async fn lift_order(&self, _: OrderId, _: Timestamp) -> Result<Option<Lifted>> {
        none()
    }
    async fn orders(&self) -> Result<Vec<Order>> {
        none()
    }
    async fn order(&self, _: OrderId) -> Result<Option<Order>> {
        none()
    }
    async fn acknowledge(&self, _: &Ack) -> Result<()> {
        none()
    }
}

/// Counts nobody's orders.
#[async_trait]
impl TokenStore for FakeStore {
    async fn create_token(&self, token: &ApiToken) -> Result<bool> {
        let mut state = self.up()?;
        let taken = state.tokens.iter().any(|t| t.name == token.name && t.revoked.is_none());
        if !taken {
            state.tokens.push(token.clone());
        }
        Ok(!taken)
    }
    async fn api_token(&self, id: ApiTokenId) -> Result<Option<ApiToken>> {
        Ok(self.up()?.tokens.iter().find(|t| t.id == id).cloned())
    }
    async fn api_tokens(&self) -> Result<Vec<ApiToken>> {
        Ok(self.up()?.tokens.clone())
    }
    async fn revoke_token(&self, id: ApiTokenId, at: Timestamp) -> Result<bool> {
        let mut state = self.up()?;
        let found = state.tokens.iter_mut().find(|t| t.id == id && t.revoked.is_none());
        Ok(found.map(|t| t.revoked = Some(at)).is_some())
    }
    async fn token_used(&self, id: ApiTokenId, at: Timestamp) -> Result<()> {
        let mut state = self.up()?;
        let found = state.tokens.iter_mut().find(|t| t.id == id);
        found.into_iter().for_each(|t| t.last_used = Some(at));
        Ok(())
    }
    async fn meet(&self, _: &str, _: &BTreeSet<[u8; 16]>, _: Quota, _: Timestamp) -> Result<Counted> {
        Ok(Counted::Yes)
    }
}
