//! A request as the gate sees it: canonical, bounded, attributed to an app and an address.

use super::{CanonicalPath, ClientIp, Origin, RequestId};
use std::fmt;
use std::sync::Arc;

/// The name of a protected app, from the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppName(pub Arc<str>);

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who asks, hence how a refusal has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A browser that will show the answer as a page.
    Navigation,
    /// fetch, XHR, an API client: gets problem+json, never a redirect to HTML.
    Program,
    WebSocket,
    Grpc,
}

/// `Sec-Fetch-Mode`, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Navigate,
    Other,
}

/// Fetch Metadata of the request; `None` where the browser sent none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchMetadata {
    pub site: Option<String>,
    pub mode: Option<Mode>,
    pub dest: Option<String>,
}

/// Those of the request's cookies that could be ours, as they came, one entry a pair, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookies(pub Vec<(String, String)>);

/// What a request's cookies say under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    None,
    One(&'a str),
    /// Two of one name count as none: one of them was planted (RFC 6265bis §8.6).
    Several,
}

impl Cookies {
    /// Parses `Cookie` header values; what is not `name=value` is skipped, as browsers' rubbish must not lock them out.
    /// `ours` says of a pair whether anybody will ask for it: apps have many cookies, and we one or two.
    pub fn parse<'a>(headers: impl Iterator<Item = &'a [u8]>, ours: impl Fn(&[u8]) -> bool) -> Self {
        let mut all = Vec::new();
        for h in headers {
            for pair in h.split(|b| *b == b';').filter(|p| ours(p)) {
                let Ok(pair) = std::str::from_utf8(pair) else { continue };
                if let Some((n, v)) = pair.split_once('=') {
                    all.push((n.trim().to_string(), v.trim().to_string()));
                }
            }
        }
        Cookies(all)
    }
    /// Names are compared as they are: `__host-x` is not `__Host-x`.
    pub fn find(&self, name: &str) -> Found<'_> {
        let mut hits = self.0.iter().filter(|(n, _)| n == name);
        match (hits.next(), hits.next()) {
            (None, _) => Found::None,
            (Some((_, v)), None) => Found::One(v),
            _ => Found::Several,
        }
    }
}

/// One request after `proxy::inbound` has read it. Cheap to share.
#[derive(Clone, Debug)]
pub struct Inbound {
    pub app: AppName,
    /// The configured origin that the request came in on; scheme, host and port of every link and cookie.
    pub origin: Arc<Origin>,
    pub method: http::Method,
    pub path: CanonicalPath,
    pub query: Option<String>,
    pub client: ClientIp,
    pub cookies: Cookies,
    pub kind: Kind,
    pub fetch: FetchMetadata,
    /// The `Origin` header, whatever it says; `Some("null")` for opaque ones.
    pub origin_header: Option<String>,
    /// At most 256 bytes.
    pub user_agent: String,
    /// `Accept-Language`, at most 256 bytes.
    pub languages: String,
    pub request_id: RequestId,
}

impl Inbound {
    /// Path and query as they go upstream.
    pub fn target(&self) -> String {
        match &self.query {
            Some(q) => format!("{}?{q}", self.path.forwarded()),
            None => self.path.forwarded().to_string(),
        }
    }
    /// The `Origin` header names this very origin.
    pub fn is_same_origin(&self) -> bool {
        self.origin_header.as_deref().is_some_and(|o| o.parse::<Origin>().is_ok_and(|o| o == *self.origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_one_name_are_none() {
        let c = Cookies::parse([&b"a=1; b=\"x; y=2"[..], b"a=3; __host-p=9; junk"].into_iter(), |_| true);
        assert_eq!(c.find("a"), Found::Several);
        assert_eq!(c.find("y"), Found::One("2"));
        assert_eq!(c.find("__Host-p"), Found::None);
    }
}
