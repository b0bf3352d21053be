//! The one trait of atomic verbs that both stores implement, and its records.
//!
//! Methods are whole decisions (`accept_totp_step`, `take_pending`), never get and set: whoever calls twice at once gets
//! one success. Expiry compares the record's own end with the caller's `now`; what a store's TTL does is sweeping only.
//! Absence is `Ok(None)`; `Err` closes the gate. Everything of one user lies in one slot (SPEC §12, hash tags).
//!
//! Order of writes. What *ends* something is appended to the log first and marked in the user's slot after: a node that
//! applies the entry drops what it holds and refuses late fills, so a crash between the two loses nothing. What *changes*
//! an account is written first and logged after, with the node's cache age as the backstop.

pub mod audit;
pub mod canary;
mod codec;
pub mod device;
pub mod embedded;
pub mod error;
pub mod feed;
pub mod form;
pub mod log;
pub mod order;
pub mod outcome;
pub mod record;
pub mod redis;
pub mod throttle;
pub mod token;

#[cfg(test)]
mod conformance;

pub use audit::AuditStore;
pub use canary::{Canary, KeyFile};
pub use device::{Device, DeviceLimits, Used};
pub use error::StoreError;
pub use form::{FormLimits, FormStore, Parked, ParkedForm};
pub use log::{Entry, Fact, Head};
pub use order::{Ack, Action, Lifted, NoMethod, Order, OrderStore, Placed, Select, UserSelect};
pub use outcome::{
    Burn, Changed, Confirmation, Created, Ends, Failed, Opened, Presented, Proof, Replaced, Step, Touch,
};
pub use record::{Account, Drift, EnrolmentCode, Factor, NewAccount, NewBackup, Pending, Purpose, Session, Stored};
pub use throttle::{Attempt, CodeKind, CodeRules, ThrottleKey, ThrottleRule};
pub use token::{ApiToken, Counted, Quota, TokenStore};

use crate::types::{DeviceId, DeviceRef, FactorId, Login, Seq, SessionId, Timestamp, TokenHash, TokenRef, UserId};
use async_trait::async_trait;

pub type Result<T> = std::result::Result<T, StoreError>;

/// Both stores. `now` always comes from the caller. What the audit keeps is a trait of its own,
/// [`AuditStore`], and so are orders, [`OrderStore`], callers of the API, [`TokenStore`], and forms that wait, [`FormStore`].
#[async_trait]
pub trait Store: AuditStore + OrderStore + TokenStore + FormStore {
    // ---- accounts -------------------------------------------------------------------------------------------------
    /// Creates the account if neither its name nor its e-mail is taken by a name or an e-mail of anybody.
    async fn create_account(&self, new: &NewAccount) -> Result<Created>;
    async fn account(&self, user: UserId) -> Result<Option<Account>>;
    /// Finds by name or e-mail, in their one namespace.
    async fn account_by_login(&self, login: &Login) -> Result<Option<Account>>;
    /// Writes if the stored version is still `account.version`, raises it by one and appends `Fact::UserChanged`.
    /// A changed name or e-mail moves in the namespace with it. `ends` says what ends with the change (SPEC §5).
    async fn change_account(&self, account: &Account, ends: Ends) -> Result<Changed>;
    /// Ends everything of the user (log first), then removes the account and all that belongs to it. False: there was none.
    async fn delete_account(&self, user: UserId) -> Result<bool>;
    /// Takes all second factors, backup codes and throttles away, ends everything of the user and leaves `code`, if one is
    /// given, as the one that enrolling the next factor asks for. False: no such account.
    async fn reset_mfa(&self, user: UserId, code: Option<EnrolmentCode>) -> Result<bool>;
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
    /// Counts a wrong code and notes by how much it was off, if it fits some other step; the failure that reaches `limit`
    /// ends the pending sign-in.
    async fn fail_pending(&self, at: TokenRef, limit: u32, drift: Option<Drift>, now: Timestamp) -> Result<Failed>;
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
    /// A right code at a challenge, as one step: spends the proof (a TOTP step only if it is greater than the last accepted
    /// one, RFC 6238 §5.2; a backup code only if it is still among its set's), takes the pending sign-in `from` and opens
    /// `session`, or rotates to it where it has an old token. One verb, so that of a hundred answers with one code one is
    /// let in, and none is lost between spending and taking.
    async fn answer(&self, from: TokenRef, proof: Proof, session: &Session, now: Timestamp) -> Result<Opened>;
    /// The live session under this token (the present or, until it ends, the old one) with its account.
    async fn session(&self, at: TokenRef, now: Timestamp) -> Result<Option<Stored>>;
    async fn sessions_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>>;
    /// Moves idle ends forward, never back; a session that is gone stays gone.
    async fn touch(&self, many: &[Touch]) -> Result<()>;
    /// Ends one session: log first, then the slot. True where it was there.
    async fn end_session(&self, user: UserId, session: SessionId) -> Result<Option<Seq>>;
    /// Ends every session and pending sign-in of the user that began before now, but `except`, and removes the user's
    /// devices; that of `except` stays as a known one.
    async fn end_user(&self, user: UserId, except: Option<SessionId>) -> Result<Seq>;

    // ---- factors --------------------------------------------------------------------------------------------------
    /// Burns a TOTP step: accepted only if it is greater than the last accepted one (RFC 6238 §5.2).
    async fn accept_totp_step(&self, user: UserId, factor: FactorId, step: u64, now: Timestamp) -> Result<Step>;
    /// Confirms an enrolment as one step: the pending sign-in `from` is taken, the factor active, its step burnt, the
    /// set of backup codes stored and shown, the enrolment code spent, the session opened or (where it already exists)
    /// rotated. `Spent` where the enrolment code needed is not the account's, or is over.
    ///
    /// For the first factor only, but for purpose replace: where one is there by now, the answer is `Spent`, so that of two
    /// set-ups under way one counts, and every other session and pending sign-in of the user stays as it is. Purpose replace
    /// takes the other authenticators away and ends what `end_user` ends. Appends `Fact::UserChanged`.
    async fn confirm_enrolment(&self, from: TokenRef, c: &Confirmation, now: Timestamp) -> Result<Opened>;
    /// Puts a new set of backup codes in the place of the old one, and the pending record that shows it, in one step; burns
    /// the fresh code that was given for it, if one was.
    async fn replace_backup(
        &self,
        burn: Option<Burn>,
        codes: &NewBackup,
        shown: &Pending,
        now: Timestamp,
    ) -> Result<Replaced>;
    /// Takes the pending record that shows backup codes and notes that they are saved. False: there is no such record, or
    /// there are other codes by now.
    async fn codes_saved(&self, at: TokenRef, now: Timestamp) -> Result<bool>;
    /// Takes all second factors and backup codes away and ends what `end_user` ends; burns the fresh code that was given
    /// for it, if one was.
    async fn disable_mfa(
        &self,
        user: UserId,
        burn: Option<Burn>,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Replaced>;

    // ---- devices --------------------------------------------------------------------------------------------------
    /// Keeps the device that the sign-in of `session` leaves behind; above the limits those used longest ago go. One that is
    /// there already keeps its tokens. False, and nothing is written, where that session is over: a device must not outlive
    /// the ending that met the sign-in it came from.
    async fn put_device(&self, device: &Device, session: SessionId, limits: DeviceLimits) -> Result<bool>;
    /// One use of a device's token, as one step: the present one gives way to `next`, and serves for a minute more.
    async fn use_device(&self, at: DeviceRef, next: TokenHash, now: Timestamp) -> Result<Used>;
    /// The device under its present token or, in its minute, the one before. Changes nothing.
    async fn device(&self, at: DeviceRef, now: Timestamp) -> Result<Option<Device>>;
    /// The last used first.
    async fn devices_of(&self, user: UserId, now: Timestamp) -> Result<Vec<Device>>;
    /// Ends the sessions begun with the device (log first), then the device. True for exactly one caller.
    async fn end_device(&self, user: UserId, device: DeviceId) -> Result<bool>;

    // ---- throttles ------------------------------------------------------------------------------------------------
    /// Counts an attempt before it is evaluated, if it may be.
    async fn attempt(&self, key: &ThrottleKey, rule: &ThrottleRule, now: Timestamp) -> Result<Attempt>;
    /// The same for a typed code, by the counter of its kind and the one of all kinds: counted in both or in neither.
    async fn attempt_code(&self, user: UserId, kind: CodeKind, rules: &CodeRules, now: Timestamp) -> Result<Attempt>;
    /// The attempt counted at `at` was a success: none in a row is left, and its own count is taken back.
    async fn passed(&self, key: &ThrottleKey, at: Timestamp) -> Result<()>;
    /// Forgets everything counted against the user.
    async fn unlock(&self, user: UserId) -> Result<()>;

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

impl Session {
    /// Whether this token opens the session, and which one it is.
    pub fn opens(&self, hash: &TokenHash, now: Timestamp) -> Option<Presented> {
        if self.token == *hash {
            return Some(Presented::Current);
        }
        self.old.as_ref().filter(|o| o.token == *hash && now < o.until).map(|_| Presented::Old)
    }
}
