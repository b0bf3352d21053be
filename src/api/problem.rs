//! How the admin API says no: problem+json (RFC 9457), with what to change in `detail`.
//!
//! The only place that turns an error into an answer; what is not the caller's doing is a bare 503 and one log line.

use super::hooks::HookOrder;
use super::v1::imports::ImportMistake;
use crate::account::AccountError;
use crate::audit::clean;
use crate::types::{AppName, Scope, shown_path};
use axum::extract::OriginalUri;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// An error as the caller gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// RFC 9457 §4.2.1: no more than the status says.
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: Cow<'static, str>,
    /// All that is wrong with a batch, by its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mistakes: Vec<ImportMistake>,
    /// What of a delivery was carried out nevertheless.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    orders: Vec<HookOrder>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Problem {
            r#type: "about:blank",
            title,
            status: status.as_u16(),
            detail: detail.into(),
            mistakes: Vec::new(),
            orders: Vec::new(),
        }
    }
    /// What is wrong with parts of a delivery, as one. What a repetition may help goes first.
    pub(super) fn several(all: Vec<Problem>, done: &[HookOrder]) -> Self {
        let one = |is: fn(u16) -> bool| all.iter().find(|p| is(p.status));
        let worst = one(|s| s >= 500).or_else(|| one(|s| s == 429)).or(all.first());
        let status = worst.map_or(StatusCode::UNPROCESSABLE_ENTITY.as_u16(), |p| p.status);
        let title = if done.is_empty() { "Nothing was ordered" } else { "Not all of it was ordered" };
        let mut details: Vec<&str> = Vec::new();
        for problem in &all {
            if !details.contains(&&*problem.detail) && details.len() < 20 {
                details.push(&problem.detail);
            }
        }
        let detail = Cow::Owned(details.join(" "));
        Problem { status, title, detail, orders: done.to_vec(), ..Self::bad_input("") }
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
        Self::new(e.status(), "The request's body cannot be read", e.body_text())
    }
}
impl From<QueryRejection> for Problem {
    fn from(e: QueryRejection) -> Self {
        Self::new(e.status(), "The request's query cannot be read", e.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(e: PathRejection) -> Self {
        Self::new(e.status(), "The request's path cannot be read", e.body_text())
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

/// A call that no door has let in: never, unless a part is wired wrongly.
pub(super) fn nobody() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "No right to call the admin API", "Nobody is known to have called.")
}

pub(super) fn lacks_scope(any: &[Scope]) -> Problem {
    let all: Vec<_> = any.iter().map(|s| format!("`{s}`")).collect();
    let text = format!("This call needs the scope {}, which this caller does not have.", all.join(" or "));
    Problem::new(StatusCode::FORBIDDEN, "A scope is missing", text)
}

pub(super) fn confined(apps: &BTreeSet<AppName>) -> Problem {
    let text = format!("This caller is confined to the apps {}, and this is about all of them.", listed(apps));
    Problem::new(StatusCode::FORBIDDEN, "Confined to other apps", text)
}

pub(super) fn listed(apps: &BTreeSet<AppName>) -> String {
    apps.iter().map(|a| a.to_string()).collect::<Vec<_>>().join(", ")
}

pub(super) async fn not_found(OriginalUri(uri): OriginalUri) -> Problem {
    no_such_endpoint(&uri)
}

pub(super) fn no_such_endpoint(uri: &Uri) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "No such endpoint",
        format!(
            "{} is none of /healthz, /readyz, /metrics, /api/v1/users, /api/v1/users/NAME, /api/v1/imports, /api/v1/keys, \
             /api/v1/disconnects, /api/v1/disconnects/ID, /api/v1/sessions, /api/v1/audit, /api/v1/hooks/NAME/SECRET.",
            shown_path(uri.path())
        ),
    )
}

pub(super) async fn method_not_allowed(method: Method, OriginalUri(uri): OriginalUri) -> Problem {
    wrong_method(&method, &uri)
}

pub(super) fn wrong_method(method: &Method, uri: &Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "Not that method",
        format!("{method} does not apply to {}; the Allow header names those that do.", shown_path(uri.path())),
    )
}
