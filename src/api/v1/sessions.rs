//! `GET /api/v1/sessions?user=NAME&ip=ADDRESS`: live sessions and their ids, a page at a time.

use super::disconnects::service;
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::disconnect::{Caller, SessionRow};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::default().routes(routes!(handle))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Page {
    /// Name or e-mail address.
    user: Option<String>,
    /// Opened from there.
    #[param(pattern = "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$", example = "203.0.113.7")]
    ip: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<usize>,
}

/// One page; the sessions of one person stand on one page together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionList {
    pub sessions: Vec<SessionRow>,
    /// `after` of the next page; null: this is the last one.
    pub next: Option<String>,
}

#[utoipa::path(
    get, path = "", operation_id = "list_sessions", tag = "sessions",
    summary = "Live sessions and their ids, a page at a time",
    params(Page),
    responses(
        (status = 200, description = "A page.", body = SessionList),
        (status = 404, description = "Nobody has that name, address or id.")
    )
)]
async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<SessionList>, Problem> {
    let Query(Page { user, ip, after, limit }) = page?;
    let limit = limit.unwrap_or(USUAL_LIMIT);
    if !(1..=HIGHEST_LIMIT).contains(&limit) {
        return Err(Problem::bad_input(format!("limit is {limit}; give a number from 1 to {HIGHEST_LIMIT}.")));
    }
    let not_one = |_| Problem::bad_input("ip is no address: write it like 192.0.2.1 or 2001:db8::1.");
    let ip = ip.map(|t| t.parse::<IpAddr>().map_err(not_one)).transpose()?.map(|ip| ip.to_canonical());
    let user = match &user {
        Some(login) => {
            let found = desk.accounts.load_full().show(login).await?;
            Some(found.ok_or_else(|| crate::account::AccountError::NoSuchUser(login.clone()))?.id)
        }
        None => None,
    };
    let (sessions, next) = service(&desk)?.sessions(&caller, (user, ip), after.as_deref(), limit).await?;
    Ok(Json(SessionList { sessions, next }))
}

const USUAL_LIMIT: usize = 100;
const HIGHEST_LIMIT: usize = 1000;
