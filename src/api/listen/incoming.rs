//! Connections of the TCP listener: so many at once, each past its TLS handshake before anything of it is read.
//!
//! Handshakes run beside each other, so that one that hangs holds up nobody.

use arc_swap::ArcSwap;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Who is at the other end.
#[derive(Clone, Debug)]
pub(in crate::api) struct Peer {
    pub(in crate::api) address: SocketAddr,
    /// The names in the certificate that was shown, if one was; its authority is the configured one.
    pub(in crate::api) certificate: Option<Arc<[String]>>,
}

pub(super) struct Incoming {
    ready: mpsc::Receiver<(Conn, Peer)>,
    accepting: JoinHandle<()>,
    local: SocketAddr,
}

impl Incoming {
    pub(super) fn on(listener: TcpListener, tls: Option<Arc<ArcSwap<ServerConfig>>>) -> io::Result<Self> {
        let (to, ready) = mpsc::channel(1);
        let local = listener.local_addr()?;
        Ok(Incoming { ready, accepting: tokio::spawn(accept(listener, tls, to)), local })
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, tls: Option<Arc<ArcSwap<ServerConfig>>>, to: mpsc::Sender<(Conn, Peer)>) {
    let places = Arc::new(Semaphore::new(PLACES));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((tcp, address)) => {
                // an answer that waits for more to send waits for nothing here
                let _ = tcp.set_nodelay(true);
                let acceptor = tls.as_ref().map(|config| TlsAcceptor::from(config.load_full()));
                let to = to.clone();
                tokio::spawn(async move {
                    if let Some(connection) = ready(tcp, address, acceptor, place).await {
                        // nobody listens any more: the gateway ends
                        let _ = to.send(connection).await;
                    }
                });
            }
            Err(cause) => {
                // out of file descriptors, most likely: looking again at once would only burn the processor
                tracing::error!(%cause, "admin listener: cannot accept");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn ready(
    tcp: TcpStream,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    place: OwnedSemaphorePermit,
) -> Option<(Conn, Peer)> {
    let Some(acceptor) = acceptor else {
        return Some((Conn::new(tcp, place), Peer { address, certificate: None }));
    };
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(tcp)).await {
        Ok(Ok(tls)) => {
            let shown = tls.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let certificate = shown.map(|leaf| names(leaf).into());
            Some((Conn::new(tls, place), Peer { address, certificate }))
        }
        Ok(Err(cause)) => {
            tracing::debug!(%cause, %address, "admin listener: no TLS handshake");
            None
        }
        Err(_) => None,
    }
}

/// Common names of the subject, and its alternative names: DNS, e-mail, URI.
fn names(der: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return Vec::new() };
    let common = certificate.subject().iter_common_name().filter_map(|n| n.as_str().ok());
    let mut all: Vec<String> = common.map(str::to_owned).collect();
    if let Ok(Some(alternative)) = certificate.subject_alternative_name() {
        all.extend(alternative.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(n) | GeneralName::RFC822Name(n) | GeneralName::URI(n) => Some((*n).to_owned()),
            _ => None,
        }));
    }
    all
}

impl Listener for Incoming {
    type Io = Conn;
    type Addr = Peer;

    async fn accept(&mut self) -> (Conn, Peer) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // the task above ends with this listener only
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer { address: self.local, certificate: None })
    }
}

impl Connected<IncomingStream<'_, Incoming>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Incoming>) -> Self {
        stream.remote_addr().clone()
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// A connection and its place among those that may be open. One on which nothing comes for a while loses it.
pub(super) struct Conn {
    io: Box<dyn Duplex>,
    idle: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Conn {
    fn new(io: impl Duplex + 'static, place: OwnedSemaphorePermit) -> Self {
        Conn { io: Box::new(io), idle: Box::pin(tokio::time::sleep(IDLE)), _place: place }
    }
    fn is_used(&mut self) {
        self.idle.as_mut().reset(Instant::now() + IDLE);
    }
}

impl AsyncRead for Conn {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.io).poll_read(cx, buf) {
            Poll::Pending => self.idle.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into())),
            ready => {
                self.is_used();
                ready
            }
        }
    }
}

impl AsyncWrite for Conn {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        if written.is_ready() {
            self.is_used();
        }
        written
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Connections open at once; the others wait in the system's queue.
const PLACES: usize = 512;
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Longer than any call takes.
const IDLE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};
    use tokio::io::AsyncReadExt;

    #[tokio::test(start_paused = true)]
    async fn a_connection_on_which_nothing_comes_gives_its_place_up() {
        let places = Arc::new(Semaphore::new(1));
        let (far, near) = tokio::io::duplex(16);
        let mut conn = Conn::new(near, places.clone().acquire_owned().await.unwrap());
        let begun = Instant::now();
        assert_eq!(conn.read(&mut [0; 8]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= IDLE);
        drop((conn, far));
        assert_eq!(places.available_permits(), 1);
    }

    #[test]
    fn a_certificate_has_its_common_name_and_its_alternative_names() {
        let mut params = CertificateParams::new(vec!["soc.example.com".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "soc");
        params.subject_alt_names.push(SanType::Rfc822Name("soc@example.com".try_into().unwrap()));
        params.subject_alt_names.push(SanType::URI("spiffe://example.com/soc".try_into().unwrap()));
        params.subject_alt_names.push(SanType::IpAddress([192, 0, 2, 1].into()));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(names(certificate.der()), ["soc", "soc.example.com", "soc@example.com", "spiffe://example.com/soc"]);
        assert!(names(b"nonsense").is_empty());
    }
}
