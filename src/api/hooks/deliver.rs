//! One delivery of a tool: who it is, what it means, the orders, the answer.

use super::{Hook, Keeper, mapping, proof};
use crate::api::Desk;
use crate::api::auth::Turned;
use crate::api::listen::Peer;
use crate::api::problem::Problem;
use crate::disconnect::{Answer, Ask, AskSelect, Caller, CallerKind, Status};
use crate::types::{ClientIp, Timestamp};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Extension, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use utoipa::ToSchema;

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

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookOrder {
    pub select: AskSelect,
    #[serde(flatten)]
    pub answer: Answer,
}

pub(super) async fn receive(
    State(desk): State<Desk>,
    Extension(keeper): Extension<Keeper>,
    request: Request,
) -> Response {
    let now = desk.accounts.load().clock.now();
    let from = request.extensions().get::<ConnectInfo<Peer>>().map(|p| ClientIp::new(p.0.address.ip()));
    let parts = request.uri().path().strip_prefix('/').and_then(|path| path.split_once('/'));
    let known = parts.ok_or((None, "no URL of a hook")).and_then(|(name, secret)| {
        let named = keeper.named(name);
        known(named, secret, from).map_err(|why| (named, why))
    });
    let hook = match known {
        Ok(hook) => hook,
        Err((named, why)) => return keeper.refuse(named, why, (from, now)),
    };
    let caller = caller(hook);
    let under_way = match keeper.limits.call(caller.to_string(), now) {
        Ok(under_way) => under_way,
        Err(problem) => return turned(problem, Some(hook), "too many calls"),
    };
    let mut response = match *request.method() {
        Method::POST => deliver(&desk, hook, &caller, request).await.unwrap_or_else(IntoResponse::into_response),
        Method::GET if hook.challenge.is_some() => {
            challenge(hook, request.headers()).unwrap_or_else(IntoResponse::into_response)
        }
        _ => not_that_method(hook),
    };
    drop(under_way);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(caller);
    response
}

/// The hook, or why it is none: told the record, never who calls.
fn known<'h>(named: Option<&'h Hook>, secret: &str, from: Option<ClientIp>) -> Result<&'h Hook, &'static str> {
    let right = proof::is_secret(secret, named.map(|h| &h.secret));
    match named {
        None => Err("no hook of that name"),
        Some(_) if !right => Err("wrong secret"),
        Some(hook) if !from.is_some_and(|f| hook.lets_in(f.0)) => Err("not from this address"),
        Some(hook) => Ok(hook),
    }
}

impl Keeper {
    /// One text for a wrong name, a wrong secret and a wrong network.
    fn refuse(&self, named: Option<&Hook>, why: &'static str, at: (Option<ClientIp>, Timestamp)) -> Response {
        let refused = || Problem::new(StatusCode::UNAUTHORIZED, "No right to call a hook", NOT_GOOD);
        let network = at.0.map(|ip| ip.network());
        turned(self.limits.guess(network, at.1).err().unwrap_or_else(refused), named, why)
    }
}

fn turned(problem: Problem, named: Option<&Hook>, why: &'static str) -> Response {
    let mut response = problem.into_response();
    response.extensions_mut().insert(Turned { caller: named.map(|h| caller(h).to_string()), why });
    response
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

const NOT_GOOD: &str = "There is no hook with this URL for your address. `hooks` in portcullis.yaml has names, hashes of \
    secrets and networks; `portcullis hook create NAME` makes a new URL; the gateway's audit says which of them was wrong.";
/// Bytes.
const BODY_LIMIT: usize = 256 * 1024;
const IN_TIME: Duration = Duration::from_secs(10);
const LONGEST_CHALLENGE: usize = 1000;
