//! `POST /api/v1/users/{login}/sign-out`: one session by its id, or all of them with pending sign-ins and devices.

use super::{Author, Reason, Whom};
use crate::api::Desk;
use crate::api::body::AnyBody;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use crate::types::SessionId;
use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

/// What is to end.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    /// Null: all.
    #[serde(default)]
    session: Option<SessionId>,
    #[serde(default)]
    reason: Option<Reason>,
}

#[utoipa::path(
    post, path = "/{login}/sign-out", operation_id = "sign_out_user", tag = "sessions",
    summary = "End one session, or all with sign-ins under way and devices",
    description = "Does not wait for other nodes; `POST /api/v1/disconnects` does.",
    params(Whom),
    request_body(content = Option<SignOut>),
    responses(
        (status = 204, description = "Ended."),
        (status = 409, description = "The account changed meanwhile.")
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<Whom>, PathRejection>,
    AnyBody(order): AnyBody<SignOut>,
) -> Result<StatusCode, Problem> {
    let Path(Whom { login }) = login?;
    let account = desk.accounts.load_full().sign_out(&login, order.session).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::SessionsEnded);
    Ok(StatusCode::NO_CONTENT)
}
