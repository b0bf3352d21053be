//! Several Redis servers of a test's own: a master with replicas and three Sentinels, or a cluster.

use super::process::{Process, free_port};
use super::redis::Redis;
use super::{until, within};
use rustix::process::Signal;
use std::collections::HashMap;
use std::process::Command;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Fleet {
    pub servers: Vec<Redis>,
    sentinels: Vec<Sentinel>,
}

struct Sentinel {
    port: u16,
    _process: Process,
    _dir: TempDir,
}

impl Fleet {
    /// A master with two replicas, watched by three Sentinels.
    pub async fn watched() -> Fleet {
        let master = Redis::with(&ON_DISK);
        master.run().await;
        let mut servers = Vec::new();
        for _ in 0..2 {
            let port = master.address.port().to_string();
            let replica = Redis::with(&[&ON_DISK[..], &["--replicaof", "127.0.0.1", &port]].concat());
            replica.run().await;
            servers.push(replica);
        }
        servers.insert(0, master);
        let mut fleet = Fleet { servers, sentinels: Vec::new() };
        // at once: they look for replicas every ten seconds
        until("the replicas", || async { fleet.replicas().await.len() == 2 }).await;
        fleet.sentinels = (0..3).map(|_| Sentinel::start(fleet.servers[0].address.port())).collect();
        fleet.settled().await;
        fleet
    }

    /// Three masters with a third of the slots and one replica each.
    pub async fn cluster() -> Fleet {
        let mut servers = Vec::new();
        let mut buses = Vec::new();
        for _ in 0..6 {
            let bus = free_port().to_string();
            let of_cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", &bus];
            let server = Redis::with(&[&ON_DISK[..], &of_cluster].concat());
            server.run().await;
            servers.push(server);
            buses.push(bus);
        }
        let slots = ["0 5460", "5461 10922", "10923 16383"];
        for (n, server) in servers.iter().enumerate() {
            if let Some(slots) = slots.get(n) {
                server.command(&format!("CLUSTER ADDSLOTSRANGE {slots}")).await;
                server.command(&format!("CLUSTER SET-CONFIG-EPOCH {}", n + 1)).await;
            }
            let first = servers[0].address.port();
            server.command(&format!("CLUSTER MEET 127.0.0.1 {first} {}", buses[0])).await;
        }
        let fleet = Fleet { servers, sentinels: Vec::new() };
        until("the cluster's nodes to know each other", || async {
            let all = fleet.servers.iter().map(|s| s.command("CLUSTER INFO"));
            futures::future::join_all(all).await.iter().all(|said| said.contains("cluster_known_nodes:6"))
        })
        .await;
        for n in 0..3 {
            let id = fleet.servers[n].command("CLUSTER MYID").await;
            let id = id.lines().nth(1).unwrap().to_string();
            until("a replica", || async {
                fleet.servers[n + 3].command(&format!("CLUSTER REPLICATE {id}")).await.starts_with("+OK")
            })
            .await;
        }
        fleet.settled().await;
        fleet
    }

    /// What a configuration says under `store`.
    pub fn yaml(&self) -> String {
        let address = |port: u16| format!("'127.0.0.1:{port}'");
        if self.sentinels.is_empty() {
            let seeds: Vec<_> = self.servers[1..].iter().map(|s| address(s.address.port())).collect();
            let first = self.servers[0].address;
            return format!("redis: {{ url: redis://{first}, mode: cluster, seeds: [{}] }}", seeds.join(", "));
        }
        let all: Vec<_> = self.sentinels.iter().map(|s| address(s.port)).collect();
        let all = all.join(", ");
        format!("redis: {{ url: redis://named-by-sentinels, mode: sentinel, master_name: main, sentinels: [{all}] }}")
    }

    /// The one that holds the log.
    pub async fn master(&self) -> Option<&Redis> {
        for server in &self.servers {
            if role(server).await.is_some_and(|r| r.get("role").is_some_and(|is| is == "master"))
                && !server.command("GET pc:{r}:seq").await.starts_with("-MOVED")
            {
                return Some(server);
            }
        }
        None
    }

    /// Of the one that holds the log.
    pub async fn replicas(&self) -> Vec<&Redis> {
        let Some(master) = self.master().await else { return Vec::new() };
        let port = master.address.port().to_string();
        let mut found = Vec::new();
        for server in &self.servers {
            let Some(r) = role(server).await else { continue };
            if r.get("master_port") == Some(&port) && r["master_link_status"] == "up" {
                found.push(server);
            }
        }
        found
    }

    /// Waits until all that run are in their places, and whoever watches knows it.
    pub async fn settled(&self) {
        let many = if self.sentinels.is_empty() { 1 } else { 2 };
        until("the servers to be in their places", || async {
            self.replicas().await.len() == many && self.is_known().await
        })
        .await;
    }

    async fn is_known(&self) -> bool {
        let Some(master) = self.master().await else { return false };
        for sentinel in &self.sentinels {
            let known = sentinel.facts().await;
            let is = |key: &str, value: &str| known.get(key).is_some_and(|v| v == value);
            let right = is("port", &master.address.port().to_string()) && is("flags", "master");
            if !(right && is("num-slaves", "2") && is("num-other-sentinels", "2")) {
                return false;
            }
        }
        if self.sentinels.is_empty() {
            for server in &self.servers {
                if !server.command("CLUSTER INFO").await.contains("cluster_state:ok") {
                    return false;
                }
            }
        }
        true
    }

    /// Asks a Sentinel to have another master, while the old one lives.
    pub async fn fail_over(&self) {
        until("a Sentinel to begin", || async {
            ask(self.sentinels[0].port, "SENTINEL FAILOVER main").await.starts_with("+OK")
        })
        .await;
    }

    /// Kills a master, lets those that were stopped go on, and starts it again when another has taken over.
    pub async fn replace(&self, dead: &Redis, stopped: &[&Redis]) {
        dead.kill();
        for server in stopped {
            server.signal(Signal::CONT);
        }
        until("another master", || async { self.master().await.is_some() }).await;
        dead.run().await;
    }

    /// From here on the replicas know nothing of what the master is told, until they go on. The master comes first.
    pub async fn leave_replicas_behind(&self) -> (&Redis, Vec<&Redis>) {
        let (master, replicas) = (self.master().await.expect("a master"), self.replicas().await);
        for replica in &replicas {
            replica.signal(Signal::STOP);
        }
        // what is on the way to them would arrive after all
        master.command("CLIENT KILL TYPE replica").await;
        (master, replicas)
    }
}

impl Sentinel {
    fn start(master: u16) -> Sentinel {
        let (port, dir) = (free_port(), TempDir::new().unwrap());
        let file = dir.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\nprotected-mode no\nsentinel monitor main 127.0.0.1 {master} 2\n\
             sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 4000\n\
             sentinel parallel-syncs main 2\n"
        );
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new("redis-server");
        command.current_dir(dir.path()).arg(&file).arg("--sentinel");
        let process = Process::start("sentinel", &mut command, &dir.path().join("sentinel.log"));
        Sentinel { port, _process: process, _dir: dir }
    }
    async fn facts(&self) -> HashMap<String, String> {
        let answer = ask(self.port, "SENTINEL MASTER main").await;
        let words: Vec<_> = answer.lines().filter(|l| !l.starts_with(['*', '$'])).map(str::to_string).collect();
        words.chunks(2).filter_map(|pair| Some((pair[0].clone(), pair.get(1)?.clone()))).collect()
    }
}

/// Of a server's `INFO replication`; `None` where it does not answer.
async fn role(server: &Redis) -> Option<HashMap<String, String>> {
    if !server.is_running() {
        return None;
    }
    let said = server.command("INFO replication").await;
    Some(said.lines().filter_map(|l| l.split_once(':')).map(|(k, v)| (k.to_string(), v.trim().to_string())).collect())
}

async fn ask(port: u16, words: &str) -> String {
    within("a Sentinel's answer", async {
        let Ok(mut tcp) = TcpStream::connect(super::process::local(port)).await else { return String::new() };
        let mut answer = Vec::new();
        // they know no QUIT
        if tcp.write_all(format!("{words}\r\n").as_bytes()).await.is_ok() && tcp.shutdown().await.is_ok() {
            let _ = tcp.read_to_end(&mut answer).await;
        }
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
}

const ON_DISK: [&str; 4] = ["--appendonly", "yes", "--repl-diskless-sync-delay", "0"];
