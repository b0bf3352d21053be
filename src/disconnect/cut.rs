//! What one node does with an order: marks first, then the live exchanges of whom it meets are cut, then it says so.
//!
//! Marks come first: an exchange that registers between the two finds its session stopped when it asks once more.

use super::effect::judge;
use super::meets::meets;
use super::orders::Orders;
use crate::live::{Held, Registry};
use crate::session::Sessions;
use crate::session::marks::{Effect, Marks, Subject};
use crate::store::order::Met;
use crate::store::{Ack, Action, Order, OrderStore};
use crate::sys::Clock;
use crate::types::{NodeId, OrderId, Timestamp, UserId};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The orders' part in following the log. Does not block.
pub struct Cutter {
    known: Arc<Known>,
    /// The log may be followed from a thread that is none of the runtime's.
    runtime: Handle,
    applied: mpsc::UnboundedSender<Applied>,
}

/// An order that this node obeys by now.
pub struct Applied {
    order: Order,
    connections: u64,
    met: Option<Met>,
}

/// Tells the other nodes; run by the app.
pub struct Acknowledger {
    applied: mpsc::UnboundedReceiver<Applied>,
    known: Arc<Known>,
}

impl Cutter {
    /// Inside a runtime.
    pub fn new(
        orders: Arc<Orders>,
        live: Arc<Registry>,
        sessions: Arc<Sessions>,
        clock: Arc<dyn Clock>,
    ) -> (Self, Acknowledger) {
        let (applied, told) = mpsc::unbounded_channel();
        let known = Arc::new(Known { orders, live, sessions, clock });
        (Cutter { known: known.clone(), runtime: Handle::current(), applied }, Acknowledger { applied: told, known })
    }

    /// An order has come; how many exchanges were cut.
    pub fn placed(&self, order: Order) -> usize {
        let now = self.known.clock.now();
        // before anything ends by it
        let met = known_user(&order).map(|_| self.known.met(&order));
        self.known.orders.place(order.clone(), now);
        let cut = self.known.live.cut_where(|h| h.subjects().any(|s| stopped(&effect_of(&order, &s, now), h)));
        let connections = u64::try_from(cut).unwrap_or(u64::MAX);
        // nobody listens once the node shuts down
        let _ = self.applied.send(Applied { order, connections, met });
        cut
    }

    pub fn lifted(&self, order: OrderId, at: Timestamp) {
        self.known.orders.lift(order, at, self.known.clock.now());
    }

    /// All orders, in the place of those known: some may have been missed.
    pub fn all(&self, orders: Vec<Order>) -> usize {
        let (known, now) = (&self.known, self.known.clock.now());
        known.orders.replace(orders, now);
        if known.orders.is_empty() {
            return 0;
        }
        known.live.cut_where(|h| h.subjects().any(|s| stopped(&known.orders.effect(&s, now), h)))
    }

    /// Somebody may be met by other orders now: how they stand is read anew, and their streams are judged by it.
    pub fn changed(&self, user: UserId) {
        if self.known.orders.is_empty() {
            return;
        }
        let mut live = false;
        self.known.live.each(|h| live |= h.session().identity.user == user);
        if live {
            let known = self.known.clone();
            self.runtime.spawn(async move {
                let Ok(fresh) = known.sessions.of_user(user).await else { return }; // judged at the next request
                let now = known.clock.now();
                known.live.cut_where(|h| {
                    let id = h.session().identity.session;
                    let found = fresh.iter().find(|c| c.identity.session == id);
                    found.is_some_and(|c| h.subjects_as(c).any(|s| stopped(&known.orders.effect(&s, now), h)))
                });
            });
        }
    }
}

fn effect_of(order: &Order, s: &Subject<'_>, now: Timestamp) -> Effect {
    let mut effect = Effect::default();
    judge(order, s, now, &mut effect);
    effect
}

/// Its streams must not go on: it passes no more, or it stood on a trust that is none any more and is judged anew.
fn stopped(effect: &Effect, h: &Held) -> bool {
    effect.stops() || h.session().trusted_since.is_some_and(|since| since < effect.trust_after)
}

impl Acknowledger {
    /// Until `stop`. A node that cannot tell is waited for until its lease has run out.
    pub async fn run(mut self, node: NodeId, store: Arc<dyn OrderStore>, stop: CancellationToken) {
        loop {
            let applied = tokio::select! {
                applied = self.applied.recv() => applied,
                () = stop.cancelled() => return,
            };
            let Some(Applied { order, connections, met }) = applied else { return };
            let ack = Ack { node, seq: order.seq, connections, met };
            tell(&*store, &ack).await;
            if ack.met.is_none() {
                // looking through all sessions takes its time: not while somebody waits for the acknowledgement
                let met = Some(self.known.met(&order));
                tell(&*store, &Ack { met, ..ack }).await;
            }
        }
    }
}

/// What this node knows of sessions.
struct Known {
    orders: Arc<Orders>,
    live: Arc<Registry>,
    sessions: Arc<Sessions>,
    clock: Arc<dyn Clock>,
}

impl Known {
    /// Whom the order meets; who was met by another before is over already.
    fn met(&self, order: &Order) -> Met {
        let (mut met, now) = (Met::default(), self.clock.now());
        let mut note = |s: &Subject<'_>| {
            let begun = s.began < order.seq || matches!(order.action, Action::Block { .. });
            if meets(&order.select, s) && begun && !self.orders.ended_before(order.seq, s, now) {
                count(order, s, &mut met);
            }
        };
        match known_user(order) {
            Some(user) => self.sessions.cache.of(user).iter().for_each(|c| note(&c.subject(None))),
            None => self.sessions.cache.each(|c| note(&c.subject(None))),
        }
        self.live.each(|h| h.subjects().for_each(|s| note(&s)));
        met
    }
}

/// The one person that it means.
pub(super) fn known_user(order: &Order) -> Option<UserId> {
    order.select.user.as_ref().and_then(|u| u.id)
}

async fn tell(store: &dyn OrderStore, ack: &Ack) {
    for _ in 0..TRIES {
        match store.acknowledge(ack).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, seq = ack.seq.0, "an order is obeyed, but that could not be told"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Adds one session to those that an order met.
pub(super) fn count(order: &Order, s: &Subject<'_>, met: &mut Met) {
    met.users.add(s.user.as_bytes());
    if let Some(session) = s.session {
        met.sessions.add(session.as_bytes());
    }
    if let Some(device) = s.device {
        met.devices.add(device.as_bytes());
    }
    if lacks_method(order, s) {
        met.without_method.add(s.user.as_bytes());
    }
}

/// They could not do what the order asks.
pub(super) fn lacks_method(order: &Order, s: &Subject<'_>) -> bool {
    match &order.action {
        Action::StepUp { methods, .. } => !s.person.can(methods),
        Action::ReEnroll => s.person.enrolled.is_none(),
        Action::SignOut | Action::ForgetDevices | Action::Block { .. } => false,
    }
}

const TRIES: u32 = 3;
const AGAIN: Duration = Duration::from_millis(50);
