//! First factors: who somebody is, by what only they know. The registry is the list of modules.

pub mod local;

pub use local::{Checked, Local};

use crate::crypto::PasswordError;
use crate::store::StoreError;

/// Our own failure while checking a first factor; never a wrong password.
#[derive(Debug, thiserror::Error)]
pub enum FirstError {
    #[error("too many sign-ins at once")]
    Busy,
    #[error("the store failed at a sign-in")]
    Store(#[source] StoreError),
    #[error("a password could not be checked")]
    Password(#[source] PasswordError),
}
impl From<StoreError> for FirstError {
    fn from(e: StoreError) -> Self {
        FirstError::Store(e)
    }
}
impl From<PasswordError> for FirstError {
    fn from(e: PasswordError) -> Self {
        match e {
            PasswordError::Busy => FirstError::Busy,
            e @ (PasswordError::TooLong
            | PasswordError::Argon2(_)
            | PasswordError::Foreign
            | PasswordError::Lost(_)) => FirstError::Password(e),
        }
    }
}
