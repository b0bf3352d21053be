//! `PUT /api/v1/users/{login}/password`: another password, by order of an admin. What the person had open ends.

use super::{Author, Reason};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use secrecy::SecretString;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    #[serde(deserialize_with = "super::secret")]
    pub password: SecretString,
    #[serde(default)]
    reason: Option<Reason>,
}

pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Json<SetPassword>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Path(login) = login?;
    let Json(new) = body?;
    let account = desk.accounts.load_full().set_password(&login, new.password).await?;
    Author::new(caller, new.reason).record(&desk, &account, audit::Account::PasswordSet);
    Ok(StatusCode::NO_CONTENT)
}
