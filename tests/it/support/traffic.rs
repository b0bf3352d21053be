//! A person who never rests: requests, a WebSocket and a stream through one node, each telling when what last passed had
//! been sent.
//!
//! All clocks are this process' own, and every message carries the time of its birth: what passes although it was born after
//! a moment has passed after that moment, however slowly this process reads.

use super::client::{Ask, Io, Visitor};
use super::raw::{read_answer, read_head};
use super::stream::handshake;
use super::until;
use futures::{SinkExt, StreamExt};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::task::AbortOnDropHandle;

/// Microseconds since this process first asked; never 0.
pub fn now() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let micros = BEGAN.get_or_init(Instant::now).elapsed().as_micros();
    u64::try_from(micros).unwrap() + 1
}

/// What passed last.
#[derive(Default)]
pub struct Passed {
    born: AtomicU64,
    arrived: AtomicU64,
}

impl Passed {
    fn saw(&self, born: u64) {
        self.born.fetch_max(born, Ordering::SeqCst);
        self.arrived.fetch_max(now(), Ordering::SeqCst);
    }
    /// When it was sent.
    pub fn born(&self) -> u64 {
        self.born.load(Ordering::SeqCst)
    }
    /// When it was there.
    pub fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::SeqCst)
    }
}

/// Through one node, until dropped.
pub struct Traffic {
    pub requests: Arc<Passed>,
    pub messages: Arc<Passed>,
    pub stream: Arc<Passed>,
    _tasks: [AbortOnDropHandle<()>; 3],
}

impl Traffic {
    pub fn of(visitor: &Visitor) -> Traffic {
        let (requests, messages, stream) =
            (Arc::<Passed>::default(), Arc::<Passed>::default(), Arc::<Passed>::default());
        let tasks = [
            tokio::spawn(ask_on(visitor.clone(), requests.clone())),
            tokio::spawn(talk_on(visitor.clone(), messages.clone())),
            tokio::spawn(read_on(visitor.clone(), stream.clone())),
        ];
        Traffic { requests, messages, stream, _tasks: tasks.map(AbortOnDropHandle::new) }
    }
    pub fn all(&self) -> [(&'static str, &Passed); 3] {
        [("a request", &*self.requests), ("a message", &*self.messages), ("a stream", &*self.stream)]
    }
    /// Waits until something of each kind has passed.
    pub async fn flows(&self) {
        until("traffic", || async { self.all().iter().all(|(_, p)| p.born() > 0) }).await;
    }
}

async fn ask_on(visitor: Visitor, passed: Arc<Passed>) {
    loop {
        let born = now();
        let answered = async {
            let mut io = visitor.try_connect().await?;
            io.write_all(visitor.head(&Ask::program("/")).as_bytes()).await.ok()?;
            read_answer(&mut io, false).await
        };
        if timeout(PATIENCE, answered).await.ok().flatten().is_some_and(|a| a.status == 200) {
            passed.saw(born);
        }
        sleep(PAUSE).await;
    }
}

async fn talk_on(visitor: Visitor, passed: Arc<Passed>) {
    loop {
        if let Ok(Some(mut socket)) = timeout(PATIENCE, open_socket(&visitor)).await {
            loop {
                let born = now();
                if socket.send(Message::text(born.to_string())).await.is_err() {
                    break;
                }
                // while the node has no lease the echo is held back
                match timeout(HELD, socket.next()).await {
                    Ok(Some(Ok(Message::Text(echo)))) => passed.saw(echo.as_str().parse().unwrap()),
                    Ok(Some(Ok(_))) => {}
                    Ok(Some(Err(_)) | None) | Err(_) => break,
                }
                sleep(PAUSE).await;
            }
        }
        sleep(AGAIN).await;
    }
}

async fn open_socket(visitor: &Visitor) -> Option<WebSocketStream<Box<dyn Io>>> {
    let mut io = visitor.try_connect().await?;
    io.write_all(visitor.head(&handshake("/ws")).as_bytes()).await.ok()?;
    let opened = read_answer(&mut io, false).await?.status == 101;
    if !opened {
        return None;
    }
    Some(WebSocketStream::from_raw_socket(io, Role::Client, None).await)
}

async fn read_on(visitor: Visitor, passed: Arc<Passed>) {
    loop {
        let opened = async {
            let mut io = visitor.try_connect().await?;
            io.write_all(visitor.head(&Ask::program("/clock")).as_bytes()).await.ok()?;
            let head = read_head(&mut io).await?;
            head.starts_with("HTTP/1.1 200").then_some(io)
        };
        if let Ok(Some(mut io)) = timeout(PATIENCE, opened).await {
            let mut line = String::new();
            // it may come in chunks: their lengths are lines too
            while let Ok(Ok(byte)) = timeout(HELD, io.read_u8()).await {
                match byte {
                    b'\n' => {
                        if let Some(born) = line.trim().strip_prefix('t').and_then(|n| n.parse().ok()) {
                            passed.saw(born);
                        }
                        line.clear();
                    }
                    _ => line.push(char::from(byte)),
                }
            }
        }
        sleep(AGAIN).await;
    }
}

/// One person asks so often that a gap of this length would show.
const PAUSE: Duration = Duration::from_millis(15);
const AGAIN: Duration = Duration::from_millis(100);
/// For an answer that may never come.
const PATIENCE: Duration = Duration::from_secs(2);
/// A stream that stands still without a lease is cut after 30 seconds.
const HELD: Duration = Duration::from_secs(31);
