//! Endings: of one session, of all of a user's, of everybody's. The log entry and the ending are one transaction.

use super::{Writing, device, rows};
use crate::store::{Fact, Result};
use crate::types::{Seq, SessionId, Timestamp, UserId};
use rusqlite::params;

pub(super) fn session(w: &mut Writing<'_>, user: UserId, session: SessionId) -> Result<Option<Seq>> {
    let mut q = w.db.prepare_cached("DELETE FROM session WHERE user = ?1 AND id = ?2")?;
    if q.execute([user.to_string(), session.to_string()])? == 0 {
        return Ok(None);
    }
    w.append(&Fact::SessionEnded { user, session }).map(Some)
}

/// The excepted session counts as begun after the mark from here on, so that one comparison serves everywhere.
pub(super) fn user(w: &mut Writing<'_>, user: UserId, except: Option<SessionId>) -> Result<Seq> {
    let seq = w.append(&Fact::UserEnded { user, except })?;
    let own = except.map(|s| rows::session(w.db, user, s)).transpose()?.flatten().and_then(|s| s.device);
    device::end_all(w.db, user, own)?;
    let (id, kept) = (user.to_string(), except.map(|s| s.to_string()).unwrap_or_default());
    w.db.execute("DELETE FROM session WHERE user = ?1 AND id <> ?2", params![id, kept])?;
    w.db.execute("UPDATE session SET began = ?3 WHERE user = ?1 AND id = ?2", params![id, kept, rows::int(seq.0)])?;
    w.db.execute("DELETE FROM pending WHERE user = ?1", params![id])?;
    w.db.execute("INSERT OR REPLACE INTO user_mark(user, ended_seq) VALUES (?1, ?2)", params![id, rows::int(seq.0)])?;
    Ok(seq)
}

/// A fact that somebody tells by itself. What it says is done in the same transaction.
pub(super) fn told(w: &mut Writing<'_>, fact: &Fact) -> Result<Seq> {
    match fact {
        Fact::UserEnded { user: id, except } => user(w, *id, *except),
        Fact::SessionEnded { user, session } => {
            let mut q = w.db.prepare_cached("DELETE FROM session WHERE user = ?1 AND id = ?2")?;
            q.execute([user.to_string(), session.to_string()])?;
            w.append(fact)
        }
        Fact::Everything => {
            let seq = w.append(fact)?;
            w.db.execute("DELETE FROM session", [])?;
            w.db.execute("DELETE FROM pending", [])?;
            w.db.execute("INSERT OR REPLACE INTO meta(key, value) VALUES ('everything', ?1)", [rows::int(seq.0)])?;
            Ok(seq)
        }
        Fact::SessionRotated { .. }
        | Fact::UserChanged { .. }
        | Fact::Order { .. }
        | Fact::Lifted { .. }
        | Fact::TokenRevoked { .. } => w.append(fact),
    }
}

/// One helping of the sweep: small, so that writers wait for milliseconds only.
pub(super) fn sweep(w: &mut Writing<'_>, now: Timestamp) -> Result<usize> {
    let now = rows::int(now.as_millis());
    let mut swept = 0;
    for table in ["session", "pending", "device", "throttle", "orders", "form"] {
        let sql = format!(
            "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE ends <= ?1 ORDER BY ends LIMIT {HELPING})"
        );
        swept += w.db.prepare_cached(&sql)?.execute([now])?;
    }
    // an ended log entry has done its work within the lease; the counter goes on
    w.db.execute("DELETE FROM log WHERE seq <= (SELECT max(seq) FROM log) - ?1", [KEPT_ENTRIES])?;
    Ok(swept)
}

pub(super) const HELPING: usize = 500;
const KEPT_ENTRIES: i64 = 100_000;
