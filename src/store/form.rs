//! Forms that wait to be sent while their person signs in: who may leave how many, and that each is given out once.
//!
//! A store sees what is sealed and can neither read nor change it: the key is in a browser's cookie. It knows whose network
//! a form came from and how large it is, for the limits, and nothing else of it.

use super::Result;
use crate::types::{ClientNetwork, FormId, Timestamp};
use async_trait::async_trait;

/// The part of a store that keeps forms; every [`Store`](super::Store) is one.
#[async_trait]
pub trait FormStore: Send + Sync + 'static {
    /// Keeps the form if the limits leave room for it, as one step: of many at once no more are kept than there is room for.
    async fn park_form(&self, form: &ParkedForm, limits: FormLimits, now: Timestamp) -> Result<Parked>;
    /// What was sealed, left where it is.
    async fn form(&self, id: FormId, now: Timestamp) -> Result<Option<Vec<u8>>>;
    /// Gives it to exactly one caller.
    async fn take_form(&self, id: FormId, now: Timestamp) -> Result<Option<Vec<u8>>>;
}

/// A form as a store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct ParkedForm {
    pub id: FormId,
    /// From which it came.
    pub network: ClientNetwork,
    pub ends: Timestamp,
    pub sealed: Vec<u8>,
}
impl std::fmt::Debug for ParkedForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParkedForm({}, {}, {} bytes)", self.id, self.network, self.sealed.len())
    }
}

/// How much is kept at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormLimits {
    /// Forms of one network.
    pub of_a_network: u32,
    /// Of all sealed forms together.
    pub bytes: u64,
}

/// Whether a form is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parked {
    Yes,
    /// So many of this network are.
    TooMany,
    /// There is no room for any of this size.
    Full,
}
