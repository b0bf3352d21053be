//! The upstream's side of a WebSocket handshake (RFC 6455, section 4): connect, ask, read the head of the answer.
//!
//! May not send a head that was not sanitised: the caller hands in what an ordinary request to the upstream would
//! carry.

use super::Up;
use super::replay::Replay;
use pingora::http::{RequestHeader, ResponseHeader};
use rustls_pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Where to. The client configuration is built once per app, so that TLS to the upstream can resume; its ALPN must be
/// http/1.1 or empty.
#[derive(Clone, Debug)]
pub struct To {
    pub addr: SocketAddr,
    pub tls: Option<(Arc<rustls::ClientConfig>, ServerName<'static>)>,
    /// For TCP and TLS together.
    pub connect: Duration,
    /// From the first byte of the question to the end of the answer's head.
    pub answer: Duration,
}

impl To {
    #[cfg(test)]
    /// An upstream without TLS.
    pub fn plain(addr: SocketAddr) -> Self {
        To { addr, tls: None, connect: Duration::from_secs(5), answer: Duration::from_secs(30) }
    }
}

/// What the upstream said.
pub enum Answer {
    /// The 101, and the bytes that came with it.
    Switched(Up, Box<ResponseHeader>, Vec<u8>),
    /// Any other answer, for pingora as `custom_l4` of a plain-text peer (with a `group_key` of its own): head and body
    /// are read by it as always, and the upstream is asked once.
    Other(Arc<Replay>),
}

/// Asks the upstream. `request` is what `upstream_request_filter` would send: identity set, cookies joined, no body.
///
/// # Errors
/// `TimedOut` where the upstream is silent (504), `InvalidData` where it answers nonsense, else what connecting said
/// (502).
pub async fn open(to: &To, request: RequestHeader) -> io::Result<Answer> {
    let head = request_bytes(request).map_err(io::Error::other)?;
    let up = timeout(to.connect, connect(to)).await??;
    timeout(to.answer, ask(up, head)).await?
}

/// The 101 for the client, from the upstream's head after the app's rules for response headers.
pub fn head_101(from_upstream: &ResponseHeader) -> Vec<u8> {
    let mut header = from_upstream.clone();
    for name in HOP_BY_HOP.into_iter().chain(["content-length"]) {
        header.remove_header(name);
    }
    let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n".to_vec();
    header.header_to_h1_wire(&mut bytes);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// Fields of one hop only (RFC 9110, 7.6.1).
const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "proxy-authorization",
];
/// Bytes of an answer's heads, informational ones included.
const MAX_HEAD: usize = 64 << 10;
const MAX_FIELDS: usize = 100;

fn request_bytes(mut request: RequestHeader) -> pingora::Result<Vec<u8>> {
    for name in HOP_BY_HOP.into_iter().chain(["content-length"]) {
        request.remove_header(name);
    }
    request.insert_header("Connection", "Upgrade")?;
    request.insert_header("Upgrade", "websocket")?;
    let mut bytes = Vec::with_capacity(1024);
    bytes.extend_from_slice(b"GET ");
    bytes.extend_from_slice(request.raw_path());
    bytes.extend_from_slice(b" HTTP/1.1\r\n");
    request.header_to_h1_wire(&mut bytes);
    bytes.extend_from_slice(b"\r\n");
    Ok(bytes)
}

async fn connect(to: &To) -> io::Result<Up> {
    let tcp = TcpStream::connect(to.addr).await?;
    tcp.set_nodelay(true)?;
    let Some((config, name)) = &to.tls else { return Ok(Box::new(tcp)) };
    let tls = tokio_rustls::TlsConnector::from(config.clone()).connect(name.clone(), tcp).await?;
    Ok(Box::new(tls))
}

async fn ask(mut up: Up, head: Vec<u8>) -> io::Result<Answer> {
    up.write_all(&head).await?;
    up.flush().await?;
    let (mut read, mut buf) = (0, Vec::with_capacity(1024));
    loop {
        let n = up.read_buf(&mut buf).await?;
        read += n;
        if n == 0 || read > MAX_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        while let Some(head) = parse(&buf)? {
            match head {
                Head::Switched(header, length) => {
                    let early = buf.split_off(length.min(buf.len()));
                    return Ok(Answer::Switched(up, header, early));
                }
                Head::Final => return Ok(Answer::Other(Arc::new(Replay::new(up, buf)))),
                Head::Informational(length) => drop(buf.drain(..length.min(buf.len()))), // 100, 102, 103
            }
        }
    }
}

enum Head {
    Switched(Box<ResponseHeader>, usize),
    Informational(usize),
    Final,
}

/// `None`: the head is not complete.
fn parse(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let status = answer.parse(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
    let httparse::Status::Complete(length) = status else { return Ok(None) };
    match answer.code {
        Some(101) => Ok(Some(Head::Switched(switched(&answer)?, length))),
        Some(100..200) => Ok(Some(Head::Informational(length))),
        _ => Ok(Some(Head::Final)),
    }
}

fn switched(answer: &httparse::Response<'_, '_>) -> io::Result<Box<ResponseHeader>> {
    let mut header = ResponseHeader::build(101, Some(answer.headers.len())).map_err(io::Error::other)?;
    for field in answer.headers.iter() {
        header.append_header(field.name.to_owned(), field.value).map_err(io::Error::other)?;
    }
    if answer.version == Some(1) && has(&header, "upgrade", "websocket") && has(&header, "connection", "upgrade") {
        return Ok(Box::new(header));
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "a 101 that does not switch to WebSocket"))
}

/// One of the field's comma-separated values is this token.
fn has(header: &ResponseHeader, name: &str, token: &str) -> bool {
    let is = |value: &http::HeaderValue| {
        value.to_str().is_ok_and(|v| v.split(',').any(|t| t.trim().eq_ignore_ascii_case(token)))
    };
    header.headers.get_all(name).iter().any(is)
}
