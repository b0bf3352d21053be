//! What the verbs are told and what they answer, where it is no record.

use super::record::{Account, Factor, NewBackup, Pending, Purpose, Session};
use crate::types::{FactorId, SessionId, SetId, Timestamp, UserId};

/// What ends with a change of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Groups, e-mail, locale: live sessions are judged anew, none ends.
    Nothing,
    /// Password or factors: every pending sign-in, every session but this one, every device; this one's stays known.
    Others(Option<SessionId>),
    /// Disabled: everything.
    Everything,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    Yes,
    NameTaken,
    EmailTaken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    Yes,
    Gone,
    /// Somebody else wrote first: read again.
    Outdated,
    NameTaken,
    EmailTaken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    Left(u32),
    Ended,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    Yes,
    /// The pending sign-in was taken by somebody else, or ran out.
    Spent,
    /// The user's sessions were ended, or the account disabled or deleted, since it began.
    Ended,
    /// The step of the code was burnt before, or the backup code is none of the set's (any more); nothing is taken.
    Replayed,
}

/// A step of a factor, to be burnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burn {
    pub factor: FactorId,
    pub step: u64,
}

/// What answers a challenge, and is spent by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Spent: no step of the factor that is as old or older is ever accepted again.
    Totp(Burn),
    /// Spent: the digest is gone.
    Backup { set: SetId, digest: [u8; 32] },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Accepted,
    Replayed,
    NotEnrolled,
}

/// What a right code of a new authenticator brings about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    pub factor: Factor,
    pub session: Session,
    /// The set that comes with the first factor, and the pending record (purpose codes) that shows it.
    pub codes: Option<(NewBackup, Pending)>,
    /// Where an enrolment code is needed: the digest of the one that was given.
    pub enrolment_code: Option<[u8; 32]>,
}

impl Confirmation {
    /// The account as it is afterwards. `None` where it may not be: there is a factor by now (or none to be replaced), or the
    /// enrolment code is not the account's.
    pub(super) fn applied_to(&self, account: &Account, purpose: Purpose, now: Timestamp) -> Option<Account> {
        let replaces = matches!(purpose, Purpose::Replace { .. });
        if replaces != account.has_second_factor() {
            return None;
        }
        if self.enrolment_code.is_some_and(|digest| !account.takes_enrolment_code(&digest, now)) {
            return None;
        }
        let mut next = Account { enrolment_code: None, version: account.version + 1, ..account.clone() };
        next.factors.retain(|f| f.kind != self.factor.kind);
        next.factors.push(self.factor.clone());
        Some(next)
    }
}

/// What became of backup codes or of factors that were to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    Yes,
    /// The step of the code was burnt before.
    Replayed,
    /// There is no second factor, or not the one that the code is of.
    NotEnrolled,
}

/// Activity of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    pub user: UserId,
    pub session: SessionId,
    pub idle_end: Timestamp,
}

/// Which of a session's two token hashes was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    Current,
    /// The one before the last rotation, still served for a moment at its old assurance.
    Old,
}
