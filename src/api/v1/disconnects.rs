//! `/api/v1/disconnects`: orders to disconnect somebody. When the call returns `confirmed`, nothing of a matched session
//! passes on any node.

mod lift;
mod list;
mod place;
mod show;

pub use list::OrderList;

use crate::api::Desk;
use crate::api::problem::{self, Problem};
use crate::disconnect::{Action, Answer, Denied, Listed, OrderError, Select, Service};
use crate::types::Scope;
use crate::types::{OrderId, Timestamp};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::default().routes(routes!(place::handle, list::handle)).routes(routes!(show::handle, lift::handle))
}

/// An order and how far it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderRow {
    #[serde(flatten)]
    pub answer: Answer,
    #[schema(value_type = Select)]
    pub select: Value,
    /// `action` with what belongs to it.
    #[serde(flatten)]
    #[schema(value_type = Action)]
    pub what: Value,
    pub reason: String,
    /// The caller's own number for it.
    pub case: Option<String>,
    /// The caller.
    pub by: String,
    pub at: Timestamp,
    pub notify: bool,
    /// When somebody lifted it.
    pub lifted: Option<Timestamp>,
}

impl From<Listed> for OrderRow {
    fn from(l: Listed) -> Self {
        let o = l.order;
        OrderRow {
            answer: l.answer,
            // plain data: it has a JSON form
            select: serde_json::to_value(&o.select).unwrap_or_default(),
            what: serde_json::to_value(&o.action).unwrap_or_default(),
            reason: o.reason,
            case: o.case,
            by: o.by,
            at: o.at,
            notify: o.notify,
            lifted: o.lifted,
        }
    }
}

/// In a path: which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct OrderPath {
    /// The order's id.
    #[param(pattern = "^[a-z2-7]{25}[aeimquy4]$", example = "aebagbafaydqqcikbmga2dqpca")]
    id: String,
}

pub(in crate::api) fn service(desk: &Desk) -> Result<&Arc<Service>, Problem> {
    desk.disconnect.as_ref().ok_or_else(|| {
        Problem::new(
            StatusCode::CONFLICT,
            "No gateway runs",
            "Orders are carried out by running gateways: start one, and order without --offline.",
        )
    })
}

fn id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map_err(|_| unknown())
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "No such order", "GET /api/v1/disconnects lists those that are kept.")
}

impl From<OrderError> for Problem {
    fn from(e: OrderError) -> Self {
        match e {
            OrderError::Invalid(_) => Self::bad_input(e.to_string()),
            OrderError::Denied(denied) => denied.into(),
            OrderError::TooMany { after, .. } => {
                let text = format!("{e}; wait, or let a caller with the scope `admin` order it.");
                Self::wait(after, "Too many users in an hour", text)
            }
            OrderError::KeyReused(id) => {
                let text =
                    format!("This Idempotency-Key belongs to the order {id}, which was another one; give a new key.");
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key was used before", text)
            }
            OrderError::Unknown => unknown(),
            OrderError::CannotBeLifted => Self::new(
                StatusCode::CONFLICT,
                "It cannot be lifted",
                "Only block, step_up and re_enroll can be lifted; what is over stays over.",
            ),
            OrderError::LiftedBefore => {
                Self::new(StatusCode::CONFLICT, "It was lifted before", "Nothing is left to be lifted.")
            }
            OrderError::Store(cause) => {
                tracing::error!(error = &cause as &dyn std::error::Error, "an order could not be carried out");
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The log is out of reach",
                    "It is not known to have been ordered. Repeat it with the same Idempotency-Key: it is carried out once.",
                )
            }
        }
    }
}

impl From<Denied> for Problem {
    fn from(e: Denied) -> Self {
        let needs_admin = |why: &str| {
            let text = format!("This order needs the scope `{}`: {why}", Scope::Admin);
            Self::new(StatusCode::FORBIDDEN, "A scope is missing", text)
        };
        match e {
            Denied::Wide => needs_admin(
                "it names no user, session, device or ip, nor a network of at most /16 (IPv6: /48). Select more narrowly.",
            ),
            Denied::Administrator => needs_admin("it would keep an administrator out. Order `sign_out` or `step_up`."),
            Denied::OtherApp(apps) => {
                let text = format!("Give `select.app`: this caller is confined to {}.", problem::listed(&apps));
                Self::new(StatusCode::FORBIDDEN, "Confined to other apps", text)
            }
        }
    }
}
