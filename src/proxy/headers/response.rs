//! What is removed from and added to an upstream's response head before the client sees it.
//!
//! Never touches Content-Security-Policy or Strict-Transport-Security: they are the app's own defence.

use super::super::hosts::Site;
use super::super::settings::{HostToUpstream, Upstream};
use super::cookies::is_ours;
use crate::types::Origin;
use http::header::{ALT_SVC, CACHE_CONTROL, CONNECTION, LOCATION, SET_COOKIE};
use http::{HeaderName, HeaderValue};
use pingora::http::ResponseHeader;

/// `of_session`: the exchange passed on a session, so no shared cache may keep the answer.
pub fn toward_client(res: &mut ResponseHeader, site: &Site, of_session: bool) -> pingora::Result<()> {
    // most answers have none of them: one walk is cheaper than a look-up for each
    if res.headers.keys().any(is_looked_at) {
        tidy(res, site)?;
    }
    if of_session && !res.status.is_informational() && !res.headers.contains_key(CACHE_CONTROL) {
        // the engine writes its own; without it there is room for one more, and neither of the head's two maps has to grow
        res.remove_header(&CONNECTION);
        res.insert_header(CACHE_CONTROL, HeaderValue::from_static("private"))?;
    }
    Ok(())
}

fn is_looked_at(name: &HeaderName) -> bool {
    removed().contains(&name) || [&SET_COOKIE, &CLEAR_SITE_DATA, &LOCATION].contains(&name)
}

fn tidy(res: &mut ResponseHeader, site: &Site) -> pingora::Result<()> {
    for name in removed() {
        while res.remove_header(name).is_some() {}
    }
    // nobody but the gateway sets our cookies: an upstream that plants one would fix a session
    keep(res, &SET_COOKIE, |v| !is_ours(v.split(|b| *b == b';').next().unwrap_or(v)))?;
    // it would sign the browser out of the gateway
    keep(res, &CLEAR_SITE_DATA, |v| !contains(v, b"cookies") && !contains(v, b"*"))?;
    if let Some(location) = res.headers.get(LOCATION)
        && let Some(ours) = location.to_str().ok().and_then(|l| at_origin(l, site))
    {
        res.insert_header(LOCATION, ours)?;
    }
    Ok(())
}

/// Other ways around the gateway: another endpoint for the origin (RFC 7838), reports to elsewhere, a service worker
/// above the app's own folder.
fn removed() -> [&'static HeaderName; 4] {
    [&ALT_SVC, &NEL, &REPORT_TO, &SERVICE_WORKER_ALLOWED]
}

/// Drops single values of a header; the others stay in order.
fn keep(res: &mut ResponseHeader, name: &'static HeaderName, good: impl Fn(&[u8]) -> bool) -> pingora::Result<()> {
    if res.headers.get_all(name).iter().all(|v| good(v.as_bytes())) {
        return Ok(());
    }
    let kept: Vec<HeaderValue> = res.headers.get_all(name).iter().filter(|v| good(v.as_bytes())).cloned().collect();
    while res.remove_header(name).is_some() {}
    for v in kept {
        res.append_header(name, v)?;
    }
    Ok(())
}

fn contains(value: &[u8], word: &[u8]) -> bool {
    value.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}

/// A `Location` that names an upstream, with the visitor's origin in its place.
fn at_origin(location: &str, site: &Site) -> Option<String> {
    let (scheme, rest) = match location.split_once("//")? {
        ("", rest) => (None, rest),
        (scheme, rest) => (Some(scheme), rest),
    };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let named: Origin = match scheme {
        Some(scheme) => format!("{scheme}//{authority}").parse().ok()?,
        None => {
            let scheme = if site.app.upstreams.first()?.https { "https" } else { "http" };
            format!("{scheme}://{authority}").parse().ok()?
        }
    };
    let is = |u: &Upstream| u.host == named.host && u.port == named.port;
    // the name the app is told it has, at one of its own ports or at none
    let alias = matches!(&site.app.host, HostToUpstream::Name(h) if *h == named.host)
        && (named.port == Origin::default_port(named.https) || site.app.upstreams.iter().any(|u| u.port == named.port));
    (alias || site.app.upstreams.iter().any(is)).then(|| format!("{}{path}", site.origin))
}

static NEL: HeaderName = HeaderName::from_static("nel");
static REPORT_TO: HeaderName = HeaderName::from_static("report-to");
static SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");
static CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

#[cfg(test)]
mod tests {
    use super::super::super::hosts::Hosts;
    use super::super::super::settings::samples;
    use super::*;
    use std::sync::Arc;

    fn answered(fields: &[(&'static str, &'static str)], of_session: bool) -> Vec<(String, String)> {
        let mut app = samples::app("intranet", &["https://app.example.com"], "http://10.0.0.1:9000");
        app.host = HostToUpstream::Name(crate::types::Host::parse("inner.example").unwrap());
        let hosts = Hosts::new(&[Arc::new(app)]);
        let mut res = ResponseHeader::build(200, None).unwrap();
        for (n, v) in fields {
            res.append_header(*n, *v).unwrap();
        }
        toward_client(&mut res, hosts.find(b"app.example.com").unwrap(), of_session).unwrap();
        res.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_string())).collect()
    }

    #[test]
    fn the_upstream_cannot_set_our_cookies() {
        for value in [
            "__Host-portcullis=evil; Path=/; Secure",
            "__host-PORTCULLIS-pending=evil",
            " __Host-portcullis=evil",
            "portcullis-8080=evil",
            "=__Host-portcullis=evil",
            "= __Host-portcullis=evil",
            "__Host-portcullis",
            "__Host-portcullis; Path=/",
        ] {
            assert_eq!(answered(&[("set-cookie", value)], false), [], "{value}");
        }
        let kept =
            [("set-cookie", "a=1"), ("set-cookie", "__Host-portcullis=x"), ("set-cookie", "b=__Host-portcullis")];
        let values: Vec<_> = answered(&kept, false).into_iter().map(|(_, v)| v).collect();
        assert_eq!(values, ["a=1", "b=__Host-portcullis"]);
    }

    #[test]
    fn ways_around_the_gateway_are_removed_and_the_apps_defence_stays() {
        let gone = [
            ("alt-svc", "h3=\":443\""),
            ("nel", "{}"),
            ("report-to", "{}"),
            ("service-worker-allowed", "/"),
            ("clear-site-data", "\"cache\", \"cookies\""),
            ("clear-site-data", "\"*\""),
        ];
        assert_eq!(answered(&gone, false), []);
        for kept in [
            ("clear-site-data", "\"cache\""),
            ("content-security-policy", "default-src 'self'"),
            ("strict-transport-security", "max-age=1"),
        ] {
            assert_eq!(answered(&[kept], false), [(kept.0.to_string(), kept.1.to_string())]);
        }
    }

    #[test]
    fn an_answer_of_a_session_is_private() {
        let private = [("cache-control".to_string(), "private".to_string())];
        assert_eq!(answered(&[], true), private);
        assert_eq!(answered(&[], false), []);
        let own = [("cache-control".to_string(), "public, max-age=60".to_string())];
        assert_eq!(answered(&[("cache-control", "public, max-age=60")], true), own);
    }

    #[test]
    fn a_location_that_names_the_upstream_becomes_the_origin() {
        for (location, want) in [
            ("http://10.0.0.1:9000/a?b#c", "https://app.example.com/a?b#c"),
            ("HTTP://10.0.0.1:9000", "https://app.example.com"),
            ("//10.0.0.1:9000/x", "https://app.example.com/x"),
            ("http://inner.example/x", "https://app.example.com/x"),
            ("https://inner.example?x", "https://app.example.com?x"),
            ("http://inner.example:9000/x", "https://app.example.com/x"),
            ("http://inner.example:9001/x", "http://inner.example:9001/x"),
            ("http://10.0.0.1:9001/", "http://10.0.0.1:9001/"),
            ("http://10.0.0.1/", "http://10.0.0.1/"),
            ("http://10.0.0.1:9000@evil/", "http://10.0.0.1:9000@evil/"),
            ("/x//10.0.0.1:9000/", "/x//10.0.0.1:9000/"),
            ("/relative", "/relative"),
            ("https://elsewhere.example/", "https://elsewhere.example/"),
        ] {
            assert_eq!(answered(&[("location", location)], false), [("location".to_string(), want.to_string())]);
        }
    }
}
