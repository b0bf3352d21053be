//! `DELETE /api/v1/users/{login}`: the account and all that belongs to it. The record keeps its id.

use super::{Caller, Order};
use crate::api::problem::Problem;
use crate::api::{Desk, Via};
use crate::audit;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};

pub(super) async fn handle(
    State(desk): State<Desk>,
    via: Option<Extension<Via>>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<Order>>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let (Path(login), order) = (login?, body?.map(|Json(o)| o).unwrap_or_default());
    let account = desk.accounts.load_full().delete(&login).await?;
    Caller::new(via, order.reason).record(&desk, &account, audit::Account::Deleted);
    Ok(StatusCode::NO_CONTENT)
}
