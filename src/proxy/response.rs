//! Answers of the proxy's own that need no page, and what each failure of an exchange is answered with.
//!
//! The only place that maps errors of the engine to statuses. Says nothing about itself in the answer.

use super::framing::{ALLOW, Refused};
use bytes::Bytes;
use http::HeaderValue;
use http::header::{ALLOW as ALLOW_HEADER, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use pingora::ErrorType::{
    ConnectTimedout, ConnectionClosed, HTTPStatus, ReadError, ReadTimedout, TLSHandshakeTimedout, WriteError,
    WriteTimedout,
};
use pingora::http::ResponseHeader;
use pingora::proxy::Session;
use pingora::{Error, ErrorSource};

/// What a failed exchange is answered with; `None` where nobody is left to answer.
pub fn status_of(e: &Error) -> Option<Refused> {
    let answer = |status, why| Some(Refused { status, why });
    match (e.etype(), e.esource()) {
        (HTTPStatus(status), _) => answer(*status, said(*status)),
        (ReadTimedout, ErrorSource::Downstream) => answer(408, said(408)),
        (WriteTimedout | WriteError | ReadError | ConnectionClosed, ErrorSource::Downstream) => None,
        (_, ErrorSource::Downstream) => answer(400, said(400)),
        (ConnectTimedout | ReadTimedout | WriteTimedout | TLSHandshakeTimedout, ErrorSource::Upstream) => {
            answer(504, said(504))
        }
        (_, ErrorSource::Upstream) => answer(502, said(502)),
        (_, ErrorSource::Internal | ErrorSource::Unset) => answer(500, said(500)),
    }
}

/// The failure as the engine carries it: answered by `status_of`, never logged as ours.
pub fn refused(r: Refused) -> Box<Error> {
    Error::explain(HTTPStatus(r.status), r.why).into_down()
}

/// A line of text, and the connection is closed: for requests that were not understood.
pub async fn tiny(s: &mut Session, r: Refused) -> pingora::Result<()> {
    let body =
        if s.req_header().method == http::Method::HEAD { Bytes::new() } else { Bytes::from_static(r.why.as_bytes()) };
    let mut head = ResponseHeader::build(r.status, Some(6))?;
    head.insert_header(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))?;
    head.insert_header(CONTENT_LENGTH, r.why.len())?;
    for_status(&mut head, r.status)?;
    // closes the connection, and leaves an answer alone that has been begun
    s.as_downstream_mut().write_error_response(head, body).await
}

/// What an answer with this status must say besides (RFC 9110 §15.5.6, §10.2.3).
pub fn for_status(head: &mut ResponseHeader, status: u16) -> pingora::Result<()> {
    if status == 405 {
        head.insert_header(ALLOW_HEADER, HeaderValue::from_static(ALLOW))?;
    }
    if status == 503 && !head.headers.contains_key(RETRY_AFTER) {
        head.insert_header(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS))?;
    }
    if !head.headers.contains_key(CACHE_CONTROL) {
        head.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))?;
    }
    Ok(())
}

/// Takes the place of a service worker that would stand above our own pages: it removes itself.
pub const UNREGISTER: &str = "self.addEventListener('install', () => self.skipWaiting());\n\
    self.addEventListener('activate', e => e.waitUntil(self.registration.unregister()));\n";

fn said(status: u16) -> &'static str {
    match status {
        400 => "the request is malformed",
        408 => "the request took too long",
        413 => "the request body is too large",
        421 => "no app answers to this host",
        502 => "the app could not be reached",
        503 => "the service is not available now",
        504 => "the app did not answer in time",
        _ => "the request failed",
    }
}

/// Twice the lease: by then a hiccup of the store is over.
const RETRY_SECONDS: &str = "2";

#[cfg(test)]
mod tests {
    use super::*;
    use pingora::ErrorType;

    #[test]
    fn every_failure_has_one_status() {
        let up = |t: ErrorType| status_of(&Error::new_up(t)).map(|r| r.status);
        let down = |t: ErrorType| status_of(&Error::new_down(t)).map(|r| r.status);
        assert_eq!(up(ErrorType::ConnectRefused), Some(502));
        assert_eq!(up(ErrorType::InvalidCert), Some(502));
        assert_eq!(up(ErrorType::ConnectionClosed), Some(502));
        assert_eq!(up(ErrorType::ConnectTimedout), Some(504));
        assert_eq!(up(ErrorType::ReadTimedout), Some(504));
        assert_eq!(down(ErrorType::ReadTimedout), Some(408));
        assert_eq!(down(ErrorType::InvalidHTTPHeader), Some(400));
        assert_eq!(down(ErrorType::ConnectionClosed), None);
        assert_eq!(down(ErrorType::HTTPStatus(413)), Some(413));
        assert_eq!(status_of(&Error::new_in(ErrorType::InternalError)).map(|r| r.status), Some(500));
    }

    #[test]
    fn a_status_says_what_it_has_to_say() {
        let head = |status| {
            let mut h = ResponseHeader::build(status, None).unwrap();
            for_status(&mut h, status).unwrap();
            h.headers.clone()
        };
        assert_eq!(head(405).get("allow").unwrap(), ALLOW);
        assert_eq!(head(503).get("retry-after").unwrap(), "2");
        assert_eq!(head(400).get("cache-control").unwrap(), "no-store");
        assert!(!head(400).contains_key("allow") && !head(400).contains_key("server"));
    }
}
