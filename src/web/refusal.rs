//! A refusal in the terms of who asks. The status comes from the refusal alone.

use super::frame::{Frame, see_other, set_cookies};
use super::page::form;
use super::page::message::Message;
use super::problem::{GrpcStatus, Problem, grpc};
use super::site::Site;
use crate::gate::flow::SetCookies;
use crate::gate::{Denial, Parking, Refusal};
use crate::types::inbound::Kind;
use crate::types::{Acr, Inbound, ReturnTo};
use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderValue, WWW_AUTHENTICATE};

/// The one place that turns a refusal into a response. `parking`: what became of the form that met it.
pub(super) fn answer(site: &Site, inbound: &Inbound, refusal: &Refusal, parking: Option<&Parking>) -> Response {
    match inbound.kind {
        Kind::Navigation => for_a_browser(site, inbound, refusal, parking),
        Kind::Program | Kind::WebSocket => for_a_program(site, inbound, refusal),
        Kind::Grpc => for_grpc(inbound, refusal),
    }
}

fn for_a_browser(site: &Site, inbound: &Inbound, refusal: &Refusal, parking: Option<&Parking>) -> Response {
    let (unkept, cookies) = match parking {
        Some(p) => (p.kept.as_ref().err().map(|why| form::word(*why)), p.cookies.clone()),
        None => (None, SetCookies::new()),
    };
    let lead = |page: &str, to: &ReturnTo| {
        let said = unkept.map(|word| format!("&form={word}")).unwrap_or_default();
        set_cookies(see_other(&(site.own_to(page, to) + &said), inbound.origin.https), cookies)
    };
    match refusal {
        Refusal::SignIn { to } => lead("sign-in", to),
        Refusal::Challenge { to } => lead("challenge", to),
        Refusal::Enrol { to } => lead("set-up", to),
        Refusal::Replace { to } => lead("replace", to),
        Refusal::Denied { rule, why } => denied(&Frame::new(site, inbound), rule.as_deref(), *why),
    }
}

fn denied(frame: &Frame<'_>, rule: Option<&str>, why: Denial) -> Response {
    let rule = match rule {
        Some(rule) => frame.with("denied-rule", "rule", rule),
        None => frame.text("denied-default"),
    };
    let mut m = Message::new(frame, frame.text("denied-title"));
    match why {
        Denial::Rule => m.say(rule),
        Denial::Exempt => {
            m.say(rule);
            m.say(frame.text("denied-exempt"));
        }
        Denial::Origin => m.say(frame.text("denied-origin")),
    }
    m.say(frame.text("denied-do"));
    m.link(frame.text("your-account"), frame.own(""));
    m.quote_request();
    m.page(StatusCode::FORBIDDEN)
}

fn for_a_program(site: &Site, inbound: &Inbound, refusal: &Refusal) -> Response {
    let url = |path: String| Some(format!("{}{path}", inbound.origin));
    match refusal {
        Refusal::SignIn { .. } => {
            let mut p = Problem::new(
                StatusCode::UNAUTHORIZED,
                "urn:portcullis:problem:sign-in-required",
                "Sign-in required",
                "Nobody is signed in on this browser. Open sign_in_url in it, then repeat the request.",
            );
            // a program's own address is no page to come back to; it may add `?to=` with one of its own
            p.sign_in_url = url(site.own("sign-in"));
            challenged(p.answer(inbound), "Bearer realm=\"portcullis\"".to_string())
        }
        Refusal::Challenge { to } => step_up(inbound, url(site.own_to("challenge", to))),
        Refusal::Enrol { to } => step_up(inbound, url(site.own_to("set-up", to))),
        Refusal::Replace { to } => step_up(inbound, url(site.own_to("replace", to))),
        Refusal::Denied { rule, why } => {
            let detail = denial_detail(rule.as_deref(), *why);
            Problem::new(StatusCode::FORBIDDEN, "urn:portcullis:problem:denied", "Denied", &detail).answer(inbound)
        }
    }
}

/// RFC 9470: the same challenge whether a code is asked or a second factor has to be set up first.
fn step_up(inbound: &Inbound, step_up_url: Option<String>) -> Response {
    let mut p = Problem::new(
        StatusCode::UNAUTHORIZED,
        "urn:portcullis:problem:step-up-required",
        "Second factor required",
        "This request needs a second factor. Open step_up_url in the browser, then repeat the request.",
    );
    p.step_up_url = step_up_url;
    let acr = Acr::Two.urn();
    let challenge = format!("Bearer error=\"insufficient_user_authentication\", acr_values=\"{acr}\"");
    challenged(p.answer(inbound), challenge)
}

/// RFC 9110 §15.5.2: a 401 names a scheme; never Basic, which would make browsers ask.
fn challenged(mut r: Response, challenge: String) -> Response {
    let value = HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer"));
    r.headers_mut().insert(WWW_AUTHENTICATE, value);
    r
}

fn for_grpc(inbound: &Inbound, refusal: &Refusal) -> Response {
    match refusal {
        Refusal::SignIn { .. } => grpc(GrpcStatus::Unauthenticated, "sign-in required", inbound),
        Refusal::Challenge { .. } | Refusal::Enrol { .. } | Refusal::Replace { .. } => {
            grpc(GrpcStatus::Unauthenticated, "second factor required", inbound)
        }
        Refusal::Denied { .. } => grpc(GrpcStatus::PermissionDenied, "denied", inbound),
    }
}

fn denial_detail(rule: Option<&str>, why: Denial) -> String {
    let rule = rule.map_or("no rule allows it".to_string(), |r| format!("the rule \"{r}\""));
    match why {
        Denial::Rule => format!("Refused: {rule}."),
        Denial::Exempt => format!("Refused ({rule}): a second factor is asked of somebody who is exempt and has none."),
        Denial::Origin => "Refused: the handshake did not come from a page of this app.".to_string(),
    }
}
