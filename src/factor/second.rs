//! The registry of second factors: each kind with what people read and what programs read of it.
//!
//! A new factor is its own file and one arm in [`entry`].

pub mod totp;

use crate::crypto::{KeyRing, SealError};
use crate::sys::Entropy;
use crate::types::{FactorId, SecondFactor, UserId};

#[cfg(test)]
/// Every kind, in the order in which they are offered.
pub const KINDS: &[SecondFactor] = &[SecondFactor::Totp, SecondFactor::BackupCode];

/// What is known of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// In policy, store and API.
    pub name: &'static str,
    /// What a new factor of the kind is called until its owner names it.
    pub label: &'static str,
}

pub fn entry(kind: SecondFactor) -> Entry {
    match kind {
        SecondFactor::Totp => Entry { name: "totp", label: "Authenticator app" },
        SecondFactor::BackupCode => Entry { name: "backup_code", label: "Backup code" },
    }
}

/// A factor of an account under the newest key; `None` where it lies under it already.
pub fn reseal(
    kind: SecondFactor,
    ring: &KeyRing,
    entropy: &dyn Entropy,
    (user, factor): (UserId, FactorId),
    sealed: &[u8],
) -> Result<Option<Vec<u8>>, SealError> {
    match kind {
        SecondFactor::Totp => totp::reseal_factor(ring, entropy, user, factor, sealed),
        // no factor of an account is of this kind
        SecondFactor::BackupCode => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_one_the_store_writes() {
        for kind in KINDS {
            assert_eq!(serde_json::to_value(kind).unwrap(), entry(*kind).name);
        }
    }
}
