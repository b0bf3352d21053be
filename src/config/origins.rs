//! Checks across all origins: each belongs to one app, none shares a host with another, each has somebody who ends TLS.

use super::apps::AppDraft;
use crate::policy::read::{Field, Reader};
use crate::types::Origin;
use std::sync::Arc;

/// Who ends TLS for the public listener.
#[derive(Clone, Copy)]
pub struct EndsTls {
    pub here: bool,
    /// A trusted hop.
    pub before_us: bool,
}

pub fn check(reader: &Reader, apps: &[AppDraft<'_>], tls: EndsTls) {
    let all: Vec<(&AppDraft<'_>, Field<'_>, &Arc<Origin>)> =
        apps.iter().flat_map(|a| a.origins.iter().map(move |(f, o)| (a, *f, o))).collect();
    for (n, (app, field, origin)) in all.iter().enumerate() {
        scheme(reader, field, origin, tls);
        let Some((other_app, _, other)) = all.iter().take(n).find(|(_, _, o)| o.host == origin.host) else { continue };
        let name = &other_app.app.name;
        let (message, remedy) = match (other == origin, *name == app.app.name) {
            (true, true) => (format!("`{origin}` stands here twice"), "Keep one of the two."),
            (true, false) => {
                (format!("`{origin}` belongs to app `{name}` already"), "Give each app origins of its own.")
            }
            (false, _) => (
                format!("`{origin}` and `{other}` differ only in scheme or port, which cookies do not tell apart"),
                "Give it a host name of its own.",
            ),
        };
        field.problem(message, remedy);
    }
}

fn scheme(reader: &Reader, field: &Field<'_>, origin: &Origin, tls: EndsTls) {
    let local = origin.host.is_localhost();
    match (origin.https, tls.here) {
        (false, true) => {
            let remedy = format!("Write `https://{}`.", origin.host);
            reader.problem(field.at, "the public listener speaks TLS, and this origin does not", remedy);
        }
        (false, false) if !local => {
            let remedy = "Write https://; plain http is for localhost.";
            reader.problem(field.at, "session cookies are never sent over plain HTTP", remedy);
        }
        (true, false) if !tls.before_us => {
            let remedy = "Give `listen.public.tls`, or name the hop that ends TLS in `trusted_proxies`; \
                          for development use an origin on http://localhost.";
            reader.problem(field.at, format!("nobody ends TLS for `{origin}`"), remedy);
        }
        (true, _) | (false, false) => {}
    }
}
