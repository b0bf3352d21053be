//! Answers that are a status and a sentence: not found, not allowed here, too large …

use super::fault;
use super::frame::Frame;
use super::page::message::Message;
use super::problem::{GrpcStatus, Problem, grpc};
use super::site::Site;
use crate::types::Inbound;
use crate::types::inbound::Kind;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// A request to an own page that is not served; [`answer`] makes the page of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rejected(pub(super) StatusCode);

impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let mut r = self.0.into_response();
        r.extensions_mut().insert(self);
        r
    }
}

/// The page, or for programs the problem document, of a bare status.
pub(super) fn answer(site: &Site, inbound: &Inbound, status: StatusCode) -> Response {
    match inbound.kind {
        // 502 and 504 are the app's
        _ if status == StatusCode::SERVICE_UNAVAILABLE => fault::unavailable(site, inbound),
        Kind::Navigation => {
            let frame = Frame::new(site, inbound);
            let (title, text) = words(&frame, status);
            let mut m = Message::new(&frame, title);
            m.say(text);
            m.link(frame.text("to-the-start"), "/".to_string());
            m.quote_request();
            m.page(status)
        }
        Kind::Program | Kind::WebSocket => {
            let title = status.canonical_reason().unwrap_or("Not served");
            Problem::new(status, "about:blank", title, detail(status)).answer(inbound)
        }
        Kind::Grpc if status.is_server_error() => grpc(GrpcStatus::Unavailable, detail(status), inbound),
        Kind::Grpc => grpc(GrpcStatus::PermissionDenied, detail(status), inbound),
    }
}

fn words(frame: &Frame<'_>, status: StatusCode) -> (String, String) {
    let (title, text) = match status.as_u16() {
        403 => (frame.text("status-403-title"), frame.text("status-403-text")),
        404 => (frame.text("status-404-title"), frame.text("status-404-text")),
        405 => (frame.text("status-405-title"), frame.text("status-405-text")),
        413 => (frame.text("status-413-title"), frame.text("status-413-text")),
        415 => (frame.text("status-415-title"), frame.text("status-415-text")),
        502 => (frame.text("status-502-title"), frame.text("status-502-text")),
        504 => (frame.text("status-504-title"), frame.text("status-504-text")),
        _ => (frame.text("status-400-title"), frame.text("status-400-text")),
    };
    (title, text)
}

fn detail(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "This page answers only to a browser's own navigation, and its forms only from itself.",
        404 => "There is no such page.",
        405 => "This address does not take that method.",
        413 => "What was sent is larger than is taken here.",
        415 => "A form is taken as application/x-www-form-urlencoded only.",
        502 => "The application behind the gateway could not be reached.",
        504 => "The application behind the gateway did not answer in time.",
        _ => "The request could not be understood.",
    }
}
