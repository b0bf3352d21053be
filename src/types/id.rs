//! Identifiers. Random ones carry 128 bits and are written as 26 lower-case base32 letters.

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use utoipa::ToSchema;

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
        // 128 bits fill 25 letters and three bits of the last one
        #[schema(value_type = String, pattern = "^[a-z2-7]{25}[aeimquy4]$", example = "aebagbafaydqqcikbmga2dqpca")]
        pub struct $name([u8; 16]);

        impl $name {
            pub const fn from_bytes(b: [u8; 16]) -> Self {
                $name(b)
            }
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
            /// As it is written, without a place of its own in memory.
            pub fn letters(&self) -> [u8; 26] {
                let mut out = [0; 26];
                LETTERS.encode_mut(self.as_bytes(), &mut out);
                out
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&self.letters()).unwrap_or_default())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                let b = LETTERS.decode(s.as_bytes()).map_err(|_| BadId)?;
                Ok($name(b.try_into().map_err(|_| BadId)?))
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let s = std::borrow::Cow::<'de, str>::deserialize(d)?;
                s.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

random_id!(
    /// A user: random, never reused; also the slot (hash tag) of everything that belongs to the user.
    UserId
);
random_id!(
    /// A session: never changes while its token rotates.
    SessionId
);
random_id!(
    /// One second factor of one account.
    FactorId
);
random_id!(
    /// A browser of one user on one origin, known or trusted.
    DeviceId
);
random_id!(
    /// One set of backup codes; the next one has another.
    SetId
);
random_id!(
    /// One order to disconnect somebody.
    OrderId
);
random_id!(
    /// A token of somebody who calls the admin API.
    ApiTokenId
);
random_id!(
    /// A form that waits to be sent. No secret: it stands in the address of the page that shows the form.
    FormId
);
random_id!(
    /// One running gateway process.
    NodeId
);
random_id!(
    /// One request; passed on to the upstream and written in every line about it.
    RequestId
);

/// Hashes keys that are random bits of our own making, ids and hashes of tokens: the bits themselves are the hash. Nobody
/// outside can choose such a key, so there is nothing to defend against by a keyed hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomBits(u64);

/// For maps with such keys.
pub type ByRandomBits = std::hash::BuildHasherDefault<RandomBits>;

impl std::hash::Hasher for RandomBits {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_ne_bytes(*first);
        }
    }
    /// The length of an array, always the same.
    fn write_usize(&mut self, _: usize) {}
    fn finish(&self) -> u64 {
        self.0
    }
}

/// What was read is not an identifier of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 26 letters a-z and digits 2-7 expected")]
pub struct BadId;

/// A position in the log; orders "before" and "after" for sessions and disconnects, never a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

#[expect(clippy::expect_used, reason = "a constant alphabet of 32 distinct ASCII letters is always a valid encoding")]
static LETTERS: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    spec.encoding().expect("valid alphabet")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_an_id_is_made_of_its_bits() {
        let hash = |n: u8| std::hash::BuildHasher::hash_one(&ByRandomBits::default(), UserId::from_bytes([n; 16]));
        let all: std::collections::HashSet<_> = (0..=u8::MAX).map(hash).collect();
        assert_eq!((all.len(), hash(7)), (256, 0x0707_0707_0707_0707));
    }

    #[test]
    fn an_id_survives_its_text_form() {
        let id = UserId::from_bytes([7; 16]);
        assert_eq!(id.to_string().len(), 26);
        assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
        assert_eq!("short".parse::<UserId>(), Err(BadId));
        assert_eq!(id.to_string().to_uppercase().parse::<UserId>(), Err(BadId));
    }
}
