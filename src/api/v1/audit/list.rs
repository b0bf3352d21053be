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
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Name, e-mail address or id; the id also of an account that is deleted.
    #[param(min_length = 1)]
    user: Option<String>,
    /// Who did it: `person`, `app`, `socket`, `api`, `offline`, `file`, `gateway`.
    #[param(pattern = "^[a-z_]{1,64}$", example = "person")]
    actor: Option<String>,
    /// What it is: `sign_in`, `challenge`, `disconnect`, …
    #[param(pattern = "^[a-z_]{1,64}$", example = "sign_in")]
    kind: Option<String>,
    /// A date or a time, UTC.
    #[param(
        pattern = "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?[Zz])?$",
        example = "2026-05-01T09:30:00Z"
    )]
    from: Option<String>,
    /// The same; not included.
    #[param(
        pattern = "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?[Zz])?$",
        example = "2026-05-01T09:30:00Z"
    )]
    until: Option<String>,
    /// `next` of the page before; the newest first.
    #[param(pattern = "^[0-9]{1,13}-[0-9]{1,7}$", example = "0-0")]
    before: Option<String>,
    /// `next` of the page before, or the place of an event; the oldest first. `0-0`: from the beginning.
    #[param(pattern = "^[0-9]{1,13}-[0-9]{1,7}$", example = "0-0")]
    after: Option<String>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// One page.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEvents {
    pub events: Vec<AuditLine>,
    /// `before` or `after` of the next page, as it was for this one; null: this is the last one. A page may have fewer
    /// events than its limit, even none, and still a next one.
    pub next: Option<String>,
}

/// One event.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditLine {
    /// Its place in the store, for `before` and `after`.
    pub place: String,
    /// Byte for byte as the chain has it.
    #[schema(value_type = Object)]
    pub event: Box<RawValue>,
}

#[utoipa::path(
    get, path = "", operation_id = "list_audit", tag = "audit",
    summary = "What was recorded, a page at a time",
    description = "The newest first, or after a place the oldest first.",
    params(Page),
    responses(
        (status = 200, description = "A page.", body = AuditEvents),
        (status = 404, description = "Nobody has that name, address or id.")
    )
)]
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
