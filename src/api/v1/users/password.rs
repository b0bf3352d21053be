//! `PUT /api/v1/users/{login}/password`: another password, by order of an admin. What the person had open ends.

use super::{Author, Reason, Whom};
use crate::api::Desk;
use crate::api::body::Body;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

/// Another password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    #[serde(deserialize_with = "super::secret")]
    #[schema(value_type = String, write_only, max_length = 1024, format = Password)]
    pub password: SecretString,
    #[serde(default)]
    reason: Option<Reason>,
}

#[utoipa::path(
    put, path = "/{login}/password", operation_id = "set_password", tag = "users",
    summary = "Set another password",
    description = "Sessions, devices and sign-ins under way end.",
    params(Whom),
    request_body(content = SetPassword, example = json!({ "password": "another horse battery staple" })),
    responses(
        (status = 204, description = "It is set."),
        (status = 409, description = "The account changed meanwhile.")
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<Whom>, PathRejection>,
    Body(new): Body<SetPassword>,
) -> Result<StatusCode, Problem> {
    let Path(Whom { login }) = login?;
    let account = desk.accounts.load_full().set_password(&login, new.password).await?;
    Author::new(caller, new.reason).record(&desk, &account, audit::Account::PasswordSet);
    Ok(StatusCode::NO_CONTENT)
}
