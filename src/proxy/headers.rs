//! Header hygiene, both ways. Toward the upstream the client's claims are removed and ours are set in one function, so
//! that nothing can come between the two.
//!
//! Decides nothing about access: who the visitor is comes with the gate's `Passage`.

use super::hosts::Site;
use super::identity::{self, AssertionSigner};
use super::settings::App;
use crate::gate::Identity;
use crate::types::Inbound;
use bytes::Bytes;
use http::Version;
use http::header::{COOKIE, HOST, HeaderName, HeaderValue, TE};
use pingora::http::RequestHeader;

mod cookies;
mod response;

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
    pub identity: Option<&'a Identity>,
    pub signer: &'a dyn AssertionSigner,
    /// `Host` as the app's settings want it.
    pub host: &'a HeaderValue,
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
/// the same request gives the same bytes.
pub fn toward_upstream(req: &mut RequestHeader, out: &Outgoing<'_>) -> pingora::Result<()> {
    let (inbound, hygiene) = (out.inbound, &out.site.hygiene);
    let version = req.version;
    let gone: Vec<HeaderName> = req.headers.keys().filter(|n| hygiene.removes(n, version)).cloned().collect();
    for name in gone {
        while req.remove_header(&name).is_some() {}
    }
    match cookies::without_ours(&req.headers) {
        cookies::Cookie::Unchanged => {}
        cookies::Cookie::Gone => drop(req.remove_header(&COOKIE)),
        cookies::Cookie::Is(value) => req.insert_header("Cookie", value)?,
    }
    target(req, inbound)?;
    let client = inbound.client.0;
    req.insert_header(HOST, out.host.clone())?;
    req.insert_header("X-Forwarded-For", client.to_string())?;
    req.insert_header("X-Forwarded-Proto", HeaderValue::from_static(out.site.origin.scheme()))?;
    req.insert_header("X-Forwarded-Host", out.site.authority.clone())?;
    if let Some(forwarded) = out.site.forwarded(client) {
        req.insert_header("Forwarded", forwarded)?;
    }
    req.insert_header("X-Request-Id", inbound.request_id.to_string())?;
    match out.identity {
        Some(identity) => set_identity(req, out, identity),
        None => Ok(()),
    }
}

/// What is judged is what is forwarded.
fn target(req: &mut RequestHeader, inbound: &Inbound) -> pingora::Result<()> {
    let path = inbound.path.forwarded();
    let same = req.uri.authority().is_none() && req.uri.path() == path && req.uri.query() == inbound.query.as_deref();
    if same { Ok(()) } else { req.set_raw_path(inbound.target().as_bytes()) }
}

fn set_identity(req: &mut RequestHeader, out: &Outgoing<'_>, who: &Identity) -> pingora::Result<()> {
    let names = &out.site.hygiene.identity;
    let app = &out.site.app;
    let mut set = |name: &Option<Bytes>, value: &mut dyn FnMut() -> Option<HeaderValue>| match name {
        Some(name) => value().map_or(Ok(()), |v| req.insert_header(name.clone(), v)),
        None => Ok(()),
    };
    set(&names.user, &mut || identity::value(who.name.as_str()))?;
    set(&names.groups, &mut || identity::list(who.groups.iter().map(|g| g.as_str())))?;
    set(&names.email, &mut || who.email.as_ref().and_then(|e| identity::value(e.as_str())))?;
    set(&names.assertion, &mut || {
        let issuer = app.origins.first().unwrap_or(&out.site.origin);
        out.signer.sign(&app.name, issuer, who)
    })
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
