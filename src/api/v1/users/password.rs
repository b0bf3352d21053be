//! `PUT /api/v1/users/{login}/password`: another password, by order of an admin. What the person had open ends.

use super::{Caller, Reason};
use crate::api::problem::Problem;
use crate::api::{Desk, Via};
use crate::audit;
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
    via: Option<Extension<Via>>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Json<SetPassword>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Path(login) = login?;
    let Json(new) = body?;
    let account = desk.accounts.load_full().set_password(&login, new.password).await?;
    Caller::new(via, new.reason).record(&desk, &account, audit::Account::PasswordSet);
    Ok(StatusCode::NO_CONTENT)
}
