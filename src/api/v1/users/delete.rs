//! `DELETE /api/v1/users/{login}`: the account and all that belongs to it. The record keeps its id.

use super::{Author, Order, Whom};
use crate::api::Desk;
use crate::api::body::AnyBody;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;

#[utoipa::path(
    delete, path = "/{login}", operation_id = "delete_user", tag = "users",
    summary = "Delete an account and all that belongs to it",
    description = "Sessions and streams end on every node; the audit keeps the id.",
    params(Whom),
    request_body(content = Option<Order>),
    responses(
        (status = 204, description = "It is gone."),
        (status = 409, description = "The last administrator would go.")
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<Whom>, PathRejection>,
    AnyBody(order): AnyBody<Order>,
) -> Result<StatusCode, Problem> {
    let Path(Whom { login }) = login?;
    let account = desk.accounts.load_full().delete(&login).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::Deleted);
    Ok(StatusCode::NO_CONTENT)
}
