//! `PATCH /api/v1/users/{login}`: name, e-mail, groups, language. What is not named stays (RFC 7396).

use super::{Author, Reason, User, Whom};
use crate::account::change::Change;
use crate::api::Desk;
use crate::api::body::Body;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use crate::types::{Email, GroupName, UserName};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A change of an account: what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1)]
pub struct SetUser {
    /// Null: stays.
    #[serde(default)]
    name: Option<UserName>,
    /// Null: none any more.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Email>)]
    email: Option<Option<Email>>,
    /// All of them.
    #[serde(default)]
    #[schema(value_type = Option<Vec<GroupName>>)]
    groups: Option<BTreeSet<GroupName>>,
    #[serde(default)]
    #[schema(value_type = Vec<GroupName>)]
    add_groups: BTreeSet<GroupName>,
    #[serde(default)]
    #[schema(value_type = Vec<GroupName>)]
    remove_groups: BTreeSet<GroupName>,
    /// Null: by the browser.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, pattern = "^([A-Za-z]{2,3}|[A-Za-z]{5,8})([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?([-_]([0-9A-Za-z]{5,8}|[0-9][0-9A-Za-z]{3}))*$", example = "pt-BR")]
    locale: Option<Option<String>>,
    #[serde(default)]
    reason: Option<Reason>,
}

#[utoipa::path(
    patch, path = "/{login}", operation_id = "change_user", tag = "users",
    summary = "Change name, address, groups or language",
    description = "Acts at the person's next request on every node; ends nothing.",
    params(Whom),
    request_body = SetUser,
    responses(
        (status = 200, description = "The account as it is now.", body = User),
        (status = 409, description = "The name or the address is taken, or the last administrator would go.")
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    login: Result<Path<Whom>, PathRejection>,
    Body(set): Body<SetUser>,
) -> Result<Json<User>, Problem> {
    let Path(Whom { login }) = login?;
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
