//! `identity_headers` and `pass_headers`: names that may be ours, and names that may pass.

use crate::policy::read::{Field, Section, shown};
use crate::proxy::settings::IdentityHeaders;
use http::HeaderName;

/// Each has a default; `off` leaves it out.
pub fn identity(s: &Section<'_>) -> IdentityHeaders {
    let mut taken: Vec<String> = Vec::new();
    let mut read = |key: &str, default: &'static str| match s.field(key) {
        None => HeaderName::try_from(default).ok(),
        Some(f) if f.text().is_some_and(|t| matches!(t, "off" | "Off" | "false")) => None,
        Some(f) => {
            let name = f.parse(name, "Write a header's name, such as `X-Auth-User`, or `off`.")?;
            if is_reserved(&name) {
                f.problem(
                    format!("`{name}` means something else to every server"),
                    "Write a name of your own, such as `X-Auth-User`.",
                );
            }
            if taken.contains(&folded(&name)) {
                f.problem(format!("`{name}` stands here twice"), "Give each value a header of its own.");
            }
            taken.push(folded(&name));
            Some(name)
        }
    };
    IdentityHeaders {
        user: read("user", "x-auth-user"),
        groups: read("groups", "x-auth-groups"),
        email: read("email", "x-auth-email"),
        assertion: read("assertion", "x-auth-assertion"),
    }
}

/// Headers of the hygiene list that a client may send all the same.
pub fn passed(f: &Field<'_>, identity: &IdentityHeaders) -> Vec<HeaderName> {
    let IdentityHeaders { user, groups, email, assertion } = identity;
    let ours: Vec<String> = [user, groups, email, assertion].into_iter().flatten().map(folded).collect();
    let mut names = Vec::new();
    for item in f.list() {
        let Some(name) = item.parse(name, "Write a header's name, such as `X-Real-IP`.") else { continue };
        if ours.contains(&folded(&name)) {
            item.problem(
                format!("`{}` tells the app who it is: only we may set it", shown(name.as_str())),
                "Leave it out.",
            );
        } else if is_reserved(&name) {
            item.problem(format!("`{name}` belongs to one connection and is never passed on"), "Leave it out.");
        }
        names.push(name);
    }
    names
}

fn name(s: &str) -> Result<HeaderName, &'static str> {
    HeaderName::from_bytes(s.as_bytes()).map_err(|_| "not a header's name")
}

/// As CGI and WSGI servers read names: `X_Auth.User` is `X-Auth-User`.
fn folded(name: &HeaderName) -> String {
    name.as_str().replace(['_', '.'], "-")
}

/// Framing, hop-by-hop (RFC 9110 §7.6.1) and what has a meaning of its own between browser and app.
fn is_reserved(name: &HeaderName) -> bool {
    const RESERVED: [&str; 16] = [
        "host",
        "connection",
        "content-length",
        "content-type",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "origin",
        "expect",
    ];
    RESERVED.contains(&folded(name).as_str())
}
