//! Orders from outside: whom they meet, what they do, and when it is certain that they are obeyed.
//!
//! An order is a mark, not a list of sessions: each node holds it against every session, sign-in and person that turns up,
//! known to it or not, so that its cost does not grow with their number. *Before* and *after* an order are told by the log's
//! counter, never by a clock.
//!
//! ```text
//! api ─ Service::order ─ store: the log, number n ─┬─ this node's feed ─ Orders, live cut, acknowledged
//!                                                  └─ every other node's, the same
//!        waits: every node has acknowledged, or its lease has run out ─ confirmed
//! ```

mod acks;
mod caller;
mod cut;
mod effect;
mod error;
mod meets;
mod orders;
mod permission;
mod preview;
mod request;
mod service;

#[cfg(test)]
mod sample;

pub use crate::store::{Action, Select};
pub use acks::Acks;
pub use caller::{Caller, CallerKind};
pub use cut::{Acknowledger, Cutter};
pub use error::OrderError;
pub use orders::Orders;
pub use permission::Denied;
pub use preview::SessionRow;
pub use request::{Ask, AskAction, AskSelect, until};
pub use service::{Answer, Listed, Parts, Service, Status};
