//! Counters of failures; the arithmetic is `store::throttle`'s.

use super::{Writing, rows};
use crate::store::throttle::{Attempt, Counter, ThrottleKey, ThrottleRule, strictest};
use crate::store::{Result, StoreError};
use crate::types::{Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

/// Counted in all of them or, where one holds, in none.
pub(super) fn attempt(w: &mut Writing<'_>, keys: &[(ThrottleKey, ThrottleRule)], now: Timestamp) -> Result<Attempt> {
    let mut counters = Vec::with_capacity(keys.len());
    for (key, rule) in keys {
        counters.push((key, rule, read(w.db, key, now)?));
    }
    let judged = strictest(counters.iter().map(|(_, rule, c)| c.judge(rule, now)));
    if judged != Attempt::Allowed {
        return Ok(judged);
    }
    for (key, rule, mut counter) in counters {
        counter.count(rule, now);
        let ends = key.memory(rule).map_or(u64::MAX, |m| now.plus(m).as_millis());
        write(w.db, key, &counter, ends)?;
    }
    Ok(judged)
}

pub(super) fn passed(w: &mut Writing<'_>, key: &ThrottleKey, at: Timestamp) -> Result<()> {
    let mut counter = read(w.db, key, at)?;
    counter.passed(at);
    if counter.is_empty() {
        let mut q = w.db.prepare_cached("DELETE FROM throttle WHERE user = ?1 AND key = ?2")?;
        q.execute(params![slot(key), key.name()])?;
        return Ok(());
    }
    let mut q = w.db.prepare_cached(
        "UPDATE throttle SET failures = ?3, held_until = ?4, times = ?5 WHERE user = ?1 AND key = ?2",
    )?;
    let (failures, held, times) = columns(&counter);
    q.execute(params![slot(key), key.name(), failures, held, times])?;
    Ok(())
}

pub(super) fn unlock(db: &Connection, user: UserId) -> Result<()> {
    db.prepare_cached("DELETE FROM throttle WHERE user = ?1")?.execute([user.to_string()])?;
    Ok(())
}

pub(super) fn forget(db: &Connection, user: UserId, name: &str) -> Result<()> {
    db.prepare_cached("DELETE FROM throttle WHERE user = ?1 AND key = ?2")?.execute([&user.to_string(), name])?;
    Ok(())
}

fn read(db: &Connection, key: &ThrottleKey, now: Timestamp) -> Result<Counter> {
    let mut q = db.prepare_cached(
        "SELECT failures, held_until, times FROM throttle WHERE user = ?1 AND key = ?2 AND ends > ?3",
    )?;
    let row = q.query_row(params![slot(key), key.name(), rows::int(now.as_millis())], |r| {
        Ok((r.get(0)?, r.get::<_, i64>(1)?, r.get::<_, String>(2)?))
    });
    let Some((failures, held, times)) = row.optional()? else { return Ok(Counter::default()) };
    let times = serde_json::from_str(&times).map_err(|e| StoreError::corrupt("throttle", e))?;
    Ok(Counter { failures, held_until: Timestamp::from_millis(held.unsigned_abs()), times })
}

fn write(db: &Connection, key: &ThrottleKey, counter: &Counter, ends: u64) -> Result<()> {
    let mut q = db.prepare_cached(
        "INSERT OR REPLACE INTO throttle(user, key, failures, held_until, times, ends) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let (failures, held, times) = columns(counter);
    q.execute(params![slot(key), key.name(), failures, held, times, rows::int(ends)])?;
    Ok(())
}

fn columns(c: &Counter) -> (u32, i64, String) {
    let times: Vec<String> = c.times.iter().map(|t| t.as_millis().to_string()).collect();
    (c.failures, rows::int(c.held_until.as_millis()), format!("[{}]", times.join(",")))
}

/// What belongs to nobody lies under the empty name.
fn slot(key: &ThrottleKey) -> String {
    key.user().map(|u| u.to_string()).unwrap_or_default()
}
