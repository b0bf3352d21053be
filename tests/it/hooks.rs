//! Tools that order by calling a URL: what their deliveries end, and what nobody learns of the URL.

use crate::support::gateway::BINARY;
use crate::support::raw::read_answer;
use crate::support::{Answer, Gateway, Plan, Store, on_both_stores, within};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

on_both_stores! {
    a_delivery_of_each_tool_ends_the_sessions_of_whom_it_names_and_nobody_elses,
    a_delivery_that_comes_twice_orders_once,
    the_secret_of_a_hook_is_in_no_log_and_no_record,
    a_hook_has_the_scopes_of_its_entry_and_no_more,
    a_hook_says_what_is_wrong_with_a_body_and_its_dry_run_orders_nothing,
}

const SIGNING_SECRET: &str = "pagerduty signs with this";

/// A hook as an administrator makes it.
struct Made {
    name: &'static str,
    path: String,
    hash: String,
}

fn made(name: &'static str) -> Made {
    let out = Command::new(BINARY).args(["hook", "create", name, "--base", "http://x", "--json"]).output().unwrap();
    let said: Value = serde_json::from_slice(&out.stdout).unwrap();
    let path = said["url"].as_str().unwrap().strip_prefix("http://x").unwrap().to_owned();
    Made { name, path, hash: said["secret_sha256"].as_str().unwrap().to_owned() }
}

impl Made {
    /// Its entry of the configuration.
    fn entry(&self, more: &str) -> String {
        format!("  - {{ name: {}, secret_sha256: {}, networks: [127.0.0.1], {more} }}", self.name, self.hash)
    }
    fn secret(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }
}

async fn started(store: Store, entries: &[String]) -> Gateway {
    let plan = Plan::on(store).top("log: { level: trace }").top("hooks:");
    let gateway = entries.iter().fold(plan, |plan, entry| plan.top(entry)).start().await;
    gateway.add_user("alice", &["staff"]);
    gateway.add_user("carol", &["staff"]);
    gateway
}

async fn send(gateway: &Gateway, method: &str, path: &str, (headers, body): (&str, &[u8])) -> Answer {
    let mut tcp = TcpStream::connect(gateway.admin).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    tcp.write_all(head.as_bytes()).await.unwrap();
    // a refusal may come before all of the body is sent
    let _ = tcp.write_all(body).await;
    within(path, read_answer(&mut tcp, false)).await.expect("an answer of the hook")
}

async fn post(gateway: &Gateway, path: &str, body: &Value) -> Answer {
    send(gateway, "POST", path, ("", body.to_string().as_bytes())).await
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hooks");
    fs::read(folder.join(format!("{name}.json"))).unwrap()
}

fn secret_file(dir: &TempDir) -> PathBuf {
    let path = dir.path().join("pagerduty.secret");
    fs::write(&path, SIGNING_SECRET).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

fn signed(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes()).unwrap();
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    format!("X-PagerDuty-Signature: v1={},v1={hex}\r\n", "0".repeat(64))
}

async fn a_delivery_of_each_tool_ends_the_sessions_of_whom_it_names_and_nobody_elses(store: Store) {
    let dir = TempDir::new().unwrap();
    let hmac = format!("hmac: {{ secret_file: {} }}", secret_file(&dir).display());
    let tools = ["splunk", "sentinel", "elastic", "pagerduty", "okta", "jamf"].map(made);
    let entry = |m: &Made| {
        let more = if m.name == "pagerduty" { format!(", {hmac}") } else { String::new() };
        m.entry(&format!("preset: {}, action: sign_out{more}", m.name))
    };
    let gateway = started(store, &tools.iter().map(entry).collect::<Vec<_>>()).await;
    let carol = gateway.signed_in("carol").await;
    for tool in &tools {
        let alice = gateway.signed_in("alice").await;
        let body = fixture(tool.name);
        let headers = if tool.name == "pagerduty" { signed(&body) } else { String::new() };
        let answer = send(&gateway, "POST", &tool.path, (&headers, &body)).await;
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (200, &json!("confirmed")),
            "{}: {}",
            tool.name,
            answer.text()
        );
        assert_eq!(answer.json()["orders"][0]["matched"]["sessions"], 1, "{}", tool.name);
        assert_eq!((alice.status_now().await, carol.status_now().await), (401, 200), "{}", tool.name);
    }
    let okta = &tools[4];
    let asked = send(&gateway, "GET", &okta.path, ("X-Okta-Verification-Challenge: My-Challenge\r\n", b"")).await;
    assert_eq!((asked.status, asked.json()), (200, json!({ "verification": "My-Challenge" })));
    let unsigned = send(&gateway, "POST", &tools[3].path, ("", &fixture("pagerduty"))).await;
    assert_eq!(unsigned.status, 403, "{}", unsigned.text());
}

async fn a_delivery_that_comes_twice_orders_once(store: Store) {
    let splunk = made("splunk");
    let gateway = started(store, &[splunk.entry("preset: splunk, action: sign_out")]).await;
    let first = send(&gateway, "POST", &splunk.path, ("", &fixture("splunk"))).await.json();
    let alice = gateway.signed_in("alice").await;
    let second = send(&gateway, "POST", &splunk.path, ("", &fixture("splunk"))).await.json();
    assert_eq!((&first["orders"][0]["repeated"], &second["orders"][0]["repeated"]), (&json!(false), &json!(true)));
    assert_eq!(first["orders"][0]["id"], second["orders"][0]["id"]);
    assert_eq!(alice.status_now().await, 200, "a repetition meets nobody anew");
    let another = String::from_utf8(fixture("splunk")).unwrap().replace("_132", "_133");
    assert_eq!(send(&gateway, "POST", &splunk.path, ("", another.as_bytes())).await.status, 200);
    assert_eq!(alice.status_now().await, 401);
}

async fn the_secret_of_a_hook_is_in_no_log_and_no_record(store: Store) {
    let soc = made("soc");
    let gateway = started(store, &[soc.entry("action: sign_out, map: { select: { user: $.user } }")]).await;
    let alice = json!({ "user": "alice" });
    let mut said = String::new();
    for (path, body, status) in [
        (soc.path.clone(), alice.clone(), 200),
        (soc.path.clone(), json!({}), 422),
        (soc.path.replace("/soc/", "/nobody/"), alice.clone(), 401),
        (soc.path.replace("/hooks/", "/hook/"), alice.clone(), 401),
        (soc.path.replace("/soc/", "/"), alice.clone(), 401),
        (format!("{}/more", soc.path), alice.clone(), 401),
        (soc.path.replace("/api", "/apis"), alice.clone(), 404),
        (format!("{}?debug=1", soc.path), alice.clone(), 200),
    ] {
        let answer = post(&gateway, &path, &body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        said += &format!("{}{}", answer.head, answer.text());
    }
    said += &send(&gateway, "PUT", &soc.path, ("", b"")).await.text();
    // the URL's path at the wrong door
    gateway.react(&format!("POST {} HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: 2\r\n\r\n{{}}", soc.path)).await;
    let audit = gateway.succeed(&["audit", "export"]);
    assert!(audit.contains("/api/v1/hooks/soc/…") && audit.contains("hook:soc"), "{audit}");
    let log = gateway.log();
    assert!(log.contains("/api/v1/hooks/soc/…"), "{log}");
    let stored = String::from_utf8_lossy(&gateway.dump().await).into_owned();
    for (what, text) in [("answers", said), ("record", audit), ("log", log), ("store", stored)] {
        assert!(!text.contains(soc.secret()), "the secret is in the {what}");
    }
}

async fn a_hook_has_the_scopes_of_its_entry_and_no_more(store: Store) {
    let (narrow, wide, confined) = (made("narrow"), made("wide"), made("confined"));
    let map = "map: { select: { group: $.group } }";
    let gateway = started(
        store,
        &[
            narrow.entry(&format!("action: sign_out, {map}")),
            wide.entry(&format!("action: sign_out, scopes: [admin], {map}")),
            confined.entry("action: sign_out, apps: [app], map: { select: { user: $.user } }"),
        ],
    )
    .await;
    let alice = gateway.signed_in("alice").await;
    let staff = json!({ "group": "staff" });
    let refused = post(&gateway, &narrow.path, &staff).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    assert_eq!(post(&gateway, &confined.path, &json!({ "user": "alice" })).await.status, 403);
    assert_eq!(alice.status_now().await, 200);
    assert_eq!(post(&gateway, &wide.path, &staff).await.status, 200);
    assert_eq!(alice.status_now().await, 401);
}

async fn a_hook_says_what_is_wrong_with_a_body_and_its_dry_run_orders_nothing(store: Store) {
    let (soc, trial) = (made("soc"), made("trial"));
    let map = "map: { each: '$.alerts[?@.bad == true]', select: { user: .user } }";
    let gateway = started(
        store,
        &[
            soc.entry(&format!("action: sign_out, {map}")),
            trial.entry(&format!("action: sign_out, dry_run: true, {map}")),
        ],
    )
    .await;
    let alice = gateway.signed_in("alice").await;
    let body =
        json!({ "alerts": [{ "bad": true, "user": "alice" }, { "bad": true }, { "bad": false, "user": "carol" }] });
    let read = gateway.dir().join("body.json");
    fs::write(&read, body.to_string()).unwrap();
    let out = gateway.cli(&["hook", "read", "soc", read.to_str().unwrap()]);
    let (told, complaint) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert_eq!(out.status.code(), Some(1));
    assert!(told.contains("alice") && complaint.contains("`.user` found nothing"), "{told}{complaint}");
    let answer = post(&gateway, &trial.path, &body).await;
    assert_eq!(answer.json()["orders"][0]["status"], "dry_run", "{}", answer.text());
    assert_eq!(alice.status_now().await, 200);
    let ignored = post(&gateway, &soc.path, &json!({ "alerts": [] })).await;
    assert_eq!((ignored.status, &ignored.json()["status"]), (200, &json!("ignored")));
    let partly = post(&gateway, &soc.path, &body).await;
    assert_eq!((partly.status, &partly.json()["orders"][0]["status"]), (422, &json!("confirmed")));
    assert!(partly.json()["detail"].as_str().unwrap().contains("`.user` found nothing"), "{}", partly.text());
    assert_eq!(alice.status_now().await, 401);
}
