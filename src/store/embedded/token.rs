//! Tokens of the API, and whom the orders of callers have met.

use super::{Embedded, Writing, rows};
use crate::store::codec::{decode, encode};
use crate::store::token::{ApiToken, Counted, Quota, REMEMBERED, TokenStore};
use crate::store::{Fact, Result};
use crate::types::{ApiTokenId, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;

#[async_trait::async_trait]
impl TokenStore for Embedded {
    async fn create_token(&self, token: &ApiToken) -> Result<bool> {
        let token = token.clone();
        self.write(move |w| create(w, &token)).await
    }
    async fn api_token(&self, id: ApiTokenId) -> Result<Option<ApiToken>> {
        self.read(move |db| one(db, id)).await
    }
    async fn api_tokens(&self) -> Result<Vec<ApiToken>> {
        self.read(all).await
    }
    async fn revoke_token(&self, id: ApiTokenId, at: Timestamp) -> Result<bool> {
        self.write(move |w| revoke(w, id, at)).await
    }
    async fn token_used(&self, id: ApiTokenId, at: Timestamp) -> Result<()> {
        self.write(move |w| used(w.db, id, at)).await
    }
    async fn meet(&self, caller: &str, people: &BTreeSet<[u8; 16]>, quota: Quota, now: Timestamp) -> Result<Counted> {
        let (caller, people) = (caller.to_owned(), people.clone());
        self.write(move |w| meet(w.db, (&caller, &people), quota, now)).await
    }
}

fn create(w: &mut Writing<'_>, token: &ApiToken) -> Result<bool> {
    let old = token.created.as_millis().saturating_sub(u64::try_from(REMEMBERED.as_millis()).unwrap_or(u64::MAX));
    w.db.prepare_cached("DELETE FROM api_token WHERE revoked <= ?1")?.execute([rows::int(old)])?;
    let mut q = w.db.prepare_cached("SELECT 1 FROM api_token WHERE name = ?1 AND revoked IS NULL")?;
    if q.exists([token.name.as_str()])? {
        return Ok(false);
    }
    let mut q = w.db.prepare_cached("INSERT INTO api_token(id, name, record) VALUES (?1, ?2, ?3)")?;
    q.execute(params![token.id.to_string(), token.name.as_str(), encode("token", token)?])?;
    Ok(true)
}

fn revoke(w: &mut Writing<'_>, id: ApiTokenId, at: Timestamp) -> Result<bool> {
    let mut q = w.db.prepare_cached("UPDATE api_token SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL")?;
    if q.execute(params![id.to_string(), rows::int(at.as_millis())])? == 0 {
        return Ok(false);
    }
    w.append(&Fact::TokenRevoked { token: id, at })?;
    Ok(true)
}

fn used(db: &Connection, id: ApiTokenId, at: Timestamp) -> Result<()> {
    let mut q =
        db.prepare_cached("UPDATE api_token SET last_used = ?2 WHERE id = ?1 AND coalesce(last_used, 0) < ?2")?;
    q.execute(params![id.to_string(), rows::int(at.as_millis())])?;
    Ok(())
}

type TokenRow = (String, Option<i64>, Option<i64>);

fn row(r: &Row<'_>) -> rusqlite::Result<TokenRow> {
    Ok((r.get(0)?, r.get(1)?, r.get(2)?))
}

/// What the columns say wins over the record's text.
fn token((text, used, revoked): TokenRow) -> Result<ApiToken> {
    let time = |ms: i64| Timestamp::from_millis(ms.unsigned_abs());
    Ok(ApiToken { last_used: used.map(time), revoked: revoked.map(time), ..decode("token", &text)? })
}

fn one(db: &Connection, id: ApiTokenId) -> Result<Option<ApiToken>> {
    let mut q = db.prepare_cached("SELECT record, last_used, revoked FROM api_token WHERE id = ?1")?;
    q.query_row([id.to_string()], row).optional()?.map(token).transpose()
}

fn all(db: &Connection) -> Result<Vec<ApiToken>> {
    let mut q = db.prepare_cached("SELECT record, last_used, revoked FROM api_token")?;
    let found = q.query_map([], row)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let mut found = found.into_iter().map(token).collect::<Result<Vec<_>>>()?;
    found.sort_by(|a, b| (&a.name, a.created, a.id).cmp(&(&b.name, b.created, b.id)));
    Ok(found)
}

fn meet(
    db: &Connection,
    (caller, people): (&str, &BTreeSet<[u8; 16]>),
    quota: Quota,
    now: Timestamp,
) -> Result<Counted> {
    let span = u64::try_from(quota.span.as_millis()).unwrap_or(u64::MAX);
    let over = rows::int(now.as_millis().saturating_sub(span));
    db.prepare_cached("DELETE FROM met WHERE at <= ?1 AND caller = ?2")?.execute(params![over, caller])?;
    let mut q = db.prepare_cached("SELECT person, at FROM met WHERE caller = ?1 ORDER BY at")?;
    let there = q.query_map([caller], |r| Ok((r.get::<_, Vec<u8>>(0)?, r.get::<_, i64>(1)?)))?;
    let there = there.collect::<rusqlite::Result<Vec<_>>>()?;
    let new = people.iter().filter(|p| !there.iter().any(|(t, _)| t.as_slice() == p.as_slice())).count();
    let most = usize::try_from(quota.most).unwrap_or(usize::MAX);
    if let Some(surplus) = (there.len() + new).checked_sub(most).filter(|s| *s > 0) {
        let from = there.get(surplus - 1).map_or(now, |(_, at)| Timestamp::from_millis(at.unsigned_abs()));
        return Ok(Counted::Over { until: from.plus(quota.span) });
    }
    let mut q = db.prepare_cached("INSERT OR REPLACE INTO met(caller, person, at) VALUES (?1, ?2, ?3)")?;
    for person in people {
        q.execute(params![caller, person.as_slice(), rows::int(now.as_millis())])?;
    }
    Ok(Counted::Yes)
}
