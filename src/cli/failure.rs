//! How a command fails: in words for people, and an exit code for scripts.

use std::fmt;

/// Not carried out.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The gateway, or the state of things, says no.
    Refused(String),
    /// The arguments do not fit; what they should be.
    Usage(String),
    /// There is no gateway to talk to.
    Unreachable(String),
}

/// The exit code of wrong arguments; clap's own too.
pub const USAGE: u8 = 2;

impl Failure {
    pub fn refused(text: impl Into<String>) -> Self {
        Failure::Refused(text.into())
    }
    pub fn code(&self) -> u8 {
        match self {
            Failure::Refused(_) => 1,
            Failure::Usage(_) => USAGE,
            Failure::Unreachable(_) => 3,
        }
    }
}
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(t) | Failure::Usage(t) | Failure::Unreachable(t) => f.write_str(t),
        }
    }
}
impl From<anyhow::Error> for Failure {
    /// With all causes, the outermost first.
    fn from(e: anyhow::Error) -> Self {
        Failure::Refused(format!("{e:#}"))
    }
}
