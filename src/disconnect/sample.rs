//! Somebody to be met, and orders to meet them, for the tests.

use crate::session::marks::{Person, Subject};
use crate::store::{Action, Order, Select};
use crate::types::{
    AppName, DeviceId, Email, GroupName, OrderId, Proofs, SecondFactor, Seq, SessionId, Timestamp, UserId, UserName,
};
use std::collections::BTreeSet;
use std::net::IpAddr;

#[derive(Clone, Debug)]
pub(super) struct Somebody {
    pub(super) id: UserId,
    pub(super) name: UserName,
    pub(super) email: Option<Email>,
    pub(super) groups: BTreeSet<GroupName>,
    pub(super) session: Option<SessionId>,
    pub(super) device: Option<DeviceId>,
    pub(super) app: AppName,
    pub(super) addresses: [Option<IpAddr>; 2],
    pub(super) began: Seq,
    pub(super) proofs: Proofs,
    pub(super) person: Person,
}

/// The number of the orders here.
pub(super) const ORDER: u64 = 100;

impl Somebody {
    /// In a session from before the orders, of one factor, with an authenticator and backup codes.
    pub(super) fn alice() -> Self {
        Somebody {
            id: UserId::from_bytes([1; 16]),
            name: UserName::parse("alice").unwrap(),
            email: Email::parse("alice@example.com").ok(),
            groups: [GroupName::parse("staff").unwrap()].into(),
            session: Some(SessionId::from_bytes([2; 16])),
            device: Some(DeviceId::from_bytes([3; 16])),
            app: AppName("wiki".into()),
            addresses: [Some([192, 0, 2, 1].into()), Some([198, 51, 100, 7].into())],
            began: Seq(ORDER - 50),
            proofs: Proofs::default(),
            person: Person {
                methods: [SecondFactor::Totp, SecondFactor::BackupCode].into(),
                enrolled: Some(Seq(1)),
                ..Person::default()
            },
        }
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        Subject {
            user: self.id,
            name: &self.name,
            email: self.email.as_ref(),
            groups: &self.groups,
            session: self.session,
            device: self.device,
            app: Some(&self.app),
            addresses: self.addresses,
            began: self.began,
            proofs: &self.proofs,
            person: &self.person,
        }
    }
}

pub(super) fn select(fill: impl FnOnce(&mut Select)) -> Select {
    let mut s = Select::default();
    fill(&mut s);
    s
}

/// For everybody.
pub(super) fn order(action: Action) -> Order {
    Order {
        id: OrderId::from_bytes([7; 16]),
        seq: Seq(ORDER),
        select: select(|s| s.everyone = true),
        action,
        reason: "test".into(),
        case: None,
        by: "tests".into(),
        at: Timestamp::default(),
        notify: false,
        idempotency: None,
        asked: None,
        lifted: None,
    }
}
