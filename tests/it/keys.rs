//! The key file: made once, for its owner; missing or of another store, nothing is served and nothing is lost.

use crate::support::gateway::BINARY;
use crate::support::process::Process;
use crate::support::redis::Redis;
use crate::support::{Gateway, MFA_ON, PASSWORD, Plan, Store, on_both_stores, until};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

on_both_stores! {
    people_stay_signed_in_while_a_key_is_rotated_and_the_old_one_retired,
    a_key_file_of_another_store_is_not_taken_up_while_it_runs,
}

fn key_file(gateway: &Gateway) -> PathBuf {
    gateway.dir().join("keys.yaml")
}

/// The keys of another installation in the place of ours, which are returned.
fn swap(gateway: &Gateway) -> String {
    let file = key_file(gateway);
    let ours = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    gateway.succeed(&["keys", "generate", "--out", file.to_str().unwrap()]);
    ours
}

fn put_back(gateway: &Gateway, keys: &str) {
    gateway.secret_file("keys.yaml", keys);
}

fn id_of(keys: &str) -> &str {
    keys.split("id: \"").nth(1).unwrap().split('"').next().unwrap()
}

/// It ends at its start and says all of this.
async fn does_not_start(gateway: &Gateway, told: &[&str]) {
    let log = gateway.dir().join("refused.log");
    let _ = fs::remove_file(&log);
    let mut command = Command::new(BINARY);
    command.current_dir(gateway.dir()).arg("--config").arg(gateway.config()).arg("serve");
    let process = std::sync::Mutex::new(Process::start("portcullis", &mut command, &log));
    until("the refusal", || async { process.lock().unwrap().has_ended() }).await;
    let said = process.lock().unwrap().log();
    for part in told {
        assert!(said.contains(part), "{part:?} is not in\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_makes_one_for_its_owner_and_the_next_keeps_it() {
    let gateway = Plan::on(Store::Embedded).start().await;
    let file = key_file(&gateway);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let made = fs::read_to_string(&file).unwrap();
    gateway.kill();
    gateway.run().await;
    assert_eq!(fs::read_to_string(&file).unwrap(), made);
    gateway.kill();
    fs::remove_file(&file).unwrap();
    gateway.run().await;
    assert_ne!(fs::read_to_string(&file).unwrap(), made, "no account was there, so nothing was lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_one_is_not_made_anew_beside_a_store_in_use() {
    let gateway = Gateway::with_alice(Store::Embedded, "version: 1\n").await;
    gateway.kill();
    let ours = fs::read_to_string(key_file(&gateway)).unwrap();
    fs::remove_file(key_file(&gateway)).unwrap();
    let told = ["keys.yaml is missing", "every account would be lost", "your copy", "portcullis keys generate"];
    does_not_start(&gateway, &told).await;
    assert!(!key_file(&gateway).exists());
    put_back(&gateway, &ours);
    gateway.run().await;
    assert!(gateway.alice().await.is_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_another_store_is_refused_by_the_embedded_store() {
    let gateway = Gateway::with_alice(Store::Embedded, "version: 1\n").await;
    gateway.kill();
    let ours = swap(&gateway);
    let theirs = fs::read_to_string(key_file(&gateway)).unwrap();
    let told = ["keys.yaml does not belong to this store", id_of(&ours), "is not in it", "second factor", "your copy"];
    does_not_start(&gateway, &told).await;
    let offline = gateway.cli(&["user", "list", "--offline"]);
    assert_eq!(offline.status.code(), Some(1), "{}", String::from_utf8_lossy(&offline.stderr));
    // the right id with other bytes, as after a hand's edit
    put_back(&gateway, &theirs.replace(id_of(&theirs), id_of(&ours)));
    does_not_start(&gateway, &["does not belong to this store", id_of(&ours), "is another one there"]).await;
    put_back(&gateway, &ours);
    gateway.run().await;
    assert!(gateway.alice().await.is_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_of_another_store_redis_serves_nobody_and_is_not_written_to() {
    let gateway = Gateway::with_alice(Store::Redis, "version: 1\n").await;
    gateway.kill();
    let ours = swap(&gateway);
    let before = gateway.dump().await;
    gateway.run_until_alive().await;
    let ready = gateway.admin_get("/readyz").await.unwrap();
    assert_eq!(ready.status, 503);
    for part in ["keys.yaml does not belong to this store", id_of(&ours), "second factor"] {
        assert!(ready.text().contains(part), "{part:?} is not in\n{}", ready.text());
    }
    assert!(gateway.log().contains("does not belong to this store"), "{}", gateway.log());
    let answer = gateway.visitor().give_password("alice", PASSWORD, "/").await;
    assert_eq!((answer.status, answer.header("retry-after").is_some()), (503, true), "{}", answer.text());
    assert!(!gateway.cli(&["user", "list"]).status.success());
    assert_eq!(gateway.dump().await, before);
    gateway.kill();
    put_back(&gateway, &ours);
    gateway.run().await;
    assert!(gateway.alice().await.is_in().await);
}

fn ids(gateway: &Gateway) -> Vec<String> {
    let text = fs::read_to_string(key_file(gateway)).unwrap();
    text.split("id: \"").skip(1).map(|t| t.split('"').next().unwrap().to_string()).collect()
}

async fn people_stay_signed_in_while_a_key_is_rotated_and_the_old_one_retired(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut alice = gateway.visitor();
    let mut app = alice.enrol("alice").await;
    let told = gateway.succeed(&["keys", "rotate", "--now"]);
    assert!(told.contains("the running gateway knows it"), "{told}");
    let all = ids(&gateway);
    let (old, new) = (all[0].as_str(), all[1].as_str());
    assert_eq!(fs::metadata(key_file(&gateway)).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(alice.is_in().await);
    let seals =
        || async { gateway.admin_get("/readyz").await.is_some_and(|a| a.text().contains(&format!("`{new}` seals"))) };
    until("the new key", seals).await;
    until("sealing anew", || async { gateway.log().contains("sealed anew") }).await;
    let refused = gateway.cli(&["keys", "retire", old]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(1) && why.contains("minutes"), "{why}");
    let refused = gateway.cli(&["keys", "retire", old, "--force"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("second factors: 0, passwords: 1") && why.contains("alice"), "{why}");
    // her password moves to the new key by itself, her backup codes with the next set
    let mut again = gateway.visitor();
    again.sign_in_with("alice", &mut app).await;
    let refused = gateway.cli(&["keys", "retire", old, "--force"]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("passwords: 0, sets of backup codes: 1"), "{why}");
    again.change("/.portcullis/codes/new", "code", &app.next_code().await).await;
    gateway.succeed(&["keys", "retire", old, "--force"]);
    assert_eq!(ids(&gateway), [new]);
    until("its end", || async { !gateway.admin_get("/readyz").await.unwrap().text().contains("not taken up") }).await;
    gateway.kill();
    gateway.run().await;
    gateway.visitor().sign_in_with("alice", &mut app).await;
}

async fn a_key_file_of_another_store_is_not_taken_up_while_it_runs(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let mut alice = gateway.alice().await;
    let ours = swap(&gateway);
    let warned = || async { gateway.admin_get("/readyz").await.is_some_and(|a| a.text().contains("not taken up")) };
    until("the warning", warned).await;
    assert!(alice.is_in().await && gateway.alice().await.is_in().await);
    put_back(&gateway, &ours);
    until("the good file", || async { !warned().await }).await;
    assert!(alice.is_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_taken_up_by_every_node_of_the_file() {
    let redis = Arc::new(Redis::start().await);
    let one = Plan::on(Store::Redis).redis(redis).policy(MFA_ON).start().await;
    one.add_user("alice", &["staff"]);
    let two = one.twin().await;
    let mut alice = one.visitor();
    let mut app = alice.enrol("alice").await;
    one.succeed(&["keys", "rotate", "--now"]);
    let new = ids(&one)[1].clone();
    for node in [&one, &two] {
        let seals =
            || async { node.admin_get("/readyz").await.is_some_and(|a| a.text().contains(&format!("`{new}` seals"))) };
        until("the new key", seals).await;
        assert!(alice.at(node.address).is_in().await);
    }
    two.visitor().sign_in_with("alice", &mut app).await;
    let mut again = one.visitor();
    again.sign_in_with("alice", &mut app).await;
    assert!(again.at(two.address).is_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_made_ahead_is_published_and_seals_later() {
    let gateway = Plan::on(Store::Embedded).start().await;
    let old = ids(&gateway)[0].clone();
    let told = gateway.succeed(&["keys", "rotate"]);
    assert!(told.contains("knows it"), "{told}");
    let ready = gateway.admin_get("/readyz").await.unwrap().text();
    assert!(ready.contains(&format!("`{old}` seals")), "{ready}");
    let jwks = gateway.visitor().get("/.portcullis/jwks.json").await.json();
    let kids: Vec<_> =
        jwks["keys"].as_array().unwrap().iter().map(|k| k["kid"].as_str().unwrap().to_string()).collect();
    assert_eq!(kids, ids(&gateway));
}
