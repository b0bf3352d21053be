//! A parsed head as the gate sees it: canonical path, attributed to a site and an address, told apart by who asks.
//!
//! Refuses what cannot be read in one way; decides nothing about access.

use super::framing::{Refused, Upgrade};
use super::headers;
use super::hosts::Site;
use crate::types::path::BadPath;
use crate::types::{CanonicalPath, ClientIp, Cookies, FetchMetadata, Inbound, Kind, Mode, RequestId};
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, ORIGIN, USER_AGENT};
use http::{Method, Uri};

/// What is known of a request before its head is read by meaning.
#[derive(Debug)]
pub struct Arrived<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub upgrade: Upgrade,
    pub client: ClientIp,
    pub request_id: RequestId,
}

pub fn read(a: &Arrived<'_>, site: &Site) -> Result<Inbound, Refused> {
    let path = CanonicalPath::parse(a.uri.path(), site.app.reading).map_err(bad_path)?;
    let fetch = fetch_metadata(a.headers);
    Ok(Inbound {
        app: site.app.name.clone(),
        origin: site.origin.clone(),
        method: a.method.clone(),
        path,
        query: a.uri.query().map(String::from),
        client: a.client,
        cookies: Cookies::parse(a.headers.get_all(COOKIE).iter().map(|v| v.as_bytes()), headers::is_own_cookie),
        kind: kind(a, &fetch),
        fetch,
        origin_header: origin(a.headers),
        user_agent: text(a.headers, &USER_AGENT),
        languages: text(a.headers, &ACCEPT_LANGUAGE),
        request_id: a.request_id,
    })
}

/// The address of a script that a browser wants to install as a service worker, where the worker's widest scope (the
/// script's folder) would hold our own pages.
pub fn is_worker_above(inbound: &Inbound, headers: &HeaderMap, own_prefix: &str) -> bool {
    let asked = headers.get(&SERVICE_WORKER).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"script"));
    let path = inbound.path.judged();
    asked && path.rfind('/').and_then(|i| path.get(..=i)).is_none_or(|folder| own_prefix.starts_with(folder))
}

fn bad_path(why: BadPath) -> Refused {
    let why = match why {
        BadPath::NotAbsolute => "the path does not begin with a slash",
        BadPath::BadByte => "a bad byte stands in the path",
        BadPath::BadEscape => "a percent sign is not followed by two hex digits",
        BadPath::Ambiguous => "an encoded slash, backslash or control character stands in the path",
        BadPath::NotUtf8 => "the path is not valid UTF-8",
        BadPath::HiddenDots => "a dot segment carries a parameter",
        BadPath::AboveRoot => "the path leaves the root",
    };
    Refused { status: 400, why }
}

fn fetch_metadata(headers: &HeaderMap) -> FetchMetadata {
    let word =
        |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok()).map(|s| s.trim().to_ascii_lowercase());
    let mode = headers.get(&SEC_FETCH_MODE).map(|v| match v.as_bytes().trim_ascii() {
        m if m.eq_ignore_ascii_case(b"navigate") => Mode::Navigate,
        _ => Mode::Other,
    });
    FetchMetadata { site: word(&SEC_FETCH_SITE), mode, dest: word(&SEC_FETCH_DEST) }
}

/// Who asks, hence how a refusal has to look. Fetch Metadata is believed before `Accept`: scripts cannot forge it.
fn kind(a: &Arrived<'_>, fetch: &FetchMetadata) -> Kind {
    if a.upgrade == Upgrade::WebSocket {
        return Kind::WebSocket;
    }
    let starts = |v: &[u8], with: &[u8]| v.get(..with.len()).is_some_and(|v| v.eq_ignore_ascii_case(with));
    if a.headers.get(CONTENT_TYPE).is_some_and(|v| starts(v.as_bytes(), b"application/grpc")) {
        return Kind::Grpc;
    }
    match fetch.mode {
        Some(Mode::Navigate) => Kind::Navigation,
        Some(Mode::Other) => Kind::Program,
        None if accepts_html(a.headers) && !a.headers.contains_key(&X_REQUESTED_WITH) => Kind::Navigation,
        None => Kind::Program,
    }
}

fn accepts_html(headers: &HeaderMap) -> bool {
    const HTML: &[u8] = b"text/html";
    let has = |v: &[u8]| v.windows(HTML.len()).any(|w| w.eq_ignore_ascii_case(HTML));
    headers.get_all(ACCEPT).iter().any(|v| has(v.as_bytes()))
}

/// Two `Origin` lines become one that matches no origin.
fn origin(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(ORIGIN).iter().map(|v| String::from_utf8_lossy(v.as_bytes()));
    let first = all.next()?.into_owned();
    Some(all.fold(first, |joined, next| joined + ", " + &next))
}

/// At most `LONGEST_TEXT` bytes, cut between characters.
fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    let Some(v) = headers.get(name) else { return String::new() };
    let mut s = String::from_utf8_lossy(v.as_bytes()).into_owned();
    s.truncate(s.floor_char_boundary(LONGEST_TEXT));
    s
}

const LONGEST_TEXT: usize = 256;

static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
static X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
static SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");

#[cfg(test)]
mod tests {
    use super::super::hosts::Hosts;
    use super::super::settings::samples;
    use super::*;
    use http::HeaderValue;
    use std::sync::Arc;

    fn with(target: &str, fields: &[(&'static str, &str)], upgrade: Upgrade) -> Result<Inbound, Refused> {
        let app = samples::app("intranet", &["https://app.example.com"], "http://127.0.0.1:9000");
        let hosts = Hosts::new(&[Arc::new(app)]);
        let mut headers = HeaderMap::new();
        for (n, v) in fields {
            headers.append(*n, HeaderValue::from_bytes(v.as_bytes()).unwrap());
        }
        let arrived = Arrived {
            method: &Method::GET,
            uri: &target.parse().unwrap(),
            headers: &headers,
            upgrade,
            client: ClientIp::new("192.0.2.1".parse().unwrap()),
            request_id: RequestId::from_bytes([1; 16]),
        };
        read(&arrived, hosts.find(b"app.example.com").unwrap())
    }

    #[test]
    fn who_asks_is_told_by_fetch_metadata_then_by_what_it_accepts() {
        let navigate = ("sec-fetch-mode", "navigate");
        let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        for (want, fields) in [
            (Kind::Navigation, &[navigate][..]),
            (Kind::Navigation, &[navigate, ("accept", "*/*")]),
            (Kind::Navigation, &[navigate, ("x-requested-with", "XMLHttpRequest")]),
            (Kind::Navigation, &[html]),
            (Kind::Navigation, &[("accept", "Text/HTML")]),
            (Kind::Program, &[html, ("sec-fetch-mode", "cors")]),
            (Kind::Program, &[html, ("sec-fetch-mode", "no-cors")]),
            (Kind::Program, &[html, ("sec-fetch-mode", "websocket")]),
            (Kind::Program, &[html, ("x-requested-with", "XMLHttpRequest")]),
            (Kind::Program, &[("accept", "application/json")]),
            (Kind::Program, &[("accept", "*/*")]),
            (Kind::Program, &[]),
            (Kind::Grpc, &[("content-type", "application/grpc")]),
            (Kind::Grpc, &[("content-type", "application/grpc+proto"), navigate]),
        ] {
            assert_eq!(with("/", fields, Upgrade::Absent).map(|i| i.kind), Ok(want), "{fields:?}");
        }
        assert_eq!(with("/", &[navigate], Upgrade::WebSocket).map(|i| i.kind), Ok(Kind::WebSocket));
        assert_eq!(with("/", &[html], Upgrade::Ignore).map(|i| i.kind), Ok(Kind::Navigation));
    }

    #[test]
    fn the_path_is_read_once_and_the_query_stands_apart() {
        let i = with("/public/%2e%2e/admin?x=/public/ok", &[], Upgrade::Absent).unwrap();
        assert_eq!((i.path.judged(), i.query.as_deref()), ("/admin", Some("x=/public/ok")));
        assert_eq!(i.target(), "/admin?x=/public/ok");
        for target in ["/public/..%2fadmin", "/a%5cb", "/a%00", "/%c0%ae%c0%ae/", "/%zz", "/..;/admin", "/../x", "*"] {
            assert_eq!(with(target, &[], Upgrade::Absent).map(|_| ()).map_err(|r| r.status), Err(400), "{target}");
        }
    }

    #[test]
    fn text_of_the_client_is_bounded() {
        let long = "é".repeat(300);
        let i = with("/", &[("user-agent", &long), ("accept-language", "de")], Upgrade::Absent).unwrap();
        assert_eq!((i.user_agent.len(), i.languages.as_str()), (256, "de"));
    }

    #[test]
    fn two_origins_are_no_origin_of_ours() {
        let one = ("origin", "https://app.example.com");
        assert!(with("/", &[one], Upgrade::Absent).unwrap().is_same_origin());
        assert!(!with("/", &[one, one], Upgrade::Absent).unwrap().is_same_origin());
        assert!(!with("/", &[("origin", "null")], Upgrade::Absent).unwrap().is_same_origin());
        assert!(!with("/", &[], Upgrade::Absent).unwrap().is_same_origin());
    }

    #[test]
    fn a_service_worker_above_our_pages_is_noticed() {
        let worker = [("service-worker", "script")];
        for (target, want) in [
            ("/sw.js", true),
            ("/.portcullis/sw.js", true),
            ("/app/sw.js", false),
            ("/.portcullis/x/sw.js", false),
            ("/app/../sw.js", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(worker[0].0, HeaderValue::from_static(worker[0].1));
            let i = with(target, &worker, Upgrade::Absent).unwrap();
            assert_eq!(is_worker_above(&i, &headers, "/.portcullis/"), want, "{target}");
            assert!(!is_worker_above(&i, &HeaderMap::new(), "/.portcullis/"));
        }
    }
}
