//! `POST /api/v1/users/{login}/reset-mfa`: second factors, backup codes, devices and sessions of the person go at once.

use super::{Author, Reason, User, UserCode, Whom};
use crate::api::Desk;
use crate::api::body::Body;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reset.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetMfa {
    reason: Reason,
    /// With a one-time code, without which nobody enrols in this account for a day.
    #[serde(default)]
    code: bool,
}

/// The account after the reset and, where one was asked for, the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResetUser {
    #[serde(flatten)]
    pub user: User,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<UserCode>,
}

#[utoipa::path(
    post, path = "/{login}/reset-mfa", operation_id = "reset_mfa", tag = "users",
    summary = "Take all second factors away",
    description = "Backup codes, devices and sessions go with them, at once and on every node.",
    params(Whom),
    request_body = ResetMfa,
    responses(
        (status = 200, description = "The account; with a one-time enrolment code where one was asked for or is needed.",
         body = ResetUser),
        (status = 409, description = "The account changed meanwhile.")
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<Whom>, PathRejection>,
    Body(order): Body<ResetMfa>,
) -> Result<Json<ResetUser>, Problem> {
    let Path(Whom { login }) = login?;
    let (account, code) = desk.accounts.load_full().reset_mfa(&login, order.code).await?;
    let author = Author::new(caller, Some(order.reason));
    author.record(&desk, &account, audit::Account::MfaReset);
    if code.is_some() {
        author.record(&desk, &account, audit::Account::EnrolmentCodeMade);
    }
    Ok(Json(ResetUser { user: User::from(account), enrolment_code: code.map(UserCode::from) }))
}
