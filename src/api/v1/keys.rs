//! `/api/v1/keys`: which root keys are in use, and letting one go. Never a key.

use crate::account::NotRetired;
use crate::api::Desk;
use crate::api::body::AnyBody;
use crate::api::problem::Problem;
use crate::audit::{self, Event};
use crate::disconnect::Caller;
use crate::types::Timestamp;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(retire))
}

/// The keys this node works with, the one that seals first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyList {
    pub keys: Vec<KeyState>,
}

/// A root key, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyState {
    pub id: String,
    pub created: Timestamp,
    /// From when it seals.
    pub seals_from: Timestamp,
    /// It is the one that seals now.
    pub seals: bool,
}

/// In a path: which key.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct KeyPath {
    /// As `GET /api/v1/keys` tells it.
    #[param(min_length = 1)]
    id: String,
}

/// How a key is let go.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// Although sessions, devices and codes begun under it end.
    #[serde(default)]
    force: bool,
}

#[utoipa::path(
    get, path = "", operation_id = "list_keys", tag = "keys",
    summary = "The root keys in use",
    responses((status = 200, description = "Ids and times.", body = KeyList, links(
        ("retire" = (operation_id = "retire_key", parameters(("id" = "$response.body#/keys/0/id"))))
    )))
)]
async fn list(State(desk): State<Desk>) -> Json<KeyList> {
    let keys = desk.accounts.load().keys.keys();
    let seals = keys.newest().id();
    let states = keys.iter().map(|k| KeyState {
        id: k.id().to_string(),
        created: k.created(),
        seals_from: k.seals(),
        seals: k.id() == seals,
    });
    Json(KeyList { keys: states.collect() })
}

#[utoipa::path(
    delete, path = "/{id}", operation_id = "retire_key", tag = "keys",
    summary = "Let an old root key go",
    params(KeyPath),
    request_body(content = Option<Retire>),
    responses(
        (status = 204, description = "It is retired."),
        (status = 409, description = "It seals still, is too young, or records lie under it; `detail` says what to do.")
    )
)]
async fn retire(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<KeyPath>, PathRejection>,
    AnyBody(order): AnyBody<Retire>,
) -> Result<StatusCode, Problem> {
    let Path(KeyPath { id }) = id?;
    let accounts = desk.accounts.load_full();
    accounts.retire(&id, order.force).await?;
    let by = caller.reporter();
    desk.audit.record(&Event::Keys { by, key: id, change: audit::Keys::Retired }, accounts.clock.now());
    Ok(StatusCode::NO_CONTENT)
}

impl From<NotRetired> for Problem {
    fn from(e: NotRetired) -> Self {
        const STAYS: &str = "The key cannot be retired";
        let conflict = |text: String| Problem::new(StatusCode::CONFLICT, STAYS, text);
        match e {
            NotRetired::NoSuchKey(_) => {
                Problem::new(StatusCode::NOT_FOUND, "No such key", format!("{e}; GET /api/v1/keys lists them."))
            }
            NotRetired::Seals(_) => conflict(format!("{e}: rotate first (portcullis keys rotate).")),
            NotRetired::Young { key, left } => conflict(format!(
                "Sessions and enrolment codes begun under the key `{key}` may live for another {} minutes; wait, or force \
                 it: they end then.",
                left.as_secs().div_ceil(60)
            )),
            NotRetired::Named { key, named } => {
                let people: Vec<_> = named.people.iter().map(ToString::to_string).collect();
                let who = if people.is_empty() { String::new() } else { format!("; among them {}", people.join(", ")) };
                conflict(format!(
                    "Records lie under the key `{key}` (second factors: {}, passwords: {}, sets of backup codes: {}, API tokens: {}{who}). \
                     Passwords move to the newest key when the person signs in, backup codes when new ones are made; for \
                     who does neither, set a password (portcullis user passwd), reset the second factor (portcullis user \
                     reset-mfa) or delete the account; replace API tokens by new ones and revoke the old. A second factor that is still there could not be opened; the log \
                     says why. An older key that stays does no harm.",
                    named.factors, named.passwords, named.backup_codes, named.tokens
                ))
            }
            NotRetired::Account(e) => e.into(),
        }
    }
}
