//! Canaries of keys, and the connection that a wrong key file does not get.

use super::sample::*;
use super::server::Server;
use crate::store::embedded::Embedded;
use crate::store::redis::{Redis, RedisSettings};
use crate::store::{Canary, KeyFile, NewAccount, Store, StoreError};
use std::sync::Arc;

fn canary(key: &str, value: &[u8]) -> Canary {
    Canary { key: key.into(), value: value.into() }
}

pub(super) async fn what_was_kept_first_stays_and_new_keys_are_added(s: Arc<impl Store>) {
    let (a, b) = (canary("aaaa", &[0, 255, 10]), canary("bbbb", b""));
    assert_eq!(s.keep_canaries(&[]).await.unwrap(), []);
    let (first, both) = ([a.clone()], [a.clone(), b.clone()]);
    for _ in 0..2 {
        assert_eq!(s.keep_canaries(&first).await.unwrap(), first);
    }
    for _ in 0..2 {
        assert_eq!(s.keep_canaries(&[b.clone(), a.clone()]).await.unwrap(), both);
    }
}

pub(super) async fn a_wrong_key_file_leaves_no_trace(s: Arc<impl Store>) {
    let (kept, other) = ([canary("aaaa", b"1")], canary("bbbb", b"2"));
    s.keep_canaries(&kept).await.unwrap();
    for wrong in [vec![], vec![other.clone()], vec![canary("aaaa", b"2"), other]] {
        assert_eq!(s.keep_canaries(&wrong).await.unwrap(), kept);
    }
}

pub(super) async fn of_a_hundred_key_files_at_once_one_is_kept(s: Arc<impl Store>) {
    let keep = |s: Arc<_>, n| async move {
        let mine = [canary(&format!("key-{n}"), &[n as u8]), canary("same", &[n as u8])];
        Store::keep_canaries(&*s, &mine).await.unwrap()
    };
    let kept = hundred(&s, keep).await;
    assert_eq!(kept[0].len(), 2);
    assert!(kept.iter().all(|k| *k == kept[0]));
}

#[tokio::test]
async fn with_a_wrong_key_file_redis_is_refused_until_the_store_is_another() {
    let server = Server::start(&[]);
    let with = |value: &[u8]| {
        let keys = KeyFile { file: "keys.yaml".into(), canaries: vec![canary("aaaa", value)] };
        Redis::connect(RedisSettings { keys, ..server.settings("pc") })
    };
    let right = with(b"right").await.unwrap();
    right.ping().await.unwrap();
    let wrong = with(b"wrong").await.unwrap();
    let Err(StoreError::Unfit(told)) = wrong.create_account(&NewAccount { account: account("eve", None) }).await else {
        panic!("the wrong keys were accepted")
    };
    assert!(told.contains("keys.yaml") && told.contains("aaaa"), "{told}");
    assert_eq!(right.count_accounts().await.unwrap(), 0);
    with(b"right").await.unwrap().ping().await.unwrap();
    server.run(&["FLUSHALL"]).await;
    tokio::time::sleep(std::time::Duration::from_millis(120)).await; // a failure answers for a moment
    wrong.ping().await.unwrap();
}

#[tokio::test]
async fn an_unused_embedded_store_takes_another_key_file_and_a_used_one_does_not() {
    let s = Embedded::memory().unwrap();
    let (first, second) = ([canary("aaaa", b"1")], [canary("bbbb", b"2")]);
    s.keep_canaries(&first).await.unwrap();
    s.forget_unused_canaries().await.unwrap();
    assert_eq!(s.keep_canaries(&second).await.unwrap(), second);
    alice(&*s).await;
    s.forget_unused_canaries().await.unwrap();
    assert_eq!(s.keep_canaries(&[]).await.unwrap(), second);
}
