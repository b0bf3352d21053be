//! One delivery of a tool: who it is, what it means, the orders, the answer.

use super::{Hook, Hooks, mapping, proof};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::disconnect::{Answer, Ask, AskSelect, Caller, CallerKind, Status};
use crate::types::ClientIp;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Extension, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

/// What came of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    pub status: DeliveryStatus,
    /// One for each person, session, device or address that the body names.
    pub orders: Vec<HookOrder>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// Nothing of whom any of the orders meets passes on any node.
    Confirmed,
    /// In the log; nodes are waited for.
    Pending,
    DryRun,
    /// The body means no order.
    Ignored,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookOrder {
    pub select: AskSelect,
    #[serde(flatten)]
    pub answer: Answer,
}

pub(super) async fn receive(
    State(desk): State<Desk>,
    Extension(hooks): Extension<Hooks>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| ClientIp::new(c.0.ip()));
    let Ok(Path((name, secret))) = path else { return refusal(&desk, &hooks, from) };
    let hook = match known(&hooks, (&name, &secret), from) {
        Ok(hook) => hook,
        Err(why) => {
            let answer = refusal(&desk, &hooks, from);
            if answer.status() == StatusCode::UNAUTHORIZED {
                tracing::warn!(hook = hooks.named(&name).map(|h| h.name.as_str()), from = ?from.map(|f| f.0), "a hook was refused: {why}");
            }
            return answer;
        }
    };
    let caller = caller(hook);
    let mut response = match *request.method() {
        Method::POST => deliver(&desk, hook, &caller, request).await.unwrap_or_else(IntoResponse::into_response),
        Method::GET if hook.challenge.is_some() => {
            challenge(hook, request.headers()).unwrap_or_else(IntoResponse::into_response)
        }
        _ => not_that_method(hook),
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(caller);
    response
}

/// Below the hooks, but no hook's URL.
pub(super) async fn stray(
    State(desk): State<Desk>,
    Extension(hooks): Extension<Hooks>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
) -> Response {
    refusal(&desk, &hooks, peer.map(|p| ClientIp::new(p.0.0.ip())))
}

/// The hook, or why it is none: told the log, never who calls.
fn known<'h>(hooks: &'h Hooks, (name, secret): (&str, &str), from: Option<ClientIp>) -> Result<&'h Hook, &'static str> {
    let hook = hooks.named(name);
    let right = proof::is_secret(secret, hook.map(|h| &h.secret));
    match hook {
        None => Err("there is no hook of that name"),
        Some(_) if !right => Err("the secret is wrong"),
        Some(hook) if !from.is_some_and(|f| hook.lets_in(f.0)) => Err("it may not be called from this address"),
        Some(hook) => Ok(hook),
    }
}

/// One text for a wrong name, a wrong secret and a wrong network.
fn refusal(desk: &Desk, hooks: &Hooks, from: Option<ClientIp>) -> Response {
    if hooks.refused.count(from, desk.accounts.load().clock.now()) {
        let text = "Too many calls that were refused came from this address; wait a minute.";
        let mut answer = Problem::new(StatusCode::TOO_MANY_REQUESTS, "Too many refused calls", text).into_response();
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        return answer;
    }
    let text = "There is no hook with this URL for your address. `hooks` in portcullis.yaml has names, hashes of secrets \
        and networks; `portcullis hook create NAME` makes a new URL; the log says which of them was wrong.";
    Problem::new(StatusCode::UNAUTHORIZED, "No right to call a hook", text).into_response()
}

fn challenge(hook: &Hook, headers: &HeaderMap) -> Result<Response, Problem> {
    let value = hook.challenge.as_ref().and_then(|name| headers.get(name)).and_then(|v| v.to_str().ok());
    let value = value.filter(|v| v.len() <= LONGEST_CHALLENGE).ok_or_else(|| {
        let name = hook.challenge.as_ref().map_or("", HeaderName::as_str);
        Problem::bad_input(format!("Send the header `{name}`; its value comes back."))
    })?;
    Ok(Json(json!({ "verification": value })).into_response())
}

async fn deliver(desk: &Desk, hook: &Hook, caller: &Caller, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    let body = read(body).await?;
    if hook.signature.as_ref().is_some_and(|s| !s.is_right(&head.headers, &body)) {
        tracing::warn!(hook = hook.name, "a hook was refused: no signature of the body is right");
        let text =
            "No signature of the body is right: is the secret in `hmac.secret_file` the one that the tool signs with?";
        return Err(Problem::new(StatusCode::FORBIDDEN, "The signature is wrong", text));
    }
    let value: Value = serde_json::from_slice(&body).map_err(|e| {
        let text = format!("The body is no JSON (line {}, column {}).", e.line(), e.column());
        Problem::new(StatusCode::BAD_REQUEST, "The request's body cannot be read", text)
    })?;
    let meaning = hook.mapping.read(&value, &body);
    let outline = mapping::outline(&value);
    if meaning.orders.is_empty() && meaning.troubles.is_empty() {
        let each = hook.mapping.each.as_ref().map(ToString::to_string).unwrap_or_default();
        let detail = Some(format!("`each`: `{each}` found nothing, so nothing was ordered. {outline}"));
        let told = Delivered { status: DeliveryStatus::Ignored, orders: Vec::new(), detail };
        return Ok(Json(told).into_response());
    }
    let service = crate::api::v1::disconnects::service(desk)?;
    let asks: Vec<(Ask, &str)> = meaning.orders.iter().map(|m| (hook.order(m), m.key.as_str())).collect();
    let answers = join_all(asks.iter().map(|(ask, key)| service.order(caller, ask, Some(key)))).await;
    let mut orders = Vec::new();
    let mut wrong: Vec<Problem> = Vec::new();
    for ((ask, _), answer) in asks.into_iter().zip(answers) {
        match answer {
            Ok(answer) => orders.push(HookOrder { select: ask.select, answer }),
            Err(e) => wrong.push(Problem::from(e)),
        }
    }
    if !meaning.troubles.is_empty() {
        let troubles = [meaning.troubles.join(" "), outline].join(" ");
        tracing::warn!(hook = hook.name, "a delivery could not be read whole: {troubles}");
        wrong.push(Problem::bad_input(troubles));
    }
    if !wrong.is_empty() {
        return Err(Problem::several(wrong, &orders));
    }
    let status = status(&orders);
    Ok(Json(Delivered { status, orders, detail: None }).into_response())
}

fn status(orders: &[HookOrder]) -> DeliveryStatus {
    let is = |status| orders.iter().any(|o| o.answer.status == status);
    match (is(Status::Pending), is(Status::DryRun)) {
        (true, _) => DeliveryStatus::Pending,
        (false, true) => DeliveryStatus::DryRun,
        (false, false) => DeliveryStatus::Confirmed,
    }
}

async fn read(body: Body) -> Result<Bytes, Problem> {
    match tokio::time::timeout(IN_TIME, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => {
            let text = format!("A delivery has at most {BODY_LIMIT} bytes, and has to arrive whole.");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The request's body cannot be read", text))
        }
        Err(_) => {
            let text = format!("The body did not arrive within {} seconds.", IN_TIME.as_secs());
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "The request's body cannot be read", text))
        }
    }
}

fn caller(hook: &Hook) -> Caller {
    Caller {
        kind: CallerKind::Hook,
        name: hook.name.clone(),
        scopes: hook.scopes.clone(),
        apps: hook.apps.clone(),
        users_per_hour: Some(hook.users_per_hour),
    }
}

fn not_that_method(hook: &Hook) -> Response {
    let methods = if hook.challenge.is_some() { "GET, POST" } else { "POST" };
    let text = format!("This hook takes {methods}.");
    let mut answer = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Not that method", text).into_response();
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    answer
}

/// Bytes.
const BODY_LIMIT: usize = 256 * 1024;
const IN_TIME: Duration = Duration::from_secs(10);
const LONGEST_CHALLENGE: usize = 1000;
