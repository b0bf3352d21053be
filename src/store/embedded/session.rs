//! Sessions: opened, rotated, touched; and an enrolment's confirmation, which does both and more in one step.

use super::account::accept_step;
use super::{Writing, backup, end, rows, throttle};
use crate::store::throttle::{CodeKind, code};
use crate::store::{
    Account, Confirmation, Fact, Opened, Pending, Proof, Purpose, Result, Session, Step, Stored, Touch,
};
use crate::types::{Timestamp, TokenRef};
use rusqlite::{Connection, params};

/// Which way into a session a verb allows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Open,
    Rotate,
    Confirm,
}

pub(super) fn open(w: &mut Writing<'_>, from: TokenRef, s: &Session, now: Timestamp) -> Result<Opened> {
    match check(w.db, Way::Open, (from, now), s)? {
        Ok(checked) => enter(w, (from, now), s, &checked),
        Err(refused) => refuse(w, from, refused),
    }
}

pub(super) fn rotate(w: &mut Writing<'_>, from: TokenRef, s: &Session, now: Timestamp) -> Result<Opened> {
    match check(w.db, Way::Rotate, (from, now), s)? {
        Ok(checked) => enter(w, (from, now), s, &checked),
        Err(refused) => refuse(w, from, refused),
    }
}

pub(super) fn answer(
    w: &mut Writing<'_>,
    from: TokenRef,
    proof: Proof,
    (s, now): (&Session, Timestamp),
) -> Result<Opened> {
    let way = if s.old.is_some() { Way::Rotate } else { Way::Open };
    let checked = match check(w.db, way, (from, now), s)? {
        Ok(checked) => checked,
        Err(refused) => return refuse(w, from, refused),
    };
    let spent = match proof {
        Proof::Totp(burn) => accept_step(w, s.user, burn.factor, (burn.step, now))?,
        Proof::Backup { set, digest } if backup::spend(w.db, s.user, set, &digest)? => {
            // it may have been the last one, and nodes know what somebody can give
            w.append(&Fact::UserChanged { user: s.user })?;
            Step::Accepted
        }
        Proof::Backup { .. } => Step::Replayed,
    };
    match spent {
        Step::Accepted => enter(w, (from, now), s, &checked),
        Step::Replayed => Ok(Opened::Replayed),
        Step::NotEnrolled => Ok(Opened::Spent),
    }
}

pub(super) fn confirm(w: &mut Writing<'_>, from: TokenRef, c: &Confirmation, now: Timestamp) -> Result<Opened> {
    let (factor, s) = (&c.factor, &c.session);
    let checked = match check(w.db, Way::Confirm, (from, now), s)? {
        Ok(checked) => checked,
        Err(refused) => return refuse(w, from, refused),
    };
    if checked.pending.unconfirmed.as_ref().is_none_or(|u| u.factor != factor.id) {
        return Ok(Opened::Spent);
    }
    let Some(next) = c.applied_to(&checked.account, checked.pending.purpose, now) else { return Ok(Opened::Spent) };
    rows::write_account(w.db, &next)?;
    throttle::forget(w.db, s.user, code(CodeKind::Totp))?;
    if let Purpose::Replace { session } = checked.pending.purpose {
        end::user(w, s.user, Some(session))?;
    }
    // read again: the ending moved the session's beginning
    let existing = rows::session(w.db, s.user, s.id)?;
    let opened = enter(w, (from, now), s, &Checked { account: next, existing, ..checked })?;
    if let Some((codes, shown)) = &c.codes {
        backup::write(w.db, s.user, codes)?;
        rows::write_pending(w.db, shown)?;
    }
    w.append(&Fact::UserChanged { user: s.user })?;
    Ok(opened)
}

struct Checked {
    account: Account,
    pending: Pending,
    /// The session as it is, where it is to be rotated.
    existing: Option<Session>,
}

fn check(
    db: &Connection,
    way: Way,
    (from, now): (TokenRef, Timestamp),
    s: &Session,
) -> Result<std::result::Result<Checked, Opened>> {
    let Some(account) = rows::account(db, s.user)?.filter(|a| !a.disabled) else { return Ok(Err(Opened::Ended)) };
    let existing = rows::session(db, s.user, s.id)?;
    let mark = rows::mark(db, s.user)?;
    let pending = rows::pending(db, from)?.filter(|p| now < p.ends && p.user == s.user);
    let Some(pending) = pending else {
        let ended = existing.is_none() && (way == Way::Rotate || mark > s.began);
        return Ok(Err(if ended { Opened::Ended } else { Opened::Spent }));
    };
    let refusal = match pending.purpose {
        Purpose::SignIn if way == Way::Rotate || existing.is_some() => Some(Opened::Spent),
        Purpose::SignIn => (mark > pending.began.min(s.began)).then_some(Opened::Ended),
        Purpose::Codes { .. } => Some(Opened::Spent),
        Purpose::StepUp { session } if session != s.id || way != Way::Rotate => Some(Opened::Spent),
        Purpose::Enrol { session } | Purpose::Replace { session } if session != s.id || way != Way::Confirm => {
            Some(Opened::Spent)
        }
        Purpose::StepUp { .. } | Purpose::Enrol { .. } | Purpose::Replace { .. } => match &existing {
            None => Some(Opened::Ended),
            // rotated by somebody else since the caller read it
            Some(e) => s.old.as_ref().is_some_and(|o| o.token != e.token).then_some(Opened::Spent),
        },
    };
    Ok(match refusal {
        Some(r) => Err(r),
        None => Ok(Checked { account, pending, existing }),
    })
}

/// What is over takes its pending sign-in with it.
fn refuse(w: &mut Writing<'_>, from: TokenRef, refused: Opened) -> Result<Opened> {
    if refused == Opened::Ended {
        rows::drop_pending(w.db, from)?;
    }
    Ok(refused)
}

fn enter(w: &mut Writing<'_>, (from, now): (TokenRef, Timestamp), s: &Session, checked: &Checked) -> Result<Opened> {
    rows::drop_pending(w.db, from)?;
    match &checked.existing {
        None => {
            rows::write_session(w.db, s)?;
            rows::proved(w.db, s, Some(now))?;
        }
        Some(e) => {
            let (began, idle_end) = (s.began.max(e.began), s.idle_end.max(e.idle_end));
            rows::write_session(w.db, &Session { began, idle_end, ..s.clone() })?;
            rows::proved(w.db, s, None)?;
            w.append(&Fact::SessionRotated { user: s.user, session: s.id })?;
        }
    }
    Ok(Opened::Yes)
}

pub(super) fn find(db: &Connection, at: TokenRef, now: Timestamp) -> Result<Option<Stored>> {
    let found = rows::session_and_account(db, at)?;
    Ok(found
        .filter(|(s, _)| s.lives(now) && s.opens(&at.hash, now).is_some())
        .map(|(session, account)| Stored { session, account }))
}

pub(super) fn touch(w: &mut Writing<'_>, many: &[Touch]) -> Result<()> {
    let mut q = w.db.prepare_cached(
        "UPDATE session SET idle_end = ?3, ends = min(?3, absolute_end) WHERE user = ?1 AND id = ?2 AND idle_end < ?3",
    )?;
    for t in many {
        q.execute(params![t.user.to_string(), t.session.to_string(), rows::int(t.idle_end.as_millis())])?;
    }
    Ok(())
}
