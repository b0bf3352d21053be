//! `POST /api/v1/users/{login}/disable` ends all sessions and lets nobody in; `…/enable` takes it back.

use super::{Author, Order, User};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::{Extension, Json};

pub(super) async fn disable(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<Order>>, JsonRejection>,
) -> Result<Json<User>, Problem> {
    let (Path(login), order) = (login?, body?.map(|Json(o)| o).unwrap_or_default());
    let account = desk.accounts.load_full().disable(&login).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::Disabled);
    Ok(Json(User::from(account)))
}

pub(super) async fn enable(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<Order>>, JsonRejection>,
) -> Result<Json<User>, Problem> {
    let (Path(login), order) = (login?, body?.map(|Json(o)| o).unwrap_or_default());
    let account = desk.accounts.load_full().enable(&login).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::Enabled);
    Ok(Json(User::from(account)))
}
