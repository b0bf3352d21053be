//! What a signed-in person changes of their second factor, as seen by the pages.

use super::{Held, SetCookies};
use crate::types::{ReturnTo, UserName};
use secrecy::SecretString;

/// The person's own page.
#[derive(Debug)]
pub enum OwnPage {
    Nobody,
    Pending,
    Show(Overview),
}

/// How it stands with the second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    pub name: UserName,
    pub form_token: String,
    pub enrolled: bool,
    pub may_enrol: bool,
    /// Backup codes left.
    pub left: u32,
    /// This session was opened by a backup code.
    pub by_backup_code: bool,
    /// That was a moment ago: the password replaces the authenticator.
    pub may_replace: bool,
    /// And turns multi-factor authentication off.
    pub may_disable: bool,
    /// A form that waits to be sent.
    pub form: Option<ReturnTo>,
}

/// Backup codes that are so few are worth a warning.
pub const LOW_STOCK: u32 = 3;

/// The page of new backup codes.
#[derive(Debug)]
pub enum CodesPage {
    Gone,
    /// They were ticked, ran out or were replaced: never shown again.
    Over,
    Show(Shown),
}

/// Backup codes, to be shown to their owner only.
#[derive(Debug)]
pub struct Shown {
    pub name: UserName,
    pub codes: Vec<SecretString>,
    pub form_token: String,
    pub to: ReturnTo,
}

/// After the tick that they are saved.
#[derive(Debug)]
pub enum Saved {
    Done {
        cookies: SetCookies,
        to: ReturnTo,
    },
    /// As `CodesPage::Over`.
    Over,
    Gone,
    Forged,
}

/// What is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Ten new backup codes.
    Codes,
    /// Another authenticator in the place of this one.
    Replace,
    /// No second factor any more.
    Disable,
}

/// The page that asks for it.
#[derive(Debug)]
pub enum ChangePage {
    Gone,
    /// 409: nothing to change.
    NotOn,
    Ask(AskChange),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskChange {
    pub name: UserName,
    pub by: ProofAsked,
    /// Backup codes left.
    pub left: u32,
    pub form_token: String,
}

/// What has to be given on that very form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofAsked {
    /// A code of the authenticator.
    Code { digits: u32 },
    /// The session was opened by a backup code a moment ago.
    Password,
    /// It cannot be done now: 403.
    Nothing(WhyNot),
}

/// Why a session of a backup code cannot do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// New codes would be given to whoever found an old one.
    CodesByBackupCode,
    /// More than 15 minutes ago.
    TooLate,
    /// The policy does not let a backup code turn it off.
    NotByBackupCode,
}

/// After the form.
#[derive(Debug)]
pub enum Changed {
    /// Go on to the page that follows.
    Done {
        cookies: SetCookies,
    },
    Wrong,
    /// Right, but already used: *wait for the next code*.
    Used,
    Held(Held),
    NotOn,
    Refused(WhyNot),
    Gone,
    Forged,
}
