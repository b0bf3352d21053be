//! What the stores know of a browser's token: never the token, only its hash and whose slot it lies in.

use super::UserId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// SHA-256 of a token. A token has 256 random bits, so a plain hash is enough (ASVS 11.4.2 asks more of passwords only).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// Lower-case hex, for keys and fields of a store.
    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}
impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A token whose keyed check was good: where to look (one read finds it) and for what.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TokenRef {
    pub user: UserId,
    pub hash: TokenHash,
}
