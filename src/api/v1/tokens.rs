//! `/api/v1/tokens`: tokens of those who call this API. What a token is is told once, when it is made.

mod create;
mod list;
mod revoke;

pub use create::CreatedToken;
pub use list::TokenList;

use crate::account::{AccountError, ApiToken, TokenError};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit::{self, Event};
use crate::disconnect::Caller;
use crate::types::{ApiTokenId, Scopes, Timestamp, TokenName};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::default().routes(routes!(list::handle, create::handle)).routes(routes!(revoke::handle))
}

/// A token, without itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenRow {
    pub id: ApiTokenId,
    pub name: TokenName,
    pub scopes: Scopes,
    /// From where it may be used; empty: from everywhere.
    pub networks: Vec<String>,
    /// Only sessions in these apps; empty: in all.
    pub apps: Vec<String>,
    /// Different users that its orders may meet in an hour; null: any number.
    pub users_per_hour: Option<u32>,
    pub created: Timestamp,
    /// Who made it.
    pub by: String,
    /// Null: never.
    pub expires: Option<Timestamp>,
    /// Noted at most once a minute.
    pub last_used: Option<Timestamp>,
    pub revoked: Option<Timestamp>,
}

/// In a path: which token.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct TokenPath {
    /// As `GET /api/v1/tokens` tells it.
    #[param(pattern = "^[a-z2-7]{25}[aeimquy4]$", example = "aebagbafaydqqcikbmga2dqpca")]
    id: String,
}

impl From<ApiToken> for TokenRow {
    fn from(t: ApiToken) -> Self {
        TokenRow {
            id: t.id,
            name: t.name,
            scopes: t.scopes,
            networks: t.networks.iter().map(ToString::to_string).collect(),
            apps: t.apps.iter().map(ToString::to_string).collect(),
            users_per_hour: t.users_per_hour,
            created: t.created,
            by: t.by,
            expires: t.ends,
            last_used: t.last_used,
            revoked: t.revoked,
        }
    }
}

fn record(desk: &Desk, caller: &Caller, token: &ApiToken, change: audit::Token) {
    let event = Event::Token {
        by: caller.reporter(),
        caller: caller.to_string(),
        key: token.id.to_string(),
        name: token.name.to_string(),
        change,
    };
    desk.audit.record(&event, desk.accounts.load().clock.now());
}

impl From<TokenError> for Problem {
    fn from(e: TokenError) -> Self {
        match e {
            TokenError::NameTaken(_) => {
                Self::new(StatusCode::CONFLICT, "Taken", format!("{e}; give another name, or revoke that one first."))
            }
            TokenError::NoSuchToken => {
                Self::new(StatusCode::NOT_FOUND, "No such token", "GET /api/v1/tokens lists them all.")
            }
            TokenError::RevokedBefore => {
                Self::new(StatusCode::CONFLICT, "It was revoked before", "Nothing is left to be revoked.")
            }
            TokenError::Store(cause) => AccountError::Store(cause).into(),
        }
    }
}
