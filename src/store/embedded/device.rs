//! Devices: left by sign-ins, used by their rotating tokens, ended with what was begun on them.

use super::{Writing, rows, throttle};
use crate::store::codec::{decode, encode};
use crate::store::device::{Age, GRACE, PreviousToken, surplus};
use crate::store::{Device, DeviceLimits, Result, Used};
use crate::types::{DeviceId, DeviceRef, SessionId, Timestamp, TokenHash, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

pub(super) fn put(w: &mut Writing<'_>, d: &Device, session: SessionId, limits: DeviceLimits) -> Result<bool> {
    if rows::session(w.db, d.user, session)?.is_none() {
        return Ok(false);
    }
    for id in surplus(&all(w.db, d.user)?, d, limits) {
        forget(w.db, d.user, id)?;
    }
    let kept = one(w.db, d.user, d.id)?;
    let (token, previous) = kept.map_or((d.token, d.previous), |k| (k.token, k.previous));
    write(w.db, &Device { token, previous, ..d.clone() })?;
    Ok(true)
}

pub(super) fn used(w: &mut Writing<'_>, at: DeviceRef, next: TokenHash, now: Timestamp) -> Result<Used> {
    let Some(d) = one(w.db, at.user, at.device)?.filter(|d| now < d.ends) else { return Ok(Used::Unknown) };
    Ok(match d.presented(&at.hash, now) {
        Age::Present => {
            let previous = Some(PreviousToken { token: d.token, until: now.plus(GRACE) });
            let d = Device { token: next, previous, last_used: d.last_used.max(now), ..d };
            write(w.db, &d)?;
            Used::Rotated(d)
        }
        Age::Previous => Used::Previous(d),
        Age::Older => Used::Stale(d),
    })
}

pub(super) fn find(db: &Connection, at: DeviceRef, now: Timestamp) -> Result<Option<Device>> {
    let found = one(db, at.user, at.device)?.filter(|d| now < d.ends);
    Ok(found.filter(|d| d.presented(&at.hash, now) != Age::Older))
}

pub(super) fn end(w: &mut Writing<'_>, user: UserId, device: DeviceId) -> Result<bool> {
    if one(w.db, user, device)?.is_none() {
        return Ok(false);
    }
    for s in rows::sessions(w.db, user)?.iter().filter(|s| s.device == Some(device)) {
        super::end::session(w, user, s.id)?;
    }
    forget(w.db, user, device)?;
    Ok(true)
}

/// All but one go, and that one is trusted no more.
pub(super) fn end_all(db: &Connection, user: UserId, known: Option<DeviceId>) -> Result<()> {
    for d in all(db, user)? {
        if Some(d.id) == known {
            write(db, &Device { trusted_until: None, ..d })?;
        } else {
            forget(db, user, d.id)?;
        }
    }
    Ok(())
}

/// All of the user's, the expired ones too; the last used first.
pub(super) fn all(db: &Connection, user: UserId) -> Result<Vec<Device>> {
    let mut q = db.prepare_cached("SELECT record FROM device WHERE user = ?1 ORDER BY last_used DESC, id")?;
    let rows = q.query_map([user.to_string()], record)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.iter().map(|text| decode("device", text)).collect()
}

fn one(db: &Connection, user: UserId, device: DeviceId) -> Result<Option<Device>> {
    let mut q = db.prepare_cached("SELECT record FROM device WHERE user = ?1 AND id = ?2")?;
    let text = q.query_row([user.to_string(), device.to_string()], record).optional()?;
    text.map(|text| decode("device", &text)).transpose()
}

fn record(r: &Row<'_>) -> rusqlite::Result<String> {
    r.get(0)
}

fn write(db: &Connection, d: &Device) -> Result<()> {
    let mut q = db.prepare_cached(
        "INSERT OR REPLACE INTO device(user, id, last_used, ends, record) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let (used, ends) = (rows::int(d.last_used.as_millis()), rows::int(d.ends.as_millis()));
    q.execute(params![d.user.to_string(), d.id.to_string(), used, ends, encode("device", d)?])?;
    Ok(())
}

fn forget(db: &Connection, user: UserId, device: DeviceId) -> Result<()> {
    let mut q = db.prepare_cached("DELETE FROM device WHERE user = ?1 AND id = ?2")?;
    q.execute([user.to_string(), device.to_string()])?;
    throttle::forget(db, user, &crate::store::throttle::on_device(device))
}
