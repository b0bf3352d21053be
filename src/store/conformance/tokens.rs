//! Tokens of the API: kept, found, revoked once and for good; and the count of whom a caller has met.

use super::feed::{LONG, redis_node, short};
use super::sample::*;
use super::server::{Server, until};
use crate::store::{ApiToken, Counted, Fact, Quota, Store, TokenStore};
use crate::types::{ApiTokenId, AppName, Scope, TokenName};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

fn sample(name: &str) -> ApiToken {
    ApiToken {
        id: ApiTokenId::from_bytes(*user_id().as_bytes()),
        name: TokenName::parse(name).unwrap(),
        hash: token(),
        key: "k1".into(),
        scopes: [Scope::Read, Scope::Disconnect].into_iter().collect(),
        networks: vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/48".parse().unwrap()],
        apps: [AppName("wiki".into())].into(),
        users_per_hour: Some(100),
        created: NOW,
        by: "socket".into(),
        ends: Some(later(90)),
        last_used: None,
        revoked: None,
    }
}

pub(super) async fn a_token_is_kept_under_its_name_until_it_is_revoked(s: Arc<impl Store>) {
    let (soc, other) = (sample("soc"), ApiToken { apps: BTreeSet::new(), ends: None, ..sample("backup") });
    assert_eq!(s.api_token(soc.id).await.unwrap(), None);
    assert!(s.create_token(&soc).await.unwrap() && s.create_token(&other).await.unwrap());
    assert_eq!(s.api_token(soc.id).await.unwrap(), Some(soc.clone()));
    assert_eq!(s.api_tokens().await.unwrap(), [other.clone(), soc.clone()]);
    let again = ApiToken { created: later(1), ..sample("soc") };
    assert!(!s.create_token(&again).await.unwrap(), "the name is taken");
    assert!(s.revoke_token(soc.id, later(5)).await.unwrap());
    let revoked = ApiToken { revoked: Some(later(5)), ..soc };
    assert!(!revoked.lives(later(6)));
    assert!(s.create_token(&again).await.unwrap());
    assert_eq!(s.api_tokens().await.unwrap(), [other, revoked, again]);
}

pub(super) async fn of_a_hundred_tokens_of_one_name_one_is_kept(s: Arc<impl Store>) {
    let create = |s: Arc<_>, _| async move { TokenStore::create_token(&*s, &sample("soc")).await.unwrap() };
    assert_eq!(hundred(&s, create).await.into_iter().filter(|made| *made).count(), 1);
    assert_eq!(s.api_tokens().await.unwrap().len(), 1);
}

pub(super) async fn of_a_hundred_who_revoke_a_token_one_does_and_the_log_says_so(s: Arc<impl Store>) {
    let soc = sample("soc");
    s.create_token(&soc).await.unwrap();
    let before = s.head().await.unwrap().seq.0;
    let id = soc.id;
    let revoke = move |s: Arc<_>, _| async move { TokenStore::revoke_token(&*s, id, later(5)).await.unwrap() };
    assert_eq!(hundred(&s, revoke).await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(s.head().await.unwrap().seq.0, before + 1);
    assert!(!s.revoke_token(sample("nobody").id, NOW).await.unwrap());
}

pub(super) async fn a_use_is_noted_and_never_back(s: Arc<impl Store>) {
    let soc = sample("soc");
    s.create_token(&soc).await.unwrap();
    for (at, noted) in [(50, 50), (40, 50), (60, 60)] {
        s.token_used(soc.id, later(at)).await.unwrap();
        assert_eq!(s.api_token(soc.id).await.unwrap().unwrap().last_used, Some(later(noted)));
    }
    s.token_used(sample("nobody").id, NOW).await.unwrap();
    assert_eq!(s.api_tokens().await.unwrap().len(), 1);
}

pub(super) async fn a_token_revoked_long_ago_is_forgotten(s: Arc<impl Store>) {
    let soc = sample("soc");
    s.create_token(&soc).await.unwrap();
    s.revoke_token(soc.id, NOW).await.unwrap();
    let day = 86_400;
    for (after, kept) in [(89 * day, 2), (91 * day, 2)] {
        let name = format!("later-{after}");
        s.create_token(&ApiToken { created: later(after), ..sample(&name) }).await.unwrap();
        assert_eq!(s.api_tokens().await.unwrap().len(), kept);
    }
    assert_eq!(s.api_token(soc.id).await.unwrap(), None);
}

const HOUR: Duration = Duration::from_secs(3600);

fn people(of: impl IntoIterator<Item = u8>) -> BTreeSet<[u8; 16]> {
    of.into_iter().map(|n| [n; 16]).collect()
}

pub(super) async fn a_caller_meets_so_many_people_in_an_hour_and_no_more(s: Arc<impl Store>) {
    let quota = Quota { most: 5, span: HOUR };
    let meet = async |caller: &str, who: BTreeSet<[u8; 16]>, at| s.meet(caller, &who, quota, later(at)).await.unwrap();
    assert_eq!(meet("token:soc", people(0..3), 0).await, Counted::Yes);
    assert_eq!(meet("token:soc", people(3..5), 100).await, Counted::Yes);
    assert_eq!(meet("token:soc", people(0..5), 150).await, Counted::Yes, "people are counted once");
    assert_eq!(meet("token:soc", people([5]), 200).await, Counted::Over { until: later(150 + 3600) });
    assert_eq!(meet("token:other", people([5]), 200).await, Counted::Yes, "each caller has a count of its own");
    assert_eq!(meet("token:soc", people([5]), 149 + 3600).await, Counted::Over { until: later(150 + 3600) });
    assert_eq!(meet("token:soc", people(5..9), 150 + 3600).await, Counted::Yes, "the hour moves");
    assert_eq!(meet("token:soc", people(10..12), 160 + 3600).await, Counted::Over { until: later(150 + 7200) });
    assert_eq!(meet("token:soc", people([10]), 160 + 3600).await, Counted::Yes, "what was refused took nothing");
    assert_eq!(meet("token:new", people(0..6), 0).await, Counted::Over { until: later(3600) });
}

pub(super) async fn of_a_hundred_orders_at_once_as_many_count_as_the_quota_has(s: Arc<impl Store>) {
    let meet = |s: Arc<_>, n: usize| async move {
        let quota = Quota { most: 7, span: HOUR };
        TokenStore::meet(&*s, "token:soc", &people([u8::try_from(n).unwrap()]), quota, NOW).await.unwrap()
    };
    let counted = hundred(&s, meet).await;
    assert_eq!(counted.into_iter().filter(|c| *c == Counted::Yes).count(), 7);
}

/// A failover that loses the revocation must not make the token good again.
#[tokio::test]
async fn a_revocation_that_a_server_lost_is_written_back() {
    let server = Server::start(&[]);
    let n = redis_node(short(&server)).await;
    let soc = sample("soc");
    n.store.create_token(&soc).await.unwrap();
    n.store.create_token(&sample("other")).await.unwrap();
    let before = server.run(&["DUMP", "pc:{r}:tokens"]).await;
    let seq = n.store.head().await.unwrap().seq;
    assert!(n.store.revoke_token(soc.id, later(5)).await.unwrap());
    let revoked = Fact::TokenRevoked { token: soc.id, at: later(5) };
    until("the entry", LONG, || n.ear.facts().iter().any(|e| e.fact == revoked)).await;
    // the server is as it was before: the hash, the log and its counter
    let redis::Value::BulkString(dump) = before else { panic!("{before:?}") };
    let mut back = redis::cmd("RESTORE");
    back.arg("pc:{r}:tokens").arg(0).arg(dump).arg("REPLACE");
    server.query(&back).await;
    server.run(&["SET", "pc:{r}:seq", &seq.0.to_string()]).await;
    server.run(&["DEL", "pc:{r}:log"]).await;
    let limit = tokio::time::Instant::now() + LONG;
    while n.store.api_token(soc.id).await.unwrap().unwrap().revoked.is_none() {
        assert!(tokio::time::Instant::now() < limit, "the token is good for ever");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(n.store.api_token(soc.id).await.unwrap().unwrap().revoked, Some(later(5)));
}
