//! The audit in a database file of its own, beside the store's: a flood there neither slows sign-ins nor grows their file.
//!
//! WAL with synchronous NORMAL: a power cut may cost the last rows here, the audit's own file has them. Opened at the
//! first use, so that a broken archive does not keep the gateway from starting.

use super::schema::own_file;
use super::{Embedded, Readers, rows};
use crate::store::audit::{
    AuditBounds, AuditCursor, AuditEntry, AuditFilter, AuditFrom, AuditPage, AuditRow, AuditStore,
};
use crate::store::{Result, StoreError};
use crate::sys::lock;
use crate::types::{NodeId, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) struct Archive {
    /// `None`: in memory.
    path: Option<PathBuf>,
    writing: Arc<Mutex<Option<Connection>>>,
    readers: Option<Arc<Readers>>,
}

impl Archive {
    /// Beside this store.
    pub(super) fn beside(store: &Path) -> Self {
        let mut name = store.as_os_str().to_owned();
        name.push(".audit");
        let path = PathBuf::from(name);
        Archive { readers: Some(Arc::new(Readers::of(&path))), path: Some(path), writing: Arc::default() }
    }
    #[cfg(test)]
    pub(super) fn memory() -> Self {
        Archive { path: None, writing: Arc::default(), readers: None }
    }

    async fn write<T, F>(&self, f: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    {
        let (path, writing) = (self.path.clone(), self.writing.clone());
        let work = tokio::task::spawn_blocking(move || {
            let mut held = lock(&writing);
            let db = match held.as_mut() {
                Some(db) => db,
                None => held.insert(open(path.as_deref())?),
            };
            f(db)
        });
        work.await.map_err(|e| StoreError::unavailable("using the audit's database", e))?
    }
}

#[async_trait::async_trait]
impl AuditStore for Embedded {
    async fn append_audit(&self, rows: &[AuditRow], _keep: Duration) -> Result<()> {
        let rows = rows.to_vec();
        self.archive.write(move |db| append(db, &rows)).await
    }
    async fn audit_seq(&self, node: NodeId) -> Result<u64> {
        self.archive.write(move |db| known(db, node)).await
    }
    async fn audit_page(&self, filter: &AuditFilter, from: AuditFrom, limit: usize) -> Result<AuditPage> {
        let filter = filter.clone();
        match &self.archive.readers {
            // the file is there once something was written
            Some(readers) if self.archive.path.as_deref().is_some_and(Path::exists) => {
                readers.run(move |db| page(db, &filter, from, limit)).await
            }
            Some(_) | None => self.archive.write(move |db| page(db, &filter, from, limit)).await,
        }
    }
    async fn trim_audit(&self, bounds: AuditBounds, now: Timestamp) -> Result<u64> {
        let mut gone = 0;
        loop {
            // a little at a time, so that rows that come meanwhile do not wait
            let some = self.archive.write(move |db| trim_some(db, bounds, now)).await?;
            gone += some;
            if some == 0 {
                return Ok(gone);
            }
        }
    }
}

fn open(path: Option<&Path>) -> Result<Connection> {
    let db = match path {
        Some(path) => {
            own_file(path)?;
            Connection::open(path)?
        }
        None => Connection::open_in_memory()?,
    };
    db.busy_timeout(BUSY)?;
    // before the first table, else it means nothing: freed pages are given back, so that the file shrinks
    db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "NORMAL")?;
    db.pragma_update(None, "journal_size_limit", 1 << 22)?;
    let version: u32 = db.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    match version {
        0 => db.execute_batch(SCHEMA)?,
        1 => {}
        newer => {
            return Err(StoreError::Unfit(format!("the audit's database is of a newer release (version {newer})")));
        }
    }
    Ok(db)
}

fn append(db: &mut Connection, new: &[AuditRow]) -> Result<()> {
    let Some(node) = new.first().map(|r| r.node) else { return Ok(()) };
    let tx = db.transaction()?;
    let mut seq = known(&tx, node)?;
    let mut last: i64 = tx.query_row("SELECT coalesce(max(id), 0) FROM audit", [], |r| r.get(0))?;
    {
        let mut insert =
            tx.prepare_cached("INSERT INTO audit(id, at, user, actor, kind, line) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
        for row in new.iter().filter(|r| r.node == node) {
            if row.seq <= seq {
                continue;
            }
            (seq, last) = (row.seq, last.saturating_add(1).max(id(AuditCursor { ms: row.at.as_millis(), n: 0 })));
            let user = row.user.map(|u| u.as_bytes().to_vec());
            insert.execute(params![last, rows::int(row.at.as_millis()), user, row.actor, row.kind, row.line])?;
        }
    }
    tx.prepare_cached("INSERT OR REPLACE INTO node(id, seq) VALUES (?1, ?2)")?
        .execute(params![node.as_bytes().as_slice(), rows::int(seq)])?;
    tx.commit()?;
    Ok(())
}

fn known(db: &Connection, node: NodeId) -> Result<u64> {
    let mut q = db.prepare_cached("SELECT seq FROM node WHERE id = ?1")?;
    let seq: Option<i64> = q.query_row([node.as_bytes().as_slice()], |r| r.get(0)).optional()?;
    Ok(seq.map_or(0, i64::unsigned_abs))
}

fn page(db: &Connection, f: &AuditFilter, from: AuditFrom, limit: usize) -> Result<AuditPage> {
    let (first, behind) = f.places();
    let (first, behind, order) = match from {
        AuditFrom::Newest => (id(first), id(behind), "DESC"),
        AuditFrom::Before(place) => (id(first), id(behind).min(id(place)), "DESC"),
        AuditFrom::After(place) => (id(first).max(id(place).saturating_add(1)), id(behind), "ASC"),
    };
    let mut sql = "SELECT id, line FROM audit WHERE id >= ? AND id < ?".to_owned();
    let mut values = vec![Value::from(first), Value::from(behind)];
    let mut narrow = |condition: &str, value: Value| {
        sql.push_str(condition);
        values.push(value);
    };
    // `+` takes a column out of the choice of an index: one person's rows are the fewest, then those of a door, then a
    // kind's; most of all rows are people's
    let by_actor = f.user.is_none() && f.actor.as_deref().is_some_and(|a| f.kind.is_none() || a != "person");
    let by_kind = f.user.is_none() && !by_actor;
    f.user.iter().for_each(|u| narrow(" AND user = ?", u.as_bytes().to_vec().into()));
    f.kind.iter().for_each(|k| narrow(if by_kind { " AND kind = ?" } else { " AND +kind = ?" }, k.clone().into()));
    f.actor.iter().for_each(|a| narrow(if by_actor { " AND actor = ?" } else { " AND +actor = ?" }, a.clone().into()));
    f.from.iter().for_each(|t| narrow(" AND at >= ?", rows::int(t.as_millis()).into()));
    f.until.iter().for_each(|t| narrow(" AND at < ?", rows::int(t.as_millis()).into()));
    sql.push_str(&format!(" ORDER BY id {order} LIMIT ?"));
    // one more than asked tells whether there is a next page
    values.push(Value::from(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)));
    let mut q = db.prepare_cached(&sql)?;
    let found =
        q.query_map(params_from_iter(values), |r| Ok(AuditEntry { place: place(r.get(0)?), line: r.get(1)? }))?;
    let mut rows = found.collect::<rusqlite::Result<Vec<_>>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(AuditPage { next: rows.last().filter(|_| more).map(|r| r.place), rows })
}

/// Removes up to a batch of the oldest rows that are over the bounds; how many.
fn trim_some(db: &mut Connection, bounds: AuditBounds, now: Timestamp) -> Result<u64> {
    let keep_ms = u64::try_from(bounds.keep.as_millis()).unwrap_or(u64::MAX);
    let oldest = id(AuditCursor { ms: now.as_millis().saturating_sub(keep_ms), n: 0 });
    let mut gone = db.execute(
        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < ?1 ORDER BY id LIMIT ?2)",
        [oldest, BATCH],
    )?;
    if gone == 0 && bytes(db)? > bounds.max_bytes {
        let few = db.query_row("SELECT count(*) FROM (SELECT 1 FROM audit LIMIT ?1)", [BATCH * 4], |r| r.get(0))?;
        // a quarter of what little there is, or a batch
        let some = BATCH.min(1.max(few / 4)).min(few);
        let oldest = "DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?1)";
        gone = db.execute(oldest, [some])?;
    }
    if gone > 0 {
        let mut vacuum = db.prepare("PRAGMA incremental_vacuum")?;
        let mut steps = vacuum.query([])?;
        while steps.next()?.is_some() {}
    }
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}

/// What the rows take.
fn bytes(db: &Connection) -> Result<u64> {
    let pragma = |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |r| r.get::<_, i64>(0));
    let used = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(used.saturating_mul(pragma("page_size")?).unsigned_abs())
}

fn id(place: AuditCursor) -> i64 {
    rows::int(place.ms << 20 | place.n)
}
fn place(id: i64) -> AuditCursor {
    let id = id.unsigned_abs();
    AuditCursor { ms: id >> 20, n: id & ((1 << 20) - 1) }
}

/// An index ends with the row's id, so that it gives one person's rows in order.
const SCHEMA: &str = "
BEGIN;
CREATE TABLE audit(
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, user BLOB, actor TEXT NOT NULL, kind TEXT NOT NULL, line TEXT NOT NULL);
CREATE INDEX audit_user ON audit(user) WHERE user IS NOT NULL;
CREATE INDEX audit_kind ON audit(kind);
CREATE INDEX audit_actor ON audit(actor);
CREATE TABLE node(id BLOB PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 1;
COMMIT;
";
const BUSY: Duration = Duration::from_secs(5);
const BATCH: i64 = 5000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::UserId;

    #[test]
    fn a_page_of_many_rows_is_found_by_an_index() {
        let mut db = open(None).unwrap();
        let row = |seq| AuditRow {
            node: NodeId::from_bytes([1; 16]),
            seq,
            at: Timestamp::from_millis(seq),
            kind: "sign_in".into(),
            user: Some(UserId::from_bytes([u8::try_from(seq % 7).unwrap(); 16])),
            actor: "person".into(),
            line: "{}".into(),
        };
        append(&mut db, &(1..200).map(row).collect::<Vec<_>>()).unwrap();
        for (condition, index) in [
            ("user = x'01' AND +kind = 'a' AND +actor = 'b' AND at > 1", "USING INDEX audit_user"),
            ("kind = 'a' AND +actor = 'b'", "USING INDEX audit_kind"),
            ("+kind = 'a' AND actor = 'b' AND at < 5", "USING INDEX audit_actor"),
            ("at >= 5 AND at < 9", "USING INTEGER PRIMARY KEY"),
        ] {
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT id, line FROM audit WHERE id >= 1 AND id < 9 AND {condition} ORDER BY id DESC"
            );
            let plan: Vec<String> =
                db.prepare(&sql).unwrap().query_map([], |r| r.get(3)).unwrap().map(|r| r.unwrap()).collect();
            assert!(plan.len() == 1 && plan[0].contains(index), "{condition}: {plan:?}");
        }
    }
}
