//! A small HTTP/1.1 upstream, one path per behaviour.

use futures::{SinkExt, StreamExt};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What the upstream has seen.
pub struct Seen {
    pub requests: AtomicU64,
    /// Bytes of `/sink`, checked to be the numbers in order.
    pub sunk: AtomicU64,
    pub bent: AtomicBool,
    /// `/wait` has been asked; each permit of `release` lets one answer.
    pub arrived: Notify,
    pub release: Semaphore,
    /// A connection that was being answered has gone.
    pub gone: Notify,
    pub heads: std::sync::Mutex<String>,
}

/// A stream of bytes in which any loss, repetition or shift shows: each block of eight is its own number.
#[derive(Default)]
pub struct Numbers {
    at: u64,
}
impl Numbers {
    /// The next `count` numbers.
    pub fn make(&mut self, count: u64) -> Vec<u8> {
        let from = self.at / 8;
        self.at += count * 8;
        let mut bytes = Vec::with_capacity(usize::try_from(count * 8).unwrap());
        for number in from..from + count {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes
    }
    /// These are the bytes that come next.
    #[must_use]
    pub fn follows(&mut self, bytes: &[u8]) -> bool {
        let (from, to) = (self.at, self.at + bytes.len() as u64);
        let skip = usize::try_from(from % 8).unwrap();
        let all = Numbers { at: from / 8 * 8 }.make(to.div_ceil(8) - from / 8);
        self.at = to;
        all[skip..skip + bytes.len()] == *bytes
    }
}

pub async fn start() -> (SocketAddr, Arc<Seen>) {
    serve(None).await
}
/// Answers everything with these bytes and keeps the connection open.
pub async fn saying(answer: &'static str) -> (SocketAddr, Arc<Seen>) {
    serve(Some(answer)).await
}

async fn serve(answer: Option<&'static str>) -> (SocketAddr, Arc<Seen>) {
    let seen = Arc::new(Seen {
        requests: AtomicU64::new(0),
        sunk: AtomicU64::new(0),
        bent: AtomicBool::new(false),
        arrived: Notify::new(),
        release: Semaphore::new(0),
        gone: Notify::new(),
        heads: std::sync::Mutex::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let all = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).unwrap();
            let seen = all.clone();
            tokio::spawn(async move {
                let _ = connection(stream, &seen, answer).await;
                seen.gone.notify_one();
            });
        }
    });
    (addr, seen)
}

pub async fn read_head<S: AsyncReadExt + Unpin>(stream: &mut S) -> io::Result<String> {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8(head).unwrap())
}

pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

async fn connection(mut stream: TcpStream, seen: &Seen, answer: Option<&'static str>) -> io::Result<()> {
    loop {
        let head = read_head(&mut stream).await?;
        seen.requests.fetch_add(1, SeqCst);
        seen.heads.lock().unwrap().push_str(&head);
        if let Some(answer) = answer {
            stream.write_all(answer.as_bytes()).await?;
            return hold(&mut stream).await;
        }
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        match path.as_str() {
            "/wait" => {
                seen.arrived.notify_one();
                seen.release.acquire().await.unwrap().forget();
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone").await?;
            }
            "/numbers" => return numbers(&mut stream, 2048, None).await,
            "/ticks" => return numbers(&mut stream, 1, Some(Duration::from_millis(2))).await,
            "/sink" => return sink(&mut stream, seen, &head).await,
            "/ws" => return echo(stream, &head).await,
            // a frame of 1 000 bytes of which ten come
            "/part" => {
                stream.write_all(&[switch(&head).as_bytes(), &[0x82, 126, 0x03, 0xe8], &[7; 10]].concat()).await?;
                return hold(&mut stream).await;
            }
            _ => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").await?,
        }
    }
}

async fn hold(stream: &mut TcpStream) -> io::Result<()> {
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

async fn numbers(stream: &mut TcpStream, count: u64, pace: Option<Duration>) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 80000000000000\r\n\r\n").await?;
    let mut numbers = Numbers::default();
    loop {
        stream.write_all(&numbers.make(count)).await?;
        if let Some(pace) = pace {
            tokio::time::sleep(pace).await;
        }
    }
}

/// A body of any length; chunk heads are taken off (the gateway writes them where a body has no length).
async fn sink(stream: &mut TcpStream, seen: &Seen, head: &str) -> io::Result<()> {
    let chunked = field(head, "transfer-encoding").is_some();
    let mut numbers = Numbers::default();
    let mut buf = vec![0; 64 << 10];
    loop {
        let mut left = if chunked { chunk_head(stream).await? } else { usize::MAX };
        if left == 0 {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone").await?;
            return Ok(());
        }
        while left > 0 {
            let most = left.min(buf.len());
            let n = stream.read(&mut buf[..most]).await?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= n;
            if !numbers.follows(&buf[..n]) {
                seen.bent.store(true, SeqCst);
            }
            seen.sunk.fetch_add(n as u64, SeqCst);
        }
        stream.read_u16().await?; // the chunk's line end
    }
}

async fn chunk_head(stream: &mut TcpStream) -> io::Result<usize> {
    let mut line = vec![];
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await?);
    }
    usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim_end(), 16).map_err(io::Error::other)
}

fn switch(head: &str) -> String {
    let accept = derive_accept_key(field(head, "sec-websocket-key").unwrap().as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

async fn echo(mut stream: TcpStream, head: &str) -> io::Result<()> {
    stream.write_all(switch(head).as_bytes()).await?;
    let mut ws = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = ws.next().await {
        if (message.is_text() || message.is_binary()) && ws.send(message).await.is_err() {
            break;
        }
    }
    Ok(())
}
