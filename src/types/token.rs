//! What the stores know of a browser's token: never the token, only its hash and whose slot it lies in.

use super::{DeviceId, UserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// SHA-256 of a token. A token has 256 random bits, so a plain hash is enough (ASVS 11.4.2 asks more of passwords only).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// Lower-case hex, for keys and fields of a store.
    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}
/// Written as its hex form, so that a stored record names it as keys and fields do.
impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.hex())
    }
}
impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = std::borrow::Cow::<'de, str>::deserialize(d)?;
        let b = data_encoding::HEXLOWER.decode(s.as_bytes()).map_err(serde::de::Error::custom)?;
        b.try_into().map(TokenHash).map_err(|_| serde::de::Error::custom("a hash has 32 bytes"))
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

/// The same of a device's token, which names its device too: an older token of it is recognized by that.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DeviceRef {
    pub user: UserId,
    pub device: DeviceId,
    pub hash: TokenHash,
}
