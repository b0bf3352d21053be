//! The app: WebSockets that say nothing, answers of two bytes, and when a request of a round came last.

use crate::http::Connection;
use crate::{Result, now};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};

type Last = Arc<Mutex<HashMap<String, u64>>>;

pub async fn serve(address: SocketAddr) -> Result<()> {
    let (listener, last) = (TcpListener::bind(address).await?, Last::default());
    loop {
        let (stream, _) = listener.accept().await?;
        // a connection that breaks is the client's end of it
        let last = last.clone();
        tokio::spawn(async move {
            let _ = connection(stream, last).await;
        });
    }
}

async fn connection(stream: TcpStream, last: Last) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0; 7];
    while stream.peek(&mut first).await? < first.len() {}
    if &first == b"GET /ws" {
        let mut socket = tokio_tungstenite::accept_async(stream).await?;
        while let Some(message) = futures::StreamExt::next(&mut socket).await {
            message?;
        }
        return Ok(());
    }
    let mut client = Connection::new(stream);
    loop {
        let head = client.head().await?;
        let path = head.first().and_then(|l| l.split(' ').nth(1)).unwrap_or("/").to_owned();
        let body = match path.strip_prefix("/last") {
            Some(of) => with(&last, |all| all.get(of).copied()).unwrap_or(0).to_string(),
            None => {
                if path.starts_with("/m/") {
                    with(&last, |all| all.insert(path, now()));
                }
                "ok".into()
            }
        };
        client.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await?;
    }
}

fn with<R>(last: &Last, f: impl FnOnce(&mut HashMap<String, u64>) -> R) -> R {
    f(&mut last.lock().unwrap_or_else(PoisonError::into_inner))
}
