//! Our own failure: closed, said plainly, and logged once.

use super::frame::Frame;
use super::page::message::Message;
use super::problem::{GrpcStatus, Problem, grpc};
use super::site::Site;
use crate::gate::Fault;
use crate::types::Inbound;
use crate::types::inbound::Kind;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};
use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;

/// A handler's way to say that the gate failed; [`answer`] makes the page of it.
pub(super) struct Failed(Arc<Fault>);

impl From<Fault> for Failed {
    fn from(f: Fault) -> Self {
        Failed(Arc::new(f))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let mut r = StatusCode::SERVICE_UNAVAILABLE.into_response();
        r.extensions_mut().insert(self.0);
        r
    }
}

/// Cookies stay as they are: nobody is signed out by our failure.
pub(super) fn answer(site: &Site, inbound: &Inbound, fault: &Fault) -> Response {
    tracing::error!(request = %inbound.request_id, app = %inbound.app, error = causes(fault), "closed by a fault");
    unavailable(site, inbound)
}

/// That nobody can be let in now, by no fault of the app's.
pub(super) fn unavailable(site: &Site, inbound: &Inbound) -> Response {
    let mut r = match inbound.kind {
        Kind::Navigation => {
            let frame = Frame::new(site, inbound);
            let mut m = Message::new(&frame, frame.text("fault-title"));
            m.say(frame.text("fault-text"));
            m.say(frame.text("fault-do"));
            m.quote_request();
            m.page(StatusCode::SERVICE_UNAVAILABLE)
        }
        Kind::Program | Kind::WebSocket => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "urn:portcullis:problem:unavailable",
            "Sign-ins cannot be checked now",
            "The gateway could not check who is asking, so nothing was let through. Repeat the request later.",
        )
        .answer(inbound),
        Kind::Grpc => grpc(GrpcStatus::Unavailable, "sign-ins cannot be checked now", inbound),
    };
    r.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    r
}

fn causes(fault: &Fault) -> String {
    let mut text = fault.to_string();
    let mut next = fault.source();
    while let Some(cause) = next {
        let _ = write!(text, ": {cause}"); // writing to a String cannot fail
        next = cause.source();
    }
    text
}
