//! The policy: YAML → rules → what a request needs. Pure: no IO, no clock, no async.
//!
//! `parse` reads the file (positions kept, all mistakes at once), `evaluate` finds the first rule that matches.

use crate::types::{GroupName, Inbound, UserName};
use std::collections::BTreeSet;

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
    Public { rule: &'p str, identify: bool },
    /// `rule: None` is the default.
    Deny { rule: Option<&'p str> },
    /// Nobody is signed in and the rule cannot be judged, or something is asked that a stranger cannot give.
    SignIn { rule: Option<&'p str> },
    /// The password, and where `second` says so the second factor.
    Factors { rule: Option<&'p str>, second: Second },
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

/// Placeholder: a mistake in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: std::sync::Arc<str>,
    pub line: u32,
    pub column: u32,
    pub message: String,
    pub remedy: String,
}
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
