//! A page that says what happened and what to do: denied, gone, failed, not found.

use crate::gate::flow::Held;
use crate::gate::flow::change::WhyNot;
use crate::types::ReturnTo;
use crate::web::frame::Frame;
use crate::web::refusal;
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};
use std::time::Duration;

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

/// A challenge that takes only second factors that the person does not have.
pub(in crate::web) fn no_method(frame: &Frame<'_>) -> Response {
    let mut m = Message::new(frame, frame.text("denied-title"));
    refusal::no_method(frame, &mut m);
    m.link(frame.text("your-account"), frame.own(""));
    m.quote_request();
    m.page(StatusCode::FORBIDDEN)
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

/// Too many wrong tries before: nothing was looked at.
pub(in crate::web) fn held(frame: &Frame<'_>, held: Held, again: &str) -> Response {
    match held {
        Held::For(wait) => {
            let mut m = Message::new(frame, frame.text("held-title"));
            m.say(waiting(frame, wait));
            m.say(frame.text("held-do"));
            m.link(frame.text("try-again"), again.to_string());
            let mut r = m.page(StatusCode::TOO_MANY_REQUESTS);
            r.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds(wait)));
            r
        }
        Held::Disabled => {
            let mut m = Message::new(frame, frame.text("locked-title"));
            m.say(frame.text("locked-text"));
            m.say(frame.text("locked-do"));
            m.link(frame.text("back"), again.to_string());
            m.page(StatusCode::FORBIDDEN)
        }
    }
}

fn waiting(frame: &Frame<'_>, wait: Duration) -> String {
    match seconds(wait) {
        s @ ..=90 => frame.with("held-seconds", "seconds", s),
        s => frame.with("held-minutes", "minutes", s.div_ceil(60)),
    }
}

/// Rounded up, so that who comes back then is not too early.
pub(super) fn seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1)
}

/// A change of the second factor, and there is none.
pub(in crate::web) fn not_on(frame: &Frame<'_>) -> Response {
    let mut m = Message::new(frame, frame.text("not-on-title"));
    m.say(frame.text("not-on-text"));
    m.link(frame.text("your-account"), frame.own(""));
    m.page(StatusCode::CONFLICT)
}

/// A change that a session of a backup code cannot make.
pub(in crate::web) fn refused(frame: &Frame<'_>, why: WhyNot) -> Response {
    let mut m = Message::new(frame, frame.text("refused-title"));
    m.say(why_not(frame, why));
    m.link(frame.text("your-account"), frame.own(""));
    m.page(StatusCode::FORBIDDEN)
}

pub(in crate::web) fn why_not(frame: &Frame<'_>, why: WhyNot) -> String {
    match why {
        WhyNot::CodesByBackupCode => frame.text("refused-codes"),
        WhyNot::TooLate => frame.text("refused-late"),
        WhyNot::NotByBackupCode => frame.text("refused-disable"),
    }
}

/// New backup codes that were shown already, or ran out.
pub(in crate::web) fn codes_over(frame: &Frame<'_>) -> Response {
    let mut m = Message::new(frame, frame.text("codes-over-title"));
    m.say(frame.text("codes-over-text"));
    m.link(frame.text("your-account"), frame.own(""));
    m.page(StatusCode::GONE)
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
