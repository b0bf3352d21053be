//! Forms that meet the gate, on their way in and out: read whole and handed to the gate to be kept, and put in the place
//! of the marker that the page's *send* posts.
//!
//! Judges nothing: what is kept, whose it is and whether it is sent is the gate's to say.

use super::super::engine::cut;
use super::super::local::{self, Cause, Malformed, Reading};
use super::{Context, Gateway};
use crate::gate::parking::LARGEST;
use crate::gate::{Marker, NotSent, Parking, Passage, Posted, Refusal, Sending, Unkept};
use crate::types::{Inbound, Kind};
use bytes::Bytes;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, ORIGIN, REFERER, TRANSFER_ENCODING,
};
use http::{Method, StatusCode};
use pingora::http::RequestHeader;
use pingora::proxy::Session;
use pingora::{Error, ErrorType, OrErr, Result};
use std::sync::Arc;

/// Whether the request is one that a marker may come in, or a form.
pub fn is_posted(inbound: &Inbound) -> bool {
    inbound.method == Method::POST && inbound.kind == Kind::Navigation
}

/// The marker, where the body is one. What was read of another body goes upstream all the same: the engine keeps it.
pub async fn marker(s: &mut Session, inbound: &Inbound, own_prefix: &str) -> Result<Option<Marker>> {
    let urlencoded = text(s, &CONTENT_TYPE).is_some_and(|t| t.starts_with("application/x-www-form-urlencoded"));
    let announced = announced(s);
    let may_be = urlencoded && announced.is_none_or(|n| n == Marker::LENGTH) && s.get_header(EXPECT).is_none();
    if !may_be || inbound.path.is_under(own_prefix) {
        return Ok(None);
    }
    s.as_downstream_mut().enable_retry_buffering();
    let mut body = Vec::new();
    cut::progress();
    while let Some(part) = s.as_downstream_mut().read_request_body().await.map_err(Error::into_down)? {
        cut::progress();
        body.extend_from_slice(&part);
        // no more than one part is read of a body that is the app's, for which the engine has room
        if !Marker::begins(&body) {
            return Ok(None);
        }
        if body.len() > Marker::LENGTH {
            break;
        }
    }
    cut::nothing_owed();
    Ok(Marker::read(&body))
}

/// The form that the marker means, opened for this passage; else why it is not sent.
pub async fn open(
    g: &Gateway,
    ctx: &mut Context,
    (inbound, passage): (&Arc<Inbound>, &Passage),
    marker: &Marker,
) -> Result<std::result::Result<(), NotSent>> {
    let opened = g.gate.open_form(inbound, passage, marker).await;
    match opened.map_err(|fault| super::admit::faulted(ctx, inbound, &fault))? {
        Ok(sending) => {
            ctx.sending = Some(Box::new(sending));
            Ok(Ok(()))
        }
        Err(why) => Ok(Err(why)),
    }
}

/// What a refused request leaves: its form is kept where it can be, and the refusal leads to it.
pub async fn keep(
    g: &Gateway,
    s: &mut Session,
    ctx: &Context,
    (refusal, marker): (Refusal, Option<Marker>),
) -> Result<Cause> {
    let (site, inbound) = ctx.route()?;
    if let Some(marker) = marker {
        // it was not taken, so it waits on
        let led = refusal.clone().leading_to(g.gate.form_page_of(inbound, &marker));
        return Ok(Cause::Refusal(led.unwrap_or(refusal), None));
    }
    if matches!(refusal, Refusal::Denied { .. }) {
        return Ok(Cause::Refusal(refusal, None));
    }
    let limit = usize::try_from(site.app.body_limit).unwrap_or(usize::MAX).min(LARGEST);
    let kind = text(s, &CONTENT_TYPE);
    let kept = match g.gate.keeps(inbound, kind.as_deref()) {
        None => return Ok(Cause::Refusal(refusal, None)),
        Some(Err(why)) => unkept(why),
        Some(Ok(())) if s.get_header(CONTENT_ENCODING).is_some() => unkept(Unkept::Kind),
        Some(Ok(())) => match read_form(s, limit).await? {
            Reading::TooLarge => {
                s.set_keepalive(None); // the rest of the body is not read
                unkept(Unkept::TooLarge)
            }
            Reading::Whole(body) => {
                let (content_type, referer) = (kind.unwrap_or_default(), text(s, &REFERER));
                g.gate.park(inbound, Posted { content_type, referer, body }).await
            }
        },
    };
    Ok(match &kept.kept {
        Ok(to) => Cause::Refusal(refusal.clone().leading_to(to.clone()).unwrap_or(refusal), Some(kept)),
        Err(_) => Cause::Refusal(refusal, Some(kept)),
    })
}

fn unkept(why: Unkept) -> Parking {
    Parking { cookies: Vec::new(), kept: Err(why) }
}

/// The whole body, with what was read of it in search of a marker.
async fn read_form(s: &mut Session, limit: usize) -> Result<Reading> {
    if announced(s).is_some_and(|n| n > limit) {
        return Ok(Reading::TooLarge);
    }
    let before = s.as_downstream_mut().get_retry_buffer().unwrap_or_default();
    let left = limit.saturating_sub(before.len());
    Ok(match local::read_body(s, left).await? {
        Reading::Whole(rest) if before.is_empty() => Reading::Whole(rest),
        Reading::Whole(rest) => Reading::Whole([before, rest].concat().into()),
        Reading::TooLarge => Reading::TooLarge,
    })
}

/// The request as the form's page sent it, but for what belongs to the connection and the person: those are of now.
pub fn put_on(req: &mut RequestHeader, sending: &Sending) -> Result<()> {
    let held = &sending.held;
    req.remove_header(&TRANSFER_ENCODING);
    req.insert_header(CONTENT_TYPE, value(&held.content_type)?)?;
    req.insert_header(CONTENT_LENGTH, held.body.len())?;
    for (name, of_then) in [(ORIGIN, &held.origin), (REFERER, &held.referer)] {
        req.remove_header(&name);
        if let Some(v) = of_then {
            req.insert_header(name, value(v)?)?;
        }
    }
    Ok(())
}

/// The form takes the marker's place.
pub fn put_in(body: &mut Option<Bytes>, end: bool, sending: &Sending) {
    *body = Some(if end { sending.held.body.clone() } else { Bytes::new() });
}

/// Taken at the last moment before the upstream hears of it; an error where it was taken before.
pub async fn take(g: &Gateway, ctx: &mut Context) -> Result<()> {
    let (_, inbound) = ctx.route()?;
    let inbound = inbound.clone();
    let Some(mut sending) = ctx.sending.take() else { return Ok(()) };
    let taken = g.gate.take_form(&mut sending).await;
    ctx.sending = Some(sending);
    match taken {
        Ok(true) => Ok(()),
        Ok(false) => {
            ctx.not_sent = Some(NotSent::Gone);
            Err(ctx.refuse(super::Refused { status: 410, why: "the form was sent before" }))
        }
        Err(fault) => Err(super::admit::faulted(ctx, &inbound, &fault)),
    }
}

/// The page of a failure where there was a form to be sent: what has become of it is said.
pub fn failed(ctx: &Context, status: StatusCode, why: &'static str) -> Cause {
    let of_the_form = ctx.not_sent.clone().or_else(|| {
        let sending = ctx.sending.as_ref()?;
        Some(match sending.taken {
            true => NotSent::Unsure,
            false => NotSent::Waits { to: sending.to.clone() },
        })
    });
    match of_the_form {
        Some(not_sent) => Cause::NotSent(status, not_sent),
        None => Cause::Malformed(Malformed { status, why }),
    }
}

fn announced(s: &Session) -> Option<usize> {
    s.get_header(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok())
}

fn text(s: &Session, name: &HeaderName) -> Option<String> {
    s.get_header(name).and_then(|v| v.to_str().ok()).map(String::from)
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).or_err(ErrorType::InternalError, "a header that is kept with a form")
}
