//! Idle WebSockets and steady requests.

use crate::http::Connection;
use crate::{Plan, Result, now};
use futures::StreamExt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;

/// WebSockets that are open until somebody else ends them.
pub struct Idle {
    open: Arc<AtomicUsize>,
    /// When each was closed.
    pub closed: mpsc::UnboundedReceiver<u64>,
}

impl Idle {
    pub fn still_open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

/// Opens so many over all gateways, with these sessions in turn.
pub async fn open(plan: &Arc<Plan>, cookies: &[String], many: usize) -> Result<Idle> {
    let open = Arc::new(AtomicUsize::new(0));
    let (tell, closed) = mpsc::unbounded_channel();
    let places = plan.nodes.iter().cycle().zip(cookies.iter().cycle()).take(many);
    let mut opened = futures::stream::iter(places.map(|(node, cookie)| handshake(*node, &plan.host, cookie)))
        .buffer_unordered(AT_ONCE);
    while let Some(socket) = opened.next().await {
        let (mut socket, open, tell) = (socket?, open.clone(), tell.clone());
        open.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            while let Some(Ok(message)) = socket.next().await {
                if message.is_close() {
                    break;
                }
            }
            open.fetch_sub(1, Ordering::SeqCst);
            let _ = tell.send(now());
        });
    }
    Ok(Idle { open, closed })
}
const AT_ONCE: usize = 64;

async fn handshake(node: SocketAddr, host: &str, cookie: &str) -> Result<WebSocketStream<TcpStream>> {
    let mut connection = Connection::new(connect(node).await?);
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let answer = connection.ask(&request).await?;
    if answer.status != 101 {
        return Err(format!("a WebSocket was refused with {}", answer.status).into());
    }
    // the app says nothing of its own, so nothing was read beyond the head
    Ok(WebSocketStream::from_raw_socket(connection.into_inner(), Role::Client, None).await)
}

pub async fn connect(node: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(node).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Requests of everybody else.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Served>,
    began: u64,
}

/// How everybody else was served; times in nanoseconds.
#[derive(Default)]
pub struct Served {
    pub took: Vec<u64>,
    /// When, and how, a request failed.
    pub failed: Vec<(u64, String)>,
    pub lasted: u64,
}

/// Steady until it is stopped, spread over gateways and sessions.
pub fn traffic(plan: &Arc<Plan>, cookies: &[String]) -> Traffic {
    let mut traffic = Traffic { stop: Arc::default(), tasks: JoinSet::new(), began: now() };
    let pause = Duration::from_nanos(1_000_000_000 * CONNECTIONS / plan.rate.max(1));
    let places = plan.nodes.iter().cycle().zip(cookies.iter().cycle());
    for (node, cookie) in places.take(usize::try_from(CONNECTIONS).unwrap_or(1)) {
        let request = get("/", &plan.host, cookie);
        traffic.tasks.spawn(steady(*node, request, pause, traffic.stop.clone()));
    }
    traffic
}
const CONNECTIONS: u64 = 24;

impl Traffic {
    pub async fn stop(mut self) -> Served {
        self.stop.store(true, Ordering::SeqCst);
        let mut served = Served { lasted: now() - self.began, ..Served::default() };
        while let Some(done) = self.tasks.join_next().await {
            match done {
                Ok(one) => {
                    served.took.extend(one.took);
                    served.failed.extend(one.failed.into_iter().map(|(at, why)| (at.saturating_sub(self.began), why)));
                }
                Err(e) => served.failed.push((served.lasted, e.to_string())),
            }
        }
        served.failed.sort();
        served
    }
}

async fn steady(node: SocketAddr, request: String, pause: Duration, stop: Arc<AtomicBool>) -> Served {
    let (mut served, mut tick) = (Served::default(), tokio::time::interval(pause));
    let mut kept = None;
    while !stop.load(Ordering::SeqCst) {
        tick.tick().await;
        let began = now();
        match once(node, &request, kept.take()).await {
            Ok(connection) => {
                kept = connection;
                served.took.push(now() - began);
            }
            Err(e) => served.failed.push((began, e.to_string())),
        }
    }
    served
}

/// One request over the connection that was kept, or over a new one; what may be kept of it.
async fn once(
    node: SocketAddr,
    request: &str,
    kept: Option<Connection<TcpStream>>,
) -> Result<Option<Connection<TcpStream>>> {
    let mut connection = match kept {
        Some(kept) => kept,
        None => Connection::new(connect(node).await?),
    };
    let answer = connection.ask(request).await?;
    match answer.status {
        200 => Ok(answer.keeps().then_some(connection)),
        status => Err(format!("somebody else's request was answered {status}").into()),
    }
}

pub fn get(path: &str, host: &str, cookie: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nAccept: */*\r\n\r\n")
}
