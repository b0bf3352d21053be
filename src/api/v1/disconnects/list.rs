//! `GET /api/v1/disconnects?lifted=true`: orders that stand, the newest first; with `lifted` the lifted ones too.

use super::{OrderRow, service};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::disconnect::Caller;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    #[serde(default)]
    lifted: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderList {
    pub orders: Vec<OrderRow>,
}

pub(super) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<OrderList>, Problem> {
    let Query(Which { lifted }) = which?;
    let orders = service(&desk)?.list(&caller, lifted).await?.into_iter().map(OrderRow::from).collect();
    Ok(Json(OrderList { orders }))
}
