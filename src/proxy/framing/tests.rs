//! The head against the table of what can be read in two ways.

use super::*;
use proptest::prelude::*;

fn limits() -> Limits {
    Limits { header_bytes: 64 << 10, headers: 100, connections_per_address: 200 }
}

/// Status of the raw check, 0 where it lets the head through.
fn raw(s: &[u8]) -> u16 {
    raw_head(s, &limits()).err().map_or(0, |r| r.status)
}

fn with(method: &str, target: &str, fields: &[(&str, &str)]) -> Result<Upgrade, Refused> {
    versioned(Version::HTTP_11, None, (method, target), fields)
}

fn versioned(
    version: Version,
    authority: Option<&str>,
    (method, target): (&str, &str),
    fields: &[(&str, &str)],
) -> Result<Upgrade, Refused> {
    let mut headers = HeaderMap::new();
    for (n, v) in fields {
        headers.append(HeaderName::from_bytes(n.as_bytes()).unwrap(), HeaderValue::from_bytes(v.as_bytes()).unwrap());
    }
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    head(&Head { method: &method, version, target: target.as_bytes(), authority, headers: &headers }, &limits())
}

fn status(r: Result<Upgrade, Refused>) -> u16 {
    r.err().map_or(0, |r| r.status)
}

#[test]
fn raw_heads_that_two_readers_could_split_differently_are_refused() {
    for (want, raw_bytes) in [
        (0, &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..]),
        (0, b"GET / HTTP/1.1\r\nHost: a\r\nX: caf\xc3\xa9\tx\r\n\r\n"),
        (400, b"GET / HTTP/1.1\nHost: a\n\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a\r\n X: b\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n: a\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\nX\x80: a\r\n\r\n"),
        (400, b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /a#/public HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"POST / HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (400, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ncontent-length: 2\r\n\r\n"),
        (400, b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n"),
        (400, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (400, b""),
        (400, b"\r\n\r\n"),
    ] {
        assert_eq!(raw(raw_bytes), want, "{:?}", String::from_utf8_lossy(raw_bytes));
    }
    let long = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'a'; 65536], b"\r\n\r\n"].concat();
    assert_eq!(raw(&long), 431);
}

#[test]
fn body_framing_is_plain_or_refused() {
    for (want, fields) in [
        (0, &[("content-length", "5")][..]),
        (0, &[("transfer-encoding", "chunked")]),
        (0, &[("transfer-encoding", "Chunked")]),
        (400, &[("transfer-encoding", "chunked"), ("content-length", "5")]),
        (400, &[("transfer-encoding", "gzip, chunked")]),
        (400, &[("transfer-encoding", "chunked, identity")]),
        (400, &[("transfer-encoding", "chunked, gzip")]),
        (400, &[("transfer-encoding", "xchunked")]),
        (400, &[("transfer-encoding", "identity")]),
        (400, &[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")]),
        (400, &[("content-length", "2, 2")]),
        (400, &[("content-length", "2"), ("content-length", "2")]),
        (400, &[("content-length", "2"), ("content-length", "3")]),
        (400, &[("content-length", "+5")]),
        (400, &[("content-length", "-1")]),
        (400, &[("content-length", "0x2")]),
        (400, &[("content-length", "")]),
        (400, &[("content-length", "9999999999999999")]),
        (0, &[("expect", "100-Continue")]),
        (417, &[("expect", "foo")]),
        (400, &[("upgrade", "websocket"), ("connection", "upgrade"), ("content-length", "2")]),
    ] {
        let all: Vec<_> = [("host", "a")].iter().chain(fields).copied().collect();
        assert_eq!(status(with("POST", "/", &all)), want, "{fields:?}");
    }
    let te = [("host", "a"), ("transfer-encoding", "chunked")];
    assert_eq!(status(versioned(Version::HTTP_10, None, ("POST", "/"), &te)), 400);
    assert_eq!(status(versioned(Version::HTTP_2, Some("a"), ("POST", "/"), &te)), 400);
}

#[test]
fn methods_and_targets() {
    let host = [("host", "a")];
    for (want, method, target) in [
        (0, "GET", "/"),
        (0, "PROPFIND", "/x"),
        (0, "VERSION-CONTROL", "/"),
        (0, "OPTIONS", "*"),
        (0, "GET", "//admin"), // the path parser's affair
        (0, "GET", "/public/../admin"),
        (405, "CONNECT", "a:443"),
        (405, "TRACE", "/"),
        (405, "get", "/"),
        (405, "G3T", "/"),
        (400, "GET", "*"),
        (400, "GET", "http://a/"),
        (400, "GET", "ftp://a/"),
        (400, "GET", "admin"),
        (400, "GET", "?x"),
        (400, "GET", ""),
        (400, "GET", "/a\\b"),
        (400, "GET", "/a#b"),
        (400, "GET", "/é"),
    ] {
        assert_eq!(status(with(method, target, &host)), want, "{method} {target}");
    }
    assert_eq!(status(with("GET", &format!("/{}", "a".repeat(9000)), &host)), 414);
    assert_eq!(status(versioned(Version::HTTP_09, None, ("GET", "/"), &host)), 505);
    let early = [("host", "a"), ("early-data", "1")];
    assert_eq!((status(with("POST", "/", &early)), status(with("GET", "/", &early))), (425, 0));
}

#[test]
fn one_host_and_the_same_as_the_authority() {
    assert_eq!(status(with("GET", "/", &[])), 400);
    assert_eq!(status(with("GET", "/", &[("host", "a"), ("host", "a")])), 400);
    assert_eq!(status(with("GET", "/", &[("host", "a"), ("host", "b")])), 400);
    let h2 = |fields| status(versioned(Version::HTTP_2, Some("app.example"), ("GET", "/"), fields));
    assert_eq!(h2(&[]), 0);
    assert_eq!(h2(&[("host", "App.Example")]), 0);
    assert_eq!(h2(&[("host", "other.example")]), 400);
    assert_eq!(h2(&[("te", "trailers")]), 0);
    assert_eq!(h2(&[("te", "gzip")]), 400);
    assert_eq!(h2(&[("connection", "close")]), 400);
}

#[test]
fn connection_may_nominate_nothing_of_ours() {
    for (want, value) in [
        (0, "close"),
        (0, "Keep-Alive, Upgrade, HTTP2-Settings"),
        (0, "keep-alive, TE,"),
        (400, "close, X-Auth-User"),
        (400, "x-forwarded-for"),
        (400, "Cookie"),
        (400, "Host"),
        (400, "Authorization"),
    ] {
        assert_eq!(status(with("GET", "/", &[("host", "a"), ("connection", value)])), want, "{value}");
    }
}

#[test]
fn only_websocket_upgrades() {
    let up = |method, fields: &[(&'static str, &'static str)]| {
        let all: Vec<_> = [("host", "a")].iter().chain(fields).copied().collect();
        with(method, "/", &all)
    };
    assert_eq!(up("GET", &[]), Ok(Upgrade::Absent));
    assert_eq!(up("GET", &[("upgrade", "WebSocket"), ("connection", "keep-alive, Upgrade")]), Ok(Upgrade::WebSocket));
    for fields in [
        &[("upgrade", "h2c"), ("connection", "Upgrade, HTTP2-Settings"), ("http2-settings", "AA")][..],
        &[("upgrade", "foo"), ("connection", "upgrade")],
        &[("upgrade", "h2c, websocket"), ("connection", "upgrade")],
        &[("upgrade", "websocket"), ("upgrade", "h2c"), ("connection", "upgrade")],
        &[("upgrade", "websocket")],
    ] {
        assert_eq!(up("GET", fields), Ok(Upgrade::Ignore), "{fields:?}");
    }
    assert_eq!(status(up("POST", &[("upgrade", "websocket"), ("connection", "upgrade")])), 400);
    assert_eq!(up("POST", &[("upgrade", "h2c"), ("content-length", "2")]), Ok(Upgrade::Ignore));
}

#[test]
fn too_many_headers() {
    let many: Vec<_> = std::iter::once(("host", "a")).chain((0..100).map(|_| ("x", "y"))).collect();
    assert_eq!(status(with("GET", "/", &many)), 431);
    assert_eq!(status(with("GET", "/", many.split_at(100).0)), 0);
}

proptest! {
    /// Whatever passes has one CRLF a line, no control bytes and at most one header that frames a body.
    #[test]
    fn what_passes_reads_the_same_everywhere(bytes in "[ -~\r\n\t:]{0,200}") {
        let all = format!("GET / HTTP/1.1\r\n{bytes}\r\n\r\n").into_bytes();
        if raw(&all) == 0 {
            let text = String::from_utf8(all).unwrap();
            prop_assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            prop_assert_eq!(text.matches('\r').count(), text.matches("\r\n").count());
            let lower = text.to_lowercase();
            prop_assert!(lower.matches("\r\ncontent-length:").count() + lower.matches("\r\ntransfer-encoding:").count() <= 1);
        }
    }
}
