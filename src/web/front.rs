//! In front of every own page: what was refused or failed before is said, and only a person's navigation gets in.

use super::fault;
use super::page::form;
use super::refusal;
use super::site::Site;
use super::status::{self, Rejected};
use crate::gate::{Fault, NotSent, Parking, Refusal};
use crate::types::Inbound;
use crate::types::inbound::{FetchMetadata, Mode};
use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{Method, StatusCode, Uri};
use std::sync::Arc;
use tower::ServiceExt;

/// Puts this module in front of the own pages.
pub(super) fn guard(site: Arc<Site>, pages: Router) -> Router {
    Router::new().fallback(move |req: Request| {
        let (site, pages) = (Arc::clone(&site), pages.clone());
        async move { enter(&site, pages, req).await }
    })
}

async fn enter(site: &Site, pages: Router, req: Request) -> Response {
    let Some(inbound) = req.extensions().get::<Arc<Inbound>>().cloned() else {
        tracing::error!("a request reached the own pages without having been read");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if let Some(said) = decided(site, &inbound, &req) {
        return said;
    }
    match admitted(site, &inbound) {
        Ok(()) => serve(site, &inbound, pages, req).await,
        Err(Rejected(s)) => status::answer(site, &inbound, s),
    }
}

/// What the gate or the proxy has said of the request already.
fn decided(site: &Site, inbound: &Inbound, req: &Request) -> Option<Response> {
    let said = req.extensions();
    if let Some(refusal) = said.get::<Refusal>() {
        let parking = said.get::<Arc<Parking>>().map(|p| &**p);
        return Some(refusal::answer(site, inbound, (req.headers(), parking), refusal));
    }
    if let Some(why) = said.get::<NotSent>() {
        return Some(form::not_sent(site, inbound, why));
    }
    if let Some(fault) = said.get::<Arc<Fault>>() {
        return Some(fault::answer(site, inbound, fault));
    }
    said.get::<StatusCode>().map(|s| status::answer(site, inbound, *s))
}

/// Own pages answer only to a navigation, and their forms only to themselves: a script in the app is of our origin too,
/// and what it cannot load it can neither read nor press (W3C Fetch Metadata).
fn admitted(site: &Site, inbound: &Inbound) -> Result<(), Rejected> {
    if site.is_open(inbound.path.forwarded()) {
        return Ok(());
    }
    let navigated = is_navigation(&inbound.fetch);
    let from_us = match inbound.fetch.site.as_deref() {
        Some(site) => site == "same-origin",
        None => inbound.is_same_origin(),
    };
    // only POST changes anything; methods other than GET, HEAD and POST find no handler (405)
    let harmless = inbound.method != Method::POST;
    if navigated && (harmless || from_us) { Ok(()) } else { Err(Rejected(StatusCode::FORBIDDEN)) }
}

fn is_navigation(f: &FetchMetadata) -> bool {
    let silent = f.site.is_none() && f.mode.is_none() && f.dest.is_none();
    silent || (f.mode == Some(Mode::Navigate) && f.dest.as_deref() == Some("document"))
}

async fn serve(site: &Site, inbound: &Inbound, pages: Router, mut req: Request) -> Response {
    // the path that was judged, not the one that was sent
    match inbound.target().parse::<Uri>() {
        Ok(uri) => *req.uri_mut() = uri,
        Err(_) => return status::answer(site, inbound, StatusCode::BAD_REQUEST),
    }
    let r = pages.oneshot(req).await.unwrap_or_else(|never| match never {});
    if let Some(fault) = r.extensions().get::<Arc<Fault>>() {
        return fault::answer(site, inbound, fault);
    }
    if let Some(Rejected(s)) = r.extensions().get::<Rejected>() {
        return status::answer(site, inbound, *s);
    }
    if r.status() == StatusCode::METHOD_NOT_ALLOWED {
        let mut said = status::answer(site, inbound, StatusCode::METHOD_NOT_ALLOWED);
        said.headers_mut().extend(r.headers().get(ALLOW).map(|a| (ALLOW, a.clone())));
        return said;
    }
    r
}
