//! What nodes have acknowledged, and waiting for it.

use crate::store::Ack;
use crate::store::order::Met;
use crate::sys::{lease, lock};
use crate::types::{NodeId, Seq};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

/// One per node; hears the acknowledgements of all.
pub struct Acks {
    heard: Mutex<BTreeMap<Seq, Heard>>,
    changed: watch::Sender<()>,
}

/// Of one order.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// When (nanoseconds since boot) each was heard.
    by: BTreeMap<NodeId, u64>,
    counted: u64,
    pub(super) connections: u64,
    pub(super) met: Met,
}

impl NodeState {
    pub fn is_fenced(&self) -> bool {
        self.state == State::Fenced
    }
}

/// How it is certain of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeState {
    pub node: NodeId,
    pub state: State,
    /// Milliseconds after the order was accepted.
    pub after_ms: u64,
}

/// `acknowledged`: the node has said so. `fenced`: it has not, and its lease has run out, without which it lets nobody
/// through. `pending`: waited for still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NodeProgress)]
pub enum State {
    /// It has said so.
    Acknowledged,
    /// It has not, and its lease has run out: it lets no session through before it knows the order.
    Fenced,
    /// Waited for still.
    Pending,
}

impl Default for Acks {
    fn default() -> Self {
        Acks { heard: Mutex::default(), changed: watch::channel(()).0 }
    }
}

impl Acks {
    /// Hears until `stop`.
    pub async fn listen(&self, mut from: Receiver<Ack>, stop: CancellationToken) {
        loop {
            let heard = tokio::select! {
                heard = from.recv() => heard,
                () = stop.cancelled() => return,
            };
            match heard {
                Ok(ack) => self.hear(&ack),
                Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "acknowledgements were missed"),
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn hear(&self, ack: &Ack) {
        let mut all = self.all();
        let heard = all.entry(ack.seq).or_default();
        if let Entry::Vacant(first) = heard.by.entry(ack.node) {
            first.insert(lease::now());
            heard.connections = heard.connections.saturating_add(ack.connections);
        }
        if let Some(met) = &ack.met {
            heard.counted += 1;
            heard.met.join(met);
        }
        while all.len() > REMEMBERED {
            all.pop_first();
        }
        drop(all);
        self.changed.send_replace(());
    }

    pub(super) fn of(&self, order: Seq) -> Heard {
        self.all().get(&order).cloned().unwrap_or_default()
    }

    /// Whether all of them acknowledged within the time.
    pub(super) async fn wait(&self, order: Seq, nodes: &[NodeId], limit: Duration) -> bool {
        self.until(limit, || self.of(order).has(nodes)).await
    }

    /// The same for what they counted.
    pub(super) async fn wait_for_counts(&self, order: Seq, nodes: usize, limit: Duration) {
        let nodes = u64::try_from(nodes).unwrap_or(u64::MAX);
        self.until(limit, || self.of(order).counted >= nodes).await;
    }

    async fn until(&self, limit: Duration, there: impl Fn() -> bool) -> bool {
        let mut changed = self.changed.subscribe();
        let there = changed.wait_for(|()| there());
        timeout(limit, there).await.is_ok_and(|seen| seen.is_ok())
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Seq, Heard>> {
        lock(&self.heard)
    }
}

impl Heard {
    pub(super) fn has(&self, nodes: &[NodeId]) -> bool {
        nodes.iter().all(|n| self.by.contains_key(n))
    }

    /// `accepted`: nanoseconds since boot; `otherwise`: of who has not been heard.
    pub(super) fn states(&self, nodes: &[NodeId], accepted: u64, otherwise: (State, Duration)) -> Vec<NodeState> {
        let missing = nodes.iter().filter(|n| !self.by.contains_key(n));
        let heard = self.by.iter().map(|(node, at)| NodeState {
            node: *node,
            state: State::Acknowledged,
            after_ms: at.saturating_sub(accepted) / 1_000_000,
        });
        let after_ms = u64::try_from(otherwise.1.as_millis()).unwrap_or(u64::MAX);
        heard.chain(missing.map(|node| NodeState { node: *node, state: otherwise.0, after_ms })).collect()
    }
}

/// Orders whose acknowledgements can still be asked for.
const REMEMBERED: usize = 2000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::order::Sketch;

    fn ack(node: u8, seq: u64, met: Option<Met>) -> Ack {
        Ack { node: NodeId::from_bytes([node; 16]), seq: Seq(seq), connections: 2, met }
    }

    fn session(n: u8) -> Option<Met> {
        let mut sessions = Sketch::default();
        sessions.add(&[n; 16]);
        Some(Met { sessions, ..Met::default() })
    }

    #[tokio::test]
    async fn waiting_ends_when_all_have_acknowledged_or_the_time_is_over() {
        let acks = Acks::default();
        let nodes = [1, 2].map(|n| NodeId::from_bytes([n; 16]));
        acks.hear(&ack(1, 5, session(7)));
        assert!(!acks.wait(Seq(5), &nodes, Duration::from_millis(1)).await);
        let states = acks.of(Seq(5)).states(&nodes, lease::now(), (State::Fenced, Duration::from_secs(1)));
        assert_eq!(states.iter().map(|s| s.state).collect::<Vec<_>>(), [State::Acknowledged, State::Fenced]);
        assert_eq!(states[1].after_ms, 1000);
        let waiting = acks.wait(Seq(5), &nodes, Duration::from_secs(20));
        let (all, ()) = tokio::join!(waiting, async { acks.hear(&ack(2, 5, None)) });
        assert!(all);
        acks.hear(&ack(2, 5, session(7)));
        let heard = acks.of(Seq(5));
        assert_eq!((heard.connections, heard.met.sessions.count()), (4, 1), "a session on two nodes counts once");
        assert!(acks.wait(Seq(9), &[], Duration::ZERO).await || acks.of(Seq(9)).has(&[]));
    }

    #[test]
    fn a_flood_of_orders_fills_no_memory() {
        let acks = Acks::default();
        (0..3000).for_each(|n| acks.hear(&ack(1, n, None)));
        assert_eq!(acks.all().len(), REMEMBERED);
        assert!(acks.of(Seq(0)).by.is_empty() && !acks.of(Seq(2999)).by.is_empty());
    }
}
