//! The trait's verbs over Redis.

use super::factor::{Stripped, Stripping};
use super::session::Entrance;
use super::{Redis, canary};
use crate::store::record::Unconfirmed;
use crate::store::{
    Account, Attempt, Burn, Canary, Changed, CodeKind, CodeRules, Confirmation, Created, Device, DeviceLimits, Drift,
    Ends, EnrolmentCode, Fact, Failed, Head, KeyFile, NewAccount, NewBackup, Opened, Pending, Proof, Replaced, Result,
    Session, Step, Store, Stored, ThrottleKey, ThrottleRule, Touch, Used,
};
use crate::types::{DeviceId, DeviceRef, FactorId, Login, Seq, SessionId, Timestamp, TokenHash, TokenRef, UserId};

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
    async fn delete_account(&self, user: UserId) -> Result<bool> {
        self.delete(user).await
    }
    async fn reset_mfa(&self, user: UserId, code: Option<EnrolmentCode>) -> Result<bool> {
        let done = self.strip(&Stripping { user, burn: None, except: None, code, wipe: "all" }).await?;
        Ok(matches!(done, Stripped::Yes))
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
    async fn fail_pending(&self, at: TokenRef, limit: u32, drift: Option<Drift>, now: Timestamp) -> Result<Failed> {
        self.fail(at, (limit, drift), now).await
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
        let way = if session.old.is_some() { "rotate" } else { "open" };
        self.enter_with(Entrance { way, from, session, now }, proof).await
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
        self.accept_step(user, Burn { factor, step }, now).await
    }
    async fn confirm_enrolment(&self, from: TokenRef, c: &Confirmation, now: Timestamp) -> Result<Opened> {
        self.confirm(Entrance { way: "confirm", from, session: &c.session, now }, c).await
    }
    async fn replace_backup(
        &self,
        burn: Option<Burn>,
        codes: &NewBackup,
        shown: &Pending,
        now: Timestamp,
    ) -> Result<Replaced> {
        self.new_backup(burn, (codes, shown), now).await
    }
    async fn codes_saved(&self, at: TokenRef, now: Timestamp) -> Result<bool> {
        self.note_codes_saved(at, now).await
    }
    async fn disable_mfa(
        &self,
        user: UserId,
        burn: Option<Burn>,
        except: Option<SessionId>,
        _now: Timestamp,
    ) -> Result<Replaced> {
        Ok(match self.strip(&Stripping { user, burn, except, code: None, wipe: "mfa" }).await? {
            Stripped::Yes => Replaced::Yes,
            Stripped::Replayed => Replaced::Replayed,
            Stripped::Gone | Stripped::NotEnrolled => Replaced::NotEnrolled,
        })
    }

    async fn put_device(&self, d: &Device, session: SessionId, limits: DeviceLimits) -> Result<bool> {
        self.keep_device(d, session, limits).await
    }
    async fn use_device(&self, at: DeviceRef, next: TokenHash, now: Timestamp) -> Result<Used> {
        self.rotate_device(at, next, now).await
    }
    async fn device(&self, at: DeviceRef, now: Timestamp) -> Result<Option<Device>> {
        self.find_device(at, now).await
    }
    async fn devices_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Device>> {
        self.list_devices(user, now).await
    }
    async fn end_device(&self, user: UserId, device: DeviceId) -> Result<bool> {
        self.end_one_device(user, device).await
    }

    async fn attempt(&self, key: &ThrottleKey, rule: &ThrottleRule, now: Timestamp) -> Result<Attempt> {
        self.count_attempt(&[(*key, *rule)], now).await
    }
    async fn attempt_code(&self, user: UserId, kind: CodeKind, rules: &CodeRules, now: Timestamp) -> Result<Attempt> {
        let keys = [(ThrottleKey::Code(user, kind), rules.kind), (ThrottleKey::Codes(user), rules.all)];
        self.count_attempt(&keys, now).await
    }
    async fn passed(&self, key: &ThrottleKey, at: Timestamp) -> Result<()> {
        self.uncount(key, at).await
    }
    async fn unlock(&self, user: UserId) -> Result<()> {
        self.clear_throttles(user).await
    }

    async fn keep_canaries(&self, mine: &[Canary]) -> Result<Vec<Canary>> {
        self.link.run("keeping canaries", &self.link.keys.keep(mine)).await.map(canary::read)
    }
    async fn know_keys(&self, file: &KeyFile) -> Result<()> {
        self.learn_keys(file).await
    }
    async fn forget_canary(&self, key: &str) -> Result<()> {
        self.forget_key(key).await
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
        // of the log's own server: without it nothing goes
        let mut cmd = redis::cmd("GET");
        cmd.arg(self.keys.everything());
        self.link.query::<Option<u64>>("asking for a sign of life", &cmd).await.map(drop)
    }
    async fn warnings(&self) -> Result<Vec<String>> {
        self.link.warnings().await
    }
}
