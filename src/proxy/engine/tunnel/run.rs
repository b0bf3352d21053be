//! A tunnel's life: the 101, two pumps, and its end.
//!
//! Order of looks at each turn: cut, drain, idle limit, lease, then bytes. From the mark on nothing is read from either
//! side; a frame of which only a part had been read ends in a reset, everything else in a Close frame at a boundary.

use super::pump::Half;
use super::{End, Plan, Report, Up};
use crate::proxy::engine::conn::Conn;
use crate::proxy::engine::frames::{GOING_AWAY, POLICY_VIOLATION, close_frame};
use crate::sys::lease::{Gate, Lease};
use crate::sys::switch::Switch;
use bytes::{Buf, Bytes};
use pingora::protocols::Stream;
use pingora::server::ShutdownWatch;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, Sleep, sleep, timeout};

/// Runs until one of the ends; then the upstream's side is gone first.
pub(in crate::proxy::engine) async fn run(client: Stream, mut plan: Plan, shutdown: ShutdownWatch, conn: &Conn) {
    let done = plan.done.take();
    let mut tunnel = Tunnel::new(client, plan);
    let end = tunnel.live(shutdown).await;
    let Tunnel { mut client, up, down, to_up, lease, head, .. } = tunnel;
    drop(up);
    let frame = match end {
        End::Cut => Some(close_frame(POLICY_VIOLATION, "session ended")),
        End::Drain | End::Idle => Some(close_frame(GOING_AWAY, "going away")),
        End::Closed | End::Error => None,
    };
    let polite = match frame {
        Some(frame) if head.is_empty() => goodbye(&mut client, &down, lease.held(), &frame).await,
        Some(_) | None => false,
    };
    if end == End::Cut && !polite {
        conn.reset_at_end(); // nothing more, not even what the kernel holds
    }
    drop(client);
    let (to_client, to_upstream, frames) = (down.bytes, to_up.bytes, down.frames.frames);
    if let Some(done) = done {
        done(Report { end, to_client, to_upstream, frames, polite });
    }
}

struct Tunnel {
    client: Stream,
    up: Up,
    /// What of the 101 is not yet written.
    head: Bytes,
    down: Half,
    to_up: Half,
    switch: Arc<Switch>,
    lease: Arc<Lease>,
    idle: Idle,
    on_client_data: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Tunnel {
    fn new(client: Stream, plan: Plan) -> Self {
        Tunnel {
            client,
            up: plan.up,
            head: plan.head.into(),
            down: Half::with(plan.early),
            to_up: Half::default(),
            switch: plan.switch.unwrap_or_default(),
            lease: plan.lease.unwrap_or_else(Lease::always),
            idle: Idle { limit: plan.idle, last: Instant::now(), bytes: 0 },
            on_client_data: plan.on_client_data,
        }
    }

    async fn live(&mut self, mut shutdown: ShutdownWatch) -> End {
        let mut drain = pin!(shutdown.wait_for(|down| *down));
        let mut timer = pin!(sleep(self.idle.limit));
        let mut gate = Gate::default();
        poll_fn(|cx| {
            if self.switch.poll(cx).is_ready() {
                return Poll::Ready(End::Cut);
            }
            if drain.as_mut().poll(cx).is_ready() {
                return Poll::Ready(End::Drain);
            }
            // the limit runs on while the lease is away
            if self.idle.poll(timer.as_mut(), cx).is_ready() {
                return Poll::Ready(End::Idle);
            }
            ready!(gate.poll(&self.lease, cx));
            self.turn(timer.as_mut(), cx)
        })
        .await
    }

    /// Moves bytes in both directions.
    fn turn(&mut self, timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<End> {
        if ready!(self.write_head(cx)).is_err() {
            return Poll::Ready(End::Error);
        }
        let data = self.to_up.frames.data;
        if self.pump(cx).is_err() {
            return Poll::Ready(End::Error);
        }
        if data != self.to_up.frames.data
            && let Some(tell) = &self.on_client_data
        {
            tell();
        }
        if self.down.done && self.to_up.done {
            return Poll::Ready(End::Closed);
        }
        self.idle.moved(self.down.bytes + self.to_up.bytes);
        if self.down.done || self.to_up.done {
            self.idle.shorten(timer, cx);
        }
        Poll::Pending
    }

    fn pump(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let may = || self.lease.held() && !self.switch.is_thrown();
        self.down.pump(cx, &mut self.up, &mut self.client, &may)?;
        self.to_up.pump(cx, &mut self.client, &mut self.up, &may)
    }

    fn write_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.head.has_remaining() {
            let n = ready!(Pin::new(&mut self.client).poll_write(cx, &self.head))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.head.advance(n.min(self.head.len()));
            if self.head.is_empty() {
                self.down.must_flush();
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The time without a byte in either direction.
struct Idle {
    limit: Duration,
    last: Instant,
    bytes: u64,
}
impl Idle {
    fn poll(&self, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(timer.as_mut().poll(cx));
        if self.last.elapsed() >= self.limit {
            return Poll::Ready(());
        }
        // bytes have moved since it was set: it is not set anew for each of them
        timer.as_mut().reset(self.last + self.limit);
        timer.poll(cx)
    }
    fn moved(&mut self, bytes: u64) {
        if self.bytes != bytes {
            (self.bytes, self.last) = (bytes, Instant::now());
        }
    }
    /// One side has gone: the other has this long.
    fn shorten(&mut self, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) {
        if self.limit > HALF_OPEN {
            self.limit = HALF_OPEN;
            timer.as_mut().reset(self.last + HALF_OPEN);
            if timer.poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
    }
}

/// How long one side may go on after the other has ended.
const HALF_OPEN: Duration = Duration::from_secs(10);
/// How long a client that does not read may keep its Close frame from being written.
const FAREWELL: Duration = Duration::from_millis(200);
/// How long a client may take to end its side after our Close.
const LINGER: Duration = Duration::from_secs(1);

/// The rest of the frame, where all of it was read before, then Close. False: it cannot be had, or the client does not
/// read. Without the lease not even what is left over is passed on.
async fn goodbye(client: &mut Stream, down: &Half, held: bool, frame: &[u8]) -> bool {
    let kept: &[u8] = if held { &down.kept } else { &[] };
    let Some(out) = farewell(kept, down, frame) else { return false };
    let sent = timeout(FAREWELL, async {
        client.write_all(&out).await?;
        client.flush().await?;
        client.shutdown().await // TLS close_notify and FIN
    });
    if !matches!(sent.await, Ok(Ok(()))) {
        return false;
    }
    // read on for a moment: bytes left unread make the kernel send RST, and the client may lose the frame
    let mut rest = [0; 256];
    let _ = timeout(LINGER, async { while client.read(&mut rest).await.is_ok_and(|n| n > 0) {} }).await;
    true
}

fn farewell(kept: &[u8], down: &Half, frame: &[u8]) -> Option<Vec<u8>> {
    let mut out = kept.get(..down.frames.first_boundary(kept)?)?.to_vec();
    let mut frames = down.frames.clone();
    frames.feed(&out);
    if !frames.closed {
        out.extend_from_slice(frame);
    }
    Some(out)
}
