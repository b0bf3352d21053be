//! A gateway around a small `ProxyHttp`, and clients of it.

use crate::proxy::engine::accept::{self, Listen, Trusted};
use crate::proxy::engine::cut::{self, Cuttable};
use crate::proxy::engine::front::Front;
use crate::proxy::engine::tunnel::{self, Answer, Plan, Replay, Report, To};
use crate::sys::lease::Lease;
use crate::sys::switch::Switch;
use async_trait::async_trait;
use bytes::Bytes;
use pingora::apps::HttpServerOptions;
use pingora::prelude::{HttpPeer, Result};
use pingora::proxy::{ProxyHttp, Session};
use pingora::server::configuration::ServerConf;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A guard against hanging, never a way to wait for something.
pub async fn soon<F: Future>(f: F) -> F::Output {
    timeout(Duration::from_secs(20), f).await.expect("it hangs")
}

pub struct Config {
    pub to: To,
    pub lease: Arc<Lease>,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    pub trusted: Option<Trusted>,
    pub per_address: usize,
    pub first_byte: Duration,
    pub head: Duration,
    pub body: Duration,
    pub idle: Duration,
    pub drain: Duration,
}

impl Config {
    pub fn to(upstream: SocketAddr) -> Self {
        let long = Duration::from_secs(600);
        Config {
            to: To::plain(upstream),
            lease: Lease::always(),
            tls: None,
            trusted: None,
            per_address: usize::MAX,
            first_byte: long,
            head: long,
            body: long,
            idle: long,
            drain: long,
        }
    }
}

pub struct Gateway {
    pub addr: SocketAddr,
    /// Cuts everything that was asked for with `x-session`.
    pub session: Arc<Everything>,
    pub cuts: Arc<AtomicU64>,
    pub reports: mpsc::UnboundedReceiver<Report>,
    /// Times a tunnel's client sent data.
    pub client_data: Arc<AtomicU64>,
    pub stop: watch::Sender<bool>,
    pub task: JoinHandle<()>,
}

/// The exchanges of the one session there is.
#[derive(Default)]
pub struct Everything(Mutex<(bool, Vec<Arc<Switch>>)>);

impl Everything {
    fn exchange(&self) -> Arc<Switch> {
        let (mut all, switch) = (self.0.lock().unwrap(), Arc::new(Switch::default()));
        if all.0 {
            switch.throw();
        }
        all.1.push(switch.clone());
        switch
    }
    pub fn cancel(&self) {
        let mut all = self.0.lock().unwrap();
        all.0 = true;
        all.1.iter().for_each(|s| s.throw());
    }
}

impl Gateway {
    pub async fn start(config: Config) -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = tcp.local_addr().unwrap();
        let session = Arc::new(Everything::default());
        let (reported, reports) = mpsc::unbounded_channel();
        let client_data = Arc::new(AtomicU64::new(0));
        let app = App {
            to: config.to,
            lease: config.lease.clone(),
            session: session.clone(),
            idle: config.idle,
            reported,
            client_data: client_data.clone(),
        };
        let mut proxy = pingora::proxy::http_proxy(&Arc::new(ServerConf::default()), app);
        let mut options = HttpServerOptions::default();
        options.h2c = config.tls.is_none();
        proxy.server_options = Some(options);
        let cuttable = Cuttable::new(proxy, config.lease, config.head).with_body_deadline(config.body);
        let cuts = cuttable.cuts();
        let front = Arc::new(Front::new(Arc::new(cuttable), config.first_byte));
        let (tls, trusted, per_address, drain) = (config.tls, config.trusted, config.per_address, config.drain);
        let (stop, shutdown) = watch::channel(false);
        let proxy_protocol = trusted.is_some();
        let trusted = trusted.unwrap_or_else(|| Arc::new(|_| false));
        let listen = Listen { tcp, tls, proxy_protocol, trusted, per_address, drain };
        let here = accept::Worker { runtime: tokio::runtime::Handle::current(), app: front };
        let task = tokio::spawn(accept::serve(listen, vec![here], shutdown));
        Gateway { addr, session, cuts, reports, client_data, stop, task }
    }
}

struct App {
    to: To,
    lease: Arc<Lease>,
    session: Arc<Everything>,
    idle: Duration,
    reported: mpsc::UnboundedSender<Report>,
    client_data: Arc<AtomicU64>,
}

impl App {
    fn plan(&self, up: tunnel::Up, head: Vec<u8>, early: Vec<u8>) -> Plan {
        let (reported, data) = (self.reported.clone(), self.client_data.clone());
        Plan {
            up,
            head,
            early,
            idle: self.idle,
            switch: None,
            lease: None,
            done: Some(Box::new(move |report| reported.send(report).unwrap_or_default())),
            on_client_data: Some(Arc::new(move || {
                data.fetch_add(1, SeqCst);
            })),
        }
    }
}

#[derive(Default)]
struct Ctx {
    replay: Option<Arc<Replay>>,
}

#[async_trait]
impl ProxyHttp for App {
    type CTX = Ctx;
    fn new_ctx(&self) -> Ctx {
        Ctx::default()
    }
    async fn early_request_filter(&self, _: &mut Session, _: &mut Ctx) -> Result<()> {
        cut::seen();
        Ok(())
    }
    async fn request_filter(&self, s: &mut Session, ctx: &mut Ctx) -> Result<bool> {
        if s.get_header("x-session").is_some() && (!cut::bind(self.session.exchange()) || !self.lease.held()) {
            s.respond_error(503).await?;
            return Ok(true);
        }
        if s.req_header().uri.path() == "/peer" {
            let digest = s.digest().unwrap();
            let client = digest.socket_digest.as_ref().unwrap().peer_addr().unwrap().as_inet().unwrap();
            let text = client.to_string();
            s.respond_error_with_body(200, text.into()).await?;
            return Ok(true);
        }
        if !s.is_upgrade_req() {
            if !s.is_body_empty() {
                cut::progress();
            }
            return Ok(false);
        }
        match tunnel::open(&self.to, s.req_header().clone()).await {
            Ok(Answer::Switched(up, header, early)) => {
                s.set_keepalive(Some(60));
                s.set_keepalive_reuses_remaining(None);
                s.set_pipelining_enabled(false);
                Ok(cut::hand_over(self.plan(up, tunnel::head_101(&header), early)))
            }
            Ok(Answer::Other(replay)) => {
                ctx.replay = Some(replay);
                Ok(false)
            }
            Err(e) => {
                s.respond_error(if e.kind() == std::io::ErrorKind::TimedOut { 504 } else { 502 }).await?;
                Ok(true)
            }
        }
    }
    async fn request_body_filter(
        &self,
        _: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        _: &mut Ctx,
    ) -> Result<()> {
        if end {
            cut::nothing_owed();
            body.take_if(|b| b.is_empty());
        } else {
            cut::progress();
        }
        Ok(())
    }
    async fn upstream_peer(&self, _: &mut Session, ctx: &mut Ctx) -> Result<Box<HttpPeer>> {
        let mut peer = HttpPeer::new(self.to.addr, false, String::new());
        if let Some(replay) = &ctx.replay {
            peer.options.custom_l4 = Some(replay.clone());
            peer.group_key = 1;
        }
        Ok(Box::new(peer))
    }
    fn suppress_error_log(&self, _: &Session, _: &Ctx, _: &pingora::Error) -> bool {
        true
    }
}

pub async fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub fn request(path: &str, session: bool) -> String {
    let session = if session { "x-session: 1\r\n" } else { "" };
    format!("GET {path} HTTP/1.1\r\nHost: app.test\r\n{session}\r\n")
}

pub const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: app.test\r\nx-session: 1\r\nConnection: keep-alive, Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// Asks on a connection that stays open, and reads an answer that has a length.
pub async fn ask<S>(stream: &mut S, path: &str) -> String
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    stream.write_all(request(path, false).as_bytes()).await.unwrap();
    answer(stream).await
}

pub async fn answer<S: tokio::io::AsyncRead + Unpin>(stream: &mut S) -> String {
    let head = soon(super::upstream::read_head(stream)).await.unwrap();
    let length = super::upstream::field(&head, "content-length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    soon(stream.read_exact(&mut body)).await.unwrap();
    head + std::str::from_utf8(&body).unwrap()
}

/// All there is until the end; a reset counts as one.
pub async fn rest<S: tokio::io::AsyncRead + Unpin>(stream: &mut S) -> (Vec<u8>, bool) {
    let mut all = vec![];
    let reset = soon(stream.read_to_end(&mut all)).await.is_err();
    (all, reset)
}

pub async fn websocket(addr: SocketAddr, path: &str, session: bool) -> WebSocketStream<TcpStream> {
    let mut request = format!("ws://{addr}{path}").into_client_request().unwrap();
    if session {
        request.headers_mut().insert("x-session", "1".parse().unwrap());
    }
    soon(tokio_tungstenite::client_async(request, connect(addr).await)).await.unwrap().0
}

pub async fn h2(addr: SocketAddr) -> (h2::client::SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let (send, connection) = h2::client::handshake(connect(addr).await).await.unwrap();
    let task = tokio::spawn(connection);
    (soon(send.ready()).await.unwrap(), task)
}

pub fn h2_request(path: &str, session: bool) -> http::Request<()> {
    let request = http::Request::post(format!("http://app.test{path}"));
    if session { request.header("x-session", "1").body(()).unwrap() } else { request.body(()).unwrap() }
}
