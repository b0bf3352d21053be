//! What is put on record: everything that matters, nothing that is secret, whole after a kill, and never left out.

use crate::support::{Gateway, MFA_ON, PASSWORD, Plan, Store, on_both_stores, until};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

on_both_stores! {
    what_happens_is_recorded_once_and_holds_no_secret,
    killed_again_and_again_the_chain_goes_on,
    while_nothing_can_be_recorded_nobody_signs_in_and_who_is_in_stays_in,
    events_are_found_by_who_what_and_when_and_exported,
    a_changed_file_is_found,
    a_new_policy_and_a_rejected_one_are_on_record,
}

/// Alice, with the audit's file in the gateway's folder.
async fn recording(store: Store, policy: &str) -> Gateway {
    let gateway = Plan::on(store).policy(policy).top("audit: { file: audit.jsonl }").start().await;
    gateway.add_user("alice", &["staff"]);
    gateway
}

fn file(gateway: &Gateway) -> PathBuf {
    gateway.dir().join("audit.jsonl")
}

fn lines(gateway: &Gateway) -> Vec<Value> {
    let text = fs::read_to_string(file(gateway)).unwrap();
    text.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"))).collect()
}

/// What each says in a word or two.
fn words(all: &[Value]) -> Vec<String> {
    let text = |v: &Value, name: &str| v[name].as_str().unwrap_or_default().to_string();
    let word = |v: &Value| format!("{} {}{}", text(v, "event"), text(v, "outcome"), text(v, "change"));
    all.iter().map(|v| word(v).trim().to_string()).collect()
}

async fn written(gateway: &Gateway, word: &str) {
    until(word, || async { words(&lines(gateway)).iter().any(|w| w == word) }).await;
}

fn verify(gateway: &Gateway, files: &[&str]) -> Output {
    gateway.cli(&[&["--json", "audit", "verify"], files].concat())
}

fn is_whole(gateway: &Gateway, files: &[&str]) -> Value {
    let out = verify(gateway, files);
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{said}{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_str(&said).unwrap()
}

async fn what_happens_is_recorded_once_and_holds_no_secret(store: Store) {
    const TYPED_IN_THE_WRONG_FIELD: &str = "my secret battery password";
    let gateway = recording(store, MFA_ON).await;
    gateway.visitor().give_password(TYPED_IN_THE_WRONG_FIELD, "x", "/").await;
    gateway.visitor().give_password("alice", "a wrong staple battery", "/").await;
    let mut alice = gateway.visitor();
    let mut app = alice.enrol("alice").await;
    let (key, mut codes) = (app.base32.clone(), Vec::new());
    let page = gateway.visitor().reach_challenge("alice").await;
    gateway.visitor().give_code(&page, "000000").await;
    let mut again = gateway.visitor();
    let page = again.reach_challenge("alice").await;
    again.give_code(&page, "000000").await;
    codes.push(app.next_code().await);
    let answer = again.give_code(&page, &codes[0]).await;
    again.follow_all(answer).await;
    let cookie = again.session_cookie().unwrap().to_string();
    again.sign_out(false).await;
    written(&gateway, "sign_out").await;

    let all = lines(&gateway);
    let said = words(&all);
    for word in [
        "node started",
        "account_change added",
        "api_call",
        "sign_in unknown_user",
        "sign_in wrong_password",
        "sign_in first_factor_passed",
        "enrolment begun",
        "enrolment confirmed",
        "challenge failed",
        "challenge passed",
        "sign_out",
    ] {
        assert!(said.iter().any(|w| w == word), "{word} is not among {said:?}");
    }
    for once in ["account_change added", "sign_in unknown_user", "sign_in wrong_password", "enrolment confirmed"] {
        assert_eq!(said.iter().filter(|w| *w == once).count(), 1, "{once}: {said:?}");
    }
    let wrong = all.iter().find(|v| v["outcome"] == "wrong_password").unwrap();
    for field in ["at", "node", "user", "from", "app", "request", "policy", "policy_version", "prev"] {
        assert!(!wrong[field].is_null(), "{field}: {wrong}");
    }
    let stored = String::from_utf8_lossy(&gateway.dump().await).into_owned();
    for (sink, text) in
        [("file", fs::read_to_string(file(&gateway)).unwrap()), ("store", stored), ("log", gateway.log())]
    {
        for secret in [PASSWORD, TYPED_IN_THE_WRONG_FIELD, "a wrong staple battery", &key, &codes[0], &cookie] {
            assert!(!text.contains(secret), "{secret} in the {sink}:\n{text}");
        }
    }
}

async fn killed_again_and_again_the_chain_goes_on(store: Store) {
    let gateway = recording(store, "version: 1\n").await;
    for wait in [0, 3, 7, 12, 20, 35, 50, 80] {
        let busy: Vec<_> = (0..4)
            .map(|_| {
                let mut visitor = gateway.visitor();
                tokio::spawn(async move {
                    loop {
                        let mut io = visitor.connect().await;
                        let form = [("username", "nobody"), ("password", "x"), ("to", "/")];
                        let ask = crate::support::Ask::form("/.portcullis/sign-in", &form);
                        if visitor.try_over(&mut io, ask).await.is_none() {
                            return;
                        }
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300 + wait)).await;
        gateway.kill();
        busy.iter().for_each(|b| b.abort());
        gateway.run().await;
    }
    written(&gateway, "sign_in unknown_user").await;
    let report = is_whole(&gateway, &["audit.jsonl"]);
    assert_eq!(report["nodes"].as_array().unwrap().len(), 1, "{report}");
    let numbers: Vec<_> = lines(&gateway).iter().map(|v| v["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    let many = lines(&gateway).len().to_string();
    let shown = || gateway.succeed(&["audit", "export"]).lines().count();
    until("the store has what the file has", || async { shown() >= many.parse().unwrap() }).await;
}

async fn while_nothing_can_be_recorded_nobody_signs_in_and_who_is_in_stays_in(store: Store) {
    let gateway = recording(store, "version: 1\n").await;
    let (mut alice, mut other) = (gateway.alice().await, gateway.alice().await);
    written(&gateway, "sign_in passed").await;
    fs::rename(file(&gateway), gateway.dir().join("first.jsonl")).unwrap();
    std::os::unix::fs::symlink("/dev/full", file(&gateway)).unwrap();
    gateway.visitor().give_password("alice", "wrong", "/").await;
    until("readyz is red", || async { !gateway.is_ready().await }).await;
    let answer = gateway.visitor().give_password("alice", PASSWORD, "/").await;
    assert_eq!((answer.status, answer.header("retry-after").is_some()), (503, true), "{}", answer.head);
    assert!(alice.is_in().await, "who is in is not touched");
    assert_eq!(other.sign_out(false).await.status, 303, "and may leave");
    assert!(!other.is_in().await);
    let refused = gateway.cli(&["user", "passwd", "alice", "--password-file", "password"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(3) && said.contains("audit"), "{:?} {said}", refused.status);
    let metrics = gateway.admin_get("/metrics").await.unwrap().text();
    assert!(metrics.contains("portcullis_audit_writable 0") && metrics.contains("audit_failures_total"), "{metrics}");
    assert!(gateway.log().contains("the audit cannot be written"));

    fs::remove_file(file(&gateway)).unwrap();
    until("it is written again", || async { gateway.is_ready().await }).await;
    written(&gateway, "sign_out").await;
    gateway.alice().await;
    written(&gateway, "sign_in passed").await;
    is_whole(&gateway, &["audit.jsonl", "first.jsonl"]);
}

async fn events_are_found_by_who_what_and_when_and_exported(store: Store) {
    let gateway = recording(store, "version: 1\n").await;
    gateway.add_user("bob", &[]);
    gateway.alice().await;
    gateway.visitor().give_password("bob", "wrong", "/").await;
    written(&gateway, "sign_in wrong_password").await;
    let export = |more: &[&str]| -> Vec<Value> {
        let said = gateway.succeed(&[&["audit", "export"], more].concat());
        said.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    let of = |more: &[&str]| words(&export(more)).into_iter().collect::<BTreeSet<_>>();
    let set = |all: &[&str]| all.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(of(&["--user", "bob"]), set(&["account_change added", "sign_in wrong_password"]));
    assert_eq!(of(&["--user", "alice", "--kind", "sign_in"]), set(&["sign_in passed"]));
    assert_eq!(of(&["--actor", "socket"]), set(&["account_change added", "api_call"]));
    assert_eq!(export(&["--until", "2020-01-01"]), [] as [Value; 0]);
    assert_eq!(export(&["--from", "2020-01-01"]).len(), export(&[]).len());
    let csv = gateway.succeed(&["audit", "export", "--format", "csv", "--user", "bob"]);
    assert!(csv.starts_with("at,node,seq,event,") && csv.lines().count() == 3, "{csv}");
    let ocsf = export(&["--format", "ocsf", "--kind", "sign_in"]);
    assert!(ocsf.iter().all(|v| v["class_uid"] == 3002 && v["type_uid"] == 300_201), "{ocsf:?}");
    let tail = gateway.succeed(&["audit", "tail", "-n", "1", "--kind", "sign_in"]);
    assert!(tail.lines().count() == 1 && tail.contains("sign_in wrong_password"), "{tail}");

    // what the store gives is the chain itself
    gateway.signal(rustix::process::Signal::TERM);
    until("it ends", || async { gateway.has_ended() }).await;
    gateway.run().await;
    fs::write(gateway.dir().join("export.jsonl"), gateway.succeed(&["audit", "export"])).unwrap();
    let report = is_whole(&gateway, &["export.jsonl"]);
    assert!(report["checkpoints"].as_u64().unwrap() > 0, "a checkpoint at the end: {report}");
}

async fn a_changed_file_is_found(store: Store) {
    let gateway = recording(store, "version: 1\n").await;
    gateway.alice().await;
    written(&gateway, "sign_in passed").await;
    gateway.signal(rustix::process::Signal::TERM);
    until("it ends", || async { gateway.has_ended() }).await;
    let whole = fs::read_to_string(file(&gateway)).unwrap();
    let all: Vec<_> = whole.lines().collect();
    let last: Value = serde_json::from_str(all.last().unwrap()).unwrap();
    assert_eq!(last["event"], "checkpoint");
    is_whole(&gateway, &["audit.jsonl"]);
    let log = fs::read_to_string(gateway.dir().join("one.log")).unwrap();
    let told: Value = log
        .lines()
        .rev()
        .find(|l| l.contains(r#""event":"checkpoint""#))
        .map(|l| serde_json::from_str(l).unwrap())
        .unwrap();
    let checkpoint = told["checkpoint"].as_str().unwrap();
    is_whole(&gateway, &["audit.jsonl", "--checkpoint", checkpoint]);

    let lies = [
        whole.replace("sign_in", "sign_on"),
        whole.lines().filter(|l| !l.contains("sign_in")).map(|l| format!("{l}\n")).collect(),
        whole.lines().rev().map(|l| format!("{l}\n")).collect(),
    ];
    for lie in lies {
        fs::write(gateway.dir().join("lie.jsonl"), lie).unwrap();
        let out = verify(&gateway, &["lie.jsonl"]);
        assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stdout));
    }
    let cut: String = all[..all.len() - 2].iter().map(|l| format!("{l}\n")).collect();
    fs::write(gateway.dir().join("cut.jsonl"), cut).unwrap();
    is_whole(&gateway, &["cut.jsonl"]);
    assert_eq!(verify(&gateway, &["cut.jsonl", "--checkpoint", checkpoint]).status.code(), Some(1));
}

async fn a_new_policy_and_a_rejected_one_are_on_record(store: Store) {
    let gateway = recording(store, "version: 1\n").await;
    written(&gateway, "node started").await;
    gateway.write_policy("version: 1\nmfa: { require: maybe }\n");
    written(&gateway, "policy rejected").await;
    gateway.write_policy(MFA_ON);
    written(&gateway, "policy loaded").await;
    let all = lines(&gateway);
    let of = |word: &str| all.iter().zip(words(&all)).find(|(_, w)| w == word).unwrap().0.clone();
    let (started, rejected, loaded) = (of("node started"), of("policy rejected"), of("policy loaded"));
    assert!(rejected["reason"].as_str().unwrap().contains("policy.yaml:2"), "{rejected}");
    assert_eq!(rejected["policy"], started["policy"]);
    assert_ne!(loaded["policy"], started["policy"]);
    assert_eq!(loaded["by"], "file");
}
