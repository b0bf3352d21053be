//! `DELETE /api/v1/tokens/{id}`: the token is none any more, on every node, once this is answered.

use super::{TokenPath, TokenRow, record};
use crate::account::TokenError;
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};

#[utoipa::path(
    delete, path = "/{id}", operation_id = "revoke_token", tag = "tokens",
    summary = "Revoke a token: on every node, once this is answered",
    params(TokenPath),
    responses(
        (status = 200, description = "The token, revoked.", body = TokenRow),
        (status = 409, description = "It was revoked before.")
    )
)]
pub(in crate::api::v1) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<TokenPath>, PathRejection>,
) -> Result<Json<TokenRow>, Problem> {
    let Path(TokenPath { id }) = id?;
    let token = desk.tokens.revoke(id.parse().map_err(|_| TokenError::NoSuchToken)?).await?;
    record(&desk, &caller, &token, audit::Token::Revoked);
    Ok(Json(TokenRow::from(token)))
}
