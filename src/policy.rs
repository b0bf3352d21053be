//! The policy: YAML → rules → what a request needs. Pure: no IO, no clock, no async.
//!
//! `parse` reads the file (positions kept, all mistakes at once), `evaluate` finds the first rule that matches.

pub mod condition;
pub mod evaluate;
pub mod index;
pub mod limits;
pub mod parse;
pub mod problem;
pub mod raw;
pub mod read;
pub mod rule;
pub mod terms;

#[cfg(test)]
mod tests;

pub use limits::{Throttle, Trust, TrustedDevices, Waits};
pub use problem::{At, Problem, Warning};
pub use terms::Terms;

use crate::types::{GroupName, Inbound, UserName};
use index::Index;
use rule::{Action, Rule};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Who asks, as far as rules care.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub name: &'a UserName,
    pub groups: &'a BTreeSet<GroupName>,
    /// Has a confirmed second factor.
    pub enrolled: bool,
}

/// What the policy asks of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement<'p> {
    /// Nobody is anybody; with `identify`, a session that passes unasked is still told to the upstream.
    Public { rule: &'p Arc<str>, identify: bool },
    /// `rule: None` is the default.
    Deny { rule: Option<&'p Arc<str>> },
    /// Nobody is signed in and the rule cannot be judged, or something is asked that a stranger cannot give.
    SignIn { rule: Option<&'p Arc<str>> },
    /// The password, and where `second` says so a second factor on these terms.
    Factors { rule: Option<&'p Arc<str>>, second: Second, terms: Terms },
}

/// Whether the second factor is asked of this person on this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// One factor is enough.
    NotAsked,
    /// The challenge.
    Challenge,
    /// No second factor yet and one is demanded: set-up first.
    Enrol,
    /// Demanded by a rule of somebody who is exempt: refused with that reason (SPEC §3).
    Exempt,
}

/// `mfa.require`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MfaRequire {
    Off,
    Optional,
    On,
}

/// `mfa.enrol`: what enrolling the first factor takes besides the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrol {
    Password,
    /// A one-time code that an administrator gives.
    Code,
}

/// `factors.totp` (RFC 6238 §4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totp {
    /// `None`: the host of the origin on which the factor is set up.
    pub issuer: Option<String>,
    pub algorithm: TotpAlgorithm,
    /// 6 to 8.
    pub digits: u8,
    /// 1 to 120 s, whole seconds.
    pub period: Duration,
    /// Steps before and after the present one that still count; 0 or 1.
    pub skew: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotpAlgorithm {
    Sha1,
    Sha256,
    Sha512,
}

/// When sessions end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLifetimes {
    pub idle: Duration,
    pub absolute: Duration,
}

/// One version of the policy, checked and ready.
#[derive(Debug)]
pub struct Policy {
    hash: String,
    version: u32,
    require: MfaRequire,
    enrol: Enrol,
    exempt_groups: BTreeSet<GroupName>,
    admin_groups: BTreeSet<GroupName>,
    reader_groups: BTreeSet<GroupName>,
    totp: Totp,
    backup_may_disable: bool,
    trusted_devices: Option<TrustedDevices>,
    throttle: Throttle,
    sessions: SessionLifetimes,
    min_password: usize,
    rules: Vec<Rule>,
    index: Index,
    default: Action,
    warnings: Vec<Warning>,
}

impl Policy {
    /// Reads a policy file; every mistake in it is reported, in file order.
    pub fn parse(file_name: &str, text: &str) -> Result<Policy, Vec<Problem>> {
        parse::policy(file_name, text)
    }
    /// What this request of this person needs. The query never takes part; the first rule that matches decides.
    pub fn evaluate(&self, inbound: &Inbound, who: Option<&Subject<'_>>) -> Requirement<'_> {
        evaluate::requirement(self, inbound, who)
    }
    /// Whether a second factor is offered to this person, unasked.
    pub fn may_enrol(&self, who: &Subject<'_>) -> bool {
        self.require != MfaRequire::Off && !self.is_exempt(who.groups)
    }
    /// In an exempt group and in no other; who is in no group at all is not exempt.
    pub fn is_exempt(&self, groups: &BTreeSet<GroupName>) -> bool {
        !groups.is_empty() && groups.is_subset(&self.exempt_groups)
    }
    pub fn is_admin(&self, groups: &BTreeSet<GroupName>) -> bool {
        !groups.is_disjoint(&self.admin_groups)
    }
    /// Whose members are administrators.
    pub fn admin_groups(&self) -> &BTreeSet<GroupName> {
        &self.admin_groups
    }
    /// May look at what admins see, and change nothing.
    #[cfg_attr(not(test), expect(dead_code, reason = "the admin pages ask it"))]
    pub fn is_reader(&self, groups: &BTreeSet<GroupName>) -> bool {
        !groups.is_disjoint(&self.reader_groups)
    }
    #[cfg_attr(not(test), expect(dead_code, reason = "the account pages say it"))]
    pub fn require(&self) -> MfaRequire {
        self.require
    }
    /// Whether this person enrols the first factor only with a one-time enrolment code: admins always, for a stolen
    /// password of theirs must not be enough to take their account.
    pub fn enrols_by_code(&self, groups: &BTreeSet<GroupName>) -> bool {
        self.enrol == Enrol::Code || self.is_admin(groups)
    }
    /// Who signed in with a backup code may disable multi-factor authentication, for a while.
    pub fn backup_may_disable(&self) -> bool {
        self.backup_may_disable
    }
    /// `None`: no browser is trusted.
    pub fn trusted_devices(&self) -> Option<TrustedDevices> {
        self.trusted_devices
    }
    pub fn throttle(&self) -> &Throttle {
        &self.throttle
    }
    pub fn totp(&self) -> &Totp {
        &self.totp
    }
    pub fn session_lifetimes(&self) -> SessionLifetimes {
        self.sessions
    }
    /// The shortest password that may be set, in characters.
    pub fn min_password(&self) -> usize {
        self.min_password
    }
    /// The first 16 hex digits of the text's SHA-256: names this version in logs and audit events.
    pub fn hash(&self) -> &str {
        &self.hash
    }
    /// The version of the file's format.
    pub fn version(&self) -> u32 {
        self.version
    }
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
    /// What is worth knowing though nothing is wrong, in file order.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}
