//! One direction of a tunnel.
//!
//! Bytes pass through one buffer per thread; only what the writer does not take at once is kept, so an idle tunnel
//! owns no buffer and a slow reader holds at most one buffer's worth. Nothing is read while something is kept, or
//! without leave.

use super::Io;
use crate::proxy::engine::frames::FrameTracker;
use bytes::{Buf, Bytes};
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::ReadBuf;

#[derive(Default)]
pub(super) struct Half {
    /// Read, not yet written.
    pub(super) kept: Bytes,
    /// Follows what was written.
    pub(super) frames: FrameTracker,
    pub(super) bytes: u64,
    unflushed: bool,
    ended: bool,
    /// The reader has ended and the writer has been told.
    pub(super) done: bool,
}

impl Half {
    /// Begins with bytes that are already here.
    pub(super) fn with(kept: Vec<u8>) -> Self {
        Half { kept: kept.into(), unflushed: true, ..Half::default() }
    }

    /// Bytes were written past this pump.
    pub(super) fn must_flush(&mut self) {
        self.unflushed = true;
    }

    /// Moves what can be moved. `may` is asked before each read.
    pub(super) fn pump(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut dyn Io,
        to: &mut dyn Io,
        may: &dyn Fn() -> bool,
    ) -> io::Result<()> {
        if !self.done
            && let Poll::Ready(end) = self.poll(cx, Pin::new(from), Pin::new(to), may)
        {
            self.done = true;
            return end;
        }
        Ok(())
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut from: Pin<&mut dyn Io>,
        mut to: Pin<&mut dyn Io>,
        may: &dyn Fn() -> bool,
    ) -> Poll<io::Result<()>> {
        for _ in 0..TURNS {
            ready!(self.write_kept(cx, to.as_mut()))?;
            if self.ended {
                return to.poll_shutdown(cx);
            }
            if !may() {
                break;
            }
            if BUF.with_borrow_mut(|buf| self.pass(cx, buf, from.as_mut(), to.as_mut()))?.is_pending() {
                if self.unflushed {
                    ready!(to.poll_flush(cx))?;
                    self.unflushed = false;
                }
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref(); // others first
        Poll::Pending
    }

    fn write_kept(&mut self, cx: &mut Context<'_>, mut to: Pin<&mut dyn Io>) -> Poll<io::Result<()>> {
        while self.kept.has_remaining() {
            let n = ready!(to.as_mut().poll_write(cx, &self.kept))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let written = self.kept.split_to(n.min(self.kept.len()));
            self.wrote(&written);
        }
        self.kept = Bytes::new(); // gives the memory back
        Poll::Ready(Ok(()))
    }

    /// One read, and as much of it written as the writer takes. Pending: there was nothing to read.
    fn pass(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
        from: Pin<&mut dyn Io>,
        mut to: Pin<&mut dyn Io>,
    ) -> io::Result<Poll<()>> {
        let mut buf = ReadBuf::new(buf);
        if from.poll_read(cx, &mut buf)?.is_pending() {
            return Ok(Poll::Pending);
        }
        let mut rest = buf.filled();
        self.ended = rest.is_empty();
        while !rest.is_empty() {
            match to.as_mut().poll_write(cx, rest)? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(n) => {
                    let (written, more) = rest.split_at(n.min(rest.len()));
                    self.wrote(written);
                    rest = more;
                }
                Poll::Pending => {
                    self.kept = Bytes::copy_from_slice(rest);
                    break;
                }
            }
        }
        Ok(Poll::Ready(()))
    }

    fn wrote(&mut self, bytes: &[u8]) {
        self.frames.feed(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(0);
        self.unflushed = true;
    }
}

/// Reads in one go before other tasks get their turn.
const TURNS: usize = 8;
const SCRATCH: usize = 64 << 10;

thread_local! {
    static BUF: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}
