//! `/api/v1/keys`: which root keys are in use, and letting one go. Never a key.

use crate::account::NotRetired;
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit::{self, Event};
use crate::disconnect::Caller;
use crate::types::Timestamp;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};

pub(super) fn router() -> Router<Desk> {
    Router::new().route("/", get(list)).route("/{id}", delete(retire))
}

/// The keys this node works with, the one that seals first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyList {
    pub keys: Vec<KeyState>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyState {
    pub id: String,
    pub created: Timestamp,
    /// From when it seals.
    pub seals_from: Timestamp,
    /// It is the one that seals now.
    pub seals: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retire {
    /// Although sessions, devices and codes begun under it end.
    force: bool,
}

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

async fn retire(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    id: Result<Path<String>, PathRejection>,
    body: Result<Option<Json<Retire>>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let (Path(id), order) = (id?, body?.map(|Json(o)| o).unwrap_or_default());
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
