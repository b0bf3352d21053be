//! The one trait of atomic verbs that both stores implement, and its records.
//!
//! Methods are whole decisions (`accept_totp_step`, `take_pending`), never get and set: whoever calls twice at once gets
//! one success. Expiry compares the record's own end with the caller's `now`; what a store's TTL does is sweeping only.
//! Absence is `Ok(None)`; `Err` closes the gate. Everything of one user lies in one slot (SPEC §12, hash tags).
//!
//! Order of writes. What *ends* something is appended to the log first and marked in the user's slot after: a node that
//! applies the entry drops what it holds and refuses late fills, so a crash between the two loses nothing. What *changes*
//! an account is written first and logged after, with the node's cache age as the backstop.

pub mod canary;
mod codec;
pub mod embedded;
pub mod error;
pub mod feed;
pub mod log;
pub mod record;
pub mod redis;

#[cfg(test)]
mod conformance;

pub use canary::{Canary, KeyFile};
pub use error::StoreError;
pub use log::{Entry, Fact, Head};
pub use record::{Account, Factor, NewAccount, Pending, Purpose, Session, Stored};

use crate::types::{FactorId, Login, Seq, SessionId, Timestamp, TokenHash, TokenRef, UserId};
use async_trait::async_trait;

pub type Result<T> = std::result::Result<T, StoreError>;

/// Both stores. `now` always comes from the caller.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // ---- accounts -------------------------------------------------------------------------------------------------
    /// Creates the account if neither its name nor its e-mail is taken by a name or an e-mail of anybody.
    async fn create_account(&self, new: &NewAccount) -> Result<Created>;
    async fn account(&self, user: UserId) -> Result<Option<Account>>;
    /// Finds by name or e-mail, in their one namespace.
    async fn account_by_login(&self, login: &Login) -> Result<Option<Account>>;
    /// Writes if the stored version is still `account.version`, raises it by one and appends `Fact::UserChanged`.
    /// A changed name or e-mail moves in the namespace with it. `ends` says what ends with the change (SPEC §5).
    async fn change_account(&self, account: &Account, ends: Ends) -> Result<Changed>;
    /// Accounts in order of name, those after `after`, at most `limit`.
    async fn roster(&self, after: Option<&str>, limit: usize) -> Result<Vec<Account>>;
    async fn count_accounts(&self) -> Result<u64>;

    // ---- pending sign-ins -----------------------------------------------------------------------------------------
    async fn begin_pending(&self, pending: &Pending) -> Result<()>;
    async fn pending(&self, at: TokenRef, now: Timestamp) -> Result<Option<Pending>>;
    /// Stores the sealed unconfirmed secret if there is none yet and returns the one that is there now:
    /// a reload of the set-up page shows the same one. `None`: no such pending sign-in.
    async fn offer_secret(
        &self,
        at: TokenRef,
        sealed: &[u8],
        factor: FactorId,
        now: Timestamp,
    ) -> Result<Option<(FactorId, Vec<u8>)>>;
    /// Counts a wrong code; the failure that reaches `limit` ends the pending sign-in.
    async fn fail_pending(&self, at: TokenRef, limit: u32, now: Timestamp) -> Result<Failed>;
    /// Gives it to exactly one caller.
    async fn take_pending(&self, at: TokenRef, now: Timestamp) -> Result<Option<Pending>>;

    // ---- sessions -------------------------------------------------------------------------------------------------
    /// Takes the pending sign-in `from` and puts the session in its place, in one step. Refused where the pending
    /// sign-in is gone, or the user's sessions were ended, or the account disabled, after it began.
    async fn open_session(&self, from: TokenRef, session: &Session, now: Timestamp) -> Result<Opened>;
    #[cfg_attr(not(test), expect(dead_code, reason = "second factors without a step lift a session by it"))]
    /// Takes the pending sign-in `from` (of purpose step up, for this very session) and lifts the session: new token
    /// hash, new assurance; the old hash serves until `session.old_until`. An ended session is never written again.
    async fn rotate_session(&self, from: TokenRef, session: &Session, now: Timestamp) -> Result<Opened>;
    /// A right TOTP code at a challenge, as one step: burns the step (only if it is greater than the last accepted one,
    /// RFC 6238 §5.2), takes the pending sign-in `from` and opens `session`, or rotates to it where it has an old token.
    /// One verb, so that of a hundred answers with one code one is let in, and none is lost between burning and taking.
    async fn answer_totp(&self, from: TokenRef, burn: Burn, session: &Session, now: Timestamp) -> Result<Opened>;
    /// The live session under this token (the present or, until it ends, the old one) with its account.
    async fn session(&self, at: TokenRef, now: Timestamp) -> Result<Option<Stored>>;
    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>>;
    /// Moves idle ends forward, never back; a session that is gone stays gone.
    async fn touch(&self, many: &[Touch]) -> Result<()>;
    /// Ends one session: log first, then the slot. True where it was there.
    async fn end_session(&self, user: UserId, session: SessionId) -> Result<Option<Seq>>;
    /// Ends every session and pending sign-in of the user that began before now, but `except`.
    async fn end_user(&self, user: UserId, except: Option<SessionId>) -> Result<Seq>;

    // ---- factors --------------------------------------------------------------------------------------------------
    #[cfg_attr(not(test), expect(dead_code, reason = "a fresh code on a form burns its step without a sign-in"))]
    /// Burns a TOTP step: accepted only if it is greater than the last accepted one (RFC 6238 §5.2).
    async fn accept_totp_step(&self, user: UserId, factor: FactorId, step: u64, now: Timestamp) -> Result<Step>;
    /// Confirms an enrolment as one step: the pending sign-in `from` is taken, the factor active, its step burnt, the
    /// session opened or (where it already exists, purpose enrol) rotated to `session`; every other session and pending
    /// sign-in of the user stays as it is. For the first factor only: where one is there by now, the answer is `Spent`,
    /// so that of two set-ups under way one counts. Appends `Fact::UserChanged`.
    async fn confirm_enrolment(
        &self,
        from: TokenRef,
        factor: &Factor,
        session: &Session,
        now: Timestamp,
    ) -> Result<Opened>;

    // ---- keys -----------------------------------------------------------------------------------------------------
    /// Keeps the first of `mine`, that of the key that seals, and returns all that are there now. Where one is there that
    /// is not among `mine`, nothing is written: a wrong key file leaves no trace, and the right one opens the store again.
    async fn keep_canaries(&self, mine: &[Canary]) -> Result<Vec<Canary>>;
    /// The key file has changed: from now on this process works with these keys. `Unfit` where they are not this store's;
    /// then all stays as it was.
    async fn know_keys(&self, file: &KeyFile) -> Result<()>;
    /// A key is retired: a key file without it is this store's from now on.
    async fn forget_canary(&self, key: &str) -> Result<()>;

    // ---- the log --------------------------------------------------------------------------------------------------
    /// Where the log stands; the first factor reads it and pending sign-in and session keep it as `began`.
    async fn head(&self) -> Result<Head>;
    #[cfg_attr(not(test), expect(dead_code, reason = "orders are appended with it"))]
    /// Appends a fact of its own (the verbs above append theirs).
    async fn append(&self, fact: &Fact) -> Result<Seq>;
    /// Removes what ended before `now`; the embedded store calls it by itself, Redis sweeps by TTL.
    async fn sweep(&self, now: Timestamp) -> Result<u64>;
    /// One cheap question, for `/readyz`.
    async fn ping(&self) -> Result<()>;
    /// What an operator should know of this store (missing persistence, small replica count …).
    async fn warnings(&self) -> Result<Vec<String>>;
}

/// What ends with a change of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Groups, e-mail, locale: live sessions are judged anew, none ends.
    Nothing,
    /// Password or factors: every pending sign-in and every session but this one.
    Others(Option<SessionId>),
    #[cfg_attr(not(test), expect(dead_code, reason = "disabling an account ends everything"))]
    /// Disabled: everything.
    Everything,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    Yes,
    NameTaken,
    EmailTaken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    Yes,
    Gone,
    /// Somebody else wrote first: read again.
    Outdated,
    NameTaken,
    EmailTaken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    Left(u32),
    Ended,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    Yes,
    /// The pending sign-in was taken by somebody else, or ran out.
    Spent,
    /// The user's sessions were ended, or the account disabled or deleted, since it began.
    Ended,
    /// The step of the code was burnt before; nothing is taken.
    Replayed,
}

/// A step of a factor, to be burnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burn {
    pub factor: FactorId,
    pub step: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Accepted,
    Replayed,
    NotEnrolled,
}

/// Activity of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    pub user: UserId,
    pub session: SessionId,
    pub idle_end: Timestamp,
}

/// Which of a session's two token hashes was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    Current,
    /// The one before the last rotation, still served for a moment at its old assurance.
    Old,
}

impl Session {
    /// Whether this token opens the session, and which one it is.
    pub fn opens(&self, hash: &TokenHash, now: Timestamp) -> Option<Presented> {
        if self.token == *hash {
            return Some(Presented::Current);
        }
        self.old.as_ref().filter(|o| o.token == *hash && now < o.until).map(|_| Presented::Old)
    }
}
