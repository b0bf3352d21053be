//! Canaries of keys, beside the file's name for itself.

use super::Writing;
use crate::store::{Canary, Result};
use rusqlite::Connection;

pub(super) fn keep(w: &mut Writing<'_>, mine: &[Canary]) -> Result<Vec<Canary>> {
    let there = all(w.db)?;
    if !there.iter().all(|c| mine.contains(c)) {
        return Ok(there);
    }
    if let Some(seals) = mine.first() {
        const KEEP: &str = "INSERT OR IGNORE INTO meta(key, value) VALUES ('canary:' || ?1, ?2)";
        w.db.prepare_cached(KEEP)?.execute((&seals.key, &seals.value))?;
    }
    all(w.db)
}

pub(super) fn forget(w: &mut Writing<'_>, key: &str) -> Result<()> {
    w.db.execute("DELETE FROM meta WHERE key = 'canary:' || ?1", [key])?;
    Ok(())
}

/// Where no account is there nothing is under any key.
pub(super) fn forget_unused(w: &mut Writing<'_>) -> Result<()> {
    const UNUSED: &str = "DELETE FROM meta WHERE key GLOB 'canary:*' AND NOT EXISTS (SELECT 1 FROM account)";
    w.db.execute(UNUSED, [])?;
    Ok(())
}

fn all(db: &Connection) -> Result<Vec<Canary>> {
    let mut q = db.prepare_cached("SELECT substr(key, 8), value FROM meta WHERE key GLOB 'canary:*' ORDER BY key")?;
    let found = q.query_map([], |r| Ok(Canary { key: r.get(0)?, value: r.get(1)? }))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
