//! The app behind: records every request as it came, byte for byte, and offers streams of each kind.

use super::process::{free_port, local};
use super::{traffic, until};
use futures::{SinkExt, StreamExt};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;

/// One request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Request line and header lines, as sent.
    pub head: String,
    pub body: Vec<u8>,
    /// When, by `traffic::now`.
    pub at: u64,
}

impl Seen {
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }
    pub fn path(&self) -> &str {
        self.line().split(' ').nth(1).unwrap_or_default()
    }
    /// Every value under this name, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().skip(1).filter_map(|l| l.split_once(':'));
        fields.filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim()).collect()
    }
    /// The one value under this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} came {} times: {}", all.len(), self.head);
        all.first().copied()
    }
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    canned: Mutex<HashMap<String, Vec<u8>>>,
    stop: Mutex<CancellationToken>,
    connections: AtomicU64,
    uploaded: AtomicU64,
    sockets: AtomicU64,
}

/// `/ws` echoes, `/events` ticks, `/clock` tells the time, `/download` never ends (or `?bytes=N`), `/upload` counts, `/hang-up` ends the connection
/// without an answer, everything else says hello.
#[derive(Clone)]
pub struct Upstream {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Upstream {
    pub async fn start() -> Upstream {
        let up = Upstream { address: local(free_port()), shared: Arc::default() };
        up.listen().await;
        up
    }
    /// Accepts connections, again after a `stop`.
    pub async fn listen(&self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        let stop = CancellationToken::new();
        *self.shared.stop.lock().unwrap() = stop.clone();
        let up = self.clone();
        tokio::spawn(async move {
            while let Some(Ok((tcp, _))) = stop.run_until_cancelled(listener.accept()).await {
                up.shared.connections.fetch_add(1, Ordering::SeqCst);
                let (up, stop) = (up.clone(), stop.clone());
                tokio::spawn(async move { stop.run_until_cancelled(up.serve(tcp)).await });
            }
        });
    }
    /// Ends its connections and accepts no other.
    pub async fn stop(&self) {
        self.shared.stop.lock().unwrap().cancel();
        until("the upstream's end", || async { TcpStream::connect(self.address).await.is_err() }).await;
    }
    /// Answers this path with these bytes.
    pub fn answer(&self, path: &str, bytes: &str) {
        self.shared.canned.lock().unwrap().insert(path.to_string(), bytes.as_bytes().to_vec());
    }
    /// Answers this path with these header lines and a short body.
    pub fn answer_with(&self, path: &str, headers: &str) {
        self.answer(path, &format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n{headers}\r\nhello"));
    }
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }
    pub fn count(&self) -> usize {
        self.shared.seen.lock().unwrap().len()
    }
    /// How many requests began with this.
    pub fn count_of(&self, line: &str) -> usize {
        self.shared.seen.lock().unwrap().iter().filter(|s| s.line().starts_with(line)).count()
    }
    pub fn last(&self) -> Seen {
        self.requests().last().cloned().expect("a request of the upstream")
    }
    pub fn forget(&self) {
        self.shared.seen.lock().unwrap().clear();
    }
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }
    /// Bytes of bodies read so far.
    pub fn uploaded(&self) -> u64 {
        self.shared.uploaded.load(Ordering::SeqCst)
    }
    /// WebSockets that are open.
    pub fn open_sockets(&self) -> u64 {
        self.shared.sockets.load(Ordering::SeqCst)
    }

    async fn serve(&self, tcp: TcpStream) {
        tcp.set_nodelay(true).unwrap();
        let mut io = BufReader::new(tcp);
        while let Some(head) = read_head(&mut io).await {
            let index = {
                let mut seen = self.shared.seen.lock().unwrap();
                seen.push(Seen { head, body: Vec::new(), at: traffic::now() });
                seen.len() - 1
            };
            let request = self.shared.seen.lock().unwrap()[index].clone();
            let Ok(body) = self.read_body(&mut io, &request).await else { return };
            if let Some(s) = self.shared.seen.lock().unwrap().get_mut(index) {
                s.body = body;
            }
            if !self.respond(&mut io, &request).await {
                return;
            }
        }
    }

    async fn read_body(&self, io: &mut BufReader<TcpStream>, request: &Seen) -> std::io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if request.all("transfer-encoding").iter().any(|v| v.eq_ignore_ascii_case("chunked")) {
            loop {
                let mut line = String::new();
                io.read_line(&mut line).await?;
                let size = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
                self.take(io, size, &mut body).await?;
                io.read_line(&mut String::new()).await?;
                if size == 0 {
                    return Ok(body);
                }
            }
        }
        let length = request.all("content-length").first().and_then(|v| v.parse().ok()).unwrap_or(0);
        self.take(io, length, &mut body).await?;
        Ok(body)
    }

    /// Reads so many bytes, counts them, keeps the first of them.
    async fn take(&self, io: &mut BufReader<TcpStream>, mut left: usize, kept: &mut Vec<u8>) -> std::io::Result<()> {
        let mut buffer = vec![0; 65536];
        while left > 0 {
            let most = left.min(buffer.len());
            let n = io.read(&mut buffer[..most]).await?;
            if n == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.shared.uploaded.fetch_add(n as u64, Ordering::SeqCst);
            kept.extend_from_slice(&buffer[..n.min(KEPT - kept.len())]);
            left -= n;
        }
        Ok(())
    }

    /// False where the connection has served its last request.
    async fn respond(&self, io: &mut BufReader<TcpStream>, request: &Seen) -> bool {
        let (path, query) = request.path().split_once('?').unwrap_or((request.path(), ""));
        let canned = self.shared.canned.lock().unwrap().get(path).cloned();
        if let Some(bytes) = canned {
            return io.write_all(&bytes).await.is_ok();
        }
        match path {
            "/hang-up" => {}
            "/ws" => self.echo(io, request).await,
            "/events" => ticks(io).await,
            "/clock" => clock(io).await,
            "/download" => download(io, query.strip_prefix("bytes=").and_then(|n| n.parse().ok())).await,
            _ => {
                let body = format!("hello from the app: {}\n", request.path());
                let body = if request.line().starts_with("HEAD ") { String::new() } else { body };
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n", body.len());
                return io.write_all((head + &body).as_bytes()).await.is_ok();
            }
        }
        false
    }

    async fn echo(&self, io: &mut BufReader<TcpStream>, request: &Seen) {
        let key = derive_accept_key(request.header("sec-websocket-key").unwrap_or_default().as_bytes());
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {key}\r\n\r\n"
        );
        if io.write_all(head.as_bytes()).await.is_err() {
            return;
        }
        self.shared.sockets.fetch_add(1, Ordering::SeqCst);
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        while let Some(Ok(message)) = socket.next().await {
            if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
                break;
            }
        }
        self.shared.sockets.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Bytes of a body that are kept to be looked at.
const KEPT: usize = 512 << 10;

async fn read_head(io: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = Vec::new();
    loop {
        let before = head.len();
        io.read_until(b'\n', &mut head).await.ok()?;
        match &head[before..] {
            b"" => return None,
            b"\r\n" if before > 0 => return Some(String::from_utf8_lossy(&head).into_owned()),
            _ => {}
        }
    }
}

async fn ticks(io: &mut BufReader<TcpStream>) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut bytes = head.to_string();
    for n in 0.. {
        let event = format!("data: tick {n}\n\n");
        bytes += &format!("{:x}\r\n{event}\r\n", event.len());
        if io.write_all(bytes.as_bytes()).await.is_err() {
            return;
        }
        bytes.clear();
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// The time in each line, so that one who reads it knows since when it was on the way.
async fn clock(io: &mut BufReader<TcpStream>) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
    let mut bytes = head.to_string();
    while io.write_all(bytes.as_bytes()).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
        bytes = format!("t{}\n", traffic::now());
    }
}

async fn download(io: &mut BufReader<TcpStream>, bytes: Option<u64>) {
    let length = bytes.map_or("Connection: close\r\n".to_string(), |n| format!("Content-Length: {n}\r\n"));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n{length}\r\n");
    let mut ok = io.write_all(head.as_bytes()).await.is_ok();
    let mut left = bytes.unwrap_or(u64::MAX);
    while ok && left > 0 {
        let n = left.min(16_384);
        ok = io.write_all(&vec![b'x'; usize::try_from(n).unwrap()]).await.is_ok();
        left -= n;
    }
}
