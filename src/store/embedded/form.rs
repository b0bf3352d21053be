//! Forms that wait: one row each, counted in the transaction that adds one.

use super::{Embedded, Writing, rows};
use crate::store::{FormLimits, FormStore, Parked, ParkedForm, Result};
use crate::types::{FormId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

#[async_trait::async_trait]
impl FormStore for Embedded {
    async fn park_form(&self, form: &ParkedForm, limits: FormLimits, now: Timestamp) -> Result<Parked> {
        let form = form.clone();
        self.write(move |w| park(w, &form, limits, now)).await
    }
    async fn form(&self, id: FormId, now: Timestamp) -> Result<Option<Vec<u8>>> {
        self.read(move |db| find(db, id, now)).await
    }
    async fn take_form(&self, id: FormId, now: Timestamp) -> Result<Option<Vec<u8>>> {
        self.write(move |w| take(w, id, now)).await
    }
}

fn park(w: &mut Writing<'_>, form: &ParkedForm, limits: FormLimits, now: Timestamp) -> Result<Parked> {
    // what ran out makes room at once, not with the next sweep
    w.db.prepare_cached("DELETE FROM form WHERE ends <= ?1")?.execute([rows::int(now.as_millis())])?;
    let network = form.network.to_string();
    let count = |sql, of: &dyn rusqlite::ToSql| -> Result<u64> {
        Ok(w.db.prepare_cached(sql)?.query_row([of], |r| r.get::<_, i64>(0))?.unsigned_abs())
    };
    let of_the_network = count("SELECT count(*) FROM form WHERE network = ?1", &network)?;
    if of_the_network >= u64::from(limits.of_a_network) {
        return Ok(Parked::TooMany);
    }
    let size = u64::try_from(form.sealed.len()).unwrap_or(u64::MAX);
    if count("SELECT coalesce(sum(size), 0) FROM form WHERE ends > ?1", &0)?.saturating_add(size) > limits.bytes {
        return Ok(Parked::Full);
    }
    let mut q = w.db.prepare_cached("INSERT INTO form(id, network, size, ends, sealed) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    q.execute(params![
        form.id.to_string(),
        network,
        rows::int(size),
        rows::int(form.ends.as_millis()),
        form.sealed.as_slice()
    ])?;
    Ok(Parked::Yes)
}

fn find(db: &Connection, id: FormId, now: Timestamp) -> Result<Option<Vec<u8>>> {
    let mut q = db.prepare_cached("SELECT sealed FROM form WHERE id = ?1 AND ends > ?2")?;
    Ok(q.query_row(params![id.to_string(), rows::int(now.as_millis())], |r| r.get(0)).optional()?)
}

fn take(w: &mut Writing<'_>, id: FormId, now: Timestamp) -> Result<Option<Vec<u8>>> {
    let found = find(w.db, id, now)?;
    w.db.prepare_cached("DELETE FROM form WHERE id = ?1")?.execute([id.to_string()])?;
    Ok(found)
}
