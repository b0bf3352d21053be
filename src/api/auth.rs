//! Who calls the admin API: the socket by itself, over TCP whoever shows a token or a certificate that is known.
//!
//! What they may do is `scope`'s business. Every wrong credential is answered alike; the record says what was wrong.

use super::limits::Limits;
use super::listen::Peer;
use super::problem::Problem;
use super::{Client, Via};
use crate::account::tokens::{ApiToken, Tokens};
use crate::account::{AccountError, Accounts};
use crate::disconnect::{Caller, CallerKind};
use crate::types::{ClientIp, Timestamp};
use arc_swap::ArcSwap;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// What the door works with.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) tokens: Arc<Tokens>,
    pub(super) clients: Arc<[Client]>,
    pub(super) limits: Arc<Limits>,
    pub(super) accounts: Arc<ArcSwap<Accounts>>,
}

/// Why nobody was let in, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Turned {
    /// Whose credential it was, where that is known.
    pub(super) caller: Option<String>,
    pub(super) why: &'static str,
}

/// Lets a request through to the API, or answers 401 or 429.
pub(super) async fn demand(State(door): State<Door>, request: Request, next: Next) -> Response {
    let (mut asked, body) = request.into_parts();
    let now = door.accounts.load().clock.now();
    let from = asked.extensions.get::<ConnectInfo<Peer>>().map(|p| p.0.clone());
    let via = asked.extensions.get::<Via>().copied().unwrap_or(Via::Tcp);
    let admitted = match via {
        Via::Socket => Ok((Caller::socket(), None)),
        Via::Offline => Ok((Caller::offline(), None)),
        Via::Tcp => {
            let address = from.as_ref().map(|p| ClientIp::new(p.address.ip()));
            door.admit(&asked, (from.as_ref(), address), now).await
        }
    };
    let (caller, _under_way) = match admitted {
        Ok(admitted) => admitted,
        Err((problem, turned)) => {
            let mut response = problem.into_response();
            response.extensions_mut().insert(turned);
            return response;
        }
    };
    asked.extensions.insert(caller.clone());
    let mut response = next.run(Request::from_parts(asked, body)).await;
    // for the record, which is written around the door
    response.extensions_mut().insert(caller);
    response
}

/// Health and metrics are for everybody who reaches the listener, within bounds: each look asks the store.
pub(super) async fn watched(State(door): State<Door>, request: Request, next: Next) -> Response {
    let via = request.extensions().get::<Via>().copied().unwrap_or(Via::Tcp);
    let from = request.extensions().get::<ConnectInfo<Peer>>().map(|p| ClientIp::new(p.0.address.ip()).network());
    if via != Via::Tcp {
        return next.run(request).await;
    }
    let name = format!("health:{}", from.map(|f| f.to_string()).unwrap_or_default());
    let under_way = door.limits.call(name, door.accounts.load().clock.now());
    match under_way {
        Ok(_under_way) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

type Admitted = (Caller, Option<tokio::sync::OwnedSemaphorePermit>);
type Where<'a> = (Option<&'a Peer>, Option<ClientIp>);

impl Door {
    async fn admit(&self, asked: &Parts, from: Where<'_>, now: Timestamp) -> Result<Admitted, (Problem, Turned)> {
        match self.caller(asked, from, now).await {
            // who is refused as often as that is told only to wait
            Err((problem, turned)) if problem.is(StatusCode::UNAUTHORIZED) => {
                let address = from.1.map(|a| a.network());
                Err((self.limits.guess(address, now).err().unwrap_or(problem), turned))
            }
            other => other,
        }
    }

    async fn caller(
        &self,
        asked: &Parts,
        (peer, address): Where<'_>,
        now: Timestamp,
    ) -> Result<Admitted, (Problem, Turned)> {
        let turned = |detail, why| (unauthorised(detail), Turned { caller: None, why });
        let many = |caller: Option<String>| move |problem| (problem, Turned { caller, why: "too many calls" });
        if asked.uri.query().is_some_and(holds_credential) {
            return Err(turned(IN_QUERY, "credential in the URL"));
        }
        let Some(text) = presented(&asked.headers).map_err(|why| turned(NO_BEARER, why))? else {
            let names = peer.and_then(|p| p.certificate.as_deref());
            let names = names.ok_or_else(|| turned(NO_BEARER, "no credential"))?;
            let found = self.clients.iter().find(|c| names.contains(&c.certificate));
            let caller = found.map_or_else(|| of_unknown_certificate(names), of_client);
            let name = caller.to_string();
            let under_way = self.limits.call(name.clone(), now).map_err(many(Some(name)))?;
            return Ok((caller, Some(under_way)));
        };
        let at = self.tokens.read(text).ok_or_else(|| turned(NOT_GOOD, "made-up token"))?;
        // before the store is asked: a flood of calls with one token costs it nothing
        let under_way = self.limits.call(format!("token:{}", at.id), now).map_err(many(None))?;
        match self.tokens.find(at, address).await {
            Ok(Ok(token)) => Ok((of_token(token), Some(under_way))),
            Ok(Err(not)) => {
                let caller = not.name.map(|n| format!("token:{n}"));
                Err((unauthorised(NOT_GOOD), Turned { caller, why: not.why }))
            }
            Err(cause) => {
                let turned = Turned { caller: None, why: "the store failed" };
                Err((AccountError::Store(cause).into(), turned))
            }
        }
    }
}

fn of_token(token: ApiToken) -> Caller {
    Caller {
        kind: CallerKind::Token,
        name: token.name.to_string(),
        scopes: token.scopes,
        apps: token.apps,
        users_per_hour: token.users_per_hour,
    }
}

fn of_client(client: &Client) -> Caller {
    Caller {
        kind: CallerKind::Certificate,
        name: client.name.to_string(),
        scopes: client.scopes.clone(),
        apps: client.apps.clone(),
        users_per_hour: client.users_per_hour,
    }
}

/// Signed by the right authority, named nowhere: it is somebody, and may do nothing.
fn of_unknown_certificate(names: &[String]) -> Caller {
    let name = names.first().cloned().unwrap_or_default();
    Caller { kind: CallerKind::Unknown, name, scopes: Default::default(), ..Caller::socket() }
}

/// The token of the one `Authorization` header; the scheme's case does not matter (RFC 9110 §11.1).
fn presented(headers: &HeaderMap) -> Result<Option<&str>, &'static str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => one.to_str().ok().and_then(bearer).map(Some).ok_or("no bearer token"),
        (Some(_), Some(_)) => Err("several credentials"),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// URLs end up in logs and histories: a credential there is refused even if it is right (RFC 9700 §4.3.2).
fn holds_credential(query: &str) -> bool {
    query.split('&').filter_map(|pair| pair.split('=').next()).any(|key| {
        let key = percent_encoding::percent_decode_str(key).decode_utf8_lossy().to_ascii_lowercase();
        CREDENTIAL_KEYS.contains(&key.as_str())
    })
}

fn unauthorised(detail: &'static str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "No right to call the admin API", detail)
}

const CREDENTIAL_KEYS: [&str; 6] = ["access_token", "token", "api_key", "apikey", "authorization", "bearer"];
const IN_QUERY: &str = "A credential in the URL is never accepted: send it as the header `Authorization: Bearer <token>` \
    and replace this token, as the URL may have been logged.";
const NO_BEARER: &str = "Send the header `Authorization: Bearer <token>`, once, with a token that `portcullis token create` \
    made; or use the `portcullis` command on the gateway's machine, or the admin socket (`curl --unix-socket PATH`).";
const NOT_GOOD: &str = "The token is not good here: unknown, revoked, expired, or not for the address it came from. The \
    gateway's audit says which; `portcullis token list` shows the tokens there are.";
