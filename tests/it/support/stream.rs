//! Long-lived exchanges: WebSockets, events, downloads, uploads.

use super::client::{Answer, Ask, Io, Visitor};
use super::raw::{read_answer, read_head};
use super::within;
use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// As a script of the app opens a WebSocket.
pub fn handshake(target: &str) -> Ask {
    Ask::bare("GET", target)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-Fetch-Mode", "websocket")
        .header("Origin", "{origin}")
}

pub struct Socket(WebSocketStream<Box<dyn Io>>);

/// How a stream ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Close(u16),
    Dropped,
}

impl Socket {
    /// Opens it, or gives the refusal.
    pub async fn open(visitor: &Visitor, ask: Ask) -> Result<Socket, Answer> {
        let mut io = visitor.connect().await;
        let answer = within("WebSocket handshake", async {
            io.write_all(visitor.head(&ask).as_bytes()).await.unwrap();
            read_answer(&mut io, false).await.expect("an answer to the handshake")
        })
        .await;
        if answer.status != 101 {
            return Err(answer);
        }
        Ok(Socket(WebSocketStream::from_raw_socket(io, Role::Client, None).await))
    }
    pub async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text.to_string())).await.unwrap();
    }
    /// Sends it and waits for the same to come back.
    pub async fn echo(&mut self, text: &str) {
        self.send(text).await;
        assert_eq!(self.next().await.unwrap(), text);
    }
    pub async fn next(&mut self) -> Result<String, End> {
        within("a message", async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(t))) => return Ok(t.to_string()),
                    Some(Ok(Message::Close(frame))) => {
                        return Err(End::Close(frame.map_or(0, |f| CloseCode::into(f.code))));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Err(End::Dropped),
                }
            }
        })
        .await
    }
    /// Nothing comes for this long.
    pub async fn is_silent(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.0.next()).await.is_err()
    }
}

/// An answer whose body goes on.
pub struct Flow {
    pub head: String,
    io: Box<dyn Io>,
}

impl Flow {
    pub async fn open(visitor: &Visitor, ask: Ask) -> Flow {
        let mut io = visitor.connect().await;
        io.write_all(visitor.head(&ask).as_bytes()).await.unwrap();
        let head = within("a stream's head", read_head(&mut io)).await.expect("a head");
        Flow { head, io }
    }
    /// Some more bytes; `None` at the end, however it came.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65536];
        let n = within("more of a stream", self.io.read(&mut buffer)).await.unwrap_or(0);
        buffer.truncate(n);
        Some(buffer).filter(|b| !b.is_empty())
    }
    /// Reads what is left until it ends.
    pub async fn ends(&mut self) {
        within("the end of a stream", async { while self.next().await.is_some() {} }).await;
    }
    /// After what was on the way has been read, nothing comes for this long.
    pub async fn stands_still(&mut self, time: Duration) -> bool {
        let settle = tokio::time::Instant::now() + Duration::from_secs(5);
        let mut buffer = vec![0; 65536];
        while tokio::time::Instant::now() < settle {
            match tokio::time::timeout(time, self.io.read(&mut buffer)).await {
                Err(_) => return true,
                Ok(Ok(0) | Err(_)) => return false,
                Ok(Ok(_)) => {}
            }
        }
        false
    }
}

/// An upload under way.
pub struct Upload(Box<dyn Io>);

impl Upload {
    pub async fn begin(visitor: &Visitor, ask: Ask, bytes: u64) -> Upload {
        let mut io = visitor.connect().await;
        let head = visitor.head(&ask.header("Content-Length", &bytes.to_string()));
        io.write_all(head.as_bytes()).await.unwrap();
        Upload(io)
    }
    pub async fn send(&mut self, bytes: usize) -> std::io::Result<()> {
        within("an upload", async {
            self.0.write_all(&vec![b'u'; bytes]).await?;
            self.0.flush().await
        })
        .await
    }
    pub async fn answer(&mut self) -> Option<Answer> {
        within("the answer to an upload", read_answer(&mut self.0, false)).await
    }
}
