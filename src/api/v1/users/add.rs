//! `POST /api/v1/users`: a new account with its first password.

use super::{Author, User, UserCode};
use crate::account::NewUser;
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use crate::types::{Email, GroupName, UserName};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderName, StatusCode, header};
use axum::{Extension, Json};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    pub name: UserName,
    #[serde(default)]
    pub email: Option<Email>,
    #[serde(default)]
    pub groups: BTreeSet<GroupName>,
    #[serde(default)]
    pub locale: Option<String>,
    /// Without one nobody can sign in.
    #[serde(default, deserialize_with = "super::optional_secret")]
    pub password: Option<SecretString>,
}

/// The new account and, where it enrols by code only, that code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedUser {
    #[serde(flatten)]
    pub user: User,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<UserCode>,
}

pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    body: Result<Json<AddUser>, JsonRejection>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<AddedUser>), Problem> {
    let Json(new) = body?;
    let AddUser { name, email, groups, locale, password } = new;
    let new = NewUser { name, email, groups, locale, disabled: false, password };
    let (account, code) = desk.accounts.load_full().add(new).await?;
    let author = Author::new(caller, None);
    author.record(&desk, &account, audit::Account::Added);
    if code.is_some() {
        author.record(&desk, &account, audit::Account::EnrolmentCodeMade);
    }
    let at = format!("/api/v1/users/{}", percent_encoding::utf8_percent_encode(account.name.as_str(), PATH));
    let added = AddedUser { user: User::from(account), enrolment_code: code.map(UserCode::from) };
    Ok((StatusCode::CREATED, [(header::LOCATION, at)], Json(added)))
}

const PATH: &percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC;
