//! Pending sign-ins: begun, failed, taken once.

use super::{Writing, rows};
use crate::store::record::Unconfirmed;
use crate::store::{Drift, Failed, Pending, Result};
use crate::types::{FactorId, Timestamp, TokenRef};
use rusqlite::Connection;

/// The pending sign-in, if nothing has ended it: neither time, nor an ending of the user's, nor of its session.
pub(super) fn live(db: &Connection, at: TokenRef, now: Timestamp) -> Result<Option<Pending>> {
    let Some(p) = rows::pending(db, at)?.filter(|p| now < p.ends) else { return Ok(None) };
    let stands = match p.purpose.session() {
        None => rows::mark(db, p.user)? <= p.began,
        Some(session) => rows::session(db, p.user, session)?.is_some(),
    };
    Ok(stands.then_some(p))
}

pub(super) fn offer(
    w: &mut Writing<'_>,
    at: TokenRef,
    offered: Unconfirmed,
    now: Timestamp,
) -> Result<Option<(FactorId, Vec<u8>)>> {
    let Some(mut p) = live(w.db, at, now)? else { return Ok(None) };
    let kept = p.unconfirmed.get_or_insert(offered).clone();
    rows::write_pending(w.db, &p)?;
    Ok(Some((kept.factor, kept.sealed)))
}

pub(super) fn fail(
    w: &mut Writing<'_>,
    at: TokenRef,
    (limit, drift): (u32, Option<Drift>),
    now: Timestamp,
) -> Result<Failed> {
    let Some(p) = live(w.db, at, now)? else { return Ok(Failed::Gone) };
    let failures = p.failures.saturating_add(1);
    if failures >= limit {
        rows::drop_pending(w.db, at)?;
        return Ok(Failed::Ended);
    }
    rows::write_pending(w.db, &Pending { failures, drift, ..p })?;
    Ok(Failed::Left(limit - failures))
}

pub(super) fn take(w: &mut Writing<'_>, at: TokenRef, now: Timestamp) -> Result<Option<Pending>> {
    let found = live(w.db, at, now)?;
    if found.is_some() {
        rows::drop_pending(w.db, at)?;
    }
    Ok(found)
}
