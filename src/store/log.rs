//! The ordered record that every node follows.

use super::order::Order;
use crate::types::{ApiTokenId, OrderId, Seq, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

/// One entry. `seq` has no gaps: a node that sees one reads from the store again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub seq: Seq,
    pub fact: Fact,
}

/// What happened. Facts are monotone: applying one twice, or late, does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// This session is over.
    SessionEnded { user: UserId, session: SessionId },
    /// Its token changed; cached copies under the old token are to be read again. Its streams live on.
    SessionRotated { user: UserId, session: SessionId },
    /// Groups, e-mail, factors, password or state of the account changed: drop it and read again.
    UserChanged { user: UserId },
    /// Every session and pending sign-in of the user that began before this entry is over, but one.
    UserEnded { user: UserId, except: Option<SessionId> },
    /// Everything of everybody that began before this entry is over (an emptied store, a restored backup).
    Everything,
    /// Somebody is to be disconnected. Whom it meets is judged wherever they turn up.
    Order { order: Box<Order> },
    /// That order stands no more.
    Lifted { order: OrderId, at: Timestamp },
    /// A token of the API is none any more. Nodes keep none; this is what writes it back should a server lose it.
    TokenRevoked { token: ApiTokenId, at: Timestamp },
}

impl Fact {
    pub fn user(&self) -> Option<UserId> {
        match self {
            Fact::SessionEnded { user, .. }
            | Fact::SessionRotated { user, .. }
            | Fact::UserChanged { user }
            | Fact::UserEnded { user, .. } => Some(*user),
            Fact::Everything | Fact::Order { .. } | Fact::Lifted { .. } | Fact::TokenRevoked { .. } => None,
        }
    }
}

/// Where the log stands, and which incarnation of it: an emptied or failed-over store shows another one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Head {
    pub seq: Seq,
    pub incarnation: String,
}
