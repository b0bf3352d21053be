//! What the stores know of a browser's token: never the token, only its hash and whose slot it lies in.

use super::{ApiTokenId, DeviceId, UserId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use utoipa::ToSchema;

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

/// A token of the admin API whose keyed check was good.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ApiTokenRef {
    pub id: ApiTokenId,
    pub hash: TokenHash,
}

/// What an administrator calls a token: 1 to 64 of a-z, 0-9, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[a-z0-9._-]{1,64}$", example = "soc")]
pub struct TokenName(String);

/// What was read is no name of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name: 1 to 64 of a-z, 0-9, `.`, `_` and `-` expected")]
pub struct BadTokenName;

impl TokenName {
    pub fn parse(s: &str) -> Result<Self, BadTokenName> {
        let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
        let good = (1..=64).contains(&s.len()) && s.bytes().all(sound);
        if good { Ok(TokenName(s.to_owned())) } else { Err(BadTokenName) }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for TokenName {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = std::borrow::Cow::<'de, str>::deserialize(d)?;
        TokenName::parse(&s).map_err(serde::de::Error::custom)
    }
}
