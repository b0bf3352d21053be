//! What orders from outside mean for a session, for a pending sign-in, for a person at the door.
//!
//! Who knows the orders is handed down as a value (`Marks`); this module knows none.

use super::identity::Cached;
use crate::store::Account;
use crate::types::{
    AppName, ClientIp, DeviceId, Email, GroupName, Methods, Proofs, SecondFactor, Seq, SessionId, Timestamp, UserId,
    UserName,
};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Whom an order may meet, as they are now.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub user: UserId,
    pub name: &'a UserName,
    pub email: Option<&'a Email>,
    pub groups: &'a BTreeSet<GroupName>,
    /// `None` at the door.
    pub session: Option<SessionId>,
    pub device: Option<DeviceId>,
    pub app: Option<&'a AppName>,
    /// Where it was opened from, and where it comes from now.
    pub addresses: [Option<IpAddr>; 2],
    /// Where the log stood when the first factor was given.
    pub began: Seq,
    /// The second factors given in the session.
    pub proofs: &'a Proofs,
    pub person: &'a Person,
}

/// What a person has to answer with, and has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub methods: BTreeSet<SecondFactor>,
    /// In whichever session.
    pub proofs: Proofs,
    /// Where the log stood when the oldest of their factors was set up; `None`: they have none.
    pub enrolled: Option<Seq>,
    /// An administrator has given them a code to enrol with.
    pub may_enrol_by_code: bool,
}

impl Person {
    pub fn of(a: &Account) -> Self {
        let mut methods: BTreeSet<SecondFactor> = a.factors.iter().map(|f| f.kind).collect();
        if !methods.is_empty() && a.backup.as_ref().is_some_and(|b| b.left > 0) {
            methods.insert(SecondFactor::BackupCode);
        }
        Person {
            methods,
            proofs: a.proofs.clone(),
            enrolled: a.factors.iter().map(|f| f.enrolled).min(),
            may_enrol_by_code: a.enrolment_code.is_some(),
        }
    }
    /// Whether one of these (where none is named, any that meets a step-up) can be given.
    pub fn can(&self, methods: &BTreeSet<SecondFactor>) -> bool {
        !self.has().and(Methods::of_step_up(methods)).is_empty()
    }
    /// What they can give.
    pub fn has(&self) -> Methods {
        self.methods.iter().copied().collect()
    }
}

/// What all orders that meet somebody come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// The session, or the sign-in under way, is over.
    pub over: bool,
    /// Nobody gets in.
    pub blocked: bool,
    /// A second factor has to be given first: one of these, or any where none is named.
    pub step_up: Option<BTreeSet<SecondFactor>>,
    /// The factors are good only for being replaced.
    pub re_enroll: bool,
    /// A device's trust counts only if it was given at this entry of the log or later.
    pub trust_after: Seq,
    /// Enrolling takes an administrator's code.
    pub code_to_enrol: bool,
    /// A second factor counts only if its challenge began at this entry or later.
    pub proof_after: Seq,
}

impl Effect {
    /// The session is gone, for whoever asks.
    pub fn ends(&self) -> bool {
        self.over || self.blocked
    }
    /// Nothing of the session passes, now or until something has been done.
    pub fn stops(&self) -> bool {
        self.ends() || self.step_up.is_some() || self.re_enroll
    }
    /// Trust given at this entry counts.
    pub fn trusts(&self, since: Seq) -> bool {
        self.step_up.is_none() && since >= self.trust_after
    }
}

/// Who knows the orders.
pub trait Marks: Send + Sync + 'static {
    /// There is none at all: nobody has to be asked about.
    fn is_empty(&self) -> bool;
    fn effect(&self, on: &Subject<'_>, now: Timestamp) -> Effect;
}

/// Where a request came in.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub app: &'a AppName,
    pub from: ClientIp,
}

impl Cached {
    pub fn subject<'a>(&'a self, at: Option<Place<'a>>) -> Subject<'a> {
        let who = &self.identity;
        Subject {
            user: who.user,
            name: &who.name,
            email: who.email.as_ref(),
            groups: &who.groups,
            session: Some(who.session),
            device: self.device,
            app: at.map(|p| p.app),
            addresses: [self.opened_from, at.map(|p| p.from.0)],
            began: self.began,
            proofs: &self.proofs,
            person: &self.person,
        }
    }
}
