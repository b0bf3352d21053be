//! One client connection as pingora gets it: the stream with a limit on its first bytes, a place that keeps an answer's head
//! until its body begins, so that both leave in one packet, a switch that makes its end a reset, and a place where a
//! request may leave it for a tunnel.
//!
//! May not read or change a byte of what passes.

use super::tunnel::Plan;
use crate::sys::lock;
use async_trait::async_trait;
use pingora::protocols::raw_connect::ProxyDigest;
use pingora::protocols::tls::{SslDigest, TlsRef};
use pingora::protocols::{
    ALPN, GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream, TimingDigest,
    UniqueID, UniqueIDType,
};
use pingora::server::ShutdownWatch;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

tokio::task_local! {
    /// Set while HTTP/1 is spoken on the connection; HTTP/2 streams run in tasks of their own and do not see it.
    static HERE: Arc<Conn>;
}

/// What is known about a connection beside its stream.
#[derive(Default)]
pub(super) struct Conn {
    reset: AtomicBool,
    /// The tunnel writes whole pieces: nothing is kept back any more.
    direct: AtomicBool,
    left: Mutex<Option<Box<(Stream, Plan)>>>,
    /// Between requests. To set a timer later costs a fraction of making one.
    timer: Mutex<Option<Pin<Box<Sleep>>>>,
}

impl Conn {
    /// The stream's end, whenever it comes, discards what the kernel still holds for the client (RST instead of FIN).
    pub(super) fn reset_at_end(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }
    /// What a request left for a tunnel.
    pub(super) fn take_left(&self) -> Option<Box<(Stream, Plan)>> {
        lock(&self.left).take()
    }
    /// Runs what speaks HTTP on this connection.
    pub(super) async fn scope<F: Future>(self: &Arc<Self>, http: F) -> F::Output {
        HERE.scope(self.clone(), http).await
    }
}

/// The connection this task speaks HTTP/1 on will end in a reset. An HTTP/2 stream is reset by being dropped.
pub(super) fn reset_at_end() {
    let _ = HERE.try_with(|c| c.reset_at_end());
}

/// A timer for a request of this connection, or of an HTTP/2 stream.
pub(super) fn timer(until: Instant) -> Pin<Box<Sleep>> {
    let kept = HERE.try_with(|c| lock(&c.timer).take()).ok().flatten();
    match kept {
        Some(mut timer) => {
            timer.as_mut().reset(until);
            timer
        }
        None => Box::pin(sleep_until(until)),
    }
}

/// The next request of the connection will want it.
pub(super) fn keep_timer(timer: Pin<Box<Sleep>>) {
    let _ = HERE.try_with(|c| *lock(&c.timer) = Some(timer));
}

/// Leaves the stream for a tunnel; closes it where no `Front` is there to run one.
pub(super) fn leave(client: Stream, plan: Plan) {
    let _ = HERE.try_with(|c| {
        c.direct.store(true, Ordering::Relaxed);
        *lock(&c.timer) = None; // an idle tunnel keeps nothing it does not need
        *lock(&c.left) = Some(Box::new((client, plan)));
    });
}

/// The client's stream, watched.
pub(super) struct Client {
    inner: Stream,
    conn: Arc<Conn>,
    opening: Option<Box<Opening>>,
    out: Out,
}

/// A head that waits for the first piece of its body. pingora flushes where none is to come soon: after 1xx, before a body
/// whose length nobody knows, and where there is no body. Nothing of a body waits.
#[derive(Default)]
struct Out {
    bytes: Vec<u8>,
    sent: usize,
}

/// Bytes of a head and of the piece that leaves with it.
const OUT: usize = 4096;
/// How pingora begins a head on HTTP/1. A piece of a body that happens to begin so waits for the next, or for the flush.
const HEAD: &[u8] = b"HTTP/1.";

/// The first bytes have not all come yet.
struct Opening {
    missing: usize,
    over: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
}

impl Client {
    /// pingora waits without limit, and deaf to shutdown, for the preface of HTTP/2. So the first bytes must come
    /// before `first_bytes` is over, and before a shutdown.
    pub(super) fn watch(inner: Stream, conn: Arc<Conn>, first_bytes: Duration, mut shutdown: ShutdownWatch) -> Stream {
        let over = Box::pin(async move {
            tokio::select! {
                () = tokio::time::sleep(first_bytes) => {}
                _ = shutdown.wait_for(|down| *down) => {}
            }
        });
        let opening = Some(Box::new(Opening { missing: PREFACE, over }));
        Box::new(Client { inner, conn, opening, out: Out::default() })
    }

    /// Sends what is kept.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.out.bytes.get(self.out.sent..) {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                n => self.out.sent += n,
            }
        }
        self.out.sent = 0;
        self.out.bytes.clear();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.conn.reset.load(Ordering::Relaxed) {
            discard_at_close(&self.inner);
        }
    }
}

/// SO_LINGER with zero seconds: close sends RST and drops what is queued.
fn discard_at_close(stream: &Stream) {
    #[expect(unsafe_code, reason = "the descriptor is the stream's own, which is borrowed and so stays open meanwhile")]
    let fd = unsafe { BorrowedFd::borrow_raw(stream.id()) };
    let _ = rustix::net::sockopt::set_socket_linger(fd, Some(Duration::ZERO));
}

/// Bytes of the HTTP/2 preface (RFC 9113, 3.4); no HTTP/1.1 request with a Host is shorter.
const PREFACE: usize = 24;

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl AsyncRead for Client {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Some(opening) = &mut self.opening {
            opening.missing = opening.missing.saturating_sub(buf.filled().len() - before);
            if opening.missing == 0 {
                self.opening = None;
            } else if read.is_pending() && opening.over.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        read
    }
}

impl AsyncWrite for Client {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.conn.direct.load(Ordering::Relaxed) {
            self.out.bytes = Vec::new(); // an idle tunnel owns no buffer; pingora left nothing in it
            return Pin::new(&mut self.inner).poll_write(cx, bytes);
        }
        let head = self.out.bytes.is_empty() && bytes.starts_with(HEAD);
        let room = OUT.saturating_sub(self.out.bytes.len());
        let waits = !self.out.bytes.is_empty() && self.out.sent == 0;
        match bytes.get(..bytes.len().min(room)) {
            Some(piece @ [_, ..]) if waits || (head && piece.len() == bytes.len()) => {
                self.out.bytes.reserve_exact(room);
                self.out.bytes.extend_from_slice(piece);
                if waits && let Poll::Ready(sent) = self.poll_out(cx) {
                    sent?; // else the next write or the flush goes on
                }
                Poll::Ready(Ok(piece.len()))
            }
            _ => {
                ready!(self.poll_out(cx))?;
                Pin::new(&mut self.inner).poll_write(cx, bytes)
            }
        }
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.inner).poll_write_vectored(cx, pieces)
    }
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[async_trait]
impl Peek for Client {
    async fn try_peek(&mut self, buf: &mut [u8]) -> io::Result<bool> {
        let Some(opening) = &mut self.opening else { return self.inner.try_peek(buf).await };
        tokio::select! {
            biased;
            peeked = self.inner.try_peek(buf) => peeked,
            () = &mut opening.over => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

#[async_trait]
impl Shutdown for Client {
    async fn shutdown(&mut self) {
        // a client that is gone by now misses nothing
        let _ = poll_fn(|cx| self.poll_out(cx)).await;
        Shutdown::shutdown(&mut *self.inner).await;
    }
}

impl UniqueID for Client {
    fn id(&self) -> UniqueIDType {
        self.inner.id()
    }
}

impl Ssl for Client {
    fn get_ssl(&self) -> Option<&TlsRef> {
        self.inner.get_ssl()
    }
    fn get_ssl_digest(&self) -> Option<Arc<SslDigest>> {
        self.inner.get_ssl_digest()
    }
    fn selected_alpn_proto(&self) -> Option<ALPN> {
        self.inner.selected_alpn_proto()
    }
}

impl GetTimingDigest for Client {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.inner.get_timing_digest()
    }
    fn get_read_pending_time(&self) -> Duration {
        self.inner.get_read_pending_time()
    }
    fn get_write_pending_time(&self) -> Duration {
        self.inner.get_write_pending_time()
    }
}

impl GetProxyDigest for Client {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.inner.get_proxy_digest()
    }
}

impl GetSocketDigest for Client {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.get_socket_digest()
    }
    fn set_socket_digest(&mut self, digest: SocketDigest) {
        self.inner.set_socket_digest(digest);
    }
}
