//! `GET /api/v1/tokens`: all of them, also those that ended; those revoked are told for 90 days.

use super::TokenRow;
use crate::api::Desk;
use crate::api::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenList {
    pub tokens: Vec<TokenRow>,
}

pub(in crate::api::v1) async fn handle(State(desk): State<Desk>) -> Result<Json<TokenList>, Problem> {
    let tokens = desk.tokens.list().await?.into_iter().map(TokenRow::from).collect();
    Ok(Json(TokenList { tokens }))
}
