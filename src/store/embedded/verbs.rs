//! The trait's verbs over the embedded database: each is one transaction of the writer or one read.

use super::session::{answer, confirm, find, open, rotate, touch};
use super::{Embedded, account, canary, device, end, factor, pending, rows, throttle, writer};
use crate::store::record::Unconfirmed;
use crate::store::{
    Account, Attempt, Burn, Canary, Changed, CodeKind, CodeRules, Confirmation, Created, Device, DeviceLimits, Drift,
    Ends, EnrolmentCode, Fact, Failed, Head, KeyFile, NewAccount, NewBackup, Opened, Pending, Proof, Replaced, Result,
    Session, Step, Store, Stored, ThrottleKey, ThrottleRule, Touch, Used,
};
use crate::types::{DeviceId, DeviceRef, FactorId, Login, Seq, SessionId, Timestamp, TokenHash, TokenRef, UserId};

#[async_trait::async_trait]
impl Store for Embedded {
    async fn create_account(&self, new: &NewAccount) -> Result<Created> {
        let a = new.account.clone();
        self.write(move |w| account::create(w, &a)).await
    }
    async fn account(&self, user: UserId) -> Result<Option<Account>> {
        self.read(move |db| rows::account(db, user)).await
    }
    async fn account_by_login(&self, login: &Login) -> Result<Option<Account>> {
        let key = login.key().to_owned();
        self.read(move |db| account::by_login(db, &key)).await
    }
    async fn change_account(&self, a: &Account, ends: Ends) -> Result<Changed> {
        let a = a.clone();
        self.write(move |w| account::change(w, &a, ends)).await
    }
    async fn delete_account(&self, user: UserId) -> Result<bool> {
        self.write(move |w| factor::delete_account(w, user)).await
    }
    async fn reset_mfa(&self, user: UserId, code: Option<EnrolmentCode>) -> Result<bool> {
        self.write(move |w| factor::reset(w, user, code)).await
    }
    async fn roster(&self, after: Option<&str>, limit: usize) -> Result<Vec<Account>> {
        let after = after.map(str::to_owned);
        self.read(move |db| account::roster(db, after.as_deref(), limit)).await
    }
    async fn count_accounts(&self) -> Result<u64> {
        self.read(|db| Ok(db.query_row("SELECT count(*) FROM account", [], rows::seq)?.0)).await
    }

    async fn begin_pending(&self, p: &Pending) -> Result<()> {
        let p = p.clone();
        self.write(move |w| rows::write_pending(w.db, &p)).await
    }
    async fn pending(&self, at: TokenRef, now: Timestamp) -> Result<Option<Pending>> {
        self.read(move |db| pending::live(db, at, now)).await
    }
    async fn offer_secret(
        &self,
        at: TokenRef,
        sealed: &[u8],
        factor: FactorId,
        now: Timestamp,
    ) -> Result<Option<(FactorId, Vec<u8>)>> {
        let offered = Unconfirmed { factor, sealed: sealed.to_vec() };
        self.write(move |w| pending::offer(w, at, offered, now)).await
    }
    async fn fail_pending(&self, at: TokenRef, limit: u32, drift: Option<Drift>, now: Timestamp) -> Result<Failed> {
        self.write(move |w| pending::fail(w, at, (limit, drift), now)).await
    }
    async fn take_pending(&self, at: TokenRef, now: Timestamp) -> Result<Option<Pending>> {
        self.write(move |w| pending::take(w, at, now)).await
    }

    async fn open_session(&self, from: TokenRef, s: &Session, now: Timestamp) -> Result<Opened> {
        let s = s.clone();
        self.write(move |w| open(w, from, &s, now)).await
    }
    async fn rotate_session(&self, from: TokenRef, s: &Session, now: Timestamp) -> Result<Opened> {
        let s = s.clone();
        self.write(move |w| rotate(w, from, &s, now)).await
    }
    async fn answer(&self, from: TokenRef, proof: Proof, s: &Session, now: Timestamp) -> Result<Opened> {
        let s = s.clone();
        self.write(move |w| answer(w, from, proof, (&s, now))).await
    }
    async fn session(&self, at: TokenRef, now: Timestamp) -> Result<Option<Stored>> {
        self.read(move |db| find(db, at, now)).await
    }
    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        let mut all = self.read(move |db| rows::sessions(db, user)).await?;
        all.retain(|s| s.lives(now));
        Ok(all)
    }
    async fn touch(&self, many: &[Touch]) -> Result<()> {
        let many = many.to_vec();
        self.write(move |w| touch(w, &many)).await
    }
    async fn end_session(&self, user: UserId, session: SessionId) -> Result<Option<Seq>> {
        self.write(move |w| end::session(w, user, session)).await
    }
    async fn end_user(&self, user: UserId, except: Option<SessionId>) -> Result<Seq> {
        self.write(move |w| end::user(w, user, except)).await
    }

    async fn accept_totp_step(&self, user: UserId, factor: FactorId, step: u64, now: Timestamp) -> Result<Step> {
        self.write(move |w| account::accept_step(w, user, factor, (step, now))).await
    }
    async fn confirm_enrolment(&self, from: TokenRef, c: &Confirmation, now: Timestamp) -> Result<Opened> {
        let c = c.clone();
        self.write(move |w| confirm(w, from, &c, now)).await
    }
    async fn replace_backup(
        &self,
        burn: Option<Burn>,
        codes: &NewBackup,
        shown: &Pending,
        now: Timestamp,
    ) -> Result<Replaced> {
        let (codes, shown) = (codes.clone(), shown.clone());
        self.write(move |w| factor::replace_backup(w, burn, (&codes, &shown), now)).await
    }
    async fn codes_saved(&self, at: TokenRef, now: Timestamp) -> Result<bool> {
        self.write(move |w| factor::codes_saved(w, at, now)).await
    }
    async fn disable_mfa(
        &self,
        user: UserId,
        burn: Option<Burn>,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Replaced> {
        self.write(move |w| factor::disable(w, user, burn, (except, now))).await
    }

    async fn put_device(&self, d: &Device, session: SessionId, limits: DeviceLimits) -> Result<bool> {
        let d = d.clone();
        self.write(move |w| device::put(w, &d, session, limits)).await
    }
    async fn use_device(&self, at: DeviceRef, next: TokenHash, now: Timestamp) -> Result<Used> {
        self.write(move |w| device::used(w, at, next, now)).await
    }
    async fn device(&self, at: DeviceRef, now: Timestamp) -> Result<Option<Device>> {
        self.read(move |db| device::find(db, at, now)).await
    }
    async fn devices_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Device>> {
        let mut all = self.read(move |db| device::all(db, user)).await?;
        all.retain(|d| now < d.ends);
        Ok(all)
    }
    async fn end_device(&self, user: UserId, device: DeviceId) -> Result<bool> {
        self.write(move |w| device::end(w, user, device)).await
    }

    async fn attempt(&self, key: &ThrottleKey, rule: &ThrottleRule, now: Timestamp) -> Result<Attempt> {
        let keys = [(*key, *rule)];
        self.write(move |w| throttle::attempt(w, &keys, now)).await
    }
    async fn attempt_code(&self, user: UserId, kind: CodeKind, rules: &CodeRules, now: Timestamp) -> Result<Attempt> {
        let keys = [(ThrottleKey::Code(user, kind), rules.kind), (ThrottleKey::Codes(user), rules.all)];
        self.write(move |w| throttle::attempt(w, &keys, now)).await
    }
    async fn passed(&self, key: &ThrottleKey, at: Timestamp) -> Result<()> {
        let key = *key;
        self.write(move |w| throttle::passed(w, &key, at)).await
    }
    async fn unlock(&self, user: UserId) -> Result<()> {
        self.write(move |w| throttle::unlock(w.db, user)).await
    }

    async fn keep_canaries(&self, mine: &[Canary]) -> Result<Vec<Canary>> {
        let mine = mine.to_vec();
        self.write(move |w| canary::keep(w, &mine)).await
    }
    async fn know_keys(&self, file: &KeyFile) -> Result<()> {
        file.opens(&self.keep_canaries(&file.canaries).await?)
    }
    async fn forget_canary(&self, key: &str) -> Result<()> {
        let key = key.to_owned();
        self.write(move |w| canary::forget(w, &key)).await
    }

    async fn head(&self) -> Result<Head> {
        self.read(writer::head).await
    }
    async fn append(&self, fact: &Fact) -> Result<Seq> {
        let fact = fact.clone();
        self.write(move |w| end::told(w, &fact)).await
    }
    async fn sweep(&self, now: Timestamp) -> Result<u64> {
        let mut swept = 0;
        loop {
            let some = self.write(move |w| end::sweep(w, now)).await?;
            swept += some as u64;
            if some < end::HELPING {
                return Ok(swept);
            }
        }
    }
    async fn ping(&self) -> Result<()> {
        self.read(|db| Ok(db.query_row("SELECT 1", [], |_| Ok(()))?)).await?;
        // who can be read but not written to can sign nobody in or out
        self.write(|_| Ok(())).await
    }
    async fn warnings(&self) -> Result<Vec<String>> {
        Ok(match &self.readers {
            Some(_) => Vec::new(),
            None => vec!["the store lives in memory: everything is gone when this process ends".into()],
        })
    }
}
