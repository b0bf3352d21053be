//! How the admin API says no: problem+json (RFC 9457), with what to change in `detail`.
//!
//! The only place that turns an error into an answer; what is not the caller's doing is a bare 503 and one log line.

use super::v1::imports::ImportMistake;
use crate::account::AccountError;
use crate::audit::clean;
use axum::extract::OriginalUri;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use utoipa::ToSchema;

/// A refusal (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: no more than the status says.
    r#type: &'static str,
    title: &'static str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What to change.
    #[schema(value_type = String)]
    detail: Cow<'static, str>,
    /// All that is wrong with a batch, by its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mistakes: Vec<ImportMistake>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Problem { r#type: "about:blank", title, status: status.as_u16(), detail: detail.into(), mistakes: Vec::new() }
    }
    pub(super) fn mistakes(mistakes: Vec<ImportMistake>) -> Self {
        let detail = format!("{} mistakes; nothing was imported.", mistakes.len());
        Problem { mistakes, ..Self::bad_input(detail) }
    }
    pub(super) fn bad_input(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "The request cannot be carried out as it is", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut r = (status, axum::Json(&self)).into_response();
        let headers = r.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        r
    }
}

impl From<JsonRejection> for Problem {
    fn from(e: JsonRejection) -> Self {
        // behind serde's own words for what it was doing
        let text = e.body_text();
        let what = text.split_once(": ").map_or(text.as_str(), |(_, what)| what);
        let detail = format!("Change the body: {what}. /api/v1/openapi.json says what stands in it.");
        Self::new(e.status(), "The request's body cannot be read", detail)
    }
}
impl From<QueryRejection> for Problem {
    fn from(e: QueryRejection) -> Self {
        let text = e.body_text();
        let what = text.split_once(": ").map_or(text.as_str(), |(_, what)| what);
        let detail = format!("Change the query: {what}. /api/v1/openapi.json says what stands in it.");
        Self::new(e.status(), "The request's query cannot be read", detail)
    }
}

impl From<PathRejection> for Problem {
    fn from(e: PathRejection) -> Self {
        let detail = format!("{}; write names as percent-encoded UTF-8.", e.body_text());
        Self::new(e.status(), "The request's path cannot be read", detail)
    }
}
impl From<AccountError> for Problem {
    fn from(e: AccountError) -> Self {
        match e {
            AccountError::NoSuchUser(login) => {
                let login = clean::text(&login);
                let text = format!("Nobody has the name or e-mail address {login}; GET /api/v1/users lists everybody.");
                Self::new(StatusCode::NOT_FOUND, "No such user", text)
            }
            AccountError::NameTaken(_) | AccountError::EmailTaken(_) => {
                Self::new(StatusCode::CONFLICT, "Taken", format!("{e}; give another one."))
            }
            AccountError::BadLocale(tag) => {
                let tag = clean::text(&tag);
                Self::bad_input(format!("{tag} is not a language tag: write it like en or pt-BR."))
            }
            AccountError::BadPassword(_) => Self::bad_input(format!("{e}.")),
            AccountError::NoSuchSession(_) => {
                let text = format!("{e}; GET /api/v1/users/NAME/sessions lists those that live.");
                Self::new(StatusCode::NOT_FOUND, "No such session", text)
            }
            AccountError::LastAdmin => Self::new(
                StatusCode::CONFLICT,
                "The last administrator",
                "Nobody else in a group of admins.groups could sign in: make another administrator first.",
            ),
            AccountError::Contended => Self::new(StatusCode::CONFLICT, "Changed meanwhile", format!("{e}.")),
            AccountError::Hash(_) | AccountError::Store(_) => unavailable(&e),
        }
    }
}

fn unavailable(e: &AccountError) -> Problem {
    tracing::error!(error = e as &dyn std::error::Error, "an API call failed");
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "The gateway cannot do this now",
        "Try again in a moment; /readyz and the log say what is wrong.",
    )
}

pub(super) async fn not_found(OriginalUri(uri): OriginalUri) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "No such endpoint",
        format!("{} is none of the endpoints that /api/v1/openapi.json names.", clean::text(uri.path())),
    )
}

pub(super) async fn method_not_allowed(method: Method, OriginalUri(uri): OriginalUri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "Not that method",
        format!("{method} does not apply to {}; the Allow header names those that do.", clean::text(uri.path())),
    )
}
