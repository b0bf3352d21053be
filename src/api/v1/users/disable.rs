//! `POST /api/v1/users/{login}/disable` ends all sessions and lets nobody in; `…/enable` takes it back.

use super::{Author, Order, User, Whom};
use crate::api::Desk;
use crate::api::body::AnyBody;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};

#[utoipa::path(
    post, path = "/{login}/disable", operation_id = "disable_user", tag = "users",
    summary = "Let nobody into an account",
    description = "All sessions and streams end.",
    params(Whom),
    request_body(content = Option<Order>),
    responses(
        (status = 200, description = "The account as it is now.", body = User),
        (status = 409, description = "The last administrator would go.")
    )
)]
pub(super) async fn disable(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<Whom>, PathRejection>,
    AnyBody(order): AnyBody<Order>,
) -> Result<Json<User>, Problem> {
    let Path(Whom { login }) = login?;
    let account = desk.accounts.load_full().disable(&login).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::Disabled);
    Ok(Json(User::from(account)))
}

#[utoipa::path(
    post, path = "/{login}/enable", operation_id = "enable_user", tag = "users",
    summary = "Let its owner in again",
    params(Whom),
    request_body(content = Option<Order>),
    responses(
        (status = 200, description = "The account as it is now.", body = User),
        (status = 409, description = "The account changed meanwhile.")
    )
)]
pub(super) async fn enable(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<Whom>, PathRejection>,
    AnyBody(order): AnyBody<Order>,
) -> Result<Json<User>, Problem> {
    let Path(Whom { login }) = login?;
    let account = desk.accounts.load_full().enable(&login).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::Enabled);
    Ok(Json(User::from(account)))
}
