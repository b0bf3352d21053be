//! `PATCH /api/v1/users/{login}`: name, e-mail, groups, language. What is not named stays (RFC 7396).

use super::{Author, Reason, User};
use crate::account::change::Change;
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use crate::types::{Email, GroupName, UserName};
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUser {
    #[serde(default)]
    name: Option<UserName>,
    /// Null: none any more.
    #[serde(default, deserialize_with = "given")]
    email: Option<Option<Email>>,
    /// All of them.
    #[serde(default)]
    groups: Option<BTreeSet<GroupName>>,
    #[serde(default)]
    add_groups: BTreeSet<GroupName>,
    #[serde(default)]
    remove_groups: BTreeSet<GroupName>,
    /// Null: by the browser.
    #[serde(default, deserialize_with = "given")]
    locale: Option<Option<String>>,
    #[serde(default)]
    reason: Option<Reason>,
}

pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<String>, PathRejection>,
    body: Result<Json<SetUser>, JsonRejection>,
) -> Result<Json<User>, Problem> {
    let (Path(login), Json(set)) = (login?, body?);
    let SetUser { name, email, groups, add_groups, remove_groups, locale, reason } = set;
    let change = Change { name, email, groups, add_groups, remove_groups, locale };
    if change == Change::default() {
        return Err(Problem::bad_input(
            "Nothing is to be changed: name, email, groups, add_groups, remove_groups, locale.",
        ));
    }
    let account = desk.accounts.load_full().set(&login, change).await?;
    Author::new(caller, reason).record(&desk, &account, audit::Account::Changed);
    Ok(Json(User::from(account)))
}

/// A field that is there, be it null.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}
