//! `/healthz`: the process lives. `/readyz`: it can serve visitors, and what stands in the way or deserves a look.
//!
//! Reads what it is told through `Readiness`; checks nothing by itself.

use super::Api;
use axum::Json;
use axum::extract;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// Knows what state the gateway is in.
#[async_trait::async_trait]
pub trait Readiness: Send + Sync + 'static {
    /// Each thing that must be in order, or should be. Answers within a second or so: a store that hangs is a failure.
    async fn checks(&self) -> Vec<Check>;
}

/// One line of `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    /// Such as `store`, `lease`, `policy`, `accounts`.
    pub name: &'static str,
    pub state: State,
    /// What is so, and what to do about it.
    #[schema(value_type = String)]
    pub detail: Cow<'static, str>,
}

/// How a check ended. `warning`: serves, but somebody should look. `failed`: visitors are not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CheckState)]
pub enum State {
    Good,
    /// Serves, but somebody should look.
    Warning,
    /// Visitors are not served.
    Failed,
}

impl Check {
    pub fn new(name: &'static str, state: State, detail: impl Into<Cow<'static, str>>) -> Self {
        Check { name, state, detail: detail.into() }
    }
    pub fn good(name: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, State::Good, detail)
    }
    pub fn warning(name: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, State::Warning, detail)
    }
    pub fn failed(name: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, State::Failed, detail)
    }
}

/// What `/readyz` answers.
#[derive(Serialize, ToSchema)]
#[schema(as = Readiness)]
pub(super) struct Report {
    ready: bool,
    checks: Vec<Check>,
}

#[utoipa::path(
    get, path = "/healthz", operation_id = "healthz", tag = "gateway", security(()),
    summary = "The process lives",
    responses((status = 200, description = "It lives.", body = String, content_type = "text/plain"))
)]
pub(super) async fn live() -> impl IntoResponse {
    (NO_STORE, "ok\n")
}

#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "gateway", security(()),
    summary = "Visitors can be served",
    description = "What stands in the way or deserves a look, each with what to do about it.",
    responses(
        (status = 200, description = "Visitors are served.", body = Report),
        (status = 503, description = "Visitors are not served.", body = Report)
    )
)]
pub(super) async fn ready(extract::State(api): extract::State<Api>) -> impl IntoResponse {
    let checks = api.readiness.checks().await;
    let ready = checks.iter().all(|c| c.state != State::Failed);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, NO_STORE, Json(Report { ready, checks }))
}

const NO_STORE: [(HeaderName, HeaderValue); 1] = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
