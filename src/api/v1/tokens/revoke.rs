//! `DELETE /api/v1/tokens/{id}`: the token is none any more, on every node, once this is answered.

use super::{TokenRow, record};
use crate::account::TokenError;
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};

pub(in crate::api::v1) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<TokenRow>, Problem> {
    let Path(id) = id?;
    let token = desk.tokens.revoke(id.parse().map_err(|_| TokenError::NoSuchToken)?).await?;
    record(&desk, &caller, &token, audit::Token::Revoked);
    Ok(Json(TokenRow::from(token)))
}
