//! Problem documents for programs (RFC 9457), and gRPC's way of saying the same.

use super::headers;
use crate::types::Inbound;
use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;

/// RFC 9457, with what a program needs to send its person to us.
#[derive(Serialize)]
pub(super) struct Problem<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) title: &'a str,
    #[serde(serialize_with = "as_number")]
    pub(super) status: StatusCode,
    pub(super) detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sign_in_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step_up_url: Option<String>,
}

impl<'a> Problem<'a> {
    pub(super) fn new(status: StatusCode, kind: &'static str, title: &'a str, detail: &'a str) -> Self {
        Problem { kind, title, status, detail, sign_in_url: None, step_up_url: None }
    }

    pub(super) fn answer(&self, inbound: &Inbound) -> Response {
        #[derive(Serialize)]
        struct Numbered<'p> {
            #[serde(flatten)]
            problem: &'p Problem<'p>,
            instance: String,
        }
        let instance = format!("urn:portcullis:request:{}", inbound.request_id);
        let body = serde_json::to_vec(&Numbered { problem: self, instance }).unwrap_or_default();
        let mut r = Response::new(Body::from(body));
        *r.status_mut() = self.status;
        r.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers::private(r.headers_mut(), inbound.origin.https);
        r
    }
}

/// The codes of gRPC that we use.
#[derive(Clone, Copy)]
pub(super) enum GrpcStatus {
    PermissionDenied,
    Unavailable,
    Unauthenticated,
}

/// Trailers-Only: gRPC reads the HTTP status of nothing but 200 with its own content type.
pub(super) fn grpc(status: GrpcStatus, message: &str, inbound: &Inbound) -> Response {
    let code = match status {
        GrpcStatus::PermissionDenied => "7",
        GrpcStatus::Unavailable => "14",
        GrpcStatus::Unauthenticated => "16",
    };
    let mut r = Response::new(Body::empty());
    let h = r.headers_mut();
    h.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    h.insert(HeaderName::from_static("grpc-status"), HeaderValue::from_static(code));
    if let Ok(m) = HeaderValue::from_str(message) {
        h.insert(HeaderName::from_static("grpc-message"), m);
    }
    headers::private(h, inbound.origin.https);
    r
}

fn as_number<S: serde::Serializer>(status: &StatusCode, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u16(status.as_u16())
}
