//! A refusal in the terms of who asks. The status comes from the refusal alone.

use super::frame::{Frame, see_other, set_cookies};
use super::page::form;
use super::page::message::Message;
use super::problem::{GrpcStatus, Problem, grpc};
use super::site::Site;
use crate::gate::flow::SetCookies;
use crate::gate::{Denial, Errand, Parking, Refusal};
use crate::types::inbound::Kind;
use crate::types::{Acr, Inbound, ReturnTo};
use axum::response::Response;
use http::header::{HeaderName, HeaderValue, REFERER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use std::time::Duration;

/// The one place that turns a refusal into a response. `headers` are the refused request's; `parking`: what became of the
/// form that met it.
pub(super) fn answer(
    site: &Site,
    inbound: &Inbound,
    (headers, parking): (&HeaderMap, Option<&Parking>),
    refusal: &Refusal,
) -> Response {
    match inbound.kind {
        Kind::Navigation => for_a_browser(site, inbound, refusal, parking),
        Kind::Program | Kind::WebSocket => for_a_program(site, inbound, headers, refusal),
        Kind::Grpc => for_grpc(site, inbound, headers, refusal),
    }
}

fn for_a_browser(site: &Site, inbound: &Inbound, refusal: &Refusal, parking: Option<&Parking>) -> Response {
    let (unkept, cookies) = match parking {
        Some(p) => (p.kept.as_ref().err().map(|why| form::word(*why)), p.cookies.clone()),
        None => (None, SetCookies::new()),
    };
    let page = match refusal {
        Refusal::SignIn { to } => site.own_to("sign-in", to),
        Refusal::Challenge { to, .. } => challenge_for(site, inbound, to),
        Refusal::Enrol { to } => site.own_to("set-up", to),
        Refusal::Replace { to } => site.own_to("replace", to),
        Refusal::Denied { rule, why } => return denied(&Frame::new(site, inbound), rule.as_deref(), *why),
    };
    let said = unkept.map(|word| format!("&form={word}")).unwrap_or_default();
    set_cookies(see_other(&(page + &said), inbound.origin.https), cookies)
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
        Denial::NoMethod => {
            m.say(rule);
            no_method(frame, &mut m);
        }
        Denial::Origin => m.say(frame.text("denied-origin")),
    }
    m.say(frame.text("denied-do"));
    m.link(frame.text("your-account"), frame.own(""));
    m.quote_request();
    m.page(StatusCode::FORBIDDEN)
}

/// Why no second factor of theirs helps, and what may.
pub(super) fn no_method(frame: &Frame<'_>, m: &mut Message<'_>) {
    m.say(frame.text("denied-method"));
    m.say(frame.text("denied-method-do"));
}

/// The challenge that leads to `to`, and knows which request asked for it where that was no GET of that page.
fn challenge_for(site: &Site, inbound: &Inbound, to: &ReturnTo) -> String {
    let path = inbound.path.forwarded();
    // the page of a form that waits is asked for in the form's stead, and leads there by itself
    let other = !inbound.path.is_under(site.prefix()) && (inbound.method != to.method() || to.path() != path);
    let told = other.then(|| format!("{}:{path}", inbound.method));
    site.challenge(&Errand::parse(to.clone(), &told.unwrap_or_default(), site.prefix()))
}

/// Where a person sees the challenge of what a program asked for. A program's own address is no page to come back to: the
/// page that sent it is, and a program that knows better writes another `to`.
fn step_up_url(site: &Site, inbound: &Inbound, headers: &HeaderMap, refusal: &Refusal) -> Option<String> {
    let path = match refusal {
        Refusal::Challenge { .. } => challenge_for(site, inbound, &came_from(site, inbound, headers)),
        Refusal::Enrol { to } => site.own_to("set-up", to),
        Refusal::Replace { to } => site.own_to("replace", to),
        Refusal::SignIn { .. } | Refusal::Denied { .. } => return None,
    };
    Some(format!("{}{path}", inbound.origin))
}

/// The page of this origin that the request came from; `/` where that is not told.
fn came_from(site: &Site, inbound: &Inbound, headers: &HeaderMap) -> ReturnTo {
    let said = headers.get(REFERER).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let here = said.strip_prefix(&inbound.origin.to_string()).filter(|rest| rest.starts_with('/'));
    here.map_or_else(ReturnTo::root, |page| ReturnTo::parse(page, site.prefix()))
}

fn for_a_program(site: &Site, inbound: &Inbound, headers: &HeaderMap, refusal: &Refusal) -> Response {
    match refusal {
        Refusal::SignIn { .. } => {
            let mut p = Problem::new(
                StatusCode::UNAUTHORIZED,
                "urn:portcullis:problem:sign-in-required",
                "Sign-in required",
                "Nobody is signed in on this browser. Open sign_in_url in it, then repeat the request.",
            );
            // a program's own address is no page to come back to; it may add `?to=` with one of its own
            p.sign_in_url = Some(format!("{}{}", inbound.origin, site.own("sign-in")));
            challenged(p.answer(inbound), "Bearer realm=\"portcullis\"".to_string())
        }
        Refusal::Challenge { .. } | Refusal::Enrol { .. } | Refusal::Replace { .. } => {
            step_up(inbound, step_up_url(site, inbound, headers, refusal), max_age(refusal))
        }
        Refusal::Denied { rule, why } => {
            let detail = denial_detail(rule.as_deref(), *why);
            Problem::new(StatusCode::FORBIDDEN, "urn:portcullis:problem:denied", "Denied", &detail).answer(inbound)
        }
    }
}

/// RFC 9470: the same challenge whether a code is asked or a second factor has to be set up first.
fn step_up(inbound: &Inbound, step_up_url: Option<String>, max_age: Option<Duration>) -> Response {
    let kind = "urn:portcullis:problem:step-up-required";
    let detail = match max_age {
        None => "This request needs a second factor. Open step_up_url in the browser, then repeat the request.",
        Some(_) => {
            "This request needs a recent second factor. Open step_up_url in the browser, then repeat the request."
        }
    };
    let mut p = Problem::new(StatusCode::UNAUTHORIZED, kind, "Second factor required", detail);
    p.step_up_url = step_up_url;
    challenged(p.answer(inbound), insufficient(max_age))
}

fn insufficient(max_age: Option<Duration>) -> String {
    let acr = Acr::Two.urn();
    let (what, max_age) = match max_age {
        None => ("A second factor is required", String::new()),
        Some(d) => ("A more recent second factor is required", format!(", max_age=\"{}\"", d.as_secs())),
    };
    format!(
        "Bearer error=\"insufficient_user_authentication\", error_description=\"{what}\", acr_values=\"{acr}\"{max_age}"
    )
}

fn max_age(refusal: &Refusal) -> Option<Duration> {
    match refusal {
        Refusal::Challenge { max_age, .. } => *max_age,
        Refusal::SignIn { .. } | Refusal::Enrol { .. } | Refusal::Replace { .. } | Refusal::Denied { .. } => None,
    }
}

/// RFC 9110 §15.5.2: a 401 names a scheme; never Basic, which would make browsers ask.
fn challenged(mut r: Response, challenge: String) -> Response {
    let value = HeaderValue::from_str(&challenge).unwrap_or(HeaderValue::from_static("Bearer"));
    r.headers_mut().insert(WWW_AUTHENTICATE, value);
    r
}

/// The status, and as metadata what a client needs to send its person to us.
fn for_grpc(site: &Site, inbound: &Inbound, headers: &HeaderMap, refusal: &Refusal) -> Response {
    match refusal {
        Refusal::SignIn { .. } => grpc(GrpcStatus::Unauthenticated, "sign-in required", inbound),
        Refusal::Challenge { .. } | Refusal::Enrol { .. } | Refusal::Replace { .. } => {
            let r = grpc(GrpcStatus::Unauthenticated, "second factor required", inbound);
            let mut r = challenged(r, insufficient(max_age(refusal)));
            let url = step_up_url(site, inbound, headers, refusal).and_then(|url| HeaderValue::from_str(&url).ok());
            r.headers_mut().extend(url.map(|url| (HeaderName::from_static("step-up-url"), url)));
            r
        }
        Refusal::Denied { .. } => grpc(GrpcStatus::PermissionDenied, "denied", inbound),
    }
}

fn denial_detail(rule: Option<&str>, why: Denial) -> String {
    let rule = rule.map_or("no rule allows it".to_string(), |r| format!("the rule \"{r}\""));
    match why {
        Denial::Rule => format!("Refused: {rule}."),
        Denial::NoMethod => format!("Refused ({rule}): it takes only second factors that the person does not have."),
        Denial::Exempt => format!("Refused ({rule}): a second factor is asked of somebody who is exempt and has none."),
        Denial::Origin => "Refused: the handshake did not come from a page of this app.".to_string(),
    }
}
