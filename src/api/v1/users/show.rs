//! `GET /api/v1/users/{login}`: one account, by name or e-mail address.

use super::User;
use crate::account::Accounts;
use crate::api::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;

pub(super) async fn handle(State(accounts): State<Arc<Accounts>>, Path(login): Path<String>) -> Result<Json<User>, Problem> {
    let account = accounts.show(&super::login(&login)?).await?;
    account.map(|a| Json(User::from(a))).ok_or_else(|| super::no_such_user(&login))
}
