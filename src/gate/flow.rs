//! Sign-in, challenge, set-up and sign-out as seen by the pages: what they may ask for and what they get.

pub mod change;

use crate::types::{ReturnTo, SecondFactor, UserName};
use std::time::Duration;

/// `Set-Cookie` values to send with the answer.
pub type SetCookies = Vec<http::HeaderValue>;

/// Who asks for an own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Nobody,
    /// The password was right, no more.
    Pending {
        name: UserName,
        form_token: String,
    },
    Session {
        name: UserName,
        form_token: String,
    },
}

/// Too many failures before: nothing was evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// 429 with Retry-After.
    For(Duration),
    /// So many in a row that only an administrator unlocks it.
    Disabled,
}

/// After name and password.
#[derive(Debug)]
pub enum SignIn {
    /// One text for unknown user, wrong password, disabled account (CWE-204).
    Refused,
    Held(Held),
    /// Signed in or one step further; send the cookies and a 303 to `next`.
    Next {
        cookies: SetCookies,
        next: Next,
    },
}

/// Where the browser goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A session stands: to the page that checks that the cookie came back, then to the return path.
    Arrived(ReturnTo),
    Challenge(ReturnTo),
    SetUp(ReturnTo),
}

/// What a challenge asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Totp,
    BackupCode,
}

impl Method {
    pub fn factor(self) -> SecondFactor {
        match self {
            Method::Totp => SecondFactor::Totp,
            Method::BackupCode => SecondFactor::BackupCode,
        }
    }
}

/// What the challenge page shows.
#[derive(Debug)]
pub enum ChallengePage {
    /// Neither a pending sign-in nor a session: ran out, finished in another tab, or the cookie did not come back.
    Gone,
    /// Nothing is asked (any more): go on.
    Met(ReturnTo),
    /// The person has no second factor yet: set-up first.
    SetUp(ReturnTo),
    /// None of the person's second factors counts there.
    NoMethod,
    Ask(Asked),
}

/// One thing, in one field.
#[derive(Debug)]
pub struct Asked {
    pub name: UserName,
    pub method: Method,
    /// The person is signed in, and asked more.
    pub step_up: bool,
    /// The authenticator may be used.
    pub totp: bool,
    /// There are backup codes left to be used instead, and they count.
    pub backup: bool,
    /// There are some left that count for nothing here, but sign in.
    pub backup_at_door: bool,
    pub digits: u32,
    /// For how many days this browser may be remembered; `None` where that is not offered.
    pub remember: Option<u64>,
    pub form_token: String,
    pub cookies: SetCookies,
}

/// What was typed at a challenge.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    pub method: Method,
    pub code: &'a str,
    /// The tick: trust this browser.
    pub remember: bool,
}

/// After a typed code, at the challenge or confirming an enrolment.
#[derive(Debug)]
pub enum Answer {
    /// Signed in (or stepped up, or enrolled).
    Done {
        cookies: SetCookies,
        next: After,
    },
    Wrong {
        left: u32,
        hint: Option<Hint>,
    },
    /// Right, but already used: *wait for the next code*.
    Used {
        left: u32,
    },
    Held(Held),
    /// Five wrong codes: start again. The cookies remove what is left.
    Ended {
        cookies: SetCookies,
    },
    /// As `ChallengePage::Gone`.
    Gone,
    /// The form token is not of this sign-in: 403.
    Forged,
}

/// Where a right code leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    To(ReturnTo),
    /// New backup codes are to be seen first.
    Codes(ReturnTo),
    /// A backup code signed in: the person's own page says how many are left and what can be done now.
    Account(ReturnTo),
}

/// Why a code may be wrong. Only after the password was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// The clock of the person's device is off by so many seconds; negative where it is behind.
    Clock { seconds: i64 },
    /// The app made a code by other parameters than the key asks for, as some apps do.
    Parameters { algorithm: &'static str, digits: u32, period: u64 },
}

/// What the set-up page shows.
#[derive(Debug)]
pub enum SetUpPage {
    Gone,
    /// Already on: 409 with the words of SPEC §6.
    AlreadyOn {
        to: ReturnTo,
    },
    /// Set-up is not for this person now (`off`, exempt).
    NotOffered {
        to: ReturnTo,
    },
    /// The password was given more than ten minutes ago, or in another browser: ask it on this form.
    AskPassword(AskAgain),
    /// This person enrols only with a code that an administrator gives.
    AskEnrolmentCode(AskAgain),
    Held(Held),
    Show {
        name: UserName,
        key: SetUpKey,
        digits: u32,
        form_token: String,
        cookies: SetCookies,
    },
}

/// One field before the key is shown.
#[derive(Debug)]
pub struct AskAgain {
    pub name: UserName,
    pub form_token: String,
    pub cookies: SetCookies,
    pub wrong: bool,
}

/// The secret of an enrolment under way, to be shown to its owner only.
pub struct SetUpKey {
    /// `otpauth://…`, for the QR code.
    pub uri: secrecy::SecretString,
    /// Base32, to type.
    pub base32: secrecy::SecretString,
}
impl std::fmt::Debug for SetUpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetUpKey(…)")
    }
}

/// After sign-out.
#[derive(Debug)]
pub enum SignedOut {
    Done { cookies: SetCookies },
    Forged,
}
