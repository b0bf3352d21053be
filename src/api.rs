//! The admin side: health, metrics and the admin API, on a loopback listener and on a unix socket.
//!
//! It judges no visitor and touches no session. Over the socket every call has every right, because only root and our
//! own user can open it; over TCP the API needs a token. A request that does not say how it came counts as TCP.

mod auth;
mod body;
mod health;
pub mod hooks;
mod limits;
pub mod listen;
mod metrics;
mod openapi;
mod problem;
mod record;
mod scope;
mod v1;

pub use crate::disconnect::Answer as OrderAnswer;
pub use health::{Check, Readiness};
pub use openapi::text as openapi;
pub use v1::audit::{AuditEvents, AuditLine};
pub use v1::disconnects::{OrderList, OrderRow};
pub use v1::imports::{ImportMistake, ImportOutcome};
pub use v1::keys::KeyList;
pub use v1::tokens::{CreatedToken, TokenList, TokenRow};
pub use v1::users::{AddedUser, ResetUser, User, UserCode, UserList, UserSessions};

use crate::account::{Accounts, Tokens};
use crate::audit::{Audit, Metrics};
use crate::disconnect::{Caller, Service};
use crate::types::{AppName, Scopes, TokenName};
use arc_swap::ArcSwap;
use axum::extract::DefaultBodyLimit;
use axum::{Extension, Router};
use hooks::Hook;
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the endpoints work with.
#[derive(Clone)]
pub struct Api {
    /// Swapped when a reloaded policy has other password rules.
    pub accounts: Arc<ArcSwap<Accounts>>,
    pub audit: Arc<Audit>,
    pub metrics: Arc<Metrics>,
    pub readiness: Arc<dyn Readiness>,
    pub disconnect: Arc<Service>,
    pub hooks: Arc<[Hook]>,
    /// Who may call by a certificate.
    pub clients: Arc<[Client]>,
}

/// A caller that is known by its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub name: TokenName,
    /// A name in the certificate: its subject's common name, or an alternative name (DNS, e-mail, URI).
    pub certificate: String,
    pub scopes: Scopes,
    /// Only sessions in these apps; empty: in all.
    pub apps: BTreeSet<AppName>,
    pub users_per_hour: Option<u32>,
}

/// What the API's resources work with.
#[derive(Clone)]
struct Desk {
    accounts: Arc<ArcSwap<Accounts>>,
    tokens: Arc<Tokens>,
    audit: Arc<Audit>,
    /// `None`: the store of a stopped gateway, where nobody is connected.
    disconnect: Option<Arc<Service>>,
}

/// How a request came to us; put on it by the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Tcp,
    /// The unix socket; the peer was root or our own user.
    Socket,
    /// A command working on the store of a stopped gateway, in its own process.
    Offline,
}

/// All endpoints, for a running gateway.
pub fn router(api: Api) -> Router {
    let tokens = Arc::new(Tokens::of(&api.accounts.load()));
    let (clients, accounts, limits) = (api.clients.clone(), api.accounts.clone(), Arc::<limits::Limits>::default());
    let door = auth::Door { tokens: tokens.clone(), clients, limits: limits.clone(), accounts };
    let watched = axum::middleware::from_fn_with_state(door.clone(), auth::watched);
    let guard = axum::middleware::from_fn_with_state(door, auth::demand);
    let disconnect = Some(api.disconnect.clone());
    let desk = Desk { accounts: api.accounts.clone(), tokens, audit: api.audit.clone(), disconnect };
    let v1 = Router::from(v1::router()).fallback(problem::not_found).with_state(desk.clone());
    let v1 = recorded(v1, desk.clone(), |inner| inner.layer(guard));
    let hooks = on_record(hooks::router(api.hooks.clone(), limits).with_state(desk.clone()), desk);
    Router::from(open_routes())
        .route_layer(watched)
        .nest("/api/v1", v1)
        .nest("/api/v1/hooks", hooks)
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(api)
}

/// What needs no token.
fn open_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::render))
        .routes(routes!(openapi::show))
}

/// The API alone, with every right, for a command that works on the store of a stopped gateway.
pub fn offline(accounts: Accounts, audit: Arc<Audit>) -> Router {
    let tokens = Arc::new(Tokens::of(&accounts));
    let desk = Desk { accounts: Arc::new(ArcSwap::from_pointee(accounts)), tokens, audit, disconnect: None };
    let v1 = recorded(Router::from(v1::router()).with_state(desk.clone()), desk, |inner| {
        inner.layer(Extension(Caller::offline()))
    });
    Router::new().nest("/api/v1", v1).layer(Extension(Via::Offline))
}

/// Inside the door: nothing without its scope, no change that could not be recorded. Around it: what came of a call,
/// refused or not.
fn recorded<S: Clone + Send + Sync + 'static>(
    v1: Router<S>,
    desk: Desk,
    door: impl FnOnce(Router<S>) -> Router<S>,
) -> Router<S> {
    let first = axum::middleware::from_fn_with_state(desk.clone(), record::first);
    let calls = axum::middleware::from_fn_with_state(desk, record::calls);
    door(v1.layer(first).layer(axum::middleware::from_fn(scope::demand))).layer(calls)
}

/// The same for what has a door and a scope of its own.
fn on_record<S: Clone + Send + Sync + 'static>(hooks: Router<S>, desk: Desk) -> Router<S> {
    let first = axum::middleware::from_fn_with_state(desk.clone(), record::first);
    hooks.layer(first).layer(axum::middleware::from_fn_with_state(desk, record::calls))
}

/// Bytes of a request body.
const BODY_LIMIT: usize = 64 * 1024;

#[cfg(test)]
pub(crate) mod tests;
