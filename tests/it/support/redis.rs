//! A redis-server of the test's own: its port, its folder, its life.

use super::process::{Process, free_port, local};
use super::{until, within};
use rustix::process::Signal;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Mutex;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Redis {
    pub address: SocketAddr,
    dir: TempDir,
    /// Settings beside the usual ones.
    more: Vec<String>,
    process: Mutex<Option<Process>>,
}

impl Redis {
    pub async fn start() -> Redis {
        let redis = Redis::not_started();
        redis.run().await;
        redis
    }
    /// A port for one that is started later.
    pub fn not_started() -> Redis {
        Redis::with(&[])
    }
    /// The same with more settings, such as `--appendonly yes`.
    pub fn with(more: &[&str]) -> Redis {
        let more = more.iter().map(|w| (*w).to_string()).collect();
        Redis { address: local(free_port()), dir: TempDir::new().unwrap(), more, process: Mutex::new(None) }
    }
    /// Starts it: empty, as nothing is written to disk unless its settings say so.
    pub async fn run(&self) {
        let mut command = Command::new("redis-server");
        command.current_dir(self.dir.path()).args(["--bind", "127.0.0.1", "--port", &self.address.port().to_string()]);
        command.args(["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--loglevel", "warning"]);
        command.args(&self.more);
        *self.process.lock().unwrap() =
            Some(Process::start("redis-server", &mut command, &self.dir.path().join("redis.log")));
        until("redis-server", || async { TcpStream::connect(self.address).await.is_ok() }).await;
    }
    /// Kills it with -9; what it held is gone, but for what it wrote to disk.
    pub fn kill(&self) {
        drop(self.process.lock().unwrap().take());
    }
    pub fn is_running(&self) -> bool {
        self.process.lock().unwrap().is_some()
    }
    pub fn signal(&self, signal: Signal) {
        self.process.lock().unwrap().as_ref().unwrap().signal(signal);
    }
    /// Of one that was killed: what it wrote to disk.
    pub fn forget(&self) {
        for entry in std::fs::read_dir(self.dir.path()).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
            std::fs::remove_dir_all(entry).unwrap();
        }
    }
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
    /// One command, words between spaces; the answer as it came.
    pub async fn command(&self, words: &str) -> String {
        within("redis command", async { converse(TcpStream::connect(self.address).await.unwrap(), words).await }).await
    }
    /// Names of all keys.
    pub async fn keys(&self) -> Vec<String> {
        let answer = self.command("KEYS *").await;
        answer.lines().filter(|l| !l.starts_with(['*', '$', '+'])).map(str::to_string).collect()
    }
}

/// One command; the answer, or what there is of it.
async fn converse(mut tcp: TcpStream, words: &str) -> String {
    let mut answer = Vec::new();
    if tcp.write_all(format!("{words}\r\nQUIT\r\n").as_bytes()).await.is_ok() {
        let _ = tcp.read_to_end(&mut answer).await;
    }
    String::from_utf8_lossy(&answer).into_owned()
}

impl Redis {
    /// Every value of every key, whatever its type.
    pub async fn dump(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for key in self.keys().await {
            let read = match self.command(&format!("TYPE \"{key}\"")).await.lines().next().unwrap_or_default() {
                "+string" => "GET",
                "+hash" => "HGETALL",
                "+set" => "SMEMBERS",
                "+stream" => {
                    all.extend(self.command(&format!("XRANGE \"{key}\" - +")).await.into_bytes());
                    continue;
                }
                "+zset" => {
                    all.extend(self.command(&format!("ZRANGE \"{key}\" 0 -1")).await.into_bytes());
                    continue;
                }
                "+list" => {
                    all.extend(self.command(&format!("LRANGE \"{key}\" 0 -1")).await.into_bytes());
                    continue;
                }
                _ => continue,
            };
            all.extend(self.command(&format!("{read} \"{key}\"")).await.into_bytes());
            all.extend(key.into_bytes());
        }
        all
    }
}
