//! Why an order was not carried out.

use super::permission::Denied;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// All that is wrong with it, each in a sentence that says what to change.
    #[error("{}", .0.join(" "))]
    Invalid(Vec<String>),
    /// The caller may not order this.
    #[error("{0}")]
    Denied(#[from] Denied),
    /// The caller's orders would meet more different users in an hour than they may.
    #[error("the orders of this caller may meet {most} different users in an hour")]
    TooMany { most: u32, after: std::time::Duration },
    /// The key was given with another order before.
    #[error("the idempotency key was used for another order ({0})")]
    KeyReused(crate::types::OrderId),
    #[error("there is no such order")]
    Unknown,
    /// What is over is over: there is nothing to be undone.
    #[error("an order of this kind cannot be lifted: what it ended stays ended")]
    CannotBeLifted,
    #[error("the order was lifted before")]
    LiftedBefore,
    /// Nothing was ordered; safe to repeat with the same key.
    #[error("the log is out of reach")]
    Store(#[from] StoreError),
}
