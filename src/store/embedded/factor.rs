//! What happens to all of a user's second factors at once: new backup codes, none any more, a reset, the account's end.

use super::{Writing, account, backup, device, end, pending, rows, throttle};
use crate::store::throttle::{CodeKind, code};
use crate::store::{Account, Burn, EnrolmentCode, Fact, NewBackup, Pending, Purpose, Replaced, Result, Step};
use crate::types::{SessionId, Timestamp, TokenRef, UserId};
use rusqlite::params;

pub(super) fn replace_backup(
    w: &mut Writing<'_>,
    burn: Option<Burn>,
    (codes, shown): (&NewBackup, &Pending),
    now: Timestamp,
) -> Result<Replaced> {
    let user = shown.user;
    if rows::account(w.db, user)?.is_none_or(|a| !a.has_second_factor()) {
        return Ok(Replaced::NotEnrolled);
    }
    if let Some(refused) = spend(w, user, burn, now)? {
        return Ok(refused);
    }
    backup::write(w.db, user, codes)?;
    rows::write_pending(w.db, shown)?;
    // nodes know what somebody can give
    w.append(&Fact::UserChanged { user })?;
    Ok(Replaced::Yes)
}

pub(super) fn codes_saved(w: &mut Writing<'_>, at: TokenRef, now: Timestamp) -> Result<bool> {
    let shown = pending::live(w.db, at, now)?.filter(|p| matches!(p.purpose, Purpose::Codes { .. }));
    let Some(codes) = shown.and_then(|p| p.codes) else { return Ok(false) };
    rows::drop_pending(w.db, at)?;
    backup::saved(w.db, at.user, codes.set)
}

pub(super) fn disable(
    w: &mut Writing<'_>,
    user: UserId,
    burn: Option<Burn>,
    (except, now): (Option<SessionId>, Timestamp),
) -> Result<Replaced> {
    if rows::account(w.db, user)?.is_none_or(|a| !a.has_second_factor()) {
        return Ok(Replaced::NotEnrolled);
    }
    if let Some(refused) = spend(w, user, burn, now)? {
        return Ok(refused);
    }
    strip(w, user, None, except)?;
    for kind in [CodeKind::Totp, CodeKind::Backup] {
        throttle::forget(w.db, user, code(kind))?;
    }
    Ok(Replaced::Yes)
}

pub(super) fn reset(w: &mut Writing<'_>, user: UserId, code: Option<EnrolmentCode>) -> Result<bool> {
    let there = strip(w, user, code, None)?;
    throttle::unlock(w.db, user)?;
    Ok(there)
}

pub(super) fn delete_account(w: &mut Writing<'_>, user: UserId) -> Result<bool> {
    if rows::account(w.db, user)?.is_none() {
        return Ok(false);
    }
    end::user(w, user, None)?;
    backup::forget(w.db, user)?;
    device::end_all(w.db, user, None)?;
    throttle::unlock(w.db, user)?;
    let id = user.to_string();
    w.db.execute("DELETE FROM login WHERE user = ?1", params![id])?;
    w.db.execute("DELETE FROM account WHERE id = ?1", params![id])?;
    w.append(&Fact::UserChanged { user })?;
    Ok(true)
}

/// Takes factors and backup codes away and ends what a change of factors ends.
fn strip(w: &mut Writing<'_>, user: UserId, code: Option<EnrolmentCode>, except: Option<SessionId>) -> Result<bool> {
    let Some(a) = rows::account(w.db, user)? else { return Ok(false) };
    let next = Account { factors: Vec::new(), enrolment_code: code, version: a.version + 1, ..a };
    rows::write_account(w.db, &next)?;
    backup::forget(w.db, user)?;
    end::user(w, user, except)?;
    w.append(&Fact::UserChanged { user })?;
    Ok(true)
}

/// What refuses the code, if one was given.
fn spend(w: &mut Writing<'_>, user: UserId, burn: Option<Burn>, now: Timestamp) -> Result<Option<Replaced>> {
    let Some(burn) = burn else { return Ok(None) };
    Ok(match account::accept_step(w, user, burn.factor, (burn.step, now))? {
        Step::Accepted => None,
        Step::Replayed => Some(Replaced::Replayed),
        Step::NotEnrolled => Some(Replaced::NotEnrolled),
    })
}
