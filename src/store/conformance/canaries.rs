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

pub(super) async fn a_key_that_never_sealed_leaves_nothing_and_a_retired_one_is_forgotten(s: Arc<impl Store>) {
    let (a, b) = (canary("aaaa", b"1"), canary("bbbb", b"2"));
    let file = |canaries: &[Canary]| KeyFile { file: "keys.yaml".into(), canaries: canaries.to_vec() };
    s.know_keys(&file(&[a.clone(), b.clone()])).await.unwrap();
    s.know_keys(&file(std::slice::from_ref(&a))).await.unwrap();
    s.know_keys(&file(&[b.clone(), a.clone()])).await.unwrap();
    let told = s.know_keys(&file(std::slice::from_ref(&b))).await.unwrap_err();
    assert!(matches!(&told, StoreError::Unfit(why) if why.contains("aaaa")), "{told}");
    s.forget_canary("aaaa").await.unwrap();
    s.forget_canary("nobody").await.unwrap();
    s.know_keys(&file(std::slice::from_ref(&b))).await.unwrap();
    // an older key of another node's file does not come back
    s.know_keys(&file(&[b.clone(), a])).await.unwrap();
    assert_eq!(s.keep_canaries(std::slice::from_ref(&b)).await.unwrap(), [b]);
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
        let mine = [canary("same", &[n as u8]), canary(&format!("key-{n}"), &[n as u8])];
        Store::keep_canaries(&*s, &mine).await.unwrap()
    };
    let kept = hundred(&s, keep).await;
    assert_eq!(kept[0].len(), 1);
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
    let file = KeyFile { file: "keys.yaml".into(), canaries: vec![canary("aaaa", b"right")] };
    wrong.know_keys(&KeyFile { canaries: vec![canary("aaaa", b"worse")], ..file.clone() }).await.unwrap_err();
    wrong.know_keys(&file).await.unwrap();
    wrong.ping().await.unwrap();
    let wrong = with(b"wrong").await.unwrap();
    wrong.ping().await.unwrap_err();
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
