//! Cuts or holds live traffic: an `HttpServerApp` around pingora's `HttpProxy`.
//!
//! pingora calls `process_new_http` once per request: per HTTP/1 request (keep-alive included), per HTTP/2 stream.
//! Everything the proxy has for a request (client session, upstream connection, buffers) lives inside that future:
//! dropping it is the cut, not polling it is the hold. Both are looked at *before* the future is polled, so that from
//! the mark on nothing is read from either side.
//!
//! May not know why something is cut or whose it is. A request that has bound no switch is public: neither cut nor held.

use super::peer_end::PeerEnd;
use super::{conn, tunnel};
use crate::sys::lease::{Gate, Lease};
use crate::sys::lock;
use crate::sys::switch::Switch;
use async_trait::async_trait;
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::server::ShutdownWatch;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// First thing in `early_request_filter`: the request's head has been read.
pub fn seen() {
    let _ = SLOT.try_with(|s| s.waiting_for.store(NOTHING, Ordering::Relaxed));
}

/// Once the session of a request is known: from now on, throwing the switch cuts this request and the lease holds it.
/// False: the request must be refused, for the switch is thrown already, or there is no `Cuttable`, or another is bound.
///
/// The poll in which this is called goes on, so the caller must ask once right after whether the lease is held.
#[must_use]
pub fn bind(switch: Arc<Switch>) -> bool {
    let ended = switch.is_thrown();
    SLOT.try_with(|s| s.switch.set(switch).is_ok()).unwrap_or(false) && !ended
}

/// The client's body is waited for, or a part of it has come. Called where the body begins and in the body filters:
/// from the first call on, a minute without another ends the exchange (HTTP/2 uploads have no limit of pingora's own).
pub fn progress() {
    let _ = SLOT.try_with(|s| {
        s.waiting_for.store(BODY, Ordering::Relaxed);
        s.steps.fetch_add(1, Ordering::Relaxed);
    });
}

/// Nobody owes us anything: the body has been read, or the answer has begun and the app alone decides how long the two
/// may go on talking (a gRPC stream may be silent for hours).
pub fn nothing_owed() {
    seen();
}

/// The request has been sent to its end: the upstream has `limit` to begin its answer (`nothing_owed`), else its
/// connection is shut and `answer_was_late`.
pub fn await_answer(end: PeerEnd, limit: Duration) {
    let _ = SLOT.try_with(|s| {
        *s.awaited() = Some((end, Instant::now() + limit));
        s.waiting_for.store(ANSWER, Ordering::Relaxed);
    });
}

/// The limit on the answer has shut the upstream's connection.
pub fn answer_was_late() -> bool {
    SLOT.try_with(|s| s.waiting_for.load(Ordering::Relaxed) == LATE).unwrap_or(false)
}

/// From `request_filter`, which then returns `Ok(true)` without having written anything: pingora takes the request for
/// answered and gives the connection back as for the next one, and a tunnel is made of it. False: not under a
/// `Cuttable`.
///
/// Before that the session needs `set_keepalive(Some(60))`, `set_keepalive_reuses_remaining(None)` and
/// `set_pipelining_enabled(false)`: otherwise pingora closes the connection, or loses bytes that came too early.
pub fn hand_over(plan: tunnel::Plan) -> bool {
    SLOT.try_with(|s| *s.plan() = Some(plan)).is_ok()
}

tokio::task_local! {
    static SLOT: Arc<Slot>;
}

/// What the filters of one request tell the wrapper around it.
#[derive(Default)]
struct Slot {
    switch: OnceLock<Arc<Switch>>,
    waiting_for: AtomicU8,
    steps: AtomicU64,
    awaited: Mutex<Option<(PeerEnd, Instant)>>,
    plan: Mutex<Option<tunnel::Plan>>,
}
impl Slot {
    fn awaited(&self) -> std::sync::MutexGuard<'_, Option<(PeerEnd, Instant)>> {
        lock(&self.awaited)
    }
    fn plan(&self) -> std::sync::MutexGuard<'_, Option<tunnel::Plan>> {
        lock(&self.plan)
    }
}

/// What is owed to us at the moment; 0 is the client's head.
const NOTHING: u8 = 1;
const BODY: u8 = 2;
/// The upstream's.
const ANSWER: u8 = 3;
/// It did not come; nothing else is waited for.
const LATE: u8 = 4;
const BODY_DEADLINE: Duration = Duration::from_secs(60);

/// Wraps an HTTP app so that each of its requests can be cut and held.
pub struct Cuttable<A> {
    inner: Arc<A>,
    lease: Arc<Lease>,
    head_deadline: Duration,
    body_deadline: Duration,
    cuts: Arc<AtomicU64>,
}

impl<A> Cuttable<A> {
    /// `head_deadline` is from the start of waiting for a request until `seen`: idle keep-alive and slow headers
    /// together.
    pub fn new(inner: A, lease: Arc<Lease>, head_deadline: Duration) -> Self {
        let cuts = Arc::default();
        Cuttable { inner: Arc::new(inner), lease, head_deadline, body_deadline: BODY_DEADLINE, cuts }
    }
    #[cfg(test)]
    /// How long a client's body may stand still.
    #[must_use]
    pub fn with_body_deadline(mut self, limit: Duration) -> Self {
        self.body_deadline = limit;
        self
    }
    #[cfg(test)]
    /// Counts the requests that were cut (tunnels report for themselves).
    pub fn cuts(&self) -> Arc<AtomicU64> {
        self.cuts.clone()
    }

    async fn watch<W: Future<Output = Option<ReusedHttpStream>>>(&self, slot: &Slot, mut work: Pin<&mut W>) -> End {
        let mut timer = conn::timer(Instant::now() + self.head_deadline);
        let mut patience = Patience { limit: self.body_deadline, steps: 0 };
        let mut gate = Gate::default();
        let end = poll_fn(|cx| {
            loop {
                let bound = slot.switch.get();
                if let Some(switch) = bound {
                    if switch.poll(cx).is_ready() {
                        return Poll::Ready(End::Cut);
                    }
                    ready!(gate.poll(&self.lease, cx));
                }
                if let Poll::Ready(free) = work.as_mut().poll(cx) {
                    return Poll::Ready(End::Done(free));
                }
                // bound just now: once more round
                if bound.is_some() == slot.switch.get().is_some() {
                    break;
                }
            }
            patience.poll(slot, timer.as_mut(), cx).map(|()| End::Late)
        })
        .await;
        if matches!(end, End::Done(Some(_))) {
            conn::keep_timer(timer);
        }
        end
    }

    /// The request is over. If it left a plan, its connection becomes a tunnel.
    fn done(&self, slot: &Slot, free: Option<ReusedHttpStream>) -> Option<ReusedHttpStream> {
        let Some(mut plan) = slot.plan().take() else { return free };
        plan.switch = slot.switch.get().cloned();
        plan.lease = plan.switch.is_some().then(|| self.lease.clone());
        // nothing given back: the client sent bytes before our 101, and is closed
        conn::leave(free?.consume().0, plan);
        None
    }
}

enum End {
    Done(Option<ReusedHttpStream>),
    Cut,
    Late,
}

/// How long client and upstream may keep us waiting.
struct Patience {
    limit: Duration,
    /// Steps of the body seen so far; at each new one the time begins anew.
    steps: u64,
}
impl Patience {
    /// Ready: the client took too long. Looked at after the work, so that bytes which came meanwhile count.
    fn poll(&mut self, slot: &Slot, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
        match slot.waiting_for.load(Ordering::Relaxed) {
            NOTHING | LATE => return Poll::Pending,
            ANSWER => return self.await_answer(slot, timer, cx),
            _ => {}
        }
        let steps = slot.steps.load(Ordering::Relaxed);
        if steps != self.steps {
            self.steps = steps;
            timer.as_mut().reset(Instant::now() + self.limit);
        }
        timer.poll(cx)
    }

    /// The one timer is set again only where it would come too late: most answers come long before it.
    fn await_answer(&self, slot: &Slot, mut timer: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<()> {
        let Some((end, until)) = *slot.awaited() else { return Poll::Pending };
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= until {
                slot.waiting_for.store(LATE, Ordering::Relaxed);
                end.shut(); // the engine is woken by it, and sees that it was late
                break;
            }
            timer.as_mut().reset(until);
        }
        Poll::Pending
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> HttpServerApp for Cuttable<A> {
    /// As `async fn` the session, more than a kilobyte, would be moved twice more in each request.
    fn process_new_http<'s, 'w, 'f>(
        self: &'s Arc<Self>,
        session: ServerSession,
        shutdown: &'w ShutdownWatch,
    ) -> Pin<Box<dyn Future<Output = Option<ReusedHttpStream>> + Send + 'f>>
    where
        's: 'f,
        'w: 'f,
        Self: 'f,
    {
        let work = self.inner.process_new_http(session, shutdown);
        Box::pin(async move {
            let slot = Arc::new(Slot::default());
            let work = pin!(SLOT.scope(slot.clone(), work));
            match self.watch(&slot, work).await {
                End::Done(free) => self.done(&slot, free),
                End::Late => None,
                End::Cut => {
                    self.cuts.fetch_add(1, Ordering::Relaxed);
                    conn::reset_at_end();
                    None // the work is dropped with this frame
                }
            }
        })
    }
    fn h2_options(&self) -> Option<H2Options> {
        self.inner.h2_options()
    }
    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.inner.server_options()
    }
    async fn http_cleanup(&self) {
        self.inner.http_cleanup().await;
    }
}
