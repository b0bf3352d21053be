//! `DELETE /api/v1/disconnects/{id}`: lifts a block, a step-up or an order to enrol anew.

use super::{OrderRow, caller, id, service};
use crate::api::problem::Problem;
use crate::api::{Desk, Via};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};

pub(super) async fn handle(
    State(desk): State<Desk>,
    via: Option<Extension<Via>>,
    order: Result<Path<String>, PathRejection>,
) -> Result<Json<OrderRow>, Problem> {
    let Path(order) = order?;
    Ok(Json(service(&desk)?.lift(&caller(via.map(|v| v.0)), id(&order)?).await?.into()))
}
