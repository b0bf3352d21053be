//! `DELETE /api/v1/disconnects/{id}`: lifts a block, a step-up or an order to enrol anew.

use super::{OrderPath, OrderRow, id, service};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::disconnect::Caller;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};

#[utoipa::path(
    delete, path = "/{id}", operation_id = "lift_disconnect", tag = "disconnects",
    summary = "Lift a block, a step-up or a re-enrolment",
    params(OrderPath),
    responses(
        (status = 200, description = "The order, lifted.", body = OrderRow),
        (status = 409, description = "It cannot be lifted: it is over, or was lifted before.")
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    order: Result<Path<OrderPath>, PathRejection>,
) -> Result<Json<OrderRow>, Problem> {
    let Path(OrderPath { id: order }) = order?;
    Ok(Json(service(&desk)?.lift(&caller, id(&order)?).await?.into()))
}
