//! Tokens of those who call the admin API: made, listed, revoked, and known again at the door.
//!
//! A token is read from the store at every call, so that a revoked one is none at once, on every node.

use super::Accounts;
use crate::crypto::{ApiTokens, KeyRing};
use crate::store::{Store, StoreError};
use crate::sys::{Clock, Entropy, random};
use crate::types::{ApiTokenId, ApiTokenRef, AppName, ClientIp, Scopes, Timestamp, TokenName};
use ipnet::IpNet;
use secrecy::SecretString;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

pub use crate::store::ApiToken;

/// The work on tokens.
pub struct Tokens {
    store: Arc<dyn Store>,
    keys: Arc<KeyRing>,
    tokens: ApiTokens,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: TokenName,
    pub scopes: Scopes,
    /// `None`: never.
    pub ends: Option<Timestamp>,
    /// Empty: everywhere.
    pub networks: Vec<IpNet>,
    /// Empty: all.
    pub apps: BTreeSet<AppName>,
    pub users_per_hour: Option<u32>,
    /// Who makes it.
    pub by: String,
}

/// Why nothing was made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("another token has the name {0}")]
    NameTaken(TokenName),
    #[error("there is no such token")]
    NoSuchToken,
    #[error("the token was revoked before")]
    RevokedBefore,
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Why a token that was made here is not good. The caller is told nothing of it; the record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotGood {
    /// `None`: it is not known (any more).
    pub name: Option<TokenName>,
    pub why: &'static str,
}

impl Tokens {
    /// On what accounts work with.
    pub fn of(accounts: &Accounts) -> Self {
        Tokens {
            store: accounts.store.clone(),
            tokens: ApiTokens::new(&accounts.keys),
            keys: accounts.keys.clone(),
            clock: accounts.clock.clone(),
            entropy: accounts.entropy.clone(),
        }
    }

    /// With the token, which is shown once and can never be shown again.
    pub async fn create(&self, new: NewToken) -> Result<(ApiToken, SecretString), TokenError> {
        let id = ApiTokenId::from_bytes(random(&*self.entropy));
        // before the check is made: were there a newer key by then, the older one would stay for nothing
        let key = self.keys.newest().id().to_owned();
        let (secret, hash) = self.tokens.mint(id, &*self.entropy);
        let NewToken { name, scopes, ends, networks, apps, users_per_hour, by } = new;
        let (created, last_used, revoked) = (self.clock.now(), None, None);
        let token = ApiToken {
            id,
            name,
            hash,
            key,
            scopes,
            networks,
            apps,
            users_per_hour,
            created,
            by,
            ends,
            last_used,
            revoked,
        };
        if self.store.create_token(&token).await? {
            Ok((token, secret))
        } else {
            Err(TokenError::NameTaken(token.name))
        }
    }

    pub async fn list(&self) -> Result<Vec<ApiToken>, TokenError> {
        Ok(self.store.api_tokens().await?)
    }

    pub async fn revoke(&self, id: ApiTokenId) -> Result<ApiToken, TokenError> {
        let token = self.store.api_token(id).await?.ok_or(TokenError::NoSuchToken)?;
        let now = self.clock.now();
        if self.store.revoke_token(id, now).await? {
            Ok(ApiToken { revoked: Some(now), ..token })
        } else {
            Err(TokenError::RevokedBefore)
        }
    }

    /// What a text claims to be, by its keyed check alone; `None`: made up.
    pub fn read(&self, text: &str) -> Option<ApiTokenRef> {
        self.tokens.check(text)
    }

    /// The token itself, where it is good now, used from there.
    pub async fn find(&self, at: ApiTokenRef, from: Option<ClientIp>) -> Result<Result<ApiToken, NotGood>, StoreError> {
        let now = self.clock.now();
        let Some(token) = self.store.api_token(at.id).await? else {
            return Ok(Err(NotGood { name: None, why: "unknown token" }));
        };
        if let Some(why) = flaw(&token, at, from, now) {
            return Ok(Err(NotGood { name: Some(token.name), why }));
        }
        if token.last_used.is_none_or(|last| now.since(last) >= NOTED) {
            self.store.token_used(token.id, now).await?;
        }
        Ok(Ok(token))
    }
}

fn flaw(token: &ApiToken, at: ApiTokenRef, from: Option<ClientIp>, now: Timestamp) -> Option<&'static str> {
    let is_allowed = |ip: ClientIp| token.networks.iter().any(|n| n.contains(&ip.0));
    if !bool::from(token.hash.0.ct_eq(&at.hash.0)) {
        return Some("wrong token");
    }
    if token.revoked.is_some() {
        return Some("revoked token");
    }
    if !token.lives(now) {
        return Some("expired token");
    }
    (!token.networks.is_empty() && !from.is_some_and(is_allowed)).then_some("token used from elsewhere")
}

/// How often a use is noted.
const NOTED: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, accounts};
    use super::*;
    use crate::store::TokenStore;
    use crate::types::Scope;
    use secrecy::ExposeSecret;

    fn new(name: &str) -> NewToken {
        NewToken {
            name: TokenName::parse(name).unwrap(),
            scopes: [Scope::Read].into_iter().collect(),
            ends: Some(NOW.plus(Duration::from_secs(60))),
            networks: vec!["192.0.2.0/24".parse().unwrap()],
            apps: BTreeSet::new(),
            users_per_hour: None,
            by: "socket".into(),
        }
    }

    fn from(ip: &str) -> Option<ClientIp> {
        ip.parse().ok().map(ClientIp::new)
    }

    #[tokio::test]
    async fn a_token_is_good_from_its_networks_until_it_ends_or_is_revoked() {
        let (_, accounts) = accounts();
        let tokens = Tokens::of(&accounts);
        let (made, secret) = tokens.create(new("soc")).await.unwrap();
        let at = tokens.read(secret.expose_secret()).unwrap();
        let why = async |tokens: &Tokens, at, ip: &str| match tokens.find(at, from(ip)).await.unwrap() {
            Ok(token) => token.name.to_string(),
            Err(not) => not.why.to_string(),
        };
        assert_eq!(why(&tokens, at, "192.0.2.7").await, "soc");
        assert_eq!(why(&tokens, at, "::ffff:192.0.2.7").await, "soc");
        assert_eq!(why(&tokens, at, "198.51.100.7").await, "token used from elsewhere");
        assert!(tokens.find(at, None).await.unwrap().is_err());
        let other = ApiTokenRef { hash: crate::types::TokenHash([1; 32]), ..at };
        assert_eq!(why(&tokens, other, "192.0.2.7").await, "wrong token");
        let nobody = ApiTokenRef { id: ApiTokenId::from_bytes([1; 16]), ..at };
        assert_eq!(why(&tokens, nobody, "192.0.2.7").await, "unknown token");
        let later = crate::sys::ManualClock::at(NOW.plus(Duration::from_secs(60)));
        let then = Tokens::of(&Accounts { clock: Arc::new(later), ..accounts.clone() });
        assert_eq!(why(&then, at, "192.0.2.7").await, "expired token");
        assert_eq!(tokens.revoke(made.id).await.unwrap().revoked, Some(NOW));
        assert_eq!(why(&tokens, at, "192.0.2.7").await, "revoked token");
        assert!(matches!(tokens.revoke(made.id).await, Err(TokenError::RevokedBefore)));
    }

    #[tokio::test]
    async fn a_use_is_noted_once_a_minute_and_a_name_is_one_tokens() {
        let (store, accounts) = accounts();
        let tokens = Tokens::of(&accounts);
        let (_, secret) = tokens.create(NewToken { ends: None, ..new("soc") }).await.unwrap();
        assert!(matches!(tokens.create(new("soc")).await, Err(TokenError::NameTaken(_))));
        let at = tokens.read(secret.expose_secret()).unwrap();
        for (second, noted) in [(0, 0), (59, 0), (60, 60)] {
            let clock = Arc::new(crate::sys::ManualClock::at(NOW.plus(Duration::from_secs(second))));
            let then = Tokens::of(&Accounts { clock, ..accounts.clone() });
            then.find(at, from("192.0.2.7")).await.unwrap().unwrap();
            let last = store.api_tokens().await.unwrap()[0].last_used;
            assert_eq!(last, Some(NOW.plus(Duration::from_secs(noted))), "{second}");
        }
    }
}
