//! The trait's verbs over Redis.

use super::session::Entrance;
use super::{Redis, canary};
use crate::store::record::Unconfirmed;
use crate::store::{
    Account, Attempt, Burn, Canary, Changed, CodeKind, CodeRules, Confirmation, Created, Device, DeviceLimits, Drift,
    Ends, EnrolmentCode, Fact, Failed, Head, NewAccount, NewBackup, Opened, Pending, Proof, Replaced, Result, Session,
    Step, Store, StoreError, Stored, ThrottleKey, ThrottleRule, Touch, Used,
};
use crate::types::{DeviceId, DeviceRef, FactorId, Login, Seq, SessionId, Timestamp, TokenHash, TokenRef, UserId};

fn not_yet<T>() -> Result<T> {
    Err(StoreError::Unfit("this verb is not there yet".into()))
}

#[async_trait::async_trait]
impl Store for Redis {
    async fn create_account(&self, new: &NewAccount) -> Result<Created> {
        self.create(&new.account).await
    }
    async fn account(&self, user: UserId) -> Result<Option<Account>> {
        self.read_account(user).await
    }
    async fn account_by_login(&self, login: &Login) -> Result<Option<Account>> {
        self.find_account(login).await
    }
    async fn change_account(&self, a: &Account, ends: Ends) -> Result<Changed> {
        self.change(a, ends).await
    }
    async fn delete_account(&self, _: UserId) -> Result<bool> {
        not_yet()
    }
    async fn reset_mfa(&self, _: UserId, _: Option<EnrolmentCode>) -> Result<bool> {
        not_yet()
    }
    async fn roster(&self, after: Option<&str>, limit: usize) -> Result<Vec<Account>> {
        self.read_roster(after, limit).await
    }
    async fn count_accounts(&self) -> Result<u64> {
        self.count().await
    }

    async fn begin_pending(&self, p: &Pending) -> Result<()> {
        self.begin(p).await
    }
    async fn pending(&self, at: TokenRef, now: Timestamp) -> Result<Option<Pending>> {
        self.read_pending(at, now).await
    }
    async fn offer_secret(
        &self,
        at: TokenRef,
        sealed: &[u8],
        factor: FactorId,
        now: Timestamp,
    ) -> Result<Option<(FactorId, Vec<u8>)>> {
        self.offer(at, &Unconfirmed { factor, sealed: sealed.to_vec() }, now).await
    }
    async fn fail_pending(&self, at: TokenRef, limit: u32, _: Option<Drift>, now: Timestamp) -> Result<Failed> {
        self.fail(at, limit, now).await
    }
    async fn take_pending(&self, at: TokenRef, now: Timestamp) -> Result<Option<Pending>> {
        self.take(at, now).await
    }

    async fn open_session(&self, from: TokenRef, session: &Session, now: Timestamp) -> Result<Opened> {
        self.enter(Entrance { way: "open", from, session, now }).await
    }
    async fn rotate_session(&self, from: TokenRef, session: &Session, now: Timestamp) -> Result<Opened> {
        self.enter(Entrance { way: "rotate", from, session, now }).await
    }
    async fn answer(&self, from: TokenRef, proof: Proof, session: &Session, now: Timestamp) -> Result<Opened> {
        let Proof::Totp(burn) = proof else { return not_yet() };
        let way = if session.old.is_some() { "rotate" } else { "open" };
        Redis::answer(self, Entrance { way, from, session, now }, burn).await
    }
    async fn session(&self, at: TokenRef, now: Timestamp) -> Result<Option<Stored>> {
        self.find_session(at, now).await
    }
    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.list_sessions(user, now).await
    }
    async fn touch(&self, many: &[Touch]) -> Result<()> {
        self.touch_all(many).await
    }
    async fn end_session(&self, user: UserId, session: SessionId) -> Result<Option<Seq>> {
        self.end_one(user, session).await
    }
    async fn end_user(&self, user: UserId, except: Option<SessionId>) -> Result<Seq> {
        self.end_all(user, except).await
    }

    async fn accept_totp_step(&self, user: UserId, factor: FactorId, step: u64, now: Timestamp) -> Result<Step> {
        self.accept_step(user, factor, step, now).await
    }
    async fn confirm_enrolment(&self, from: TokenRef, c: &Confirmation, now: Timestamp) -> Result<Opened> {
        self.confirm(Entrance { way: "confirm", from, session: &c.session, now }, &c.factor).await
    }
    async fn replace_backup(&self, _: Option<Burn>, _: &NewBackup, _: &Pending, _: Timestamp) -> Result<Replaced> {
        not_yet()
    }
    async fn codes_saved(&self, _: TokenRef, _: Timestamp) -> Result<bool> {
        not_yet()
    }
    async fn disable_mfa(&self, _: UserId, _: Option<Burn>, _: Option<SessionId>, _: Timestamp) -> Result<Replaced> {
        not_yet()
    }

    async fn put_device(&self, _: &Device, _: SessionId, _: DeviceLimits) -> Result<bool> {
        not_yet()
    }
    async fn use_device(&self, _: DeviceRef, _: TokenHash, _: Timestamp) -> Result<Used> {
        not_yet()
    }
    async fn device(&self, _: DeviceRef, _: Timestamp) -> Result<Option<Device>> {
        not_yet()
    }
    async fn devices_of(&self, _: UserId, _: Timestamp) -> Result<Vec<Device>> {
        not_yet()
    }
    async fn end_device(&self, _: UserId, _: DeviceId) -> Result<bool> {
        not_yet()
    }

    async fn attempt(&self, _: &ThrottleKey, _: &ThrottleRule, _: Timestamp) -> Result<Attempt> {
        not_yet()
    }
    async fn attempt_code(&self, _: UserId, _: CodeKind, _: &CodeRules, _: Timestamp) -> Result<Attempt> {
        not_yet()
    }
    async fn passed(&self, _: &ThrottleKey, _: Timestamp) -> Result<()> {
        not_yet()
    }
    async fn unlock(&self, _: UserId) -> Result<()> {
        not_yet()
    }

    async fn keep_canaries(&self, mine: &[Canary]) -> Result<Vec<Canary>> {
        self.link.run("keeping canaries", &self.link.keys.keep(mine)).await.map(canary::read)
    }

    async fn head(&self) -> Result<Head> {
        self.read_head().await
    }
    async fn append(&self, fact: &Fact) -> Result<Seq> {
        self.tell(fact).await
    }
    async fn sweep(&self, _now: Timestamp) -> Result<u64> {
        Ok(0) // keys carry a TTL, and what ran out inside them goes when something new comes
    }
    async fn ping(&self) -> Result<()> {
        self.link.query::<String>("asking for a sign of life", &redis::cmd("PING")).await.map(drop)
    }
    async fn warnings(&self) -> Result<Vec<String>> {
        self.link.warnings().await
    }
}
