//! The real binary with a configuration of its own, and the commands an operator would give it.

use super::chaos::Wire;
use super::plan::{Plan, Store};
use super::process::{Process, local};
use super::raw::{Reaction, react, read_answer};
use super::redis::Redis;
use super::upstream::Upstream;
use super::{Answer, PASSWORD, Visitor, until, within};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UnixStream};

pub const BINARY: &str = env!("CARGO_BIN_EXE_portcullis");

pub struct Gateway {
    pub address: SocketAddr,
    pub admin: SocketAddr,
    pub origin: String,
    pub upstream: Upstream,
    pub redis: Option<Arc<Redis>>,
    process: Mutex<Option<Process>>,
    plan: Arc<Plan>,
    dir: Arc<TempDir>,
    node: String,
}

impl Gateway {
    pub(super) async fn start(mut plan: Plan) -> Gateway {
        let dir = Arc::new(TempDir::new().unwrap());
        let upstream = Upstream::start().await;
        if plan.store == Store::Redis && plan.redis.is_none() && plan.fleet.is_none() {
            plan.redis = Some(Arc::new(Redis::start().await));
        }
        for (n, certificate) in plan.certificates.iter().enumerate() {
            certificate.write(&dir.path().join(format!("{n}.crt")), &dir.path().join(format!("{n}.key")));
        }
        fs::write(dir.path().join("policy.yaml"), &plan.policy).unwrap();
        for (name, text) in &plan.files {
            fs::write(dir.path().join(name), text).unwrap();
            fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        let gateway = Gateway {
            address: plan.address(),
            admin: plan.admin_address(),
            origin: plan.first_origin(),
            redis: plan.redis.clone(),
            process: Mutex::default(),
            plan: Arc::new(plan),
            dir,
            node: "one".into(),
            upstream,
        };
        gateway.write_config();
        if gateway.plan.store == Store::Redis {
            gateway.succeed(&["keys", "generate", "--out", gateway.dir().join("keys.yaml").to_str().unwrap()]);
        }
        gateway.run().await;
        gateway
    }
    /// A second node of the same deployment: same origin, store, keys and policy.
    pub async fn twin(&self) -> Gateway {
        self.twin_at(None).await
    }
    /// The same, with a way of its own to Redis.
    pub async fn twin_through(&self, wire: &Wire) -> Gateway {
        self.twin_at(Some(wire.url())).await
    }
    async fn twin_at(&self, url: Option<String>) -> Gateway {
        let (public, admin) = self.plan.twin();
        let twin = Gateway {
            address: local(public),
            admin: local(admin),
            origin: self.origin.clone(),
            upstream: self.upstream.clone(),
            redis: self.redis.clone(),
            process: Mutex::default(),
            plan: self.plan.clone(),
            dir: self.dir.clone(),
            node: format!("node-{admin}"),
        };
        let ports = (twin.address.port(), twin.admin.port());
        let mut yaml = self.plan.yaml(self.dir.path(), &twin.node, ports, &self.upstream);
        if let (Some(url), Some(redis)) = (url, &self.redis) {
            yaml = yaml.replace(&redis.url(), &url);
        }
        fs::write(twin.config(), yaml).unwrap();
        twin.run().await;
        twin
    }
    fn write_config(&self) {
        let ports = (self.address.port(), self.admin.port());
        fs::write(self.config(), self.plan.yaml(self.dir.path(), &self.node, ports, &self.upstream)).unwrap();
    }
    /// Starts it, again after an end.
    pub async fn run(&self) {
        self.begin();
        let path = if self.plan.waits { "/readyz" } else { "/healthz" };
        self.answers(path).await;
    }
    /// The same where it may never become ready.
    pub async fn run_until_alive(&self) {
        self.begin();
        self.answers("/healthz").await;
    }
    fn begin(&self) {
        let mut command = Command::new(BINARY);
        command.current_dir(self.dir.path()).arg("--config").arg(self.config()).arg("serve");
        let process = Process::start("portcullis", &mut command, &self.dir.path().join(format!("{}.log", self.node)));
        *self.process.lock().unwrap() = Some(process);
    }
    async fn answers(&self, path: &str) {
        until("the gateway's start", || async {
            assert!(!self.has_ended(), "the gateway ended at its start:\n{}", self.log());
            self.admin_get(path).await.is_some_and(|a| a.status == 200)
        })
        .await;
    }
    /// Kills it with -9.
    pub fn kill(&self) {
        drop(self.process.lock().unwrap().take());
    }
    pub fn signal(&self, signal: Signal) {
        self.process.lock().unwrap().as_ref().unwrap().signal(signal);
    }
    pub fn has_ended(&self) -> bool {
        self.process.lock().unwrap().as_mut().is_none_or(Process::has_ended)
    }
    pub fn log(&self) -> String {
        self.process.lock().unwrap().as_ref().map(Process::log).unwrap_or_default()
    }

    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.address, &self.origin)
    }
    pub fn authority(&self) -> &str {
        self.origin.split("://").nth(1).unwrap()
    }
    /// Sends these bytes; `{host}` stands for the origin's host and port.
    pub async fn react(&self, request: &str) -> Reaction {
        react(self.address, request.replace("{host}", self.authority()).as_bytes()).await
    }
    pub async fn admin_get(&self, path: &str) -> Option<Answer> {
        if self.plan.has_admin_tls() {
            let there = UnixStream::connect(self.dir().join(format!("{}.sock", self.node))).await.is_ok();
            return if there { Some(self.api("GET", path, &Value::Null, None).await) } else { None };
        }
        let mut tcp = TcpStream::connect(self.admin).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.admin);
        tcp.write_all(request.as_bytes()).await.ok()?;
        within(path, read_answer(&mut tcp, false)).await
    }
    /// One call of the admin API, over the admin socket.
    pub async fn api(&self, method: &str, path: &str, body: &Value, key: Option<&str>) -> Answer {
        let mut io = UnixStream::connect(self.dir().join(format!("{}.sock", self.node))).await.unwrap();
        let key = key.map(|k| format!("Idempotency-Key: {k}\r\n")).unwrap_or_default();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{key}");
        let length = body.len();
        let rest = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
        io.write_all((head + &rest).as_bytes()).await.unwrap();
        within(path, read_answer(&mut io, false)).await.expect("an answer of the API")
    }
    /// An order that is confirmed; what was answered.
    pub async fn disconnect(&self, select: Value, action: &str, more: Value) -> Value {
        let mut body = json!({ "select": select, "action": action, "reason": "test" });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        let answer = self.api("POST", "/api/v1/disconnects", &body, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }
    pub async fn is_ready(&self) -> bool {
        self.admin_get("/readyz").await.is_some_and(|a| a.status == 200)
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
    pub fn config(&self) -> PathBuf {
        self.dir.path().join(format!("{}.yaml", self.node))
    }
    pub fn write_policy(&self, yaml: &str) {
        // in one step, as editors do: half a file must never be read
        let new = self.dir.path().join("policy.new");
        fs::write(&new, yaml).unwrap();
        fs::rename(new, self.dir.path().join("policy.yaml")).unwrap();
    }
    /// A file that its owner alone may read.
    pub fn secret_file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
    pub fn cli(&self, words: &[&str]) -> Output {
        Command::new(BINARY).current_dir(self.dir()).arg("--config").arg(self.config()).args(words).output().unwrap()
    }
    pub fn succeed(&self, words: &[&str]) -> String {
        let out = self.cli(words);
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "portcullis {}: {}\n{said}", words.join(" "), out.status);
        said
    }
    /// An account with the tests' password and `NAME@example.com`.
    pub fn add_user(&self, name: &str, groups: &[&str]) {
        let password = self.secret_file("password", PASSWORD);
        let email = format!("{name}@example.com");
        let mut words = vec!["user", "add", name, "--email", &email, "--password-file", password.to_str().unwrap()];
        groups.iter().for_each(|g| words.extend(["--group", g]));
        self.succeed(&words);
    }
    /// A gateway under this policy, with alice of group staff.
    pub async fn with_alice(store: Store, policy: &str) -> Gateway {
        let gateway = Plan::on(store).policy(policy).start().await;
        gateway.add_user("alice", &["staff"]);
        gateway
    }
    /// Somebody, signed in with the password alone.
    pub async fn signed_in(&self, name: &str) -> Visitor {
        let mut visitor = self.visitor();
        visitor.sign_in(name).await;
        visitor
    }
    /// Alice, signed in with her password alone.
    pub async fn alice(&self) -> Visitor {
        let mut alice = self.visitor();
        alice.sign_in("alice").await;
        alice
    }
}

/// What a thief of the store would have.
impl Gateway {
    pub async fn dump(&self) -> Vec<u8> {
        let Some(redis) = &self.redis else {
            let mut all = Vec::new();
            for entry in fs::read_dir(self.dir()).unwrap().map(|e| e.unwrap().path()) {
                if entry.file_name().is_some_and(|n| n.to_string_lossy().starts_with("portcullis.db")) {
                    all.extend(fs::read(entry).unwrap());
                }
            }
            return all;
        };
        redis.dump().await
    }
}
