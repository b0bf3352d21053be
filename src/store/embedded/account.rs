//! Accounts and their one namespace of names and addresses.

use super::rows;
use super::{Writing, end};
use crate::store::{Account, Changed, Created, Ends, Fact, Result, Step};
use crate::types::{FactorId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn create(w: &mut Writing<'_>, a: &Account) -> Result<Created> {
    if holder(w.db, a.name.as_str())?.is_some() {
        return Ok(Created::NameTaken);
    }
    if let Some(email) = &a.email
        && holder(w.db, email.as_str())?.is_some()
    {
        return Ok(Created::EmailTaken);
    }
    claim(w.db, a)?;
    rows::write_account(w.db, a)?;
    Ok(Created::Yes)
}

pub(super) fn change(w: &mut Writing<'_>, a: &Account, ends: Ends) -> Result<Changed> {
    let Some(stored) = rows::account(w.db, a.id)? else { return Ok(Changed::Gone) };
    if stored.version != a.version {
        return Ok(Changed::Outdated);
    }
    let id = a.id.to_string();
    let taken = |key: &str| Ok::<_, crate::store::StoreError>(holder(w.db, key)?.is_some_and(|h| h != id));
    if taken(a.name.as_str())? {
        return Ok(Changed::NameTaken);
    }
    if let Some(email) = &a.email
        && taken(email.as_str())?
    {
        return Ok(Changed::EmailTaken);
    }
    w.db.execute("DELETE FROM login WHERE user = ?1", [&id])?;
    claim(w.db, a)?;
    let mut next = Account { version: a.version + 1, ..a.clone() };
    next.keep_steps(&stored);
    rows::write_account(w.db, &next)?;
    match ends {
        Ends::Nothing => {}
        Ends::Others(except) => drop(end::user(w, a.id, except)?),
        Ends::Everything => drop(end::user(w, a.id, None)?),
    }
    w.append(&Fact::UserChanged { user: a.id })?;
    Ok(Changed::Yes)
}

pub(super) fn by_login(db: &Connection, key: &str) -> Result<Option<Account>> {
    let mut q = db.prepare_cached("SELECT a.record FROM login l JOIN account a ON a.id = l.user WHERE l.key = ?1")?;
    let text: Option<String> = q.query_row([key], |r| r.get(0)).optional()?;
    text.map(|t| rows::read_account(db, &t)).transpose()
}

pub(super) fn roster(db: &Connection, after: Option<&str>, limit: usize) -> Result<Vec<Account>> {
    let mut q = db.prepare_cached("SELECT record FROM account WHERE ?1 IS NULL OR name > ?1 ORDER BY name LIMIT ?2")?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let texts = q.query_map(params![after, limit], |r| r.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    texts.iter().map(|t| rows::read_account(db, t)).collect()
}

pub(super) fn accept_step(
    w: &mut Writing<'_>,
    user: UserId,
    factor: FactorId,
    (step, now): (u64, Timestamp),
) -> Result<Step> {
    let Some(mut account) = rows::account(w.db, user)? else { return Ok(Step::NotEnrolled) };
    let Some(f) = account.factors.iter_mut().find(|f| f.id == factor) else { return Ok(Step::NotEnrolled) };
    if f.last_step.is_some_and(|last| step <= last) {
        return Ok(Step::Replayed);
    }
    f.last_step = Some(step);
    f.last_used = Some(now);
    rows::write_account(w.db, &account)?;
    Ok(Step::Accepted)
}

fn holder(db: &Connection, key: &str) -> Result<Option<String>> {
    let mut q = db.prepare_cached("SELECT user FROM login WHERE key = ?1")?;
    Ok(q.query_row([key], |r| r.get(0)).optional()?)
}

fn claim(db: &Connection, a: &Account) -> Result<()> {
    let mut q = db.prepare_cached("INSERT INTO login(key, user) VALUES (?1, ?2)")?;
    for key in [Some(a.name.as_str()), a.email.as_ref().map(|e| e.as_str())].into_iter().flatten() {
        q.execute([key, &a.id.to_string()])?;
    }
    Ok(())
}
