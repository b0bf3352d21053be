//! `POST /api/v1/users/{login}/unlock`: lifts every wait after wrong passwords and codes, and what they disabled.

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
    post, path = "/{login}/unlock", operation_id = "unlock_user", tag = "users",
    summary = "Lift waits after wrong passwords and codes",
    params(Whom),
    request_body(content = Option<Order>),
    responses(
        (status = 200, description = "The account as it is now.", body = User),
        (status = 409, description = "The account changed meanwhile.")
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<Whom>, PathRejection>,
    AnyBody(order): AnyBody<Order>,
) -> Result<Json<User>, Problem> {
    let Path(Whom { login }) = login?;
    let account = desk.accounts.load_full().unlock(&login).await?;
    Author::new(caller, order.reason).record(&desk, &account, audit::Account::Unlocked);
    Ok(Json(User::from(account)))
}
