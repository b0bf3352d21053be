//! Bytes on a socket: answers read as they come, and requests that no client library would send.

use super::within;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One HTTP/1.1 answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
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
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.head, self.text()))
    }
}

/// The next answer on this connection, interim ones skipped; `None` where it closes before one is whole.
pub async fn read_answer<S: AsyncRead + Unpin>(io: &mut S, to_head: bool) -> Option<Answer> {
    loop {
        let head = read_head(io).await?;
        let status: u16 = head.split(' ').nth(1)?.get(..3)?.parse().ok()?;
        let mut answer = Answer { status, head, body: Vec::new() };
        if status == 101 || to_head || status == 204 || status == 304 {
            return Some(answer);
        }
        if status >= 200 {
            answer.body = read_body(io, &answer).await?;
            return Some(answer);
        }
    }
}

pub async fn read_head<S: AsyncRead + Unpin>(io: &mut S) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(io.read_u8().await.ok()?);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

async fn read_body<S: AsyncRead + Unpin>(io: &mut S, answer: &Answer) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    if let Some(n) = answer.header("content-length") {
        body.resize(n.parse().ok()?, 0);
        io.read_exact(&mut body).await.ok()?;
    } else if answer.header("transfer-encoding") == Some("chunked") {
        while let Some(chunk) = read_chunk(io).await? {
            body.extend(chunk);
        }
    } else {
        let _ = io.read_to_end(&mut body).await;
    }
    Some(body)
}

/// One chunk; `Some(None)` is the last one.
pub async fn read_chunk<S: AsyncRead + Unpin>(io: &mut S) -> Option<Option<Vec<u8>>> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(io.read_u8().await.ok()?);
    }
    let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).ok()?;
    let mut chunk = vec![0; size + 2];
    io.read_exact(&mut chunk).await.ok()?;
    chunk.truncate(size);
    Some(Some(chunk).filter(|c| !c.is_empty()))
}

/// What came back to some bytes.
#[derive(Debug)]
pub struct Reaction {
    pub bytes: Vec<u8>,
    pub closed: bool,
}

impl Reaction {
    /// Status codes of all answers, in order.
    pub fn statuses(&self) -> Vec<u16> {
        let text = String::from_utf8_lossy(&self.bytes);
        text.match_indices("HTTP/1.").filter_map(|(i, _)| text.get(i + 9..i + 12)?.parse().ok()).collect()
    }
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// Sends the bytes, reads until the end or until nothing more comes.
pub async fn react(address: SocketAddr, bytes: &[u8]) -> Reaction {
    let mut tcp = TcpStream::connect(address).await.unwrap();
    let _ = within("raw bytes", tcp.write_all(bytes)).await;
    listen(&mut tcp).await
}

/// Reads until the end, or until nothing came for a while after something had.
pub async fn listen<S: AsyncRead + Unpin>(io: &mut S) -> Reaction {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 65536];
    loop {
        let patience = Duration::from_millis(if bytes.is_empty() { 3000 } else { 400 });
        match tokio::time::timeout(patience, io.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return Reaction { bytes, closed: true },
            Ok(Ok(n)) => bytes.extend_from_slice(&buffer[..n]),
            Err(_) => return Reaction { bytes, closed: false },
        }
    }
}
