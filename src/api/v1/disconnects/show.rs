//! `GET /api/v1/disconnects/{id}`: one order and how far it is.

use super::{OrderPath, OrderRow, id, service};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::disconnect::Caller;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};

#[utoipa::path(
    get, path = "/{id}", operation_id = "show_disconnect", tag = "disconnects",
    summary = "One order and how far it is",
    params(OrderPath),
    responses((status = 200, description = "The order.", body = OrderRow))
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    order: Result<Path<OrderPath>, PathRejection>,
) -> Result<Json<OrderRow>, Problem> {
    let Path(OrderPath { id: order }) = order?;
    Ok(Json(service(&desk)?.one(&caller, id(&order)?).await?.into()))
}
