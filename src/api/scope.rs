//! What each endpoint demands of its caller: one table, and the door that holds calls against it.
//!
//! An endpoint that is not in the table does not exist: it answers like a path that nobody has.

use super::problem::{self, Problem};
use crate::disconnect::Caller;
use crate::types::Scope::{self, Admin, Disconnect, Lift, Read};
use axum::extract::{MatchedPath, OriginalUri, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What one call of one endpoint demands.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    pub method: &'static str,
    pub path: &'static str,
    /// One of these will do; `admin` always does.
    pub scopes: &'static [Scope],
    /// It is about sessions in apps, so that callers who are confined to some may use it; it has to keep them there.
    pub by_app: bool,
}

const fn need(method: &'static str, path: &'static str, scopes: &'static [Scope]) -> Need {
    Need { method, path, scopes, by_app: false }
}
const fn by_app(method: &'static str, path: &'static str, scopes: &'static [Scope]) -> Need {
    Need { method, path, scopes, by_app: true }
}

/// Every endpoint below `/api/v1`. `HEAD` demands what `GET` does.
pub const NEEDS: &[Need] = &[
    need("GET", "/api/v1/audit", &[Read]),
    need("GET", "/api/v1/audit/export", &[Admin]),
    need("GET", "/api/v1/audit/keys", &[Read]),
    by_app("GET", "/api/v1/disconnects", &[Read]),
    by_app("POST", "/api/v1/disconnects", &[Disconnect]),
    by_app("GET", "/api/v1/disconnects/{id}", &[Read, Disconnect]),
    by_app("DELETE", "/api/v1/disconnects/{id}", &[Lift]),
    need("POST", "/api/v1/imports", &[Admin]),
    need("GET", "/api/v1/keys", &[Read]),
    need("DELETE", "/api/v1/keys/{id}", &[Admin]),
    by_app("GET", "/api/v1/sessions", &[Read]),
    need("GET", "/api/v1/tokens", &[Admin]),
    need("POST", "/api/v1/tokens", &[Admin]),
    need("DELETE", "/api/v1/tokens/{id}", &[Admin]),
    need("GET", "/api/v1/users", &[Read]),
    need("POST", "/api/v1/users", &[Admin]),
    need("GET", "/api/v1/users/{login}", &[Read]),
    need("PATCH", "/api/v1/users/{login}", &[Admin]),
    need("DELETE", "/api/v1/users/{login}", &[Admin]),
    need("PUT", "/api/v1/users/{login}/password", &[Admin]),
    need("POST", "/api/v1/users/{login}/reset-mfa", &[Admin]),
    need("POST", "/api/v1/users/{login}/unlock", &[Admin]),
    need("POST", "/api/v1/users/{login}/disable", &[Admin]),
    need("POST", "/api/v1/users/{login}/enable", &[Admin]),
    need("GET", "/api/v1/users/{login}/sessions", &[Read]),
    need("POST", "/api/v1/users/{login}/sign-out", &[Admin]),
];

/// Behind the door: whether this caller may call this endpoint.
pub(super) async fn demand(request: Request, next: Next) -> Response {
    match judge(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => *refusal,
    }
}

fn judge(request: &Request) -> Result<(), Box<Response>> {
    // no path of ours: what comes next says so
    let Some(path) = request.extensions().get::<MatchedPath>() else { return Ok(()) };
    let refused = |problem: Problem| Box::new(problem.into_response());
    let Some(caller) = request.extensions().get::<Caller>() else { return Err(refused(problem::nobody())) };
    let of_path = || NEEDS.iter().filter(|n| n.path == path.as_str());
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let Some(need) = of_path().find(|n| n.method == method.as_str()) else {
        let mut methods: Vec<_> = of_path().map(|n| n.method).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        return Err(Box::new(not_there(request, &methods)));
    };
    if !need.scopes.iter().any(|scope| caller.may(*scope)) {
        return Err(refused(problem::lacks_scope(need.scopes)));
    }
    if caller.is_confined() && !need.by_app {
        return Err(refused(problem::confined(&caller.apps)));
    }
    Ok(())
}

fn not_there(request: &Request, methods: &[&str]) -> Response {
    let uri = OriginalUri(request.extensions().get::<OriginalUri>().map_or(request.uri(), |o| &o.0).clone());
    if methods.is_empty() {
        return problem::no_such_endpoint(&uri.0).into_response();
    }
    let mut answer = problem::wrong_method(request.method(), &uri.0).into_response();
    if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
        answer.headers_mut().insert(header::ALLOW, allow);
    }
    debug_assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    answer
}
