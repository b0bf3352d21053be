//! `GET /api/v1/audit/export`: all events that are wanted, the oldest first, as JSON lines, CSV or OCSF.

use super::{Wanted, unavailable};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit::export::Format;
use crate::audit::{AuditCursor, AuditFilter, AuditFrom};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Export {
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
    /// jsonl, csv or ocsf.
    #[param(pattern = "^(jsonl|csv|ocsf)$", default = "jsonl")]
    format: Option<String>,
}

/// Where the export stands.
struct Going {
    desk: Desk,
    filter: AuditFilter,
    format: Format,
    /// `None`: all was written.
    after: Option<AuditCursor>,
    head: bool,
}

#[utoipa::path(
    get, path = "/export", operation_id = "export_audit", tag = "audit",
    summary = "All that was recorded, the oldest first",
    params(Export),
    responses(
        (status = 200, description = "JSON lines, OCSF 1.8 events as JSON lines, or CSV.", content(
            (String = "application/x-ndjson"),
            (String = "text/csv")
        )),
        (status = 404, description = "Nobody has that name, address or id.")
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    asked: Result<Query<Export>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Export { user, actor, kind, from, until, format }) = asked?;
    let wanted = Wanted { user, actor, kind, from, until };
    let name = format.as_deref().unwrap_or("jsonl");
    let format = Format::ALL.iter().find(|(n, _)| *n == name).map(|(_, f)| *f);
    let format = format.ok_or_else(|| Problem::bad_input("format is none of jsonl, csv, ocsf."))?;
    let filter = wanted.filter(&desk).await?;
    let going = Going { desk, filter, format, after: Some(AuditCursor::START), head: true };
    // the first page now, so that a store that is away is an answer and not a broken download
    let (first, going) = piece(going).await.map_err(|e| unavailable(&e))?;
    let rest = stream::try_unfold(going, |going| async move {
        if going.after.is_none() {
            return Ok(None);
        }
        piece(going).await.map(Some).inspect_err(|e| tracing::error!(error = %e, "an export of the audit broke off"))
    });
    let body = Body::from_stream(futures::StreamExt::chain(stream::once(async { Ok(first) }), rest));
    Ok(([(header::CONTENT_TYPE, format.media_type()), (header::CACHE_CONTROL, "no-store")], body).into_response())
}

async fn piece(going: Going) -> Result<(String, Going), crate::audit::ReadError> {
    let Some(after) = going.after else { return Ok((String::new(), going)) };
    let page = going.desk.audit.page(&going.filter, AuditFrom::After(after), PIECE).await?;
    let mut text = if going.head { going.format.head() } else { String::new() };
    page.rows.iter().for_each(|row| text.push_str(&going.format.written(&row.line)));
    Ok((text, Going { after: page.next, head: false, ..going }))
}

const PIECE: usize = 1000;
