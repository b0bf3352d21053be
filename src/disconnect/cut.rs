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
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The orders' part in following the log. Does not block.
pub struct Cutter {
    orders: Arc<Orders>,
    live: Arc<Registry>,
    sessions: Arc<Sessions>,
    clock: Arc<dyn Clock>,
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
    live: Arc<Registry>,
    sessions: Arc<Sessions>,
}

impl Cutter {
    pub fn new(
        orders: Arc<Orders>,
        live: Arc<Registry>,
        sessions: Arc<Sessions>,
        clock: Arc<dyn Clock>,
    ) -> (Self, Acknowledger) {
        let (applied, told) = mpsc::unbounded_channel();
        let acknowledger = Acknowledger { applied: told, live: live.clone(), sessions: sessions.clone() };
        (Cutter { orders, live, sessions, clock, applied }, acknowledger)
    }

    /// An order has come; how many exchanges were cut.
    pub fn placed(&self, order: Order) -> usize {
        let now = self.clock.now();
        // before anything ends by it
        let met = known_user(&order).map(|_| met(&order, &self.sessions, &self.live));
        self.orders.place(order.clone(), now);
        let cut = self.live.cut_where(|h| h.subjects().any(|s| stopped(&effect_of(&order, &s, now), h)));
        let connections = u64::try_from(cut).unwrap_or(u64::MAX);
        // nobody listens once the node shuts down
        let _ = self.applied.send(Applied { order, connections, met });
        cut
    }

    pub fn lifted(&self, order: OrderId, at: Timestamp) {
        self.orders.lift(order, at, self.clock.now());
    }

    /// All orders, in the place of those known: some may have been missed.
    pub fn all(&self, orders: Vec<Order>) -> usize {
        self.orders.replace(orders, self.clock.now());
        self.cut_by_all(|_| true)
    }

    /// Somebody may be met by other orders now: how they stand is read anew, and their streams are judged by it.
    pub fn changed(&self, user: UserId) {
        if self.orders.is_empty() {
            return;
        }
        let mut live = false;
        self.live.each(|h| live |= h.session().identity.user == user);
        if live {
            let (live, sessions, orders, clock) =
                (self.live.clone(), self.sessions.clone(), self.orders.clone(), self.clock.clone());
            tokio::spawn(async move {
                let Ok(fresh) = sessions.of_user(user).await else { return }; // judged at the next request
                let now = clock.now();
                live.cut_where(|h| {
                    let id = h.session().identity.session;
                    let found = fresh.iter().find(|c| c.identity.session == id);
                    found.is_some_and(|c| h.subjects_as(c).any(|s| stopped(&orders.effect(&s, now), h)))
                });
            });
        }
    }

    fn cut_by_all(&self, of: impl Fn(&Held) -> bool) -> usize {
        if self.orders.is_empty() {
            return 0;
        }
        let now = self.clock.now();
        self.live.cut_where(|h| of(h) && h.subjects().any(|s| stopped(&self.orders.effect(&s, now), h)))
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
                let met = Some(self::met(&order, &self.sessions, &self.live));
                tell(&*store, &Ack { met, ..ack }).await;
            }
        }
    }
}

/// Whom the order meets, of those that this node knows.
fn met(order: &Order, sessions: &Sessions, live: &Registry) -> Met {
    let mut met = Met::default();
    let mut note = |s: &Subject<'_>| {
        if meets(&order.select, s) && (s.began < order.seq || matches!(order.action, Action::Block { .. })) {
            count(order, s, &mut met);
        }
    };
    match known_user(order) {
        Some(user) => sessions.cache.of(user).iter().for_each(|c| note(&c.subject(None))),
        None => sessions.cache.each(|c| note(&c.subject(None))),
    }
    live.each(|h| h.subjects().for_each(|s| note(&s)));
    met
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
