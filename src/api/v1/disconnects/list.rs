//! `GET /api/v1/disconnects?lifted=true`: orders that stand, the newest first; with `lifted` the lifted ones too.

use super::{OrderRow, service};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::disconnect::Caller;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// The lifted ones too.
    #[serde(default)]
    #[param(default = false)]
    lifted: bool,
}

/// Orders, the newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderList {
    pub orders: Vec<OrderRow>,
}

#[utoipa::path(
    get, path = "", operation_id = "list_disconnects", tag = "disconnects",
    summary = "Orders that stand, the newest first",
    params(Which),
    responses((status = 200, description = "The orders.", body = OrderList))
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<OrderList>, Problem> {
    let Query(Which { lifted }) = which?;
    let orders = service(&desk)?.list(&caller, lifted).await?.into_iter().map(OrderRow::from).collect();
    Ok(Json(OrderList { orders }))
}
