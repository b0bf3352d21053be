//! One rule of the policy: a name, a condition, and what it asks.

use super::condition::Condition;
use super::problem::At;
use super::terms::Terms;
use crate::types::{AppName, Host};
use std::sync::Arc;

/// An entry of `rules`, in the file's order.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Unique; travels to the audit log, the denied page and the metrics.
    pub name: Arc<str>,
    pub condition: Condition,
    pub action: Action,
    /// The apps and hosts it names and where, for the check against the configuration.
    pub named: Vec<(At, Named)>,
}

/// A name whose owner is the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    App(AppName),
    Host(Host),
}

/// What is asked where a rule, or the default, applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Public { identify: bool },
    Deny,
    Require(Factors, Terms),
}

/// `require.factors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factors {
    One,
    Two,
    /// `Two` for who has enrolled or must, else `One`.
    Policy,
}
