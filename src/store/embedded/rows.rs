//! Rows as records and back. Columns that change by themselves (idle end, began, failures) win over the record's text.

use super::backup;
use crate::store::codec::{decode, encode};
use crate::store::{Account, Pending, Result, Session};
use crate::types::{Seq, SessionId, Timestamp, TokenRef, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// SQLite's integers are signed: the far end of time is theirs.
pub(super) fn int(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn time(r: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp::from_millis(r.get::<_, i64>(column)?.unsigned_abs()))
}

/// A position of the log in a row's first column.
pub(super) fn seq(r: &Row<'_>) -> rusqlite::Result<Seq> {
    Ok(Seq(r.get::<_, i64>(0)?.unsigned_abs()))
}

pub(super) fn account(db: &Connection, user: UserId) -> Result<Option<Account>> {
    let mut q = db.prepare_cached("SELECT record FROM account WHERE id = ?1")?;
    let text: Option<String> = q.query_row([user.to_string()], |r| r.get(0)).optional()?;
    text.map(|t| read_account(db, &t)).transpose()
}

/// The record with what lies beside it.
pub(super) fn read_account(db: &Connection, text: &str) -> Result<Account> {
    let a: Account = decode("account", text)?;
    Ok(Account { backup: backup::stock(db, a.id)?, ..a })
}

pub(super) fn write_account(db: &Connection, a: &Account) -> Result<()> {
    let mut q = db.prepare_cached(
        "INSERT INTO account(id, name, version, record) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT(id) DO UPDATE SET name = ?2, version = ?3, record = ?4",
    )?;
    q.execute(params![a.id.to_string(), a.name.as_str(), int(a.version), encode("account", a)?])?;
    Ok(())
}

/// A session was opened (at `now`) or lifted.
pub(super) fn proved(db: &Connection, s: &Session, opened: Option<Timestamp>) -> Result<()> {
    let Some(mut a) = account(db, s.user)? else { return Ok(()) };
    a.last_sign_in = a.last_sign_in.max(opened);
    a.proofs.join(&s.proofs);
    write_account(db, &a)
}

/// Up to which entry of the log everything of the user is over.
pub(super) fn mark(db: &Connection, user: UserId) -> Result<Seq> {
    let mut q = db.prepare_cached("SELECT ended_seq FROM user_mark WHERE user = ?1")?;
    let own = q.query_row([user.to_string()], seq).optional()?;
    let all = db.query_row("SELECT value FROM meta WHERE key = 'everything'", [], seq).optional()?;
    Ok(own.max(all).unwrap_or_default())
}

pub(super) const SESSION: &str = "s.record AS s_record, s.began, s.idle_end";

struct SessionRow {
    record: String,
    began: Seq,
    idle_end: Timestamp,
}

impl SessionRow {
    fn read(r: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(SessionRow {
            record: r.get("s_record")?,
            began: Seq(r.get::<_, i64>("began")?.unsigned_abs()),
            idle_end: time(r, "idle_end")?,
        })
    }
    fn record(self) -> Result<Session> {
        let s: Session = decode("session", &self.record)?;
        Ok(Session { began: self.began, idle_end: self.idle_end, ..s })
    }
}

pub(super) fn session(db: &Connection, user: UserId, id: SessionId) -> Result<Option<Session>> {
    let mut q = db.prepare_cached(&format!("SELECT {SESSION} FROM session s WHERE s.user = ?1 AND s.id = ?2"))?;
    let row = q.query_row([user.to_string(), id.to_string()], SessionRow::read).optional()?;
    row.map(SessionRow::record).transpose()
}

/// All of the user's, the expired ones too.
pub(super) fn sessions(db: &Connection, user: UserId) -> Result<Vec<Session>> {
    let mut q = db.prepare_cached(&format!("SELECT {SESSION} FROM session s WHERE s.user = ?1 ORDER BY s.id"))?;
    let rows = q.query_map([user.to_string()], SessionRow::read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().map(SessionRow::record).collect()
}

/// The session that has this as its present or old token, and its account as text.
pub(super) fn session_and_account(db: &Connection, at: TokenRef) -> Result<Option<(Session, Account)>> {
    let mut q = db.prepare_cached(&format!(
        "SELECT {SESSION}, a.record AS a_record FROM session s JOIN account a ON a.id = s.user
         WHERE s.user = ?1 AND (s.token = ?2 OR s.old_token = ?2)"
    ))?;
    let row = q
        .query_row([at.user.to_string(), at.hash.hex()], |r| {
            Ok((SessionRow::read(r)?, r.get::<_, String>("a_record")?))
        })
        .optional()?;
    row.map(|(s, a)| Ok((s.record()?, read_account(db, &a)?))).transpose()
}

pub(super) fn write_session(db: &Connection, s: &Session) -> Result<()> {
    let mut q = db.prepare_cached(
        "INSERT OR REPLACE INTO session(user, id, token, old_token, began, idle_end, absolute_end, ends, record)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, min(?6, ?7), ?8)",
    )?;
    q.execute(params![
        s.user.to_string(),
        s.id.to_string(),
        s.token.hex(),
        s.old.as_ref().map(|o| o.token.hex()),
        int(s.began.0),
        int(s.idle_end.as_millis()),
        int(s.absolute_end.as_millis()),
        encode("session", s)?,
    ])?;
    Ok(())
}

/// The row as it lies there, expired or not.
pub(super) fn pending(db: &Connection, at: TokenRef) -> Result<Option<Pending>> {
    let mut q = db.prepare_cached("SELECT record, failures FROM pending WHERE user = ?1 AND token = ?2")?;
    let row: Option<(String, u32)> =
        q.query_row([at.user.to_string(), at.hash.hex()], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
    row.map(|(text, failures)| Ok(Pending { failures, ..decode("pending sign-in", &text)? })).transpose()
}

pub(super) fn write_pending(db: &Connection, p: &Pending) -> Result<()> {
    let mut q = db.prepare_cached(
        "INSERT OR REPLACE INTO pending(user, token, ends, failures, record) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let text = encode("pending sign-in", p)?;
    q.execute(params![p.user.to_string(), p.token.hex(), int(p.ends.as_millis()), p.failures, text])?;
    Ok(())
}

pub(super) fn drop_pending(db: &Connection, at: TokenRef) -> Result<()> {
    let mut q = db.prepare_cached("DELETE FROM pending WHERE user = ?1 AND token = ?2")?;
    q.execute([at.user.to_string(), at.hash.hex()])?;
    Ok(())
}
