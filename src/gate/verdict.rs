//! What the gate says of a request.

use crate::session::{Cached, Effect, Identity};
use crate::types::ReturnTo;
use std::sync::Arc;
use std::time::Duration;

/// The gate's answer. Refusal is a value; a `Fault` is our own failure and closes the gate (503).
#[derive(Debug)]
pub enum Verdict {
    Pass(Passage),
    /// The path is one of our own pages: the local service answers.
    Local,
    Refuse(Refusal),
}

/// The permit to reach the upstream. Made only by the gate.
#[derive(Debug)]
pub struct Passage {
    pub(super) session: Option<Arc<Cached>>,
    /// On a public rule a session is told to the upstream, but neither held by the lease nor cut.
    pub(super) public: bool,
    pub(super) rule: Option<Arc<str>>,
    pub(super) signs_out: bool,
    /// What orders came to when it was made.
    pub(super) effect: Effect,
    /// How many endings the cache had seen before.
    pub(super) endings: u64,
}

impl Passage {
    /// Who the upstream is told it is; `None` on public rules.
    pub fn identity(&self) -> Option<&Identity> {
        self.visitor().map(|s| &s.identity)
    }
    /// The same, with the rest of the session.
    pub fn visitor(&self) -> Option<&Cached> {
        self.session.as_deref()
    }
    /// The session whose traffic this is; `None` on public rules, which need no lease and are never cut.
    pub fn session(&self) -> Option<&Arc<Cached>> {
        self.session.as_ref().filter(|_| !self.public)
    }
    pub fn rule(&self) -> Option<&Arc<str>> {
        self.rule.as_ref()
    }
    /// The path is the app's own sign-out: once the upstream has answered, our session ends.
    pub fn signs_out(&self) -> bool {
        self.signs_out
    }
}

/// Why a request does not pass. Who asks decides how it looks: a page or problem+json.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody is signed in.
    SignIn { to: ReturnTo },
    /// Signed in, the second factor is asked; where a rule says so, one that is not older than `max_age`.
    Challenge { to: ReturnTo, max_age: Option<Duration> },
    /// Signed in, a second factor has to be set up first.
    Enrol { to: ReturnTo },
    /// Signed in, another authenticator has to take the place of the present one first.
    Replace { to: ReturnTo },
    /// 403: no sign-in or step-up would help.
    Denied { rule: Option<Arc<str>>, why: Denial },
}

impl Refusal {
    /// The same, leading on to another place; `None` where nothing helps.
    pub fn leading_to(self, to: ReturnTo) -> Option<Self> {
        match self {
            Refusal::SignIn { .. } => Some(Refusal::SignIn { to }),
            Refusal::Challenge { max_age, .. } => Some(Refusal::Challenge { to, max_age }),
            Refusal::Enrol { .. } => Some(Refusal::Enrol { to }),
            Refusal::Replace { .. } => Some(Refusal::Replace { to }),
            Refusal::Denied { .. } => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// A rule, or the default, says no.
    Rule,
    /// The rule asks a second factor of somebody who is exempt and has none.
    Exempt,
    /// The rule takes only second factors that the person does not have.
    NoMethod,
    /// A WebSocket handshake from another origin, or from none (cross-site WebSocket hijacking).
    Origin,
}

/// Our own failure: 503, Retry-After, cookies kept.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("the store did not answer")]
    Store(#[from] crate::store::StoreError),
    #[error("this node has no lease")]
    NoLease,
    #[error("what happens could not be recorded: the audit cannot be written")]
    NoRecord,
    #[error("a secret could not be opened ({0})")]
    Seal(&'static str),
    #[error("the password or code could not be checked")]
    First(#[from] crate::factor::first::FirstError),
}
impl From<crate::crypto::PasswordError> for Fault {
    fn from(e: crate::crypto::PasswordError) -> Self {
        Fault::First(e.into())
    }
}
