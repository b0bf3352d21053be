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
use std::time::Duration;
use utoipa::ToSchema;

/// A refusal (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: no more than the status says. A held call has the registered type of a used-up quota.
    r#type: &'static str,
    title: &'static str,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What to change.
    #[schema(value_type = String)]
    detail: Cow<'static, str>,
    /// Seconds, for the header.
    #[serde(skip)]
    retry_after: Option<u32>,
    /// All that is wrong with a batch, by its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mistakes: Vec<ImportMistake>,
    /// What of a delivery was carried out nevertheless.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    orders: Vec<HookOrder>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let (status, detail, retry_after) = (status.as_u16(), detail.into(), None);
        Problem { r#type: "about:blank", title, status, detail, retry_after, mistakes: Vec::new(), orders: Vec::new() }
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
    /// 429: not before so long.
    pub(super) fn wait(after: Duration, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        let retry_after = Some(after.as_millis().div_ceil(1000).try_into().unwrap_or(u32::MAX).max(1));
        Problem { r#type: QUOTA, retry_after, ..Self::new(StatusCode::TOO_MANY_REQUESTS, title, detail) }
    }
    pub(super) fn is(&self, status: StatusCode) -> bool {
        self.status == status.as_u16()
    }
    pub(super) fn mistakes(mistakes: Vec<ImportMistake>) -> Self {
        let detail = format!("{} mistakes; nothing was imported.", mistakes.len());
        Problem { mistakes, ..Self::bad_input(detail) }
    }
    pub(super) fn bad_input(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "The request cannot be carried out as it is", detail)
    }
}

/// From IANA's registry of problem types.
const QUOTA: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

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
        let usual = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(2);
        if let Some(seconds) = self.retry_after.or(usual) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
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
        format!("{} is none of the endpoints that /api/v1/openapi.json names.", shown_path(&clean::text(uri.path()))),
    )
}

pub(super) async fn method_not_allowed(method: Method, OriginalUri(uri): OriginalUri) -> Problem {
    wrong_method(&method, &uri)
}

pub(super) fn wrong_method(method: &Method, uri: &Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "Not that method",
        format!(
            "{method} does not apply to {}; the Allow header names those that do.",
            shown_path(&clean::text(uri.path()))
        ),
    )
}
