//! `GET /api/v1/users/{login}/sessions`: what is open now and which browsers are known. Tokens stand nowhere.

use super::Whom;
use crate::account::{Device, Session};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::types::{DeviceId, SecondFactor, SessionId, Timestamp};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person has open, and the browsers they are known by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserSessions {
    pub sessions: Vec<UserSession>,
    pub devices: Vec<UserDevice>,
}

/// A signed-in browser on one origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserSession {
    pub id: SessionId,
    pub origin: String,
    /// When the password was given.
    pub began: Timestamp,
    /// The last second factor; null: none was given.
    pub second_factor: Option<SecondFactor>,
    pub second_factor_at: Option<Timestamp>,
    pub idle_end: Timestamp,
    pub absolute_end: Timestamp,
    pub device: Option<DeviceId>,
    /// Where it was opened from.
    pub address: String,
    pub browser: String,
}

/// A browser that has signed in before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserDevice {
    pub id: DeviceId,
    pub origin: String,
    /// Null: known only.
    pub trusted_until: Option<Timestamp>,
    pub created: Timestamp,
    pub last_used: Timestamp,
    pub address: String,
    pub browser: String,
}

#[utoipa::path(
    get, path = "/{login}/sessions", operation_id = "list_user_sessions", tag = "sessions",
    summary = "Sessions and known browsers of one person",
    params(Whom),
    responses((status = 200, description = "What is open and what is known.", body = UserSessions))
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    login: Result<Path<Whom>, PathRejection>,
) -> Result<Json<UserSessions>, Problem> {
    let Path(Whom { login }) = login?;
    let (_, sessions, devices) = desk.accounts.load_full().sessions(&login).await?;
    let sessions = sessions.into_iter().map(UserSession::from).collect();
    Ok(Json(UserSessions { sessions, devices: devices.into_iter().map(UserDevice::from).collect() }))
}

impl From<Session> for UserSession {
    fn from(s: Session) -> Self {
        UserSession {
            id: s.id,
            origin: s.origin.to_string(),
            began: s.assurance.first_at,
            second_factor: s.assurance.second.map(|(kind, _)| kind),
            second_factor_at: s.assurance.second.map(|(_, at)| at),
            idle_end: s.idle_end,
            absolute_end: s.absolute_end,
            device: s.device,
            address: s.address,
            browser: s.browser,
        }
    }
}

impl From<Device> for UserDevice {
    fn from(d: Device) -> Self {
        UserDevice {
            id: d.id,
            origin: d.origin.to_string(),
            trusted_until: d.trusted_until,
            created: d.created,
            last_used: d.last_used,
            address: d.address,
            browser: d.browser,
        }
    }
}
