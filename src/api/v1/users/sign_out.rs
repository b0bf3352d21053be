//! `POST /api/v1/users/{login}/sign-out`: one session by its id, or all of them with pending sign-ins and devices.

use super::{Author, Reason};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use crate::types::SessionId;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignOut {
    /// Null: all.
    session: Option<SessionId>,
    reason: Option<Reason>,
}

pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<SignOut>>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let (Path(login), order) = (login?, body?.map(|Json(o)| o).unwrap_or_default());
    let account = desk.accounts.load_full().sign_out(&login, order.session).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::SessionsEnded);
    Ok(StatusCode::NO_CONTENT)
}
