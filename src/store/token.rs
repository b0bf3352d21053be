//! Tokens of those who call the admin API, and whom the orders of one caller have met lately.
//!
//! A token is read at every call and cached nowhere: revoked, it is none from that moment on, on every node.

use super::Result;
use crate::types::{ApiTokenId, AppName, Scopes, Timestamp, TokenHash, TokenName};
use async_trait::async_trait;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// The part of a store that keeps callers; every [`Store`](super::Store) is one.
#[async_trait]
pub trait TokenStore: Send + Sync + 'static {
    /// Keeps a new token, if no other that was not revoked has its name. Those revoked long ago go.
    async fn create_token(&self, token: &ApiToken) -> Result<bool>;
    async fn api_token(&self, id: ApiTokenId) -> Result<Option<ApiToken>>;
    /// All that are kept, in order of name and age.
    async fn api_tokens(&self) -> Result<Vec<ApiToken>>;
    /// Ends it for good and says so in the log, so that no failover brings it back. False: it is not there, or was ended
    /// before.
    async fn revoke_token(&self, id: ApiTokenId, at: Timestamp) -> Result<bool>;
    /// Notes a use; never back.
    async fn token_used(&self, id: ApiTokenId, at: Timestamp) -> Result<()>;
    /// Counts the people whom an order of this caller is about to meet: all of them or, where the quota is used up, none.
    async fn meet(&self, caller: &str, people: &BTreeSet<[u8; 16]>, quota: Quota, now: Timestamp) -> Result<Counted>;
}

/// A token's record; the token itself stands nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    pub id: ApiTokenId,
    pub name: TokenName,
    pub hash: TokenHash,
    /// The root key that its check is made with.
    pub key: String,
    pub scopes: Scopes,
    /// From where it may be used; empty: from everywhere.
    #[serde(with = "nets")]
    pub networks: Vec<IpNet>,
    /// Only sessions in these apps; empty: in all.
    #[serde(with = "apps")]
    pub apps: BTreeSet<AppName>,
    /// Different users that its orders may meet in an hour; `None`: any number.
    pub users_per_hour: Option<u32>,
    pub created: Timestamp,
    /// Who made it.
    pub by: String,
    /// `None`: never.
    pub ends: Option<Timestamp>,
    /// Noted at most once a minute.
    pub last_used: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
}

impl ApiToken {
    /// Whether it is good at `now`.
    pub fn lives(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.ends.is_none_or(|end| now < end)
    }
}

/// At most so many different people within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub most: u32,
    pub span: Duration,
}

/// Whether they were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Yes,
    /// Too many; enough of those before are forgotten by then.
    Over {
        until: Timestamp,
    },
}

/// For how long a revoked token is still listed.
pub(super) const REMEMBERED: Duration = Duration::from_secs(90 * 86_400);

mod nets {
    use ipnet::IpNet;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(all: &[IpNet], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(all.iter().map(ToString::to_string))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<IpNet>, D::Error> {
        let all = Vec::<String>::deserialize(d)?;
        all.iter().map(|t| t.parse().map_err(D::Error::custom)).collect()
    }
}

mod apps {
    use crate::types::AppName;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::collections::BTreeSet;

    pub fn serialize<S: Serializer>(all: &BTreeSet<AppName>, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(all.iter().map(ToString::to_string))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<BTreeSet<AppName>, D::Error> {
        Ok(Vec::<String>::deserialize(d)?.into_iter().map(|name| AppName(name.into())).collect())
    }
}
