//! `POST /api/v1/users/{login}/reset-mfa`: second factors, backup codes, devices and sessions of the person go at once.

use super::{Author, Reason, User, UserCode};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetMfa {
    reason: Reason,
    /// With a one-time code, without which nobody enrols in this account for a day.
    #[serde(default)]
    code: bool,
}

/// The account after the reset and, where one was asked for, the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetUser {
    #[serde(flatten)]
    pub user: User,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<UserCode>,
}

pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Json<ResetMfa>, JsonRejection>,
) -> Result<Json<ResetUser>, Problem> {
    let (Path(login), Json(order)) = (login?, body?);
    let (account, code) = desk.accounts.load_full().reset_mfa(&login, order.code).await?;
    let author = Author::new(caller, Some(order.reason));
    author.record(&desk, &account, audit::Account::MfaReset);
    if code.is_some() {
        author.record(&desk, &account, audit::Account::EnrolmentCodeMade);
    }
    Ok(Json(ResetUser { user: User::from(account), enrolment_code: code.map(UserCode::from) }))
}
