//! `POST /api/v1/users/{login}/unlock`: lifts every wait after wrong passwords and codes, and what they disabled.

use super::{Author, Order, User};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::{Extension, Json};

pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<Order>>, JsonRejection>,
) -> Result<Json<User>, Problem> {
    let (Path(login), order) = (login?, body?.map(|Json(o)| o).unwrap_or_default());
    let account = desk.accounts.load_full().unlock(&login).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::Unlocked);
    Ok(Json(User::from(account)))
}
