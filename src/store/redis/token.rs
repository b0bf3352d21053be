//! Tokens of the API: one hash in the log's slot, as revoking one is an entry of the log; and whom callers have met.

use super::Redis;
use super::log::fact_text;
use super::script::of_log;
use super::session::millis;
use crate::store::codec::{decode, encode};
use crate::store::token::{ApiToken, Counted, Quota, REMEMBERED, TokenStore};
use crate::store::{Fact, Result, StoreError};
use crate::types::{ApiTokenId, Timestamp};
use data_encoding::HEXLOWER;
use std::collections::{BTreeSet, HashMap};

#[async_trait::async_trait]
impl TokenStore for Redis {
    async fn create_token(&self, token: &ApiToken) -> Result<bool> {
        let all = self.api_tokens().await?;
        let old = all.iter().filter(|t| t.revoked.is_some_and(|at| at.plus(REMEMBERED) <= token.created));
        let old: Vec<_> = old.flat_map(|t| [t.id.to_string(), format!("u:{}", t.id), format!("r:{}", t.id)]).collect();
        if !old.is_empty() {
            let mut cmd = redis::cmd("HDEL");
            cmd.arg(self.keys.tokens()).arg(old);
            self.link.query::<u64>("forgetting old tokens", &cmd).await?;
        }
        let mut call = self.scripts.token_create.key(self.keys.tokens());
        call.arg(token.id.to_string()).arg(token.name.as_str()).arg(encode("token", token)?);
        self.link.run("keeping a token", &call).await
    }

    async fn api_token(&self, id: ApiTokenId) -> Result<Option<ApiToken>> {
        let mut cmd = redis::cmd("HMGET");
        cmd.arg(self.keys.tokens()).arg(id.to_string()).arg(format!("u:{id}")).arg(format!("r:{id}"));
        let (text, used, revoked): (Option<String>, Option<u64>, Option<u64>) =
            self.link.query("reading a token", &cmd).await?;
        text.map(|text| read(&text, used, revoked)).transpose()
    }

    async fn api_tokens(&self) -> Result<Vec<ApiToken>> {
        let mut cmd = redis::cmd("HGETALL");
        cmd.arg(self.keys.tokens());
        let fields: HashMap<String, String> = self.link.query("listing tokens", &cmd).await?;
        let mut found = Vec::new();
        for (id, text) in fields.iter().filter(|(f, _)| f.parse::<ApiTokenId>().is_ok()) {
            let time = |kind: &str| fields.get(&format!("{kind}:{id}")).and_then(|ms| ms.parse().ok());
            found.push(read(text, time("u"), time("r"))?);
        }
        found.sort_by(|a, b| (&a.name, a.created, a.id).cmp(&(&b.name, b.created, b.id)));
        Ok(found)
    }

    async fn revoke_token(&self, id: ApiTokenId, at: Timestamp) -> Result<bool> {
        self.end_token(id, at, &fact_text(&Fact::TokenRevoked { token: id, at })?).await
    }

    async fn token_used(&self, id: ApiTokenId, at: Timestamp) -> Result<()> {
        let mut call = self.scripts.token_used.key(self.keys.tokens());
        call.arg(id.to_string()).arg(at.as_millis());
        self.link.run("noting a token's use", &call).await
    }

    async fn meet(&self, caller: &str, people: &BTreeSet<[u8; 16]>, quota: Quota, now: Timestamp) -> Result<Counted> {
        let mut call = self.scripts.meet.key(self.keys.met(caller));
        call.arg(now.as_millis()).arg(millis(quota.span)).arg(quota.most);
        for person in people {
            call.arg(HEXLOWER.encode(person));
        }
        let said: String = self.link.run("counting whom a caller meets", &call).await?;
        match said.parse().map_err(|e| StoreError::corrupt("answer to a count", e))? {
            0 => Ok(Counted::Yes),
            until => Ok(Counted::Over { until: Timestamp::from_millis(until) }),
        }
    }
}

impl Redis {
    /// What the log said before the server lost it. True: it was lost.
    pub(super) async fn revoke_again(&self, id: ApiTokenId, at: Timestamp) -> Result<bool> {
        self.end_token(id, at, "").await
    }

    async fn end_token(&self, id: ApiTokenId, at: Timestamp, fact: &str) -> Result<bool> {
        let Some(token) = self.api_token(id).await? else { return Ok(false) };
        let mut call = of_log(&self.scripts.token_revoke, &self.keys);
        call.key(self.keys.tokens()).arg(id.to_string()).arg(token.name.as_str()).arg(at.as_millis()).arg(fact);
        Ok(self.link.run::<u64>("revoking a token", &call).await? > 0)
    }
}

/// What the fields say wins over the record's text.
fn read(text: &str, used: Option<u64>, revoked: Option<u64>) -> Result<ApiToken> {
    let (last_used, revoked) = (used.map(Timestamp::from_millis), revoked.map(Timestamp::from_millis));
    Ok(ApiToken { last_used, revoked, ..decode("token", text)? })
}
