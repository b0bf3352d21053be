//! `DELETE /api/v1/disconnects/{id}`: lifts a block, a step-up or an order to enrol anew.

use super::{OrderRow, id, service};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::disconnect::Caller;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};

pub(super) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    order: Result<Path<String>, PathRejection>,
) -> Result<Json<OrderRow>, Problem> {
    let Path(order) = order?;
    Ok(Json(service(&desk)?.lift(&caller, id(&order)?).await?.into()))
}
