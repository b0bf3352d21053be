//! A form that waits: what it holds, *send* and *do not send*.
//!
//! *Send* is a form of this page that goes to the app's own address, with a marker that the proxy knows: the answer is the
//! app's, under the app's address, and the page needs no script. Looking at the page sends nothing.

use super::message::Message;
use super::{Outcome, respond};
use crate::gate::parking::Shown;
use crate::gate::{FormPage, Marker, NotSent, Unkept};
use crate::types::{Inbound, ReturnTo};
use crate::web::fault::Failed;
use crate::web::form::Form;
use crate::web::frame::{Frame, set_cookies};
use crate::web::headers;
use crate::web::locale::Texts;
use crate::web::posted::{self, Fields, Value};
use crate::web::refusal;
use crate::web::site::Site;
use crate::web::status::{self, Rejected};
use crate::web::visit::Visit;
use askama::Template;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use std::str::FromStr;

#[derive(Template)]
#[template(path = "page/form.html")]
pub(in crate::web) struct View<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) name: &'a str,
    pub(in crate::web) shown: &'a Shown,
    /// Host and address, for reading.
    pub(in crate::web) place: String,
    /// `None`: it cannot be read.
    pub(in crate::web) fields: Option<Fields>,
}

impl View<'_> {
    fn marker_field(&self) -> &'static str {
        Marker::FIELD
    }
    fn bytes(&self) -> usize {
        self.shown.held.body.len()
    }
}

pub(in crate::web) async fn show(visit: Visit) -> Response {
    respond(page(&visit).await.map(Ok))
}

pub(in crate::web) async fn submit(visit: Visit, form: Form) -> Response {
    respond(discarded(&visit, &form).await)
}

async fn page(visit: &Visit) -> Result<Response, Failed> {
    let frame = visit.frame();
    // the page's own address is the way back to it
    let to = visit.return_to(&visit.inbound.target());
    Ok(match visit.gate().form_page(&visit.inbound, &to).await? {
        FormPage::Asked(asked) => refusal::answer(&visit.web.site, &visit.inbound, (&HeaderMap::new(), None), &asked),
        FormPage::Gone => gone(&frame),
        FormPage::OtherUser { cookies } => set_cookies(other_user(&frame), cookies),
        FormPage::Show(shown) => {
            let fields = posted::fields(&shown.held).await;
            let place = format!("{}{}", visit.inbound.origin.authority(), shown.held.target);
            let view = View { frame: &frame, name: shown.name.as_str(), shown: &shown, place, fields };
            let mut r = frame.page(StatusCode::OK, &view);
            headers::sending(r.headers_mut());
            r
        }
    })
}

async fn discarded(visit: &Visit, form: &Form) -> Outcome {
    let (id, token) = match (form.field("f").map(FromStr::from_str), form.field("form_token")) {
        (Ok(Ok(id)), Ok(token)) => (id, token),
        _ => return Ok(Err(Rejected(StatusCode::BAD_REQUEST))),
    };
    let frame = visit.frame();
    Ok(match visit.gate().discard_form(&visit.inbound, id, token).await? {
        Some((cookies, back)) => Ok(set_cookies(frame.go(back.as_str()), cookies)),
        None => Err(Rejected(StatusCode::FORBIDDEN)),
    })
}

/// Why a marker was not followed.
pub(in crate::web) fn not_sent(site: &Site, inbound: &Inbound, why: &NotSent) -> Response {
    let frame = Frame::new(site, inbound);
    match why {
        NotSent::Gone => gone(&frame),
        NotSent::OtherUser => other_user(&frame),
        NotSent::Forged => status::answer(site, inbound, StatusCode::FORBIDDEN),
        NotSent::OtherSession { to } => waits(&frame, frame.text("form-again-text"), to, StatusCode::FORBIDDEN),
        NotSent::Waits { to } => waits(&frame, frame.text("form-waits-text"), to, StatusCode::BAD_GATEWAY),
        NotSent::Unsure => {
            let mut m = Message::new(&frame, frame.text("form-unsure-title"));
            m.say(frame.text("form-unsure-text"));
            m.link(frame.text("to-the-start"), "/".to_string());
            m.quote_request();
            m.page(StatusCode::BAD_GATEWAY)
        }
    }
}

fn gone(frame: &Frame<'_>) -> Response {
    let mut m = Message::new(frame, frame.text("form-gone-title"));
    m.say(frame.text("form-gone-text"));
    m.say(frame.text("form-gone-do"));
    m.link(frame.text("to-the-start"), "/".to_string());
    m.page(StatusCode::GONE)
}

fn other_user(frame: &Frame<'_>) -> Response {
    let mut m = Message::new(frame, frame.text("form-other-title"));
    m.say(frame.text("form-other-text"));
    m.link(frame.text("to-the-start"), "/".to_string());
    m.page(StatusCode::FORBIDDEN)
}

fn waits(frame: &Frame<'_>, text: String, to: &ReturnTo, status: StatusCode) -> Response {
    let mut m = Message::new(frame, frame.text("form-not-sent-title"));
    m.say(text);
    m.link(frame.text("form-see"), to.to_string());
    m.page(status)
}

/// In the address of the page that comes first.
pub(in crate::web) fn word(why: Unkept) -> &'static str {
    match why {
        Unkept::TooLarge => "too-large",
        Unkept::Kind => "kind",
        Unkept::Elsewhere => "elsewhere",
        Unkept::TooMany => "too-many",
        Unkept::Full => "full",
        Unkept::Failed => "failed",
    }
}

/// What the word in a page's address says.
pub(in crate::web) fn unkept(query: &str, texts: &Texts) -> Option<String> {
    let said = query.split('&').filter_map(|pair| pair.strip_prefix("form=")).next_back()?;
    Some(match said {
        "too-large" => texts.text("form-too-large"),
        "kind" => texts.text("form-kind"),
        "elsewhere" => texts.text("form-elsewhere"),
        "too-many" => texts.text("form-too-many"),
        "full" => texts.text("form-full"),
        "failed" => texts.text("form-failed"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_text_and_other_words_have_none() {
        use Unkept::*;
        let texts = Texts::for_header("en");
        for why in [TooLarge, Kind, Elsewhere, TooMany, Full, Failed] {
            let word = word(why);
            assert_eq!(unkept(&format!("to=/&form={word}"), texts), Some(texts.text(&format!("form-{word}"))));
        }
        for query in ["", "to=/", "form=", "form=<b>", "xform=full"] {
            assert_eq!(unkept(query, texts), None, "{query}");
        }
    }
}
