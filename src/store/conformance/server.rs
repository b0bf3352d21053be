//! A real server on a free loopback port, in a folder of its own, dead when its handle or the test process is gone.

use crate::store::Store;
use crate::store::redis::{Redis, RedisMode, RedisSettings};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub(super) struct Server {
    port: u16,
    pid: Pid,
    shell: Child,
    stdin: Option<ChildStdin>,
    _log: BufReader<ChildStdout>,
    _dir: tempfile::TempDir,
}

impl Server {
    /// For tests that leave the server itself alone; each has its own prefix.
    pub(super) fn shared() -> &'static Server {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| Server::start(&[]))
    }

    pub(super) fn start(more: &[&str]) -> Server {
        Server::start_at(free_port(), more)
    }

    /// Killed with -9, and back at the same place with nothing.
    pub(super) fn restart_empty(self) -> Server {
        let port = self.port;
        drop(self);
        Server::start_at(port, &[])
    }

    fn start_at(port: u16, more: &[&str]) -> Server {
        let dir = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh")
            .args(["-c", START, "sh"])
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--dir"])
            .arg(dir.path())
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = shell.stdin.take();
        let mut log = BufReader::new(shell.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("Ready to accept connections") {
            line.clear();
            let read = log.read_line(&mut line).unwrap();
            assert!(read > 0, "no redis-server: ./test installs it");
        }
        let pid = line.split(':').next().and_then(|p| p.parse().ok()).and_then(Pid::from_raw).unwrap();
        Server { port, pid, shell, stdin, _log: log, _dir: dir }
    }

    pub(super) fn settings(&self, prefix: &str) -> RedisSettings {
        let url = format!("redis://127.0.0.1:{}", self.port).into();
        RedisSettings { prefix: prefix.into(), ..RedisSettings::new(url) }
    }

    pub(super) async fn store(&self, prefix: &str) -> Arc<Redis> {
        let store = Redis::connect(self.settings(prefix)).await.unwrap();
        store.ping().await.unwrap();
        store
    }

    /// Runs any command on the server, as an operator would.
    pub(super) async fn run(&self, words: &[&str]) -> redis::Value {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).unwrap();
        let mut con = client.get_multiplexed_async_connection().await.unwrap();
        let mut cmd = redis::Cmd::new();
        for w in words {
            cmd.arg(*w);
        }
        cmd.query_async(&mut con).await.unwrap()
    }
    pub(super) async fn query(&self, cmd: &redis::Cmd) -> redis::Value {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).unwrap();
        let mut con = client.get_multiplexed_async_connection().await.unwrap();
        cmd.query_async(&mut con).await.unwrap()
    }

    pub(super) fn freeze(&self) {
        kill_process(self.pid, Signal::STOP).unwrap();
    }
    pub(super) fn thaw(&self) {
        kill_process(self.pid, Signal::CONT).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Three masters with a third of the slots each.
pub(super) struct Cluster(Vec<Server>);

impl Cluster {
    /// Each test has its own prefix.
    pub(super) async fn shared() -> &'static Cluster {
        static SHARED: tokio::sync::OnceCell<Cluster> = tokio::sync::OnceCell::const_new();
        SHARED.get_or_init(|| Cluster::start(&[])).await
    }

    pub(super) async fn start(more: &[&str]) -> Cluster {
        let start = || {
            let bus = free_port();
            let words = ["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port"];
            (Server::start(&[&words[..], &[&bus.to_string()], more].concat()), bus)
        };
        let servers: Vec<_> = (0..3).map(|_| start()).collect();
        let slots = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        let (first, bus) = (servers[0].0.port.to_string(), servers[0].1.to_string());
        for (n, ((server, _), (from, to))) in servers.iter().zip(slots).enumerate() {
            server.run(&["CLUSTER", "ADDSLOTSRANGE", from, to]).await;
            server.run(&["CLUSTER", "SET-CONFIG-EPOCH", &(n + 1).to_string()]).await;
            server.run(&["CLUSTER", "MEET", "127.0.0.1", &first, &bus]).await;
        }
        let cluster = Cluster(servers.into_iter().map(|(server, _)| server).collect());
        let limit = tokio::time::Instant::now() + Duration::from_secs(30);
        while !cluster.is_whole().await {
            assert!(tokio::time::Instant::now() < limit, "the cluster never comes together");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        cluster
    }

    async fn is_whole(&self) -> bool {
        for server in &self.0 {
            let said: String = redis::from_redis_value(server.run(&["CLUSTER", "INFO"]).await).unwrap();
            if !said.contains("cluster_state:ok") || !said.contains("cluster_known_nodes:3") {
                return false;
            }
        }
        true
    }

    /// The server that has this key, by its number.
    pub(super) async fn place_of(&self, key: &str) -> usize {
        let slot: usize = redis::from_redis_value(self.0[0].run(&["CLUSTER", "KEYSLOT", key]).await).unwrap();
        usize::from(slot > 5460) + usize::from(slot > 10922)
    }
    pub(super) fn server(&self, place: usize) -> &Server {
        &self.0[place]
    }

    /// Found by the second server, and a first one that is not there.
    pub(super) fn settings(&self, prefix: &str) -> RedisSettings {
        let mode = RedisMode::Cluster { seeds: vec![("127.0.0.1".to_owned(), self.0[1].port)] };
        RedisSettings { mode, prefix: prefix.into(), ..RedisSettings::new("redis://127.0.0.1:1".to_owned().into()) }
    }

    pub(super) async fn store(&self, prefix: &str) -> Arc<Redis> {
        let store = Redis::connect(self.settings(prefix)).await.unwrap();
        store.ping().await.unwrap();
        store
    }
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// `cat` ends with the test process, however that ends; the shell lets go of the log, so that its end shows.
const START: &str = "redis-server \"$@\" & exec >/dev/null; cat; kill -9 $!; wait";

/// Waits for what another task will bring about; fails after `limit`.
pub(super) async fn until(what: &str, limit: Duration, mut there: impl FnMut() -> bool) {
    let waiting = async {
        while !there() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(limit, waiting).await.is_ok(), "waited in vain: {what}");
}
