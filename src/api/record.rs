//! Calls on record: each one that changes something, and each that was refused; and none that changes while nothing can
//! be recorded. Plain reads are not: a reader of the record would make it grow.

use super::auth::Turned;
use super::listen::Peer;
use super::problem::Problem;
use super::{Desk, Via};
use crate::audit::{Event, Reporter, Source};
use crate::disconnect::Caller;
use crate::types::{ClientIp, shown_path};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Around the door: writes down what came of a call.
pub(super) async fn calls(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let via = request.extensions().get::<Via>().copied();
    let peer = request.extensions().get::<ConnectInfo<Peer>>().map(|c| ClientIp::new(c.0.address.ip()));
    let (method, path) = (request.method().clone(), full_path(&request));
    let response = next.run(request).await;
    let status = response.status();
    if changes(&method) || REFUSALS.contains(&status) {
        let source = Source { from: peer, ..Source::default() };
        let caller = response.extensions().get::<Caller>();
        let by = caller.map_or_else(|| reporter(via), Caller::reporter);
        let turned = response.extensions().get::<Turned>();
        let caller = caller.map(Caller::to_string).or_else(|| turned.and_then(|t| t.caller.clone()));
        let (status, reason) = (status.as_u16(), turned.map(|t| t.why));
        let event = Event::ApiCall { source, by, caller, method: method.to_string(), path, status, reason };
        desk.audit.record(&event, desk.accounts.load().clock.now());
    }
    response
}

/// Behind the door: a change that could not be recorded does not happen.
pub(super) async fn first(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    if changes(request.method()) && !desk.audit.is_writable() {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "The audit cannot be written",
            "Nothing is changed that could not be recorded. The check `audit` of /readyz and the log say what is wrong.",
        )
        .into_response();
    }
    next.run(request).await
}

/// Through which door a call came of which no caller is known.
fn reporter(via: Option<Via>) -> Reporter {
    match via.unwrap_or(Via::Tcp) {
        Via::Tcp => Reporter::Api,
        Via::Socket => Reporter::Socket,
        Via::Offline => Reporter::Offline,
    }
}

/// Told, whatever the call was.
const REFUSALS: [StatusCode; 3] = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS];

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Without the query, which may hold anything, and without the secret of a hook.
fn full_path(request: &Request) -> String {
    let whole = request.extensions().get::<axum::extract::OriginalUri>().map_or(request.uri(), |o| &o.0);
    shown_path(whole.path()).into_owned()
}
