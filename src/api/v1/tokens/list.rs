//! `GET /api/v1/tokens`: all of them, also those that ended; those revoked are told for 90 days.

use super::TokenRow;
use crate::api::Desk;
use crate::api::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Tokens, without themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenList {
    pub tokens: Vec<TokenRow>,
}

#[utoipa::path(
    get, path = "", operation_id = "list_tokens", tag = "tokens",
    summary = "All tokens, without themselves",
    responses((status = 200, description = "The tokens; those revoked are told for 90 days.", body = TokenList))
)]
pub(in crate::api::v1) async fn handle(State(desk): State<Desk>) -> Result<Json<TokenList>, Problem> {
    let tokens = desk.tokens.list().await?.into_iter().map(TokenRow::from).collect();
    Ok(Json(TokenList { tokens }))
}
