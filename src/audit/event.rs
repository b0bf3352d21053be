//! What is put on record. Plain data: no field may hold a secret, a code, or a cookie's value.
//!
//! Time, node, number in the chain and the policy in force are added by whoever writes it down; nobody states them.

use super::outcome::{
    Account, Alarm, BackupCodes, Challenge, Device, Enrolment, Keys, Limit, Mfa, Node, OrderChange, PolicyChange,
    Reporter, SignIn, Token,
};
use crate::types::{AppName, ClientIp, RequestId, SecondFactor, SessionId, Timestamp, UserId};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Name and password were given. The visitor gets one answer for every failure; the difference is here only.
    SignIn {
        #[serde(flatten)]
        source: Source,
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// What was typed as the name. Of nobody we know it is written as a keyed hash: people type passwords there.
        login: String,
        outcome: SignIn,
    },
    SignOut {
        #[serde(flatten)]
        source: Source,
        user: UserId,
        everywhere: bool,
        by: Reporter,
    },
    /// A second factor was asked and something was answered.
    Challenge {
        #[serde(flatten)]
        source: Source,
        user: UserId,
        factor: SecondFactor,
        outcome: Challenge,
    },
    /// Set-up of a second factor.
    Enrolment {
        #[serde(flatten)]
        source: Source,
        user: UserId,
        factor: SecondFactor,
        outcome: Enrolment,
    },
    /// A set of backup codes. A wrong one is a `Challenge`.
    BackupCodes {
        #[serde(flatten)]
        source: Source,
        user: UserId,
        #[serde(flatten)]
        change: BackupCodes,
    },
    /// A known browser or trusted device.
    Device {
        #[serde(flatten)]
        source: Source,
        user: UserId,
        /// Its id as text; its token stands nowhere.
        device: String,
        change: Device,
    },
    /// A person changed the second factor of their own account, beyond enrolling. What an admin does is an
    /// `AccountChange`.
    Mfa {
        #[serde(flatten)]
        source: Source,
        user: UserId,
        change: Mfa,
    },
    /// Too many failures: nothing more is judged until then.
    Throttle {
        #[serde(flatten)]
        source: Source,
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        limit: Limit,
        /// `None`: until an admin unlocks it.
        #[serde(serialize_with = "text", skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Several cookies of one name of ours came with one request: one of them was planted (RFC 6265bis §8.6).
    DuplicateCookie {
        #[serde(flatten)]
        source: Source,
        /// Its name, never its value.
        cookie: String,
        count: usize,
    },
    /// Somebody changed an account.
    AccountChange {
        #[serde(flatten)]
        source: Source,
        by: Reporter,
        /// Which token, certificate or hook, such as `token:soc`.
        caller: String,
        user: UserId,
        name: String,
        change: Account,
        /// As the admin gave it.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The policy was read. Its hash and version stand in every event; here they are those of what was read.
    Policy {
        by: Reporter,
        change: PolicyChange,
        /// What is wrong with it.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The root keys changed.
    Keys {
        by: Reporter,
        /// The key's id.
        key: String,
        change: Keys,
    },
    /// Somebody was to be disconnected, or no longer.
    Disconnect {
        by: Reporter,
        /// The caller's.
        name: String,
        /// The order's id.
        key: String,
        change: OrderChange,
        /// Selection and action with what belongs to it, as JSON.
        order: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        case: Option<String>,
    },
    /// A call of the admin API that changes something, or that was refused.
    ApiCall {
        #[serde(flatten)]
        source: Source,
        by: Reporter,
        /// As in `AccountChange`; `None`: nobody was let in.
        #[serde(skip_serializing_if = "Option::is_none")]
        caller: Option<String>,
        method: String,
        path: String,
        status: u16,
        /// Why nobody was let in.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'static str>,
    },
    /// A token of the API.
    Token {
        by: Reporter,
        /// As in `AccountChange`.
        caller: String,
        /// Its id; itself it stands nowhere.
        key: String,
        name: String,
        change: Token,
    },
    /// A caller of the API has reached a bound that was set for it; what it asked for was not done.
    Alarm {
        by: Reporter,
        caller: String,
        limit: Alarm,
        /// So many are allowed.
        count: u64,
        #[serde(serialize_with = "shown")]
        until: Timestamp,
    },
    /// This gateway process itself.
    Node { change: Node },
    /// Failures before a right password that were counted in the minute before, and not written singly.
    Failures {
        #[serde(flatten)]
        source: Source,
        /// Of which kind of event.
        of: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        count: u64,
    },
    /// Events that could not be kept until they could be written.
    Lost { count: u64 },
    /// The end of the audit's file was torn; so many bytes of a line that was not finished were cut off.
    Repaired { bytes: u64 },
    /// Old files of the audit were removed: lines up to this number, the last of which had this hash.
    Trimmed { through: u64, hash: String },
}

/// From where a request came and what it belongs to, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    #[serde(serialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub from: Option<ClientIp>,
    #[serde(serialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// The rule that asked for what happened; `None`: the default, or no rule was asked.
    #[serde(serialize_with = "text", skip_serializing_if = "Option::is_none")]
    pub rule: Option<Arc<str>>,
}

fn shown<T: std::fmt::Display, S: Serializer>(v: &T, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(v)
}

fn text<T: std::fmt::Display, S: Serializer>(v: &Option<T>, s: S) -> Result<S::Ok, S::Error> {
    match v {
        Some(v) => s.collect_str(v),
        None => s.serialize_none(),
    }
}
