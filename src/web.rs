//! Own pages: sign-in, challenge, set-up, backup codes, sign-out, and what a refusal or a fault looks like.
//!
//! Decides nothing: every question goes to the gate, every answer of the gate becomes a page, a redirect or a problem
//! document here. Holds no session, reads no cookie and knows neither `api` nor `proxy`; requests are handed in inside
//! the process, already canonical, with these extensions:
//!
//! - `Arc<Inbound>`: always;
//! - `gate::Refusal`: the request does not pass, say so in the terms of who asks;
//! - `Arc<gate::Parking>`: beside a refusal, what became of the form that met it;
//! - `gate::NotSent`: a form that waited was to be sent and is not;
//! - `Arc<gate::Fault>`: our own failure while it was judged;
//! - `http::StatusCode`: the proxy itself could not serve it (502, 504 …).
//!
//! Without any of them but the first the path is one of our own and [`page`] answers.

mod brand;
mod fault;
mod form;
mod frame;
mod front;
mod headers;
mod locale;
mod page;
mod posted;
mod problem;
mod qr;
mod refusal;
mod site;
mod statics;
mod status;
#[cfg(test)]
mod tests;
mod visit;

use crate::gate::Gate;
use axum::Router;
use axum::routing::get;
use site::Site;
use std::sync::Arc;

pub use brand::{Brand, Colour, Logo, LogoKind};

/// Gives the JWK set of the assertion keys, the next one included.
pub type Jwks = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// What own pages are made of. One per process.
pub struct Web {
    gate: Arc<Gate>,
    site: Arc<Site>,
    jwks: Jwks,
}

impl Web {
    pub fn new(gate: Arc<Gate>, brand: Brand, jwks: Jwks) -> Self {
        let site = Arc::new(Site::new(gate.own_prefix(), brand));
        Web { gate, site, jwks }
    }
}

/// The local service of the proxy.
pub fn router(web: Arc<Web>) -> Router {
    let site = Arc::clone(&web.site);
    front::guard(Arc::clone(&site), routes(site.prefix()).with_state(web))
}

fn routes(prefix: &str) -> Router<Arc<Web>> {
    let at = |name: &str| format!("{prefix}{name}");
    Router::new()
        .route(prefix.trim_end_matches('/'), get(page::index::show))
        .route(prefix, get(page::index::show))
        .route(&at("sign-in"), get(page::sign_in::show).post(page::sign_in::submit))
        .route(&at("arrived"), get(page::arrived::show))
        .route(&at("challenge"), get(page::challenge::show).post(page::challenge::submit))
        .route(&at("set-up"), get(page::set_up::show).post(page::set_up::submit))
        .route(&at("codes"), get(page::codes::show).post(page::codes::submit))
        .route(&at("codes/new"), get(page::change::show_codes).post(page::change::submit_codes))
        .route(&at("replace"), get(page::replace::show).post(page::replace::submit))
        .route(&at("disable"), get(page::change::show_disable).post(page::change::submit_disable))
        .route(&at("form"), get(page::form::show).post(page::form::submit))
        .route(&at("sign-out"), get(page::sign_out::show).post(page::sign_out::submit))
        .route(&at("jwks.json"), get(statics::jwks))
        .route(&at("static/{file}"), get(statics::file))
        .fallback(async || status::Rejected(http::StatusCode::NOT_FOUND))
}
