//! The registry of second factors: each kind with what people read and what programs read of it.
//!
//! A new factor is its own file and one arm in [`entry`].

pub mod totp;

use crate::types::SecondFactor;

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
