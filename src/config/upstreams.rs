//! `apps[].upstreams` and `upstream_tls`: servers behind an app. Their names are resolved later, at start and again.

use super::apps::filled;
use super::files::Files;
use crate::policy::read::{Field, Section, shown};
use crate::proxy::settings::{Upstream, UpstreamTls};
use crate::types::Origin;
use rustls_pki_types::ServerName;

/// A URL, or `{ url, http2: true }`: HTTP/2 upstream, over TLS or in plain (h2c).
pub fn upstreams(app: &Section<'_>) -> Vec<Upstream> {
    let remedy = "Name the server behind the app, such as `[http://127.0.0.1:9000]`.";
    let Some(all) = app.required("upstreams", remedy) else { return Vec::new() };
    let mut upstreams = Vec::new();
    for item in filled(&all, "there is no upstream", remedy) {
        let Some(upstream) = upstream(&item) else { continue };
        if upstreams.contains(&upstream) {
            item.problem("this upstream stands here twice", "Keep one of the two.");
        }
        upstreams.push(upstream);
    }
    upstreams
}

fn upstream(item: &Field<'_>) -> Option<Upstream> {
    let (url, http2) = if item.is_text() {
        (*item, false)
    } else {
        let s = item.section();
        let http2 = s.field("http2").and_then(|f| f.switch()).unwrap_or(false);
        (s.required("url", "Write `{ url: http://127.0.0.1:9000, http2: true }`.")?, http2)
    };
    let text = url.text()?;
    if text.get(..6).is_some_and(|s| s.eq_ignore_ascii_case("h2c://")) {
        let rest = text.get(6..).unwrap_or_default();
        let remedy = format!("Write `{{ url: http://{}, http2: true }}`.", shown(rest));
        url.problem("h2c is not written as a scheme", remedy);
        return None;
    }
    let wrong = |_| "not an upstream: scheme, host and port, without a path";
    let read = url.parse(
        |t| t.parse::<Origin>().map_err(wrong),
        "Write such as `http://127.0.0.1:9000` or `https://app.internal`.",
    );
    read.map(|o| Upstream { https: o.https, host: o.host, port: o.port, http2 })
}

pub fn tls(app: &Section<'_>, files: &Files<'_>, upstreams: &[Upstream]) -> Option<UpstreamTls> {
    let f = app.field("upstream_tls")?;
    let s = f.section();
    if !upstreams.is_empty() && !upstreams.iter().any(|u| u.https) {
        f.problem("no upstream of this app speaks TLS", "Write its URL with https://, or leave `upstream_tls` out.");
    }
    let remedy = "Write the name in the upstream's certificate.";
    let server_name = |t: &str| ServerName::try_from(t.to_string()).map_err(|_| "not a server name");
    let client = s.field("client").and_then(|f| {
        let s = f.section();
        let cert = s.required("cert", "Name a PEM file with the client certificate.");
        let key = s.required("key", "Name a PEM file with the client certificate's private key.");
        let pair = files.pair(&cert?, &key?)?;
        Some((pair.chain, pair.private))
    });
    Some(UpstreamTls {
        ca: s.field("ca").and_then(|f| files.certificates(&f)),
        server_name: s.field("server_name").and_then(|f| f.parse(server_name, remedy)),
        client,
    })
}
