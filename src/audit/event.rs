//! What is put on record. Plain data: no field may hold a secret, a code, or a cookie's value.

use crate::types::{AppName, ClientIp, RequestId, SecondFactor, SessionId, UserId};
use serde::{Serialize, Serializer};

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
        /// What was typed as the name.
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
    /// Several cookies of one name of ours came with one request: one of them was planted (RFC 6265bis §8.6).
    DuplicateCookie {
        #[serde(flatten)]
        source: Source,
        /// Its name, never its value.
        cookie: String,
        count: usize,
    },
    /// Somebody changed an account.
    AccountChange { by: Reporter, user: UserId, name: String, change: Account },
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
}

/// How a first factor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// A session was opened.
    Passed,
    /// The password was right; a second factor is asked or to be set up.
    FirstFactorPassed,
    UnknownUser,
    WrongPassword,
    /// The password was right, the account is disabled.
    Disabled,
    /// Refused unjudged: too many at once.
    Busy,
}

/// How a challenge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Challenge {
    Passed,
    Failed,
    /// The last failure that was allowed: the sign-in is over.
    FailedAndEnded,
    /// A right code that had been used before (RFC 6238 §5.2).
    Replayed,
}

/// How far an enrolment came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Enrolment {
    /// The secret was shown.
    Begun,
    /// The first code was right: the factor is active.
    Confirmed,
    /// The first code was wrong.
    Failed,
}

/// What was changed of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    Added,
    PasswordSet,
}

/// Through which door an order came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reporter {
    /// The person, on a page of ours.
    Person,
    /// The protected app, by its own sign-out.
    App,
    /// The admin socket: somebody with a shell on this machine.
    Socket,
    /// The admin API with a token.
    Api,
    /// A command on the store of a stopped gateway.
    Offline,
}

fn text<T: std::fmt::Display, S: Serializer>(v: &Option<T>, s: S) -> Result<S::Ok, S::Error> {
    match v {
        Some(v) => s.collect_str(v),
        None => s.serialize_none(),
    }
}
