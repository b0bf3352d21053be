//! A redis-server of the test's own: its port, its folder, its life.

use super::process::{Process, free_port, local};
use super::{until, within};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Mutex;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Redis {
    pub address: SocketAddr,
    dir: TempDir,
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
        Redis { address: local(free_port()), dir: TempDir::new().unwrap(), process: Mutex::new(None) }
    }
    /// Starts it, empty: nothing is ever written to disk.
    pub async fn run(&self) {
        let mut command = Command::new("redis-server");
        command.current_dir(self.dir.path()).args(["--bind", "127.0.0.1", "--port", &self.address.port().to_string()]);
        command.args(["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--loglevel", "warning"]);
        *self.process.lock().unwrap() =
            Some(Process::start("redis-server", &mut command, &self.dir.path().join("redis.log")));
        until("redis-server", || async { TcpStream::connect(self.address).await.is_ok() }).await;
    }
    /// Kills it with -9; what it held is gone.
    pub fn kill(&self) {
        drop(self.process.lock().unwrap().take());
    }
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
    /// One command, words between spaces; the answer as it came.
    pub async fn command(&self, words: &str) -> String {
        within("redis command", async {
            let mut c = TcpStream::connect(self.address).await.unwrap();
            c.write_all(format!("{words}\r\nQUIT\r\n").as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            c.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        })
        .await
    }
    /// Names of all keys.
    pub async fn keys(&self) -> Vec<String> {
        let answer = self.command("KEYS *").await;
        answer.lines().filter(|l| !l.starts_with(['*', '$', '+'])).map(str::to_string).collect()
    }
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
