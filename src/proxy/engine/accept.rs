//! The accept loop: sockets in, connections for a pingora app out, and a drain at the end.
//!
//! Our own runtimes and any listener (pingora's `Server` builds them by itself and shakes hands before a PROXY header
//! could be read). Knows addresses and limits; may not read a byte of HTTP.

use super::proxy_protocol;
use crate::sys::lock;
use crate::types::{ClientIp, ClientNetwork};
use pingora::apps::ServerApp;
use pingora::listeners::tls::Acceptor;
use pingora::protocols::l4::socket::SocketAddr as PeerAddr;
use pingora::protocols::l4::stream::Stream as L4;
use pingora::protocols::{GetSocketDigest, SocketDigest, Stream};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Says of an address whether it is a trusted proxy's.
pub type Trusted = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// One listening socket and what holds for its connections.
pub struct Listen {
    pub tcp: TcpListener,
    pub tls: Option<Arc<rustls::ServerConfig>>,
    pub trusted: Trusted,
    /// Each connection begins with a PROXY header, before TLS; peers that are not trusted are refused.
    pub proxy_protocol: bool,
    /// Open connections per client address (per /64 for IPv6), counted after the PROXY header; more are closed at once.
    /// A trusted proxy that does not say for whom it connects stands for many and is not counted.
    pub per_address: usize,
    /// How long `serve` waits for open requests after the shutdown signal; what is still open then is dropped.
    pub drain: Duration,
}

/// A thread that serves connections, and the app they are for there.
pub struct Worker<A> {
    pub runtime: Handle,
    pub app: Arc<A>,
}

/// Accepts until `shutdown` says so (or its sender is gone) and hands connections to the workers in turn; then lets what
/// is under way end: idle connections are closed, HTTP/2 gets GOAWAY, tunnels a Close frame.
pub async fn serve<A>(listen: Listen, workers: Vec<Worker<A>>, mut shutdown: watch::Receiver<bool>)
where
    A: ServerApp + Send + Sync + 'static,
{
    let mut connections = JoinSet::new();
    let setup = Arc::new(Setup {
        tls: listen.tls.map(Acceptor::from_server_config),
        trusted: listen.trusted,
        proxy_protocol: listen.proxy_protocol,
        per_address: listen.per_address,
        places: Places::default(),
    });
    let mut turns = workers.iter().cycle();
    while let Some((tcp, peer)) = next(&listen.tcp, &mut shutdown, &mut connections).await {
        let Some(worker) = turns.next() else { break };
        let Ok(tcp) = tcp.into_std() else { continue }; // it leaves this runtime for the worker's
        let (app, setup, shutdown) = (worker.app.clone(), setup.clone(), shutdown.clone());
        let served = async move {
            match TcpStream::from_std(tcp) {
                Ok(tcp) => connection(tcp, peer, &setup, app, shutdown).await,
                Err(error) => tracing::warn!(%error, "cannot serve a connection"),
            }
        };
        connections.spawn_on(served, &worker.runtime);
    }
    drop(listen.tcp);
    for worker in &workers {
        worker.app.cleanup().await; // tells idle keep-alive connections to go
    }
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(listen.drain, ended).await.is_err() {
        connections.shutdown().await;
    }
}

/// For PROXY header and TLS handshake together.
const SETUP: Duration = Duration::from_secs(10);
/// After a failed accept (out of descriptors): a busy loop would not give any back.
const PAUSE: Duration = Duration::from_millis(50);

/// Meanwhile what has ended is let go.
async fn next(
    tcp: &TcpListener,
    shutdown: &mut watch::Receiver<bool>,
    connections: &mut JoinSet<()>,
) -> Option<(TcpStream, SocketAddr)> {
    loop {
        let accepted = tokio::select! {
            biased;
            _ = shutdown.wait_for(|down| *down) => return None,
            accepted = tcp.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok(connection) => return Some(connection),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn connection<A>(tcp: TcpStream, peer: SocketAddr, setup: &Setup, app: Arc<A>, shutdown: watch::Receiver<bool>)
where
    A: ServerApp + Send + Sync + 'static,
{
    // boxed: a handshake's room is not carried along for the life of the connection
    let ready = match timeout(SETUP, Box::pin(setup.prepare(tcp, peer))).await {
        Ok(ready) => ready,
        Err(late) => Err(late.into()),
    };
    let (stream, _place) = match ready {
        Ok(ready) => ready,
        Err(error) => return tracing::debug!(%peer, %error, "connection refused"),
    };
    let mut next = Some(stream);
    while let Some(stream) = next {
        next = app.process_new(stream, &shutdown).await;
    }
}

/// What makes a stream of a socket.
struct Setup {
    tls: Option<Acceptor>,
    trusted: Trusted,
    proxy_protocol: bool,
    per_address: usize,
    places: Places,
}

impl Setup {
    async fn prepare(&self, mut tcp: TcpStream, peer: SocketAddr) -> io::Result<(Stream, Option<Place>)> {
        let trusted = (self.trusted)(peer.ip().to_canonical());
        let named = match self.proxy_protocol {
            false => None,
            true if trusted => proxy_protocol::read(&mut tcp).await?,
            true => return Err(refused("not a trusted proxy")),
        };
        let client = named.unwrap_or(peer);
        let network = ClientIp::new(client.ip()).network();
        let place = match trusted && named.is_none() {
            true => None,
            false => {
                let place = self.places.take(network, self.per_address);
                Some(place.ok_or_else(|| refused("too many from one address"))?)
            }
        };
        tcp.set_nodelay(true)?;
        let stream = describe(tcp, client);
        let stream: Stream = match &self.tls {
            None => Box::new(stream),
            Some(tls) => Box::new(tls.tls_handshake(stream).await.map_err(|e| io::Error::other(e.to_string()))?),
        };
        Ok((stream, place))
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, why)
}

/// The stream, with what its requests may ask about it.
fn describe(tcp: TcpStream, client: SocketAddr) -> L4 {
    let digest = SocketDigest::from_raw_fd(tcp.as_raw_fd());
    let _ = digest.peer_addr.set(Some(PeerAddr::Inet(client))); // set once, just made
    let mut stream = L4::from(tcp);
    stream.set_socket_digest(digest);
    stream
}

/// Counts open connections per address.
#[derive(Clone, Default)]
struct Places(Arc<Mutex<HashMap<ClientNetwork, usize>>>);

/// Gives its place back.
struct Place {
    places: Places,
    address: ClientNetwork,
}

impl Places {
    fn take(&self, address: ClientNetwork, most: usize) -> Option<Place> {
        let mut open = lock(&self.0);
        let count = open.get(&address).copied().unwrap_or(0);
        (count < most).then(|| {
            open.insert(address, count + 1);
            Place { places: self.clone(), address }
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = lock(&self.places.0);
        match open.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(open.remove(&self.address)),
        }
    }
}
