//! The page of a form that waits, and what other pages say of it.

use super::*;
use crate::gate::parking::{Held, Shown};
use crate::gate::{NotSent, Parking, Unkept};
use crate::types::FormId;
use crate::web::headers;
use crate::web::page::form::{View, not_sent};
use crate::web::posted::{Field, Fields, Value};
use bytes::Bytes;

const ID: FormId = FormId::from_bytes([5; 16]);

pub(super) fn waiting() -> ReturnTo {
    ReturnTo::form_page(PREFIX, ID, "/orders")
}

fn field(name: &str, value: Value) -> Field {
    Field { name: name.into(), value }
}

impl Sample {
    /// A form that waits, and all that can be said of one.
    pub(super) fn form_pages(&self) -> Vec<(&'static str, Response)> {
        let (to, name) = (waiting(), self.name.as_str());
        let held = Held {
            target: "/orders?draft=1&x=\"<".into(),
            content_type: "multipart/form-data; boundary=x".into(),
            origin: None,
            referer: None,
            user: None,
            body: Bytes::from_static(&[0; 4096]),
        };
        let shown = Shown { name: self.name.clone(), held, id: ID, marker: "id.token".into() };
        let frame = &self.frame();
        let form = |fields: Option<Fields>| {
            let place = format!("app.example.com{}", shown.held.target);
            let mut r = frame.page(StatusCode::OK, &View { frame, name, shown: &shown, place, fields });
            headers::sending(r.headers_mut());
            r
        };
        let fields = vec![
            field("amount", Value::Text("100 <b>".into())),
            field("note", Value::Beginning("It was a dark".into())),
            field("csrf", Value::Hidden),
            field("paper", Value::File { name: "a.pdf".into(), bytes: 1 }),
        ];
        let said = |why| not_sent(&self.site, &self.inbound, &why);
        let told = |unkept: Option<&str>| {
            let mut inbound = self.inbound.clone();
            inbound.query = unkept.map(|word| format!("to=/&form={word}"));
            let frame = Frame::new(&self.site, &inbound);
            let to = if unkept.is_some() { &self.to } else { &to };
            frame.page(StatusCode::OK, &sign_in::View { frame: &frame, to, login: "", error: None })
        };
        vec![
            ("form", form(Some(Fields { fields, more: 3 }))),
            ("form_empty", form(Some(Fields { fields: Vec::new(), more: 0 }))),
            ("form_unread", form(None)),
            ("form_gone", said(NotSent::Gone)),
            ("form_other_user", said(NotSent::OtherUser)),
            ("form_again", said(NotSent::OtherSession { to: to.clone() })),
            ("form_waits", said(NotSent::Waits { to: to.clone() })),
            ("form_unsure", said(NotSent::Unsure)),
            ("form_forged", said(NotSent::Forged)),
            ("sign_in_form_kept", told(None)),
            ("sign_in_form_too_large", told(Some("too-large"))),
        ]
    }
}

#[tokio::test]
async fn what_is_posted_is_shown_as_text_and_goes_to_the_apps_own_address() {
    let pages = Sample::new("en").form_pages();
    let (_, page) = pages.into_iter().find(|(n, _)| *n == "form").unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_string();
    assert!(policy.contains("form-action 'self' https: http:"), "{policy}");
    let html = text(page).await;
    assert!(html.contains("100 &#60;b&#62;") && !html.contains("<b>"), "{html}");
    assert!(html.contains("action=\"/orders?draft=1&#38;x=&#34;&#60;\""), "{html}");
}

#[test]
fn a_refusal_leads_to_the_page_of_the_form_or_says_why_it_is_not_kept() {
    let s = Sample::new("en");
    let led = |refusal, parking: Parking| {
        let r = refusal::answer(&s.site, &s.inbound, (&HeaderMap::new(), Some(&parking)), &refusal);
        (r.headers()["location"].to_str().unwrap().to_string(), r.headers().contains_key("set-cookie"))
    };
    let cookies = vec![http::HeaderValue::from_static("x=y")];
    let (to, cookie) = led(Refusal::SignIn { to: waiting() }, Parking { cookies, kept: Ok(waiting()) });
    assert_eq!(to, format!("/.portcullis/sign-in?to=/.portcullis/form%3Ff%3D{ID}%26at%3D/orders"));
    assert!(cookie);
    let unkept = Parking { cookies: Vec::new(), kept: Err(Unkept::TooLarge) };
    let challenge = Refusal::Challenge { to: ReturnTo::parse("/a?b=c", PREFIX), max_age: None };
    let path = s.inbound.path.forwarded();
    let to = format!("/.portcullis/challenge?to=/a%3Fb%3Dc&for=GET%3A{path}&form=too-large");
    assert_eq!(led(challenge, unkept), (to, false));
}
