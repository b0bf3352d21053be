//! `POST /api/v1/users`: a new account with its first password.

use super::User;
use crate::account::NewUser;
use crate::api::problem::Problem;
use crate::api::{Desk, Via};
use crate::audit;
use crate::types::{Email, GroupName, UserName};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderName, StatusCode, header};
use axum::{Extension, Json};
use secrecy::SecretString;
use serde::Deserialize;
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

pub(super) async fn handle(
    State(desk): State<Desk>,
    via: Option<Extension<Via>>,
    body: Result<Json<AddUser>, JsonRejection>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<User>), Problem> {
    let Json(new) = body?;
    let AddUser { name, email, groups, locale, password } = new;
    let new = NewUser { name, email, groups, locale, disabled: false, password };
    let account = desk.accounts.load_full().add(new).await?;
    super::record(&desk, via, &account, audit::Account::Added);
    let at = format!("/api/v1/users/{}", percent_encoding::utf8_percent_encode(account.name.as_str(), PATH));
    Ok((StatusCode::CREATED, [(header::LOCATION, at)], Json(User::from(account))))
}

const PATH: &percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC;
