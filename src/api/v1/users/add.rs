//! `POST /api/v1/users`: a new account with its first password.

use super::{Author, User, UserCode};
use crate::account::NewUser;
use crate::api::Desk;
use crate::api::body::Body;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use crate::types::{Email, GroupName, UserName};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::{Extension, Json};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    pub name: UserName,
    #[serde(default)]
    pub email: Option<Email>,
    #[serde(default)]
    #[schema(value_type = Vec<GroupName>)]
    pub groups: BTreeSet<GroupName>,
    /// Language tag (BCP 47); null: by the browser.
    #[serde(default)]
    #[schema(
        pattern = "^([A-Za-z]{2,3}|[A-Za-z]{5,8})([-_][A-Za-z]{4})?([-_]([A-Za-z]{2}|[0-9]{3}))?([-_]([0-9A-Za-z]{5,8}|[0-9][0-9A-Za-z]{3}))*$",
        example = "pt-BR"
    )]
    pub locale: Option<String>,
    /// Without one nobody can sign in. As long as the policy asks, fifteen characters unless it says otherwise.
    #[serde(default, deserialize_with = "super::optional_secret")]
    #[schema(value_type = Option<String>, write_only, max_length = 1024, format = Password)]
    pub password: Option<SecretString>,
}

/// The new account and, where it enrols by code only, that code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AddedUser {
    #[serde(flatten)]
    pub user: User,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_code: Option<UserCode>,
}

#[utoipa::path(
    post, path = "", operation_id = "add_user", tag = "users",
    summary = "Add an account",
    request_body(content = AddUser, example = json!({
        "name": "alice", "email": "alice@example.com", "groups": ["staff"], "password": "correct horse battery staple"
    })),
    responses(
        (status = 201, description = "The new account; with a one-time enrolment code where it needs one.",
         body = AddedUser, headers(("Location" = String, description = "The account's path."))),
        (status = 409, description = "The name or the address is taken.")
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    Body(new): Body<AddUser>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<AddedUser>), Problem> {
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
