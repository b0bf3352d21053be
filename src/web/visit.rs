//! One request to an own page, as the pages' handlers get it.

use super::Web;
use super::frame::Frame;
use super::status::Rejected;
use crate::gate::{Errand, Gate};
use crate::types::{Inbound, ReturnTo};
use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use std::sync::Arc;
use url::form_urlencoded;

/// Who serves, and what was asked.
pub(super) struct Visit {
    pub(super) web: Arc<Web>,
    pub(super) inbound: Arc<Inbound>,
}

impl Visit {
    pub(super) fn gate(&self) -> &Gate {
        &self.web.gate
    }
    pub(super) fn frame(&self) -> Frame<'_> {
        Frame::new(&self.web.site, &self.inbound)
    }
    /// `?to=`, checked; `/` where there is none, more than one, or a bad one.
    pub(super) fn to(&self) -> ReturnTo {
        self.return_to(&self.asked("to"))
    }
    /// A parameter of the query; empty where there is none, or more than one.
    pub(super) fn asked(&self, name: &str) -> String {
        asked(self.inbound.query.as_deref().unwrap_or_default(), name)
    }
    /// Checks a return path that came with the request.
    pub(super) fn return_to(&self, raw: &str) -> ReturnTo {
        ReturnTo::parse(raw, self.web.site.prefix())
    }
    /// What a challenge was opened for.
    pub(super) fn errand(&self, to: &str, for_request: &str) -> Errand {
        Errand::parse(self.return_to(to), for_request, self.web.site.prefix())
    }
    /// The path of an own page that leads on to `to`.
    pub(super) fn own_to(&self, page: &str, to: &ReturnTo) -> String {
        self.web.site.own_to(page, to)
    }
}

impl FromRequestParts<Arc<Web>> for Visit {
    type Rejection = Rejected;

    async fn from_request_parts(parts: &mut Parts, web: &Arc<Web>) -> Result<Self, Rejected> {
        let inbound = parts.extensions.get::<Arc<Inbound>>().cloned().ok_or(Rejected(StatusCode::BAD_REQUEST))?;
        Ok(Visit { web: Arc::clone(web), inbound })
    }
}

fn asked(query: &str, name: &str) -> String {
    let mut all = form_urlencoded::parse(query.as_bytes()).filter(|(k, _)| k == name).map(|(_, v)| v.into_owned());
    match (all.next(), all.next()) {
        (Some(one), None) => one,
        (None, _) | (Some(_), Some(_)) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::asked;

    #[test]
    fn two_return_paths_are_none() {
        assert_eq!(asked("to=%2Fa%3Fb%3D1%26c", "to"), "/a?b=1&c");
        assert_eq!(asked("x=1&to=/a", "to"), "/a");
        for q in ["", "to", "to=/a&to=/b", "to[]=/a", "TO=/a"] {
            assert_eq!(asked(q, "to"), "", "{q}");
        }
    }
}
