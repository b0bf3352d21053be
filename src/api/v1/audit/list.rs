//! `GET /api/v1/audit`: events, the newest first or after a place the oldest first, a page at a time.

use super::{Wanted, unavailable};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit::{AuditCursor, AuditFrom};
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    user: Option<String>,
    actor: Option<String>,
    kind: Option<String>,
    from: Option<String>,
    until: Option<String>,
    /// `next` of the page before; the newest first.
    before: Option<String>,
    /// `next` of the page before, or the place of an event; the oldest first. `0-0`: from the beginning.
    after: Option<String>,
    limit: Option<usize>,
}

/// One page.
#[derive(Debug, Serialize, Deserialize)]
pub struct AuditEvents {
    pub events: Vec<AuditLine>,
    /// `before` or `after` of the next page, as it was for this one; null: this is the last one. A page may have fewer
    /// events than its limit, even none, and still a next one.
    pub next: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct AuditLine {
    /// Its place in the store, for `before` and `after`.
    pub place: String,
    /// Byte for byte as the chain has it.
    pub event: Box<RawValue>,
}

pub(super) async fn handle(
    State(desk): State<Desk>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<AuditEvents>, Problem> {
    let Query(Page { user, actor, kind, from, until, before, after, limit }) = page?;
    let wanted = Wanted { user, actor, kind, from, until };
    let limit = limit.unwrap_or(USUAL_LIMIT);
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        return Err(Problem::bad_input(format!("limit is {limit}; give a number from 1 to {HIGHEST_LIMIT}.")));
    }
    let from = place_of(before.as_deref(), after.as_deref())?;
    let filter = wanted.filter(&desk).await?;
    let page = desk.audit.page(&filter, from, limit).await.map_err(|e| unavailable(&e))?;
    let line = |row: crate::audit::AuditEntry| {
        let event = RawValue::from_string(row.line).map_err(|e| unavailable(&e))?;
        Ok(AuditLine { place: row.place.to_string(), event })
    };
    let events = page.rows.into_iter().map(line).collect::<Result<_, Problem>>()?;
    Ok(Json(AuditEvents { events, next: page.next.map(|n| n.to_string()) }))
}

fn place_of(before: Option<&str>, after: Option<&str>) -> Result<AuditFrom, Problem> {
    let place =
        |name: &str, text: &str| text.parse::<AuditCursor>().map_err(|e| Problem::bad_input(format!("{name} is {e}.")));
    match (before, after) {
        (None, None) => Ok(AuditFrom::Newest),
        (Some(text), None) => Ok(AuditFrom::Before(place("before", text)?)),
        (None, Some(text)) => Ok(AuditFrom::After(place("after", text)?)),
        (Some(_), Some(_)) => Err(Problem::bad_input("Give before (the newest first) or after (the oldest first).")),
    }
}

const USUAL_LIMIT: usize = 100;
const HIGHEST_LIMIT: usize = 1000;
