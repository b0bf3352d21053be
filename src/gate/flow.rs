//! Sign-in, challenge, set-up and sign-out as seen by the pages: what they may ask for and what they get.

use crate::types::{ReturnTo, UserName};

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
        enrolled: bool,
        may_enrol: bool,
        form_token: String,
    },
}

/// After name and password.
#[derive(Debug)]
pub enum SignIn {
    /// One text for unknown user, wrong password, disabled account (CWE-204).
    Refused,
    /// Signed in or one step further; send the cookies and a 303 to `next`.
    Next { cookies: SetCookies, next: Next },
}

/// Where the browser goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A session stands: to the page that checks that the cookie came back, then to the return path.
    Arrived(ReturnTo),
    Challenge(ReturnTo),
    SetUp(ReturnTo),
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
    Ask {
        name: UserName,
        digits: u32,
        form_token: String,
        cookies: SetCookies,
    },
}

/// After a typed code, at the challenge or confirming an enrolment.
#[derive(Debug)]
pub enum Answer {
    /// Signed in (or stepped up, or enrolled).
    Done {
        cookies: SetCookies,
        to: ReturnTo,
    },
    Wrong {
        left: u32,
    },
    /// Right, but already used: *wait for the next code*.
    Used {
        left: u32,
    },
    /// Five wrong codes: start again. The cookies remove what is left.
    Ended {
        cookies: SetCookies,
    },
    /// As `ChallengePage::Gone`.
    Gone,
    /// The form token is not of this sign-in: 403.
    Forged,
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
    AskPassword {
        name: UserName,
        form_token: String,
        cookies: SetCookies,
        wrong: bool,
    },
    Show {
        name: UserName,
        key: SetUpKey,
        digits: u32,
        form_token: String,
        cookies: SetCookies,
    },
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
