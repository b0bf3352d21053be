//! Own pages inside the proxy process: a request is given to an axum router and its answer written to the client, over
//! HTTP/1 and HTTP/2 alike.
//!
//! Knows no page. What the router needs to know comes as extensions: `Arc<Inbound>` always, [`gate::Refusal`] where the
//! gate refused, [`Malformed`] where the proxy itself could not go on, [`gate::NotSent`] where a form was to be sent and is
//! not.

use super::engine::cut;
use super::response;
use crate::gate;
use crate::types::Inbound;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT, TRANSFER_ENCODING};
use http::{Method, StatusCode, Version};
use http_body::Body as _;
use http_body_util::BodyExt;
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use pingora::{Error, ErrorType, OrErr};
use std::sync::Arc;
use tower::ServiceExt;

/// The proxy cannot go on with a request that it has understood: body too large, no upstream, no lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub status: StatusCode,
    pub why: &'static str,
}

/// Why the router is asked.
#[derive(Debug)]
pub enum Cause {
    /// The path is one of its own pages.
    Page,
    /// With what became of the form that was posted.
    Refusal(gate::Refusal, Option<gate::Parking>),
    Malformed(Malformed),
    NotSent(StatusCode, gate::NotSent),
}

/// A request body read up to a limit.
pub enum Reading {
    Whole(Bytes),
    TooLarge,
}

/// Answers this request from `router`. True: the request is answered, as `request_filter` has to say.
pub async fn serve(s: &mut Session, router: &Router, inbound: &Arc<Inbound>, cause: Cause) -> pingora::Result<bool> {
    let (body, cause) = match cause {
        Cause::Page => match read_announced(s).await? {
            Reading::Whole(body) => (body, Cause::Page),
            Reading::TooLarge => {
                s.set_keepalive(None); // the rest of the body is not read
                let why = "the form is too large";
                (Bytes::new(), Cause::Malformed(Malformed { status: StatusCode::PAYLOAD_TOO_LARGE, why }))
            }
        },
        cause => {
            // not read: what is left of it is drained for a moment after the answer. Who was promised a 100 gets none
            // and sends nothing, so the connection cannot go on.
            if s.get_header(EXPECT).is_some() {
                s.set_keepalive(None);
            }
            (Bytes::new(), cause)
        }
    };
    let refusal = !matches!(cause, Cause::Page);
    let status = match &cause {
        Cause::Malformed(Malformed { status, .. }) | Cause::NotSent(status, _) => Some(*status),
        Cause::Page | Cause::Refusal(..) => None,
    };
    let request = request(s, inbound, cause, body)?;
    let answer = router.clone().oneshot(request).await.unwrap_or_else(|e| match e {});
    let (mut parts, body) = answer.into_parts();
    parts.status = status.unwrap_or(parts.status);
    let mut head = ResponseHeader::from(parts);
    if refusal {
        let status = head.status.as_u16();
        response::for_status(&mut head, status)?;
    }
    write(s, head, body).await?;
    Ok(true)
}

/// Answers with a script or text of our own.
pub async fn say(s: &mut Session, content_type: &'static str, text: &'static str) -> pingora::Result<bool> {
    let mut head = ResponseHeader::build(200, Some(4))?;
    head.insert_header(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type))?;
    response::for_status(&mut head, 200)?;
    write(s, head, Body::from(text)).await?;
    Ok(true)
}

fn request(s: &Session, inbound: &Arc<Inbound>, cause: Cause, body: Bytes) -> pingora::Result<http::Request<Body>> {
    let mut parts = s.req_header().as_owned_parts();
    // pages too are found by the path that was judged
    parts.uri = inbound.target().parse().or_err(ErrorType::InternalError, "the canonical target")?;
    let mut request = http::Request::from_parts(parts, Body::from(body));
    let extensions = request.extensions_mut();
    extensions.insert(inbound.clone());
    match cause {
        Cause::Page => {}
        Cause::Refusal(r, parking) => {
            extensions.insert(r);
            if let Some(parking) = parking {
                extensions.insert(Arc::new(parking));
            }
        }
        Cause::NotSent(_, why) => drop(extensions.insert(why)),
        Cause::Malformed(m) => drop(extensions.insert(m)),
    }
    Ok(request)
}

/// A form of ours.
async fn read_announced(s: &mut Session) -> pingora::Result<Reading> {
    let announced = s.get_header(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|n| n > LONGEST_BODY) {
        return Ok(Reading::TooLarge);
    }
    read_body(s, LONGEST_BODY).await
}

/// What is left of the request body, if that is no more than `most`.
pub async fn read_body(s: &mut Session, most: usize) -> pingora::Result<Reading> {
    if s.get_header(EXPECT).is_some() {
        s.as_downstream_mut().write_continue_response().await?;
    }
    let mut body = Vec::new();
    cut::progress();
    // a client that goes away is no error of ours
    while let Some(part) = s.as_downstream_mut().read_request_body().await.map_err(Error::into_down)? {
        cut::progress();
        if body.len() + part.len() > most {
            return Ok(Reading::TooLarge);
        }
        body.extend_from_slice(&part);
    }
    cut::nothing_owed();
    Ok(Reading::Whole(body.into()))
}

async fn write(s: &mut Session, mut head: ResponseHeader, mut body: Body) -> pingora::Result<()> {
    let req = s.req_header();
    // HEAD has a length that nobody knows here, 204 and 304 have none (RFC 9110 §8.6)
    let bare = req.method == Method::HEAD || matches!(head.status.as_u16(), 204 | 304);
    let http11 = req.version == Version::HTTP_11;
    if head.status == StatusCode::NO_CONTENT {
        head.remove_header(&CONTENT_LENGTH);
    } else if !bare && !head.headers.contains_key(CONTENT_LENGTH) {
        match body.size_hint().exact() {
            Some(n) => head.insert_header(CONTENT_LENGTH, n)?,
            None if http11 => head.insert_header(TRANSFER_ENCODING, "chunked")?,
            None => {} // HTTP/2 frames it, HTTP/1.0 closes
        }
    }
    let empty = bare || body.is_end_stream();
    s.write_response_header(Box::new(head), empty).await.map_err(Error::into_down)?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| Error::because(ErrorType::InternalError, "an own page's body", e))?;
        if let Ok(data) = frame.into_data()
            && !bare
        {
            s.write_response_body(Some(data), false).await.map_err(Error::into_down)?;
        }
    }
    s.write_response_body(None, true).await.map_err(Error::into_down)
}

/// Bytes of a form of ours.
const LONGEST_BODY: usize = 64 << 10;
