//! What is refused before anything else looks at a request: ambiguous framing and malformed heads (RFC 9112, RFC 9113).
//!
//! Pure functions over bytes and header maps. Nothing here repairs: what two readers could understand in two ways is
//! refused. The engine by itself forwards a repaired request in many of these cases.

use super::settings::Limits;
use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, Version};

/// A request that is not looked at any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub status: u16,
    pub why: &'static str,
}

/// The parsed head of a request, as far as framing is concerned.
#[derive(Debug)]
pub struct Head<'a> {
    pub method: &'a Method,
    pub version: Version,
    /// The request target as it came.
    pub target: &'a [u8],
    /// `:authority` of HTTP/2; `None` in HTTP/1.
    pub authority: Option<&'a str>,
    pub headers: &'a HeaderMap,
}

/// What becomes of an `Upgrade` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// There is none.
    Absent,
    /// To anything but WebSocket: the header goes, the request is served as plain HTTP/1.1 (RFC 9110 §7.8 allows it).
    Ignore,
    WebSocket,
}

/// HTTP/1 only: the bytes as they came. The engine accepts a bare LF and drops a Content-Length beside a
/// Transfer-Encoding before a parsed head can be looked at.
pub fn raw_head(raw: &[u8], limits: &Limits) -> Result<(), Refused> {
    if raw.len() > limits.header_bytes {
        return refuse(431, "the request head is too large");
    }
    let Some(head) = raw.strip_suffix(b"\r\n\r\n") else {
        return refuse(400, "the request head does not end in CRLF CRLF");
    };
    // an empty line before a request is some old client's way to end its last body (RFC 9112 §2.2); one is ignored
    let head = head.strip_prefix(b"\r\n").unwrap_or(head);
    let mut lines = head.split(|b| *b == b'\n').peekable();
    let (mut framing, mut first) = (0, true);
    while let Some(line) = lines.next() {
        let line = match (lines.peek(), line.strip_suffix(b"\r")) {
            (Some(_), Some(l)) => l,
            (None, None) => line, // its CRLF was taken off above
            _ => return refuse(400, "a line of the request head ends in a bare LF"),
        };
        if line.contains(&b'\r') {
            return refuse(400, "a bare CR stands in the request head");
        }
        if std::mem::take(&mut first) {
            request_line(line)?;
        } else {
            framing += usize::from(header_line(line)?);
        }
    }
    if framing > 1 {
        return refuse(400, "more than one Content-Length or Transfer-Encoding");
    }
    Ok(())
}

/// HTTP/1 and HTTP/2: the parsed head.
pub fn head(h: &Head<'_>, limits: &Limits) -> Result<Upgrade, Refused> {
    if h.headers.len() > limits.headers {
        return refuse(431, "too many headers");
    }
    method(h)?;
    target(h)?;
    host(h)?;
    body(h)?;
    connection(h)?;
    upgrade(h)
}

/// The methods named in `Allow` of a 405 (RFC 9110 §15.5.6).
pub const ALLOW: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

fn refuse<T>(status: u16, why: &'static str) -> Result<T, Refused> {
    Err(Refused { status, why })
}

fn request_line(line: &[u8]) -> Result<(), Refused> {
    // `#`: an engine that cuts the fragment off would judge another target than the client's (RFC 9112 §3.2)
    let odd = |b: &u8| *b < b' ' || *b >= 0x7f || matches!(*b, b'#' | b'\\');
    if line.iter().any(odd) || line.iter().filter(|b| **b == b' ').count() != 2 {
        return refuse(400, "the request line is malformed");
    }
    Ok(())
}

/// True where the line frames the body.
fn header_line(line: &[u8]) -> Result<bool, Refused> {
    let mut halves = line.splitn(2, |b| *b == b':');
    let (Some(name), Some(value)) = (halves.next(), halves.next()) else {
        return refuse(400, "a header line has no colon");
    };
    // also refuses obsolete folding and a space before the colon
    if name.is_empty() || !name.iter().all(is_token) {
        return refuse(400, "a header name is malformed");
    }
    if value.iter().any(|b| (*b < b' ' && *b != b'\t') || *b == 0x7f) {
        return refuse(400, "a control byte stands in a header value");
    }
    Ok(name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding"))
}

fn is_token(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b)
}

fn method(h: &Head<'_>) -> Result<(), Refused> {
    let word = h.method.as_str().bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_'));
    if !word || h.method == Method::CONNECT || h.method == Method::TRACE {
        return refuse(405, "the method is not allowed");
    }
    // RFC 8470 §5.2: a hop before us took it from TLS early data, so it may be a replay
    if !h.method.is_safe() && one(h.headers, &EARLY_DATA).0.is_some_and(|v| v.as_bytes() == b"1") {
        return refuse(425, "the request came in TLS early data");
    }
    Ok(())
}

fn target(h: &Head<'_>) -> Result<(), Refused> {
    if h.version < Version::HTTP_10 {
        return refuse(505, "HTTP/0.9");
    }
    if h.target.len() > LONGEST_TARGET {
        return refuse(414, "the request target is too long");
    }
    // absolute form and authority form name a host of their own beside Host
    let whole_server = h.target == b"*" && h.method == Method::OPTIONS;
    if !whole_server && !h.target.starts_with(b"/") {
        return refuse(400, "the request target is not a path");
    }
    if h.target.iter().any(|b| *b <= b' ' || *b >= 0x7f || matches!(*b, b'#' | b'\\')) {
        return refuse(400, "a bad byte stands in the request target");
    }
    Ok(())
}

fn host(h: &Head<'_>) -> Result<(), Refused> {
    match (one(h.headers, &HOST), h.authority) {
        ((_, true), _) => refuse(400, "more than one Host"),
        ((Some(host), _), Some(a)) if !host.as_bytes().eq_ignore_ascii_case(a.as_bytes()) => {
            refuse(400, "Host is not :authority")
        }
        ((None, _), None) => refuse(400, "no Host"),
        _ => Ok(()),
    }
}

fn body(h: &Head<'_>) -> Result<(), Refused> {
    let (encoding, encodings) = one(h.headers, &TRANSFER_ENCODING);
    if let Some(v) = encoding
        && (encodings || h.version != Version::HTTP_11 || !v.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return refuse(400, "Transfer-Encoding is not exactly chunked");
    }
    let (length, lengths) = one(h.headers, &CONTENT_LENGTH);
    if let Some(v) = length {
        let v = v.as_bytes();
        if lengths || encoding.is_some() {
            return refuse(400, "more than one Content-Length or Transfer-Encoding");
        }
        if v.is_empty() || v.len() > 15 || !v.iter().all(u8::is_ascii_digit) {
            return refuse(400, "Content-Length is not a plain number");
        }
    }
    if let (Some(v), more) = one(h.headers, &EXPECT)
        && (more || !v.as_bytes().eq_ignore_ascii_case(b"100-continue"))
    {
        return refuse(417, "an unknown expectation");
    }
    Ok(())
}

fn connection(h: &Head<'_>) -> Result<(), Refused> {
    // nominating any other header for removal is an attack on the headers that hops add
    const KNOWN: [&[u8]; 6] = [b"close", b"keep-alive", b"upgrade", b"te", b"http2-settings", b""];
    if tokens(h.headers, &CONNECTION).any(|t| !KNOWN.iter().any(|k| k.eq_ignore_ascii_case(t))) {
        return refuse(400, "Connection nominates a header");
    }
    if h.version == Version::HTTP_2 {
        if let (Some(te), more) = one(h.headers, &TE)
            && (more || !te.as_bytes().eq_ignore_ascii_case(b"trailers"))
        {
            return refuse(400, "TE over HTTP/2"); // RFC 9113 §8.2.2
        }
        if h.headers.contains_key(CONNECTION) || h.headers.contains_key(UPGRADE) {
            return refuse(400, "a connection header over HTTP/2");
        }
    }
    Ok(())
}

fn upgrade(h: &Head<'_>) -> Result<Upgrade, Refused> {
    let (value, more) = one(h.headers, &UPGRADE);
    let Some(value) = value else { return Ok(Upgrade::Absent) };
    let websocket = !more && value.as_bytes().eq_ignore_ascii_case(b"websocket");
    let asked = tokens(h.headers, &CONNECTION).any(|t| t.eq_ignore_ascii_case(b"upgrade"));
    if !websocket || !asked || h.version != Version::HTTP_11 {
        return Ok(Upgrade::Ignore);
    }
    let body = h.headers.contains_key(CONTENT_LENGTH) || h.headers.contains_key(TRANSFER_ENCODING);
    if body || h.method != Method::GET {
        return refuse(400, "a WebSocket handshake is a GET without a body"); // RFC 6455 §4.1
    }
    Ok(Upgrade::WebSocket)
}

/// The first value, and whether there are more.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> (Option<&'a HeaderValue>, bool) {
    let mut all = headers.get_all(name).iter();
    (all.next(), all.next().is_some())
}

fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).iter().flat_map(|v| v.as_bytes().split(|b| *b == b',')).map(<[u8]>::trim_ascii)
}

static EARLY_DATA: HeaderName = HeaderName::from_static("early-data");

/// Longer than any address a browser follows without complaint.
const LONGEST_TARGET: usize = 8 << 10;

#[cfg(test)]
mod tests;
