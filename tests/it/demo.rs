//! The demo as scripts use it: one line of JSON, accounts that work, nothing left behind.

use crate::support::gateway::BINARY;
use crate::support::process::{Process, free_port, local};
use crate::support::{Authenticator, Visitor, within};
use rustix::process::Signal;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

pub struct Demo {
    pub told: serde_json::Value,
    pub process: Process,
    _dir: TempDir,
}

impl Demo {
    pub async fn start(more: &[&str]) -> Demo {
        let dir = TempDir::new().unwrap();
        let (out, log) = (dir.path().join("out"), dir.path().join("log"));
        let listen = format!("127.0.0.1:{}", free_port());
        // the line is for scripts, so it stands alone on the standard output
        let mut command = Command::new("sh");
        let line = format!("exec {BINARY} demo --json --listen {listen} {} >{}", more.join(" "), out.display());
        command.arg("-c").arg(line).env("TMPDIR", dir.path());
        let mut process = Process::start("portcullis demo", &mut command, &log);
        let told = within("the demo", async {
            loop {
                let said = std::fs::read_to_string(&out).unwrap_or_default();
                if said.ends_with('\n') {
                    return serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"));
                }
                assert!(!process.has_ended(), "the demo ended:\n{}", process.log());
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
        Demo { told, process, _dir: dir }
    }
    pub fn url(&self) -> &str {
        self.told["url"].as_str().unwrap()
    }
    /// Name and password of the member, not the admin.
    pub fn member(&self) -> (&str, &str, Option<&str>) {
        let all = self.told["accounts"].as_array().unwrap();
        let member = all.iter().find(|a| a["admin"] == false).unwrap();
        (member["user"].as_str().unwrap(), member["password"].as_str().unwrap(), member["otpauth"].as_str())
    }
    fn visitor(&self) -> Visitor {
        let port = self.url().rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
        Visitor::new(local(port), self.url().trim_end_matches('/'))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_accounts_of_an_enrolled_demo_sign_in_with_a_code() {
    let demo = Demo::start(&["--enrolled"]).await;
    let accounts = demo.told["accounts"].as_array().unwrap().clone();
    assert_eq!(accounts.len(), 2);
    assert!(demo.url().starts_with("http://localhost:"));
    assert!(
        demo.told["admin_token"].is_string() && demo.told["admin_url"].is_string() && demo.told["config"].is_string()
    );
    for account in accounts {
        let mut app = Authenticator::of_uri(account["otpauth"].as_str().unwrap());
        let mut visitor = demo.visitor();
        let (name, password) = (account["user"].as_str().unwrap(), account["password"].as_str().unwrap());
        let answer = visitor.give_password(name, password, "/").await;
        let page = visitor.follow(&answer).await;
        let answer = visitor.give_code(&page, &app.next_code().await).await;
        let page = visitor.follow_all(answer).await;
        assert!(page.status == 200 && page.text().contains(name), "the app shows who it is: {}", page.text());
        let admin = visitor.get("/admin/").await.status;
        assert_eq!(admin, if account["admin"] == true { 200 } else { 403 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_of_a_demo_sets_up_an_authenticator_with_the_printed_code() {
    let demo = Demo::start(&[]).await;
    let accounts = demo.told["accounts"].as_array().unwrap();
    let of = |admin: bool| accounts.iter().find(|a| a["admin"] == admin).unwrap();
    assert!(of(false)["enrol_code"].is_null(), "{}", demo.told);
    let text = |field: &str| of(true)[field].as_str().unwrap();
    let mut visitor = demo.visitor();
    let answer = visitor.give_password(text("user"), text("password"), "/admin/").await;
    let page = visitor.follow(&answer).await;
    let answer = visitor.confirm(&page, text("enrol_code")).await;
    let page = visitor.follow(&answer).await;
    visitor.confirm_set_up(&page).await;
    assert_eq!(visitor.get("/admin/").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_demo_calls_its_api() {
    use crate::support::raw::react;
    let demo = Demo::start(&[]).await;
    let (url, token) = (demo.told["admin_url"].as_str().unwrap(), demo.told["admin_token"].as_str().unwrap());
    let address = url.strip_prefix("http://").unwrap().parse().unwrap();
    let ask = |token: &str| {
        let head = "GET /api/v1/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer";
        format!("{head} {token}\r\n\r\n").into_bytes()
    };
    assert_eq!(react(address, &ask(token)).await.statuses(), [200]);
    assert_eq!(react(address, &ask("wrong")).await.statuses(), [401]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_leaves_nothing_behind() {
    let mut demo = Demo::start(&[]).await;
    let folder = std::path::PathBuf::from(demo.told["config"].as_str().unwrap()).parent().unwrap().to_path_buf();
    assert!(folder.exists());
    demo.process.signal(Signal::INT);
    within("the demo's end", async {
        while !demo.process.has_ended() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(!folder.exists(), "{}", folder.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_runs_on_redis_too() {
    let redis = crate::support::redis::Redis::start().await;
    let demo = Demo::start(&["--store", &redis.url()]).await;
    let (name, password, _) = demo.member();
    let mut visitor = demo.visitor();
    let answer = visitor.give_password(name, password, "/").await;
    assert_eq!(visitor.follow_all(answer).await.status, 200);
    assert!(!redis.keys().await.is_empty());
}
