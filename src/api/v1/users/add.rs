//! `POST /api/v1/users`: a new account with its first password.

use super::User;
use crate::account::{Accounts, NewUser};
use crate::api::problem::Problem;
use crate::api::Via;
use crate::types::{Email, GroupName, UserName};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderName, StatusCode, header};
use axum::{Extension, Json};
use secrecy::SecretString;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

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
    #[serde(deserialize_with = "super::secret")]
    pub password: SecretString,
}

pub(super) async fn handle(
    State(accounts): State<Arc<Accounts>>,
    via: Option<Extension<Via>>,
    body: Result<Json<AddUser>, JsonRejection>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<User>), Problem> {
    let Json(new) = body?;
    let account = accounts
        .add(NewUser {
            name: new.name,
            email: new.email,
            groups: new.groups,
            locale: new.locale,
            password: new.password,
        })
        .await?;
    let at = format!("/api/v1/users/{}", percent_encoding::utf8_percent_encode(account.name.as_str(), PATH));
    Ok((StatusCode::CREATED, [(header::LOCATION, at)], Json(User::from(account))))
}

const PATH: &percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC;
