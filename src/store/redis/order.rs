//! Orders: one hash in the log's slot, written in the step that appends them.
//!
//! Every node remembers all that it knows of them and writes back what a store has lost: a block must not end because a
//! server failed over.

use super::reach::Con;
use super::script::of_orders;
use super::{Redis, nanos};
use crate::store::codec::{decode, encode};
use crate::store::{Ack, Fact, Lifted, Order, OrderStore, Placed, Result, StoreError};
use crate::sys::{lease, lock};
use crate::types::{OrderId, Seq, Timestamp};
use std::collections::HashMap;
use std::sync::Mutex;

/// What this node knows of orders, and of the store they lie in.
#[derive(Default)]
pub(super) struct Known {
    orders: Mutex<HashMap<OrderId, Order>>,
    store: Mutex<Incarnation>,
}

#[derive(Default)]
struct Incarnation {
    /// Its name and its replication history; empty before the first was followed.
    names: (String, String),
    /// Nanoseconds since boot.
    since: u64,
}

impl Known {
    /// The store that is followed; each time it is found again.
    pub(super) fn follows(&self, born: &str, replid: &str) {
        let mut now = lock(&self.store);
        if now.names.0 != born || now.names.1 != replid {
            *now = Incarnation { names: (born.to_owned(), replid.to_owned()), since: lease::now() };
        }
    }
    /// Whether it is the store whose log is followed here; before any is, whichever.
    fn is_followed(&self, born: &str, replid: &str) -> bool {
        let now = lock(&self.store);
        now.names == Default::default() || (now.names.0 == born && now.names.1 == replid)
    }
    fn same_for(&self, born: &str, replid: &str, nanos: u64) -> bool {
        let now = lock(&self.store);
        now.names.0 == born && now.names.1 == replid && now.since + nanos < lease::now()
    }
    fn replace(&self, all: &[Order]) {
        *lock(&self.orders) = all.iter().map(|o| (o.id, o.clone())).collect();
    }
    /// An entry of the log was applied.
    pub(super) fn apply(&self, seq: Seq, fact: &Fact) {
        match fact {
            Fact::Order { order } => {
                let mut known = lock(&self.orders);
                known.retain(|_, o| !o.is_over(order.at));
                known.insert(order.id, order.placed_at(seq));
            }
            Fact::Lifted { order, at } => {
                if let Some(o) = lock(&self.orders).get_mut(order) {
                    o.lifted = Some(*at);
                }
            }
            Fact::SessionEnded { .. }
            | Fact::SessionRotated { .. }
            | Fact::UserChanged { .. }
            | Fact::UserEnded { .. }
            | Fact::TokenRevoked { .. }
            | Fact::Everything => {}
        }
    }
}

#[async_trait::async_trait]
impl OrderStore for Redis {
    async fn place_order(&self, order: &Order) -> Result<Placed> {
        let fact = super::log::fact_text(&Fact::Order { order: Box::new(order.clone()) })?;
        let mut call = of_orders(&self.scripts.order_place, &self.keys);
        call.arg(order.id.to_string()).arg(encode("order", order)?).arg(fact).arg(digest(order)).arg(kept(order));
        call.arg(super::session::millis(self.lease)).arg(order.at.as_millis());
        type Answer = ((String, u64, String), u8, String, String, Vec<String>);
        let (told, repeated, born, replid, nodes): Answer = self.link.run("placing an order", &call).await?;
        if !self.known.is_followed(&born, &replid) {
            // a master that was replaced, or one that is not followed yet: what it accepts may be forgotten
            self.link.leave().await;
            return Err(StoreError::unavailable("placing an order", "another server is just taking over"));
        }
        let order = read(&told.0, told.1, &told.2)?;
        // at once: should the server fail before anybody has read it, this node writes it back
        self.told.reached(order.seq);
        self.known.apply(order.seq, &Fact::Order { order: Box::new(order.clone()) });
        let nodes = nodes.iter().map(|n| n.parse().map_err(|e| StoreError::corrupt("node", e)));
        Ok(Placed {
            order,
            repeated: repeated == 1,
            nodes: nodes.collect::<Result<_>>()?,
            all_known: self.known.same_for(&born, &replid, nanos(self.lease)),
        })
    }

    async fn lift_order(&self, id: OrderId, at: Timestamp) -> Result<Option<Lifted>> {
        let Some(order) = self.order(id).await? else { return Ok(None) };
        let order = Order { lifted: Some(at), ..order };
        let mut call = of_orders(&self.scripts.order_lift, &self.keys);
        call.arg(id.to_string()).arg(super::log::fact_text(&Fact::Lifted { order: id, at })?);
        call.arg(at.as_millis()).arg(kept(&order));
        let seq: u64 = self.link.run("lifting an order", &call).await?;
        self.known.apply(Seq(seq), &Fact::Lifted { order: id, at });
        Ok((seq > 0).then_some(Lifted { order, seq: Seq(seq) }))
    }

    async fn orders(&self) -> Result<Vec<Order>> {
        all(&self.link.query("listing orders", &self.reading()).await?)
    }

    async fn order(&self, id: OrderId) -> Result<Option<Order>> {
        let mut cmd = redis::cmd("HMGET");
        cmd.arg(self.keys.orders()).arg(id.to_string()).arg(format!("s:{id}")).arg(format!("l:{id}"));
        let (text, seq, lifted): (Option<String>, Option<u64>, Option<String>) =
            self.link.query("reading an order", &cmd).await?;
        text.map(|text| read(&text, seq.unwrap_or_default(), &lifted.unwrap_or_default())).transpose()
    }

    async fn acknowledge(&self, ack: &Ack) -> Result<()> {
        let text = serde_json::to_string(ack).map_err(|e| StoreError::corrupt("acknowledgement", e))?;
        let mut cmd = redis::cmd("XADD");
        cmd.arg(self.keys.acks()).arg("MAXLEN").arg("~").arg(KEPT_ACKS).arg("*").arg("a").arg(text);
        self.link.query::<String>("acknowledging", &cmd).await.map(drop)
    }
}

impl Redis {
    fn reading(&self) -> redis::Cmd {
        let mut cmd = redis::cmd("HGETALL");
        cmd.arg(self.keys.orders());
        cmd
    }

    /// All that are kept, by the connection that follows the log.
    pub(super) async fn learn_orders(&self, con: &mut Con) -> Result<Vec<Order>> {
        let fields = self.reading().query_async(con).await.map_err(|e| super::error::failed("listing orders", e))?;
        let orders = all(&fields)?;
        self.known.replace(&orders);
        Ok(orders)
    }

    /// Writes back what this node knows and the store does not (any more). How many were missing.
    pub(super) async fn restore_orders(&self) -> Result<usize> {
        let known: Vec<Order> = lock(&self.known.orders).values().cloned().collect();
        let mut restored = 0;
        for o in known {
            let mut call = of_orders(&self.scripts.order_restore, &self.keys);
            call.arg(o.id.to_string()).arg(encode("order", &o)?).arg(o.seq.0);
            call.arg(o.lifted.map_or(String::new(), |t| t.as_millis().to_string())).arg(digest(&o)).arg(kept(&o));
            let told = |fact: &Fact| super::log::fact_text(fact);
            call.arg(told(&Fact::Order { order: Box::new(o.clone()) })?);
            call.arg(o.lifted.map(|at| told(&Fact::Lifted { order: o.id, at })).transpose()?.unwrap_or_default());
            let missing: u8 = self.link.run("writing back an order", &call).await?;
            restored += usize::from(missing > 0);
        }
        Ok(restored)
    }
}

fn all(fields: &HashMap<String, String>) -> Result<Vec<Order>> {
    let field = |kind: &str, id: &str| fields.get(&format!("{kind}:{id}")).map_or("", String::as_str);
    let mut found = Vec::new();
    for (id, text) in fields.iter().filter(|(f, _)| f.parse::<OrderId>().is_ok()) {
        let seq = field("s", id).parse().map_err(|e| StoreError::corrupt("order", e))?;
        found.push(read(text, seq, field("l", id))?);
    }
    found.sort_by_key(|o| (o.seq, o.id));
    Ok(found)
}

/// What the fields say wins over the record's text.
fn read(text: &str, seq: u64, lifted: &str) -> Result<Order> {
    let lifted = match lifted {
        "" => None,
        ms => Some(Timestamp::from_millis(ms.parse().map_err(|e| StoreError::corrupt("order", e))?)),
    };
    Ok(Order { seq: Seq(seq), lifted, ..decode("order", text)? })
}

fn digest(o: &Order) -> String {
    o.idempotency.map(|d| data_encoding::HEXLOWER.encode(&d)).unwrap_or_default()
}

fn kept(o: &Order) -> String {
    o.kept_until().map(|t| t.as_millis().to_string()).unwrap_or_default()
}

/// Minutes of them, even in a flood of orders.
const KEPT_ACKS: usize = 10_000;
