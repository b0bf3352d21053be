//! JSON bodies: the only place that reads one. What cannot be read is refused with what to change.

use super::problem::Problem;
use crate::types::Object;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

/// A body that has to be there.
pub(super) struct Body<T>(pub T);

/// A body that may be left out where all of its fields may.
pub(super) struct AnyBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let missing = || Problem::new(StatusCode::BAD_REQUEST, "The body is missing", MISSING);
        read(request, state).await?.map(Body).ok_or_else(missing)
    }
}

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for AnyBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        read(request, state).await.map(|body| AnyBody(body.unwrap_or_default()))
    }
}

/// `None`: there is no body.
async fn read<T: DeserializeOwned, S: Send + Sync>(request: Request, state: &S) -> Result<Option<T>, Problem> {
    let is_json = is_json(request.headers());
    let bytes = Bytes::from_request(request, state).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if !is_json {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is no JSON", NOT_JSON));
    }
    let Json(Object(it)) = Json::from_bytes(&bytes)?;
    Ok(Some(it))
}

/// `application/json`, with parameters or without: one header.
fn is_json(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(one), None) = (all.next(), all.next()) else { return false };
    let kind = one.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

impl From<BytesRejection> for Problem {
    fn from(e: BytesRejection) -> Self {
        match e.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(e.status(), "The body is too large", TOO_LARGE),
            _ => Problem::new(StatusCode::BAD_REQUEST, "The body did not arrive whole", BROKEN_OFF),
        }
    }
}

const MISSING: &str = "Send a JSON object as the body, with the header `Content-Type: application/json`; \
    /api/v1/openapi.json says what stands in it.";
const NOT_JSON: &str = "Send the body as JSON, with the header `Content-Type: application/json`, once.";
const TOO_LARGE: &str = "A body has at most 64 KiB, that of /api/v1/imports 4 MiB: send less at a time.";
const BROKEN_OFF: &str = "Send it again; its length or its chunks were not as announced.";
