//! A page that says what happened and what to do: denied, gone, failed, not found.

use crate::types::ReturnTo;
use crate::web::frame::Frame;
use askama::Template;
use axum::response::Response;
use http::StatusCode;

/// Sentences and links under one heading.
#[derive(Template)]
#[template(path = "page/message.html")]
pub(in crate::web) struct Message<'a> {
    frame: &'a Frame<'a>,
    title: String,
    lines: Vec<String>,
    links: Vec<(String, String)>,
    request: bool,
}

impl<'a> Message<'a> {
    pub(in crate::web) fn new(frame: &'a Frame<'a>, title: String) -> Self {
        Message { frame, title, lines: Vec::new(), links: Vec::new(), request: false }
    }
    pub(in crate::web) fn say(&mut self, line: String) {
        self.lines.push(line);
    }
    /// The first link is the one to follow.
    pub(in crate::web) fn link(&mut self, text: String, path: String) {
        self.links.push((text, path));
    }
    /// Shows the request's number, by which support finds it in the log.
    pub(in crate::web) fn quote_request(&mut self) {
        self.request = true;
    }
    pub(in crate::web) fn page(&self, status: StatusCode) -> Response {
        self.frame.page(status, self)
    }
}

/// The sign-in under way is no more, or its cookie did not come back.
pub(in crate::web) fn gone(frame: &Frame<'_>, to: &ReturnTo) -> Response {
    let mut m = Message::new(frame, frame.text("gone-title"));
    m.say(frame.text("gone-text"));
    m.say(frame.text("gone-do"));
    m.link(frame.text("sign-in-again"), frame.site.own_to("sign-in", to));
    m.page(StatusCode::GONE)
}

/// Too many wrong codes.
pub(in crate::web) fn ended(frame: &Frame<'_>, to: &ReturnTo) -> Response {
    let mut m = Message::new(frame, frame.text("ended-title"));
    m.say(frame.text("ended-text"));
    m.say(frame.text("ended-do"));
    m.link(frame.text("sign-in-again"), frame.site.own_to("sign-in", to));
    m.page(StatusCode::FORBIDDEN)
}

/// Set-up, but a second factor is there already.
pub(in crate::web) fn already_on(frame: &Frame<'_>, to: &ReturnTo) -> Response {
    let mut m = Message::new(frame, frame.text("already-on-title"));
    m.say(frame.text("already-on-text"));
    m.link(frame.text("continue"), to.to_string());
    m.link(frame.text("your-account"), frame.own(""));
    m.page(StatusCode::CONFLICT)
}

/// Set-up is not for this person now.
pub(in crate::web) fn not_offered(frame: &Frame<'_>, to: &ReturnTo) -> Response {
    let mut m = Message::new(frame, frame.text("not-offered-title"));
    m.say(frame.text("not-offered-text"));
    m.link(frame.text("continue"), to.to_string());
    m.page(StatusCode::FORBIDDEN)
}

/// The session's cookie was set and did not come back.
pub(in crate::web) fn not_kept(frame: &Frame<'_>, to: &ReturnTo) -> Response {
    let mut m = Message::new(frame, frame.text("arrived-title"));
    m.say(frame.text("arrived-text"));
    m.say(frame.text("arrived-do"));
    m.link(frame.text("sign-in-again"), frame.site.own_to("sign-in", to));
    m.page(StatusCode::FORBIDDEN)
}

/// Nobody is signed in on this browser (any more).
pub(in crate::web) fn signed_out(frame: &Frame<'_>) -> Response {
    let mut m = Message::new(frame, frame.text("signed-out-title"));
    m.say(frame.text("signed-out-text"));
    m.link(frame.text("sign-in-again"), frame.own("sign-in"));
    m.page(StatusCode::OK)
}
