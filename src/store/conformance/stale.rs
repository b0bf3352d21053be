//! What a crash leaves behind in a store that has no transactions over slots, and what somebody else puts there.

use super::sample::*;
use super::server::{Server, free_port};
use crate::store::redis::{Redis, RedisSettings};
use crate::store::{Created, NewAccount, Store, StoreError};
use crate::types::Login;

#[tokio::test]
async fn a_name_reserved_by_a_crashed_creation_can_be_taken_over_after_a_while() {
    let server = Server::shared();
    let s = server.store("stale-names").await;
    let time = server_seconds(server).await;
    for (key, age) in [("young", 0), ("old", 60)] {
        let value = format!("{}|{}|0", user_id(), time - age);
        server.run(&["SET", &format!("stale-names:{{l:{key}}}"), &value]).await;
    }
    let create = |name| NewAccount { account: account(name, None) };
    assert_eq!(s.create_account(&create("young")).await.unwrap(), Created::NameTaken);
    assert_eq!(s.create_account(&create("old")).await.unwrap(), Created::Yes);
    assert!(s.account_by_login(&Login::parse("old").unwrap()).await.unwrap().is_some());
    assert!(s.account_by_login(&Login::parse("young").unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_foreign_value_under_a_key_is_a_broken_record_and_no_panic() {
    let server = Server::shared();
    let s = server.store("stale-types").await;
    let alice = alice(&*s).await;
    let session = signed_in(&*s, alice.id).await;
    server.run(&["SET", &format!("stale-types:{{{}}}:a", alice.id), "x"]).await;
    assert!(matches!(s.account(alice.id).await, Err(StoreError::Corrupt { .. })));
    assert!(matches!(s.session(of(&session), NOW).await, Err(StoreError::Corrupt { .. })));
    assert!(matches!(s.accept_totp_step(alice.id, factor_id(), 1, NOW).await, Err(StoreError::Corrupt { .. })));
}

#[tokio::test]
async fn a_server_that_may_evict_is_refused_and_one_that_is_away_is_unavailable() {
    let server = Server::start(&["--maxmemory-policy", "allkeys-lru"]);
    let s = Redis::connect(server.settings("pc")).await.unwrap();
    assert!(matches!(s.ping().await, Err(StoreError::Unfit(_))));
    server.run(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    tokio::time::sleep(std::time::Duration::from_millis(120)).await; // a failure answers for a moment
    s.ping().await.unwrap();
    assert_eq!(s.warnings().await.unwrap().len(), 2);
    server.run(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await;
    assert!(matches!(s.warnings().await, Err(StoreError::Unfit(_))));
    assert!(matches!(s.ping().await, Err(StoreError::Unfit(_))), "no verb goes on with it");
    server.run(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    tokio::time::sleep(std::time::Duration::from_millis(120)).await;
    s.ping().await.unwrap();
    drop(server);
    assert!(matches!(s.ping().await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(s.account(user_id()).await, Err(StoreError::Unavailable { .. })));
}

#[tokio::test]
async fn tls_is_spoken_with_the_authority_named_and_with_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    for name in ["ours", "other"] {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        std::fs::write(file(&format!("{name}.pem")), made.cert.pem()).unwrap();
        std::fs::write(file(&format!("{name}.key")), made.signing_key.serialize_pem()).unwrap();
    }
    let (port, cert, key) = (free_port().to_string(), file("ours.pem"), file("ours.key"));
    let tls = ["--tls-port", &port, "--tls-auth-clients", "no", "--tls-cert-file", cert.to_str().unwrap()];
    let _server = Server::start(&[&tls[..], &["--tls-key-file", key.to_str().unwrap()]].concat());
    let settings = |ca: &str| RedisSettings {
        ca_file: Some(file(ca)),
        ..RedisSettings::new(format!("rediss://127.0.0.1:{port}").into())
    };
    Redis::connect(settings("ours.pem")).await.unwrap().ping().await.unwrap();
    let wrong = Redis::connect(settings("other.pem")).await.unwrap();
    assert!(matches!(wrong.ping().await, Err(StoreError::Unavailable { .. })));
    assert!(matches!(Redis::connect(settings("none.pem")).await, Err(StoreError::Unfit(_))));
}

#[tokio::test]
async fn a_wrong_url_is_refused_without_repeating_its_password() {
    let wrong = Redis::connect(RedisSettings::new("redis://u:geheim@[bad".to_owned().into())).await;
    let text = format!("{:?}", wrong.err().unwrap());
    assert!(text.contains("redis://host:port") && !text.contains("geheim"), "{text}");
}

/// The server's own clock.
async fn server_seconds(server: &Server) -> u64 {
    let (seconds, _): (u64, u64) = redis::from_redis_value(server.run(&["TIME"]).await).unwrap();
    seconds
}
