//! Child processes that end with their test, and free ports for them.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A running child; killed when dropped.
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts it with its output in a file, which a failing test prints.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Process {
        let out = File::options().create(true).append(true).open(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap_or_else(|e| panic!("{name} does not start ({e}); ./test installs what is missing"));
        Process { child, name: name.to_string(), log: log.to_path_buf() }
    }
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        let _ = kill_process(pid, signal);
    }
    /// Asks it to end, so that it can end its own children, and kills it where it does not.
    pub fn end(&mut self) {
        self.signal(Signal::TERM);
        let (_sender, never) = std::sync::mpsc::channel::<()>();
        for _ in 0..100 {
            if self.has_ended() {
                return;
            }
            let _ = never.recv_timeout(Duration::from_millis(50));
        }
        self.kill();
    }
    /// Kills with -9 and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let last: Vec<_> = log.lines().rev().take(40).collect();
            eprintln!("---- the last lines of {}", self.name);
            last.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

/// A port nobody listens on. Below the range that outgoing connections are given, so that none of them takes it meanwhile.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 10_000).unwrap();
    for _ in 0..20_000 {
        let port = 10_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        if TcpListener::bind(local(port)).is_ok() {
            return port;
        }
    }
    panic!("no free port")
}

pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
