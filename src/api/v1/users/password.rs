//! `PUT /api/v1/users/{login}/password`: another password, by order of an admin. What the person had open ends.

use crate::account::Accounts;
use crate::api::problem::Problem;
use crate::api::Via;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use secrecy::SecretString;
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    #[serde(deserialize_with = "super::secret")]
    pub password: SecretString,
}

pub(super) async fn handle(
    State(accounts): State<Arc<Accounts>>,
    via: Option<Extension<Via>>,
    Path(login): Path<String>,
    body: Result<Json<SetPassword>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let who = super::login(&login)?;
    let Json(new) = body?;
    accounts.set_password(&who, new.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
