//! The database's tables, its version and its settings. An older version's file is brought up to date here, and only here.

use crate::store::{Result, StoreError};
use crate::sys::{SystemEntropy, random};
use rusqlite::Connection;
use std::fs::{OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// The file exists afterwards and only its owner can read it; SQLite gives its side files the same mode.
pub(super) fn own_file(path: &Path) -> Result<()> {
    let failed = |e| StoreError::unavailable("opening the embedded database's file", e);
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)
        }
        Err(e) => Err(failed(e)),
    }
}

/// Settings of the writing connection, then the tables.
pub(super) fn prepare(db: &Connection) -> Result<()> {
    db.busy_timeout(BUSY)?;
    // answers "memory" for a database in memory
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    // FULL: an acknowledged sign-out survives a power cut
    db.pragma_update(None, "synchronous", "FULL")?;
    migrate(db)
}

/// Settings of a reading connection.
pub(super) fn prepare_reader(db: &Connection) -> Result<()> {
    db.busy_timeout(BUSY)?;
    db.pragma_update(None, "query_only", true)?;
    Ok(())
}

fn migrate(db: &Connection) -> Result<()> {
    db.execute_batch("BEGIN IMMEDIATE")?;
    let done = steps(db);
    db.execute_batch(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    done
}

fn steps(db: &Connection) -> Result<()> {
    let found: u32 = db.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    if found > MIGRATIONS.len() {
        return Err(StoreError::Unfit(format!(
            "the database file is of a newer release (version {found}, this release knows {}): use that release",
            MIGRATIONS.len()
        )));
    }
    for step in MIGRATIONS.iter().skip(found) {
        db.execute_batch(step)?;
    }
    db.pragma_update(None, "user_version", u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX))?;
    let incarnation = data_encoding::HEXLOWER.encode(&random::<16>(&SystemEntropy));
    db.execute("INSERT OR IGNORE INTO meta(key, value) VALUES ('incarnation', ?1)", [incarnation])?;
    Ok(())
}

/// Step `n` leads from version `n` to `n + 1`. Columns are what is compared or changed by itself; where a record's text
/// holds the same value, the column is right.
const MIGRATIONS: &[&str] = &[
    "
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE account(id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, record TEXT NOT NULL);
CREATE TABLE login(key TEXT PRIMARY KEY, user TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE user_mark(user TEXT PRIMARY KEY, ended_seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE pending(
    user TEXT NOT NULL, token TEXT NOT NULL, ends INTEGER NOT NULL, failures INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (user, token));
CREATE INDEX pending_ends ON pending(ends);
CREATE TABLE session(
    user TEXT NOT NULL, id TEXT NOT NULL, token TEXT NOT NULL, old_token TEXT, began INTEGER NOT NULL,
    idle_end INTEGER NOT NULL, absolute_end INTEGER NOT NULL, ends INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (user, id));
CREATE INDEX session_ends ON session(ends);
CREATE TABLE log(seq INTEGER PRIMARY KEY AUTOINCREMENT, fact TEXT NOT NULL);
",
    "
CREATE TABLE backup(
    user TEXT PRIMARY KEY, set_id TEXT NOT NULL, salt BLOB NOT NULL, saved INTEGER NOT NULL, made INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE backup_code(user TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (user, digest)) WITHOUT ROWID;
CREATE TABLE device(
    user TEXT NOT NULL, id TEXT NOT NULL, last_used INTEGER NOT NULL, ends INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (user, id));
CREATE INDEX device_ends ON device(ends);
CREATE TABLE throttle(
    user TEXT NOT NULL, key TEXT NOT NULL, failures INTEGER NOT NULL, held_until INTEGER NOT NULL, times TEXT NOT NULL,
    ends INTEGER NOT NULL, PRIMARY KEY (user, key));
CREATE INDEX throttle_ends ON throttle(ends);
",
    "
CREATE TABLE orders(
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL, repeat BLOB UNIQUE, lifted INTEGER, ends INTEGER NOT NULL,
    record TEXT NOT NULL);
CREATE INDEX orders_ends ON orders(ends);
",
    "
CREATE TABLE api_token(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, last_used INTEGER, revoked INTEGER, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE met(caller TEXT NOT NULL, person BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (caller, person))
    WITHOUT ROWID;
",
    "
CREATE TABLE form(
    id TEXT PRIMARY KEY, network TEXT NOT NULL, size INTEGER NOT NULL, ends INTEGER NOT NULL, sealed BLOB NOT NULL);
CREATE INDEX form_network ON form(network);
CREATE INDEX form_ends ON form(ends, size);
",
];

const BUSY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_first_version_is_brought_up_to_date_with_its_data() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(MIGRATIONS[0]).unwrap();
        db.pragma_update(None, "user_version", 1).unwrap();
        db.execute("INSERT INTO account VALUES ('a', 'alice', 1, '{}')", []).unwrap();
        prepare(&db).unwrap();
        let count = |sql| db.query_row(sql, [], |r| r.get::<_, u32>(0)).unwrap();
        assert_eq!((count("SELECT count(*) FROM account"), count("SELECT count(*) FROM device")), (1, 0));
    }

    #[test]
    fn the_file_is_the_owners_alone_and_a_newer_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.db");
        std::fs::write(&path, "").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        own_file(&path).unwrap();
        let db = Connection::open(&path).unwrap();
        prepare(&db).unwrap();
        for file in ["p.db", "p.db-wal", "p.db-shm"] {
            let mode = std::fs::metadata(dir.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        prepare(&db).unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(prepare(&db), Err(StoreError::Unfit(_))));
    }
}
