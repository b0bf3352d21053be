//! `GET /api/v1/users?after=NAME&limit=N`: accounts in order of name, a page at a time.

use super::User;
use crate::api::Desk;
use crate::api::problem::Problem;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The last name of the page before.
    after: Option<String>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserList {
    pub users: Vec<User>,
    /// `after` of the next page; null: this is the last one.
    pub next: Option<String>,
}

#[utoipa::path(
    get, path = "", operation_id = "list_users", tag = "users",
    summary = "Accounts in order of name, a page at a time",
    params(Page),
    responses((status = 200, description = "A page.", body = UserList))
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<UserList>, Problem> {
    let Query(page) = page?;
    let limit = page.limit.unwrap_or(USUAL_LIMIT);
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        return Err(Problem::bad_input(format!("limit is {limit}; give a number from 1 to {HIGHEST_LIMIT}.")));
    }
    // one more than asked tells whether there is a next page
    let mut accounts = desk.accounts.load_full().list(page.after.as_deref(), limit + 1).await?;
    let more = accounts.len() > limit;
    accounts.truncate(limit);
    let next = accounts.last().filter(|_| more).map(|a| a.name.as_str().to_owned());
    Ok(Json(UserList { users: accounts.into_iter().map(User::from).collect(), next }))
}

const USUAL_LIMIT: usize = 100;
const HIGHEST_LIMIT: usize = 1000;
