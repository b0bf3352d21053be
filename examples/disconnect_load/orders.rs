//! One order: the person signs in, opens sockets on every gateway, keeps asking, and is signed out by the SOC.

use crate::http::{Connection, Sessions};
use crate::visitors::{self, connect, get};
use crate::{Plan, Result, now};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// What came of it; times in nanoseconds from the call.
pub struct Round {
    pub status: String,
    pub call: u64,
    /// Of the person's sockets.
    pub last_closed: u64,
    pub left_open: usize,
    /// Requests that were asked after the answer and let through.
    pub passed: u64,
    /// The last request that the app saw came so long after the answer; 0: before it.
    pub seen_after: u64,
}

impl Round {
    pub async fn run(plan: &Arc<Plan>, sessions: &Sessions, n: usize) -> Result<Round> {
        let cookie = sessions.sign_in("matched").await?;
        let mut sockets = visitors::open(plan, std::slice::from_ref(&cookie), plan.matched).await?;
        let path = format!("/m/{n}");
        let watch = Arc::new(Watch::default());
        let eager: Vec<_> = plan.nodes.iter().map(|node| (*node, get(&path, &plan.host, &cookie))).collect();
        let eager: Vec<_> = eager.into_iter().map(|(node, ask)| tokio::spawn(watch.clone().ask(node, ask))).collect();
        tokio::time::sleep(Duration::from_millis(20)).await;

        let began = now();
        let status = order(plan, n).await?;
        let answered = now();
        watch.answered.store(answered, Ordering::SeqCst);
        let mut last_closed = 0;
        let closed = async {
            for _ in 0..plan.matched {
                last_closed = sockets.closed.recv().await.unwrap_or(last_closed).max(last_closed);
            }
        };
        // what is not closed by then is told as still open
        let _ = timeout(Duration::from_secs(5), closed).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        watch.stop.store(true, Ordering::SeqCst);
        for task in eager {
            task.await?;
        }
        let seen = last_seen(plan.upstream, &path).await?;
        Ok(Round {
            status,
            call: answered - began,
            last_closed: last_closed.saturating_sub(began),
            left_open: sockets.still_open(),
            passed: watch.passed.load(Ordering::SeqCst),
            seen_after: seen.saturating_sub(answered),
        })
    }
}

#[derive(Default)]
struct Watch {
    stop: AtomicBool,
    answered: AtomicU64,
    passed: AtomicU64,
}

impl Watch {
    /// Asks again and again until it is stopped; a cut connection is made anew.
    async fn ask(self: Arc<Self>, node: SocketAddr, request: String) {
        let mut connection: Option<Connection<TcpStream>> = None;
        while !self.stop.load(Ordering::SeqCst) {
            let mut live = match connection.take() {
                Some(live) => live,
                None => match connect(node).await {
                    Ok(stream) => Connection::new(stream),
                    Err(_) => continue,
                },
            };
            let answered = self.answered.load(Ordering::SeqCst);
            if let Ok(answer) = live.ask(&request).await {
                if answered != 0 && answer.status == 200 {
                    self.passed.fetch_add(1, Ordering::SeqCst);
                }
                connection = Some(live);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// The order's `status`.
async fn order(plan: &Plan, n: usize) -> Result<String> {
    let body = r#"{"select": {"user": "matched"}, "action": "sign_out", "reason": "bench"}"#;
    let request = format!(
        "POST /api/v1/disconnects HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Idempotency-Key: bench-{n}-{}\r\nContent-Length: {}\r\n\r\n{body}",
        std::process::id(),
        body.len()
    );
    let answer = Connection::new(UnixStream::connect(&plan.admin).await?).ask(&request).await?;
    let told: serde_json::Value = serde_json::from_slice(&answer.body)?;
    match told.get("status").and_then(|s| s.as_str()) {
        Some(status) if answer.status == 200 => Ok(status.to_owned()),
        _ => Ok(format!("{} {told}", answer.status)),
    }
}

/// When the app last saw a request for the path; 0: never.
async fn last_seen(upstream: SocketAddr, path: &str) -> Result<u64> {
    let request = format!("GET /last{path} HTTP/1.1\r\nHost: app\r\n\r\n");
    let answer = Connection::new(TcpStream::connect(upstream).await?).ask(&request).await?;
    Ok(String::from_utf8(answer.body)?.parse()?)
}
