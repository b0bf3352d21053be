//! An answer that has been begun, given to pingora as if it were a fresh connection.
//!
//! May be used once: the upstream was asked once.

use super::Up;
use crate::sys::lock;
use async_trait::async_trait;
use bytes::{Buf, Bytes};
use pingora::connectors::L4Connect;
use pingora::protocols::l4::socket::SocketAddr;
use pingora::protocols::l4::stream::Stream;
use pingora::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora::{Error, ErrorType};
use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// For `PeerOptions::custom_l4` of a plain-text peer (TLS to the upstream is already off).
#[derive(Debug)]
pub struct Replay(Mutex<Option<Begun>>);

impl Replay {
    pub(super) fn new(up: Up, read: Vec<u8>) -> Self {
        Replay(Mutex::new(Some(Begun { up, read: read.into() })))
    }
}

#[async_trait]
impl L4Connect for Replay {
    async fn connect(&self, _: &SocketAddr) -> pingora::Result<Stream> {
        let begun = lock(&self.0).take();
        let begun = begun.ok_or_else(|| Error::explain(ErrorType::ConnectError, "the answer was used already"))?;
        Ok(VirtualSocketStream::new(Box::new(begun)).into())
    }
}

/// Reads give what was read, then the rest; writes (the same head again) go nowhere.
#[derive(Debug)]
struct Begun {
    up: Up,
    read: Bytes,
}

impl VirtualSocket for Begun {
    fn set_socket_option(&self, _: VirtualSockOpt) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Begun {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.read.has_remaining() {
            let n = buf.remaining().min(self.read.len());
            buf.put_slice(&self.read.split_to(n));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.up).poll_read(cx, buf)
    }
}

impl AsyncWrite for Begun {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.up).poll_shutdown(cx)
    }
}
