//! Orders: one row each beside the log entry, written in the same transaction.

use super::{Embedded, Writing, rows};
use crate::store::codec::{decode, encode};
use crate::store::{Ack, Fact, Lifted, Order, OrderStore, Placed, Result};
use crate::types::{OrderId, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

#[async_trait::async_trait]
impl OrderStore for Embedded {
    async fn place_order(&self, order: &Order) -> Result<Placed> {
        let (order, nodes) = (order.clone(), vec![self.node]);
        let (order, repeated) = self.write(move |w| place(w, order)).await?;
        Ok(Placed { order, repeated, nodes, all_known: true })
    }
    async fn lift_order(&self, id: OrderId, at: Timestamp) -> Result<Option<Lifted>> {
        self.write(move |w| lift(w, id, at)).await
    }
    async fn orders(&self) -> Result<Vec<Order>> {
        self.read(all).await
    }
    async fn order(&self, id: OrderId) -> Result<Option<Order>> {
        self.read(move |db| one(db, id)).await
    }
    async fn acknowledge(&self, ack: &Ack) -> Result<()> {
        let _ = self.acks.send(ack.clone()); // nobody listens: nobody waits
        Ok(())
    }
}

fn place(w: &mut Writing<'_>, order: Order) -> Result<(Order, bool)> {
    if let Some(first) = order.idempotency.map(|digest| repeated(w.db, &digest)).transpose()?.flatten() {
        return Ok((first, true));
    }
    let seq = w.append(&Fact::Order { order: Box::new(order.clone()) })?;
    let order = order.placed_at(seq);
    write(w.db, &order)?;
    Ok((order, false))
}

fn lift(w: &mut Writing<'_>, id: OrderId, at: Timestamp) -> Result<Option<Lifted>> {
    let Some(order) = one(w.db, id)?.filter(|o| o.lifted.is_none()) else { return Ok(None) };
    let order = Order { lifted: Some(at), ..order };
    let seq = w.append(&Fact::Lifted { order: id, at })?;
    write(w.db, &order)?;
    Ok(Some(Lifted { order, seq }))
}

pub(super) fn all(db: &Connection) -> Result<Vec<Order>> {
    let mut q = db.prepare_cached("SELECT record, seq, lifted FROM orders ORDER BY seq")?;
    let rows = q.query_map([], row)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().map(order).collect()
}

fn one(db: &Connection, id: OrderId) -> Result<Option<Order>> {
    let mut q = db.prepare_cached("SELECT record, seq, lifted FROM orders WHERE id = ?1")?;
    q.query_row([id.to_string()], row).optional()?.map(order).transpose()
}

fn repeated(db: &Connection, digest: &[u8; 32]) -> Result<Option<Order>> {
    let mut q = db.prepare_cached("SELECT record, seq, lifted FROM orders WHERE repeat = ?1")?;
    q.query_row([digest.as_slice()], row).optional()?.map(order).transpose()
}

type OrderRow = (String, i64, Option<i64>);

fn row(r: &Row<'_>) -> rusqlite::Result<OrderRow> {
    Ok((r.get(0)?, r.get(1)?, r.get(2)?))
}

fn order((text, seq, lifted): OrderRow) -> Result<Order> {
    let lifted = lifted.map(|ms| Timestamp::from_millis(ms.unsigned_abs()));
    Ok(Order { seq: Seq(seq.unsigned_abs()), lifted, ..decode("order", &text)? })
}

fn write(db: &Connection, o: &Order) -> Result<()> {
    let mut q = db.prepare_cached(
        "INSERT OR REPLACE INTO orders(id, seq, repeat, lifted, ends, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let ends = o.kept_until().map_or(i64::MAX, |t| rows::int(t.as_millis()));
    q.execute(params![
        o.id.to_string(),
        rows::int(o.seq.0),
        o.idempotency.as_ref().map(|d| d.as_slice()),
        o.lifted.map(|t| rows::int(t.as_millis())),
        ends,
        encode("order", o)?,
    ])?;
    Ok(())
}
