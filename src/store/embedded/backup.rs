//! Backup codes: one set for each user, beside the account's record.

use super::rows;
use crate::store::record::BackupStock;
use crate::store::{NewBackup, Result, StoreError};
use crate::types::{SetId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn stock(db: &Connection, user: UserId) -> Result<Option<BackupStock>> {
    let mut q = db.prepare_cached(
        "SELECT set_id, salt, saved, made, (SELECT count(*) FROM backup_code c WHERE c.user = b.user)
         FROM backup b WHERE b.user = ?1",
    )?;
    let row = q.query_row([user.to_string()], |r| {
        Ok((r.get::<_, String>(0)?, r.get(1)?, r.get(2)?, r.get::<_, i64>(3)?, r.get(4)?))
    });
    let Some((set, salt, saved, made, left)) = row.optional()? else { return Ok(None) };
    let set = set.parse().map_err(|e| StoreError::corrupt("backup codes", e))?;
    Ok(Some(BackupStock { set, salt, left, saved, made: Timestamp::from_millis(made.unsigned_abs()) }))
}

pub(super) fn write(db: &Connection, user: UserId, new: &NewBackup) -> Result<()> {
    forget(db, user)?;
    let id = user.to_string();
    let made = rows::int(new.made.as_millis());
    let mut q = db.prepare_cached("INSERT INTO backup(user, set_id, salt, saved, made) VALUES (?1, ?2, ?3, 0, ?4)")?;
    q.execute(params![id, new.set.to_string(), new.salt, made])?;
    let mut q = db.prepare_cached("INSERT OR IGNORE INTO backup_code(user, digest) VALUES (?1, ?2)")?;
    for digest in &new.digests {
        q.execute(params![id, digest])?;
    }
    Ok(())
}

pub(super) fn forget(db: &Connection, user: UserId) -> Result<()> {
    for table in ["backup", "backup_code"] {
        db.execute(&format!("DELETE FROM {table} WHERE user = ?1"), [user.to_string()])?;
    }
    Ok(())
}

/// True where it was still a code of this very set.
pub(super) fn spend(db: &Connection, user: UserId, set: SetId, digest: &[u8; 32]) -> Result<bool> {
    let mut q = db.prepare_cached(
        "DELETE FROM backup_code WHERE user = ?1 AND digest = ?3
         AND EXISTS (SELECT 1 FROM backup b WHERE b.user = ?1 AND b.set_id = ?2)",
    )?;
    Ok(q.execute(params![user.to_string(), set.to_string(), digest])? == 1)
}

/// True where it is still this set.
pub(super) fn saved(db: &Connection, user: UserId, set: SetId) -> Result<bool> {
    let mut q = db.prepare_cached("UPDATE backup SET saved = 1 WHERE user = ?1 AND set_id = ?2")?;
    Ok(q.execute([user.to_string(), set.to_string()])? == 1)
}
