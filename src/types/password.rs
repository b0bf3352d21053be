//! What is stored of a password.

use serde::{Deserialize, Serialize};

/// An Argon2id hash, and the key whose pepper (HMAC-SHA-256) went over its output.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// PHC string; its hash field holds the peppered output.
    pub phc: String,
    /// Id of the root key that gave the pepper.
    pub pepper_key: String,
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
