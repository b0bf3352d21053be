//! `DELETE /api/v1/users/{login}`: the account and all that belongs to it. The record keeps its id.

use super::{Author, Order};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};

pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<Order>>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let (Path(login), order) = (login?, body?.map(|Json(o)| o).unwrap_or_default());
    let account = desk.accounts.load_full().delete(&login).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::Deleted);
    Ok(StatusCode::NO_CONTENT)
}
