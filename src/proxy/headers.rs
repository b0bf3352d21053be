//! Header hygiene, both ways. Toward the upstream the client's claims are removed and ours are set in one function, so
//! that nothing can come between the two.
//!
//! Decides nothing about access: who the visitor is comes with the gate's `Passage`.

use super::hosts::Site;
use super::identity::AssertionSigner;
use super::settings::App;
use crate::gate::{Cached, Told};
use crate::types::{Inbound, Origin};
use bytes::Bytes;
use http::header::{COOKIE, HOST, HeaderName, HeaderValue, TE};
use http::{Method, Version};
use pingora::http::RequestHeader;

mod cookies;
mod response;

pub use cookies::is_ours as is_own_cookie;
pub use response::toward_client;

/// What is removed from requests to one app, prepared once.
#[derive(Debug)]
pub struct Hygiene {
    /// Folded names, by their first letter.
    removed: Vec<(u8, Vec<Vec<u8>>)>,
    identity: Names,
}

/// The identity headers' names as they are written on the wire.
#[derive(Debug)]
struct Names {
    user: Option<Bytes>,
    groups: Option<Bytes>,
    email: Option<Bytes>,
    assertion: Option<Bytes>,
}

/// What goes to the upstream with one request.
pub struct Outgoing<'a> {
    pub site: &'a Site,
    pub inbound: &'a Inbound,
    /// Whose identity is told.
    pub session: Option<&'a Cached>,
    pub signer: &'a dyn AssertionSigner,
    /// `Host` as the app's settings want it; `None`: the origin's.
    pub host: Option<&'a HeaderValue>,
}

impl Hygiene {
    pub fn new(app: &App) -> Self {
        let ids = &app.identity_headers;
        let ours = [&ids.user, &ids.groups, &ids.email, &ids.assertion];
        let own = ours.into_iter().flatten().map(HeaderName::as_str).chain([REQUEST_ID, "forwarded"]);
        let passed = |name: &str| app.pass_headers.iter().any(|p| fold(p.as_str()) == fold(name));
        let claims = CLAIMS.into_iter().filter(|name| !passed(name));
        let mut removed: Vec<(u8, Vec<Vec<u8>>)> = Vec::new();
        for name in own.chain(claims).chain(HOP_BY_HOP).map(fold) {
            let Some(first) = name.first().copied() else { continue };
            match removed.iter_mut().find(|(f, _)| *f == first) {
                Some((_, names)) => names.push(name),
                None => removed.push((first, vec![name])),
            }
        }
        Hygiene { removed, identity: Names::new(app) }
    }

    fn removes(&self, name: &HeaderName, version: Version) -> bool {
        let name_bytes = name.as_str().as_bytes();
        let Some(first) = name_bytes.first().copied().map(fold_byte) else { return false };
        let Some((_, names)) = self.removed.iter().find(|(f, _)| *f == first) else { return false };
        // a trailing `te: trailers` is end-to-end in HTTP/2 and gRPC servers look for it (RFC 9113 §8.2.2)
        if *name == TE && version == Version::HTTP_2 {
            return false;
        }
        names.iter().any(|n| folds_to(name_bytes, n)) || starts_folded(name_bytes, FORWARDED_PREFIX)
    }
}

impl Names {
    fn new(app: &App) -> Self {
        let ids = &app.identity_headers;
        let wire = |n: &Option<HeaderName>| n.as_ref().map(|n| Bytes::from(titled(n.as_str())));
        Names {
            user: wire(&ids.user),
            groups: wire(&ids.groups),
            email: wire(&ids.email),
            assertion: wire(&ids.assertion),
        }
    }
}

/// The one place that turns a client's head into what the upstream gets. Works on the head alone, so a second try of
/// the same request gives the same bytes. The head is built anew in one pass: whatever is not copied is gone.
pub fn toward_upstream(req: &mut RequestHeader, out: &Outgoing<'_>) -> pingora::Result<()> {
    let app = &out.site.app;
    let told = out.session.map(|s| out.signer.sign(&app.name, app.origins.first().unwrap_or(&out.site.origin), s));
    let mut up = out.site.begun.of(req.has_case()).clone();
    if let Some(host) = out.host {
        up.insert_header(HOST, host.clone())?;
    }
    let (client, address) = (out.inbound.client.0, out.inbound.client.0.to_string());
    if let Some(forwarded) = out.site.forwarded(client, &address) {
        up.append_header("Forwarded", forwarded)?;
    }
    up.append_header("X-Forwarded-For", address)?;
    if let Some(told) = &told {
        set_identity(&mut up, &out.site.hygiene.identity, told)?;
    }
    aim(&mut up, req, out.inbound)?;
    copy_allowed(req, &mut up, &out.site.hygiene)?;
    up.append_header("X-Request-Id", &out.inbound.request_id.letters()[..])?;
    *req = up;
    Ok(())
}

/// Heads with what is the same in every request to a site, spelt out and, for clients on HTTP/2, not.
#[derive(Debug)]
pub struct Begun {
    spelt: RequestHeader,
    plain: RequestHeader,
}

impl Begun {
    /// `authority`: as the origin writes it.
    pub fn new(authority: &HeaderValue, origin: &Origin) -> pingora::Result<Self> {
        let begin = |mut head: RequestHeader| -> pingora::Result<RequestHeader> {
            head.append_header(HOST, authority.clone())?;
            head.append_header("X-Forwarded-Proto", HeaderValue::from_static(origin.scheme()))?;
            head.append_header("X-Forwarded-Host", authority.clone())?;
            Ok(head)
        };
        Ok(Begun {
            spelt: begin(RequestHeader::build(Method::GET, b"/", Some(OURS))?)?,
            plain: begin(RequestHeader::build_no_case(Method::GET, b"/", Some(OURS))?)?,
        })
    }

    fn of(&self, has_case: bool) -> &RequestHeader {
        if has_case { &self.spelt } else { &self.plain }
    }
}

/// Method, version and target. What is judged is what is forwarded.
fn aim(up: &mut RequestHeader, req: &RequestHeader, inbound: &Inbound) -> pingora::Result<()> {
    up.set_method(req.method.clone());
    up.set_version(req.version);
    up.set_send_end_stream(req.send_end_stream().unwrap_or(true));
    let path = inbound.path.forwarded();
    let same = req.uri.authority().is_none() && req.uri.path() == path && req.uri.query() == inbound.query.as_deref();
    if same {
        up.set_uri(req.uri.clone());
        Ok(())
    } else {
        up.set_raw_path(inbound.target().as_bytes())
    }
}

/// The client's own headers but those that hygiene removes, in their order and spelling.
fn copy_allowed(req: &RequestHeader, up: &mut RequestHeader, hygiene: &Hygiene) -> pingora::Result<()> {
    let cookie = cookies::without_ours(&req.headers);
    let stays = |name: &HeaderName| {
        let ours = *name == HOST || (*name == COOKIE && cookie != cookies::Cookie::Unchanged);
        !ours && !hygiene.removes(name, req.version)
    };
    // both iterators go through the same list: the engine keeps names and spellings in step
    let mut spelt = req.case_header_iter().map(|(spelling, _)| spelling.clone());
    for (name, value) in &req.headers {
        let spelling = spelt.next();
        if stays(name) {
            match spelling {
                Some(spelling) => up.append_header(spelling, value.clone())?,
                None => up.append_header(name, value.clone())?,
            };
        }
    }
    if let cookies::Cookie::Is(value) = cookie {
        up.append_header("Cookie", value)?;
    }
    Ok(())
}

fn set_identity(req: &mut RequestHeader, names: &Names, told: &Told) -> pingora::Result<()> {
    let told = [
        (&names.user, &told.user),
        (&names.groups, &told.groups),
        (&names.email, &told.email),
        (&names.assertion, &told.assertion),
    ];
    for (name, value) in told {
        if let (Some(name), Some(value)) = (name, value) {
            req.append_header(name.clone(), value.clone())?;
        }
    }
    Ok(())
}

/// Header names as stacks behind us may read them: CGI and its heirs fold `-` to `_`, some fold `.` and more.
fn fold(name: &str) -> Vec<u8> {
    name.bytes().map(fold_byte).collect()
}
fn fold_byte(b: u8) -> u8 {
    if b.is_ascii_alphanumeric() { b.to_ascii_lowercase() } else { b'-' }
}
fn folds_to(name: &[u8], folded: &[u8]) -> bool {
    name.len() == folded.len() && starts_folded(name, folded)
}
fn starts_folded(name: &[u8], folded: &[u8]) -> bool {
    name.len() >= folded.len() && name.iter().zip(folded).all(|(a, b)| fold_byte(*a) == *b)
}

/// `x-auth-user` as `X-Auth-User`.
fn titled(name: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        let out = if start { c.to_ascii_uppercase() } else { c };
        start = !c.is_ascii_alphanumeric();
        out
    };
    name.chars().map(letter).collect()
}

/// Headers that are set here.
const OURS: usize = 10;

const REQUEST_ID: &str = "x-request-id";
const FORWARDED_PREFIX: &[u8] = b"x-forwarded-";

/// Removed with their connection (RFC 9110 §7.6.1). `Trailer` too: trailers of requests are not passed on.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Whatever tells an upstream another path, method, host or address than the one that was judged. `X-Forwarded-*` goes
/// by its prefix.
const CLAIMS: [&str; 15] = [
    "x-original-url",
    "x-original-uri",
    "x-original-host",
    "x-original-method",
    "x-original-forwarded-for",
    "x-rewrite-url",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-host",
    "true-client-ip",
    "cf-connecting-ip",
];

#[cfg(test)]
mod tests;
