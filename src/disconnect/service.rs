//! Carrying out an order: into the log, and waiting until it is certain that every node obeys.
//!
//! A node that has acknowledged holds the mark and has cut what it met. One that has not may hang; its lease runs out by
//! itself, at the latest N after the order was accepted, and it gets none before it has caught up. So after N it is certain
//! of every node, heard of or not.

use super::acks::{Acks, Heard, NodeState, State};
use super::caller::Caller;
use super::cut::known_user;
use super::error::OrderError;
use super::orders::Orders;
use super::preview::Matched;
use super::request::{Ask, Wanted};
use crate::audit::{Audit, Event, Metrics, OrderChange};
use crate::store::order::Met;
use crate::store::{Order, Placed, Store, StoreError};
use crate::sys::{Clock, Entropy, lease, lock, random};
use crate::types::{AppName, GroupName, NodeId, OrderId, Origin, Seq, Timestamp, UserName};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use utoipa::ToSchema;

/// What the service is made of.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub orders: Arc<Orders>,
    pub acks: Arc<Acks>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub audit: Arc<Audit>,
    pub metrics: Arc<Metrics>,
    /// Whose origin is which.
    pub apps: HashMap<Origin, AppName>,
    /// The groups whose members are administrators, as the policy in force says.
    pub admins: Arc<dyn Fn() -> BTreeSet<GroupName> + Send + Sync>,
    /// N.
    pub lease: Duration,
}

/// One per node.
pub struct Service {
    pub(super) parts: Parts,
    /// Orders that were accepted here, and who had to obey.
    placed: Mutex<BTreeMap<Seq, Accepted>>,
}

#[derive(Clone)]
struct Accepted {
    /// Nanoseconds since boot.
    at: u64,
    nodes: Vec<NodeId>,
    /// No node is missing.
    all_known: bool,
    confirmed: bool,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderAnswer)]
pub struct Answer {
    /// Null: a dry run.
    pub id: Option<OrderId>,
    pub status: Status,
    /// The same order had been placed before, with this key.
    #[serde(default)]
    pub repeated: bool,
    pub matched: Matched,
    pub nodes: Vec<NodeState>,
    /// Of a dry run: who could not do what is asked; at most a thousand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_method: Vec<UserName>,
}

/// `confirmed`: nothing of whom it meets passes on any node. `pending`: in the log, nodes are waited for. `dry_run`:
/// nothing was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderStatus)]
pub enum Status {
    /// Nothing of whom it meets passes on any node.
    Confirmed,
    /// In the log; nodes are waited for.
    Pending,
    /// Nothing was ordered.
    DryRun,
}

/// An order and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub order: Order,
    pub answer: Answer,
}

impl Service {
    pub fn new(parts: Parts) -> Self {
        Service { parts, placed: Mutex::default() }
    }

    /// Carries it out. `key`: what the caller gave, so that a repetition orders nothing twice.
    pub async fn order(&self, caller: &Caller, ask: &Ask, key: Option<&str>) -> Result<Answer, OrderError> {
        let now = self.parts.clock.now();
        let wanted = ask.read(now, |app| self.knows(app))?;
        let mut order = self.drawn_up(caller, wanted, (ask, key), now).await?;
        self.permit(caller, &mut order, ask.dry_run).await?;
        if ask.dry_run {
            let found = self.preview(&order).await?;
            let (matched, without_method) = (Matched::of(&found.met, 0), found.without_method);
            let (nodes, status) = (Vec::new(), Status::DryRun);
            return Ok(Answer { id: None, status, repeated: false, matched, nodes, without_method });
        }
        let begun = lease::now();
        let placed = self.parts.store.place_order(&order).await?;
        // not before it was accepted: what is waited from here on is never too short
        let accepted = lease::now();
        if placed.repeated && placed.order.asked != order.asked {
            return Err(OrderError::KeyReused(placed.order.id));
        }
        self.record(caller, &placed.order, if placed.repeated { OrderChange::Repeated } else { OrderChange::Placed });
        self.accepted(&placed, accepted);
        if !ask.wait {
            let heard = self.parts.acks.of(placed.order.seq);
            return Ok(self.answer(&placed, &heard, (accepted, State::Pending), matched_by(&heard)));
        }
        let answer = self.confirmed(&placed, accepted).await?;
        self.parts.metrics.order_confirmed(Duration::from_nanos(lease::now().saturating_sub(begun)));
        for node in &answer.nodes {
            self.parts.metrics.node_obeys(node.state == State::Acknowledged, Duration::from_millis(node.after_ms));
        }
        Ok(answer)
    }

    /// Whether the configuration has an app of this name.
    pub fn knows(&self, app: &AppName) -> bool {
        self.parts.apps.values().any(|a| a == app)
    }

    /// Lifts a block, a step-up or an order to enrol anew.
    pub async fn lift(&self, caller: &Caller, id: OrderId) -> Result<Listed, OrderError> {
        let order = self.order_of(caller, id).await?;
        if !order.can_be_lifted() {
            return Err(OrderError::CannotBeLifted);
        }
        let lifted = self.parts.store.lift_order(id, self.parts.clock.now()).await?;
        let order = lifted.ok_or(OrderError::LiftedBefore)?.order;
        self.record(caller, &order, OrderChange::Lifted);
        Ok(self.listed(order))
    }

    pub async fn one(&self, caller: &Caller, id: OrderId) -> Result<Listed, OrderError> {
        Ok(self.listed(self.order_of(caller, id).await?))
    }

    /// The newest first; those that can meet nobody any more are not told, and lifted ones only where asked for.
    pub async fn list(&self, caller: &Caller, lifted_too: bool) -> Result<Vec<Listed>, OrderError> {
        let now = self.parts.clock.now();
        let mut all = self.parts.store.orders().await?;
        all.retain(|o| !o.is_over(now) && (lifted_too || o.lifted.is_none()));
        all.retain(|o| caller.reaches(o.select.app.as_ref()));
        all.reverse();
        Ok(all.into_iter().map(|o| self.listed(o)).collect())
    }

    /// To who is confined to apps, what is about others is not there.
    async fn order_of(&self, caller: &Caller, id: OrderId) -> Result<Order, OrderError> {
        let order = self.parts.store.order(id).await?;
        order.filter(|o| caller.reaches(o.select.app.as_ref())).ok_or(OrderError::Unknown)
    }

    async fn drawn_up(
        &self,
        caller: &Caller,
        wanted: Wanted,
        (ask, key): (&Ask, Option<&str>),
        now: Timestamp,
    ) -> Result<Order, OrderError> {
        let mut select = wanted.select;
        if let (Some(login), Some(user)) = (&wanted.login, &mut select.user) {
            user.id = self.parts.store.account_by_login(login).await?.map(|a| a.id);
        }
        let asked = serde_json::to_vec(ask).map_err(|e| StoreError::corrupt("order", e))?;
        Ok(Order {
            id: OrderId::from_bytes(random(&*self.parts.entropy)),
            seq: Seq(0),
            select,
            action: wanted.action,
            reason: wanted.reason,
            case: wanted.case,
            by: caller.to_string(),
            at: now,
            notify: ask.notify,
            idempotency: key.map(|key| digest(&[caller.to_string().as_bytes(), b"\0", key.as_bytes()])),
            asked: Some(digest(&[&asked])),
            lifted: None,
        })
    }

    /// Waits until all have acknowledged, or until the leases of those who have not have run out.
    async fn confirmed(&self, placed: &Placed, accepted: u64) -> Result<Answer, OrderError> {
        let (seq, acks) = (placed.order.seq, &self.parts.acks);
        let known = known_user(&placed.order).is_some();
        let certain = async {
            let all = acks.wait(seq, &placed.nodes, self.left(accepted)).await;
            if !(all && placed.all_known) {
                // a node that nobody has told us of could be serving still
                tokio::time::sleep(self.left(accepted)).await;
            }
            self.confirm(seq);
            // as much as is known by then; that nothing passes does not depend on it
            if !known {
                acks.wait_for_counts(seq, placed.nodes.len(), COUNTING).await;
            }
        };
        let exact = async {
            match known {
                true => self.preview(&placed.order).await.map(|p| p.met).unwrap_or_default(),
                false => Met::default(),
            }
        };
        // a session that the order has ended is gone from the store, but the node that ended it knew it
        let ((), stored) = tokio::join!(certain, exact);
        let mut heard = acks.of(seq);
        heard.met.join(&stored);
        let matched = matched_by(&heard);
        Ok(self.answer(placed, &heard, (accepted, State::Fenced), matched))
    }

    fn left(&self, accepted: u64) -> Duration {
        self.parts.lease.saturating_sub(Duration::from_nanos(lease::now().saturating_sub(accepted)))
    }

    fn answer(&self, placed: &Placed, heard: &Heard, (accepted, otherwise): (u64, State), matched: Matched) -> Answer {
        let status = if otherwise == State::Pending { Status::Pending } else { Status::Confirmed };
        let nodes = heard.states(&placed.nodes, accepted, (otherwise, self.parts.lease));
        let without_method = Vec::new();
        Answer { id: Some(placed.order.id), status, repeated: placed.repeated, matched, nodes, without_method }
    }

    fn listed(&self, order: Order) -> Listed {
        let heard = self.parts.acks.of(order.seq);
        let accepted = self.placed().get(&order.seq).cloned();
        let matched = matched_by(&heard);
        // by the clock where another node accepted it: only told, nothing depends on it
        let old = self.parts.clock.now().since(order.at) >= self.parts.lease.saturating_mul(2);
        let (at, nodes, confirmed) = match accepted {
            Some(a) => {
                let obeyed = a.all_known && heard.has(&a.nodes);
                (a.at, a.nodes, a.confirmed || obeyed || self.left(a.at).is_zero())
            }
            None => (lease::now(), Vec::new(), old),
        };
        let otherwise = if confirmed { State::Fenced } else { State::Pending };
        let placed = Placed { order: order.clone(), repeated: false, nodes, all_known: true };
        Listed { answer: self.answer(&placed, &heard, (at, otherwise), matched), order }
    }

    fn accepted(&self, placed: &Placed, at: u64) {
        let mut all = self.placed();
        let accepted = Accepted { at, nodes: placed.nodes.clone(), all_known: placed.all_known, confirmed: false };
        all.entry(placed.order.seq).or_insert(accepted);
        while all.len() > REMEMBERED {
            all.pop_first();
        }
    }

    fn confirm(&self, seq: Seq) {
        if let Some(a) = self.placed().get_mut(&seq) {
            a.confirmed = true;
        }
    }

    fn placed(&self) -> std::sync::MutexGuard<'_, BTreeMap<Seq, Accepted>> {
        lock(&self.placed)
    }

    fn record(&self, caller: &Caller, order: &Order, change: OrderChange) {
        let said = serde_json::json!({ "select": order.select, "what": order.action });
        let event = Event::Disconnect {
            by: caller.reporter(),
            name: caller.to_string(),
            key: order.id.to_string(),
            change,
            order: said.to_string(),
            reason: Some(order.reason.clone()),
            case: order.case.clone(),
        };
        self.parts.audit.record(&event, self.parts.clock.now());
    }
}

fn matched_by(heard: &Heard) -> Matched {
    Matched::of(&heard.met, heard.connections)
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    parts.iter().for_each(|p| hash.update(p));
    hash.finalize().into()
}

/// How long after the certainty the counts of large selections are waited for.
const COUNTING: Duration = Duration::from_millis(150);
/// Orders whose nodes can still be told.
const REMEMBERED: usize = 2000;
