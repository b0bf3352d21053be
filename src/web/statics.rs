//! Files and keys that anything may load: they are the same for everybody.

use super::headers;
use super::status::Rejected;
use super::visit::Visit;
use axum::body::Body;
use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};

/// `static/<hash>.<extension>`
pub(super) async fn file(visit: Visit, Path(name): Path<String>) -> Result<Response, Rejected> {
    let file = visit.web.site.find(&name).ok_or(Rejected(StatusCode::NOT_FOUND))?;
    let mut r = Response::new(Body::from(file.bytes.clone()));
    r.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers::immutable(r.headers_mut(), visit.inbound.origin.https);
    Ok(r)
}

/// The JWK set by which apps check our assertions (RFC 7517).
pub(super) async fn jwks(visit: Visit) -> Response {
    let mut r = Response::new(Body::from((visit.web.jwks)().to_string()));
    headers::keys(r.headers_mut(), visit.inbound.origin.https);
    r
}
