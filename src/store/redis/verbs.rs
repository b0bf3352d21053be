//! The trait's verbs over Redis.

use super::session::Entrance;
use super::{Redis, canary};
use crate::store::record::Unconfirmed;
use crate::store::{
    Account, Burn, Canary, Changed, Created, Ends, Fact, Factor, Failed, Head, KeyFile, NewAccount, Opened, Pending, Result,
    Session, Step, Store, Stored, Touch,
};
use crate::types::{FactorId, Login, Seq, SessionId, Timestamp, TokenRef, UserId};

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
    async fn fail_pending(&self, at: TokenRef, limit: u32, now: Timestamp) -> Result<Failed> {
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
    async fn answer_totp(&self, from: TokenRef, burn: Burn, session: &Session, now: Timestamp) -> Result<Opened> {
        let way = if session.old.is_some() { "rotate" } else { "open" };
        self.answer(Entrance { way, from, session, now }, burn).await
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
    async fn confirm_enrolment(
        &self,
        from: TokenRef,
        factor: &Factor,
        session: &Session,
        now: Timestamp,
    ) -> Result<Opened> {
        self.confirm(Entrance { way: "confirm", from, session, now }, factor).await
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
        self.link.query::<String>("asking for a sign of life", &redis::cmd("PING")).await.map(drop)
    }
    async fn warnings(&self) -> Result<Vec<String>> {
        self.link.warnings().await
    }
}
