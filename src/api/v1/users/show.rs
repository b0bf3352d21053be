//! `GET /api/v1/users/{login}`: one account, by name or e-mail address.

use super::{User, Whom};
use crate::account::AccountError;
use crate::api::Desk;
use crate::api::problem::Problem;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

#[utoipa::path(
    get, path = "/{login}", operation_id = "show_user", tag = "users",
    summary = "One account",
    params(Whom),
    responses((status = 200, description = "The account.", body = User))
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    login: Result<Path<Whom>, PathRejection>,
) -> Result<Json<User>, Problem> {
    let Path(Whom { login }) = login?;
    let account = desk.accounts.load_full().show(&login).await?;
    account.map(|a| Json(User::from(a))).ok_or_else(|| AccountError::NoSuchUser(login).into())
}
