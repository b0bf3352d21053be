//! What stands around every page (language, brand, support) and the way from a view to a response.

use super::headers;
use super::locale::Texts;
use super::page::form;
use super::site::Site;
use crate::gate::flow::SetCookies;
use crate::types::{Inbound, ReturnTo};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use fluent::FluentValue;
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};

/// The surroundings of a page for one request. Templates call its methods.
pub(super) struct Frame<'a> {
    pub(super) site: &'a Site,
    texts: &'static Texts,
    https: bool,
    request: String,
    /// What was said of a form that could not be kept.
    unkept: Option<String>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(site: &'a Site, inbound: &Inbound) -> Self {
        let texts = Texts::for_header(&inbound.languages);
        Frame {
            site,
            texts,
            https: inbound.origin.https,
            request: inbound.request_id.to_string(),
            unkept: inbound.query.as_deref().and_then(|q| form::unkept(q, texts)),
        }
    }

    pub(super) fn text(&self, key: &str) -> String {
        self.texts.text(key)
    }
    pub(super) fn with<'v>(&self, key: &str, name: &'static str, value: impl Into<FluentValue<'v>>) -> String {
        self.texts.with(key, name, value)
    }
    pub(super) fn https(&self) -> bool {
        self.https
    }
    pub(super) fn lang(&self) -> &'static str {
        self.texts.tag
    }
    pub(super) fn dir(&self) -> &'static str {
        if self.texts.rtl { "rtl" } else { "ltr" }
    }
    /// What is said of the form that was posted, before anything is typed.
    pub(super) fn posted(&self, to: &ReturnTo) -> Option<String> {
        let kept = to.form().map(|_| self.text("form-kept"));
        kept.or_else(|| self.unkept.clone())
    }
    /// The same on a page that leads nowhere else.
    pub(super) fn posted_here(&self) -> Option<String> {
        self.posted(&ReturnTo::root())
    }
    pub(super) fn brand(&self) -> &str {
        &self.site.brand.name
    }
    pub(super) fn support(&self) -> Option<&str> {
        self.site.brand.support.as_deref()
    }
    /// What to quote when asking for help; the log has it too.
    pub(super) fn request(&self) -> &str {
        &self.request
    }
    pub(super) fn style(&self) -> String {
        self.site.file(&self.site.style)
    }
    pub(super) fn logo(&self) -> Option<String> {
        self.site.logo.as_ref().map(|l| self.site.file(l))
    }
    pub(super) fn own(&self, name: &str) -> String {
        self.site.own(name)
    }
    /// WCAG technique G199/H25: who reads by ear hears of the error first.
    pub(super) fn title(&self, key: &str, error: &Option<String>) -> String {
        self.titled(self.text(key), error)
    }
    pub(super) fn titled(&self, title: String, error: &Option<String>) -> String {
        if error.is_some() { self.with("error-title", "title", title) } else { title }
    }

    /// The page with its headers.
    pub(super) fn page(&self, status: StatusCode, view: &impl askama::Template) -> Response {
        let html = match view.render() {
            Ok(html) => html,
            Err(e) => {
                tracing::error!(request = self.request, error = %e, "a page could not be rendered");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let mut r = Response::new(Body::from(html));
        *r.status_mut() = status;
        headers::page(r.headers_mut(), self.https);
        r.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.texts.tag));
        r
    }

    /// See other: the only redirect there is, so that a form is never sent twice.
    pub(super) fn go(&self, location: &str) -> Response {
        see_other(location, self.https)
    }
}

/// 303 with nothing in it.
pub(super) fn see_other(location: &str, https: bool) -> Response {
    let mut r = Response::new(Body::empty());
    // a ReturnTo holds visible ASCII only; what it does not hold leads to the start page
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    *r.status_mut() = StatusCode::SEE_OTHER;
    r.headers_mut().insert(header::LOCATION, location);
    headers::private(r.headers_mut(), https);
    r
}

/// Adds `Set-Cookie` lines.
pub(super) fn set_cookies(mut r: Response, cookies: SetCookies) -> Response {
    let h: &mut HeaderMap = r.headers_mut();
    for c in cookies {
        h.append(header::SET_COOKIE, c);
    }
    r
}
