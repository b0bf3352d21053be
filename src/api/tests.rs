//! The admin API against accounts in memory: its doors, its answers, its words.

mod callers;
mod door;

use super::health::State;
use super::*;
use crate::account::PasswordRules;
use crate::audit;
use crate::crypto::keys::tests::ring;
use crate::crypto::{AuditKeys, Cost, Passwords};
use crate::factor::fake::FakeStore;
use crate::policy::Policy;
use crate::store::embedded::Embedded;
use crate::sys::{ManualClock, SystemEntropy};
use crate::types::Timestamp;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::time::Duration;
use tower::ServiceExt;

const PASSWORD: &str = "correct horse battery";
struct Is(Vec<Check>);
#[async_trait::async_trait]
impl Readiness for Is {
    async fn checks(&self) -> Vec<Check> {
        self.0.clone()
    }
}

/// An API with nobody in it.
pub(crate) fn empty() -> Api {
    let cost = Cost { memory_kib: 64, iterations: 1, parallelism: 1 };
    let keys = Arc::new(ring());
    let policy = Policy::parse("policy.yaml", "version: 1\n").unwrap();
    let accounts = Accounts {
        store: Arc::new(FakeStore::default()),
        passwords: Arc::new(Passwords::new(&keys, cost, 2, 8).unwrap()),
        keys,
        policy: Arc::new(ArcSwap::from_pointee(policy)),
        guard: Arc::default(),
        entropy: Arc::new(SystemEntropy),
        clock: Arc::new(ManualClock::at(Timestamp::from_secs(1_700_000_000))),
        rules: PasswordRules { min_length: 15, brand: "Example".into() },
    };
    let (audit, metrics) = (Arc::new(Audit::new()), Arc::new(Metrics::new().unwrap()));
    let disconnect = Arc::new(Service::new(crate::disconnect::Parts {
        store: accounts.store.clone(),
        orders: Arc::default(),
        acks: Arc::default(),
        clock: accounts.clock.clone(),
        entropy: accounts.entropy.clone(),
        audit: audit.clone(),
        metrics: metrics.clone(),
        apps: Default::default(),
        admins: Arc::new(|| [crate::types::GroupName::parse("admin").unwrap()].into()),
        lease: std::time::Duration::from_millis(100),
    }));
    Api {
        accounts: Arc::new(ArcSwap::from_pointee(accounts)),
        audit,
        metrics,
        disconnect,
        hooks: Arc::default(),
        readiness: Arc::new(Is(vec![Check::new("store", State::Good, "answers")])),
        clients: Arc::default(),
    }
}

/// The same with a record in a store of its own; its lines, once they are written.
pub(crate) async fn recording() -> (Api, impl AsyncFn() -> Vec<Value>) {
    let api = empty();
    let clock = api.accounts.load().clock.clone();
    let settings = audit::Settings { file: None, store_keep: Duration::from_secs(86_400), store_max: 1 << 30 };
    let (store, keys) = (Embedded::memory().unwrap(), AuditKeys::new(&ring()));
    let parts = audit::Parts { settings, store, keys, metrics: api.metrics.clone() };
    let (audit, writer) = Audit::open(parts, clock, &SystemEntropy).unwrap();
    let writer = tokio::sync::Mutex::new(writer);
    let read = audit.clone();
    let lines = async move || {
        writer.lock().await.finish().await;
        let from = audit::AuditFrom::After(audit::AuditCursor::START);
        let rows = read.page(&audit::AuditFilter::default(), from, 1000).await.unwrap().rows;
        rows.iter().map(|r| serde_json::from_str(&r.line).unwrap()).collect()
    };
    (Api { audit, ..api }, lines)
}

fn request(method: &str, path: &str, body: Option<Value>) -> Request<Body> {
    let body = body.map(|b| Body::from(b.to_string())).unwrap_or_default();
    Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
}

async fn answer(router: Router, request: Request<Body>) -> (StatusCode, String, String) {
    let response = router.oneshot(request).await.unwrap();
    let kind = response.headers().get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap().to_owned());
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, kind.unwrap_or_default(), String::from_utf8(body.to_vec()).unwrap())
}

/// One call over the socket.
async fn call(api: &Api, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let router = router(api.clone()).layer(Extension(Via::Socket));
    let (status, _, text) = answer(router, request(method, path, body)).await;
    (status, serde_json::from_str(&text).unwrap_or_default())
}

fn mia() -> Value {
    json!({ "name": "Mia", "email": "mia@example.com", "groups": ["staff"], "password": PASSWORD })
}

#[tokio::test]
async fn readiness_is_red_while_visitors_are_not_served() {
    for (state, status) in [
        (State::Good, StatusCode::OK),
        (State::Warning, StatusCode::OK),
        (State::Failed, StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let checks = vec![Check::new("store", State::Good, "answers"), Check::new("policy", state, "why")];
        let api = Api { readiness: Arc::new(Is(checks)), ..empty() };
        let (found, _, body) = answer(router(api), request("GET", "/readyz", None)).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((found, &body["ready"]), (status, &json!(status == StatusCode::OK)));
        assert_eq!(body["checks"][1], json!({ "name": "policy", "state": state, "detail": "why" }));
    }
}

#[tokio::test]
async fn health_and_metrics_need_no_token() {
    let api = empty();
    api.metrics.policy_reloaded();
    let (status, kind, text) = answer(router(api), request("GET", "/metrics", None)).await;
    assert!(status == StatusCode::OK && kind.starts_with("text/plain") && text.contains("portcullis_policy_reloads"));
    assert_eq!(answer(router(empty()), request("GET", "/healthz", None)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn health_is_asked_within_bounds() {
    let router = router(empty());
    let mut held = 0;
    for _ in 0..300 {
        held += u32::from(answer(router.clone(), request("GET", "/readyz", None)).await.0.as_u16() == 429);
    }
    assert_eq!(held, 100);
    let over_socket = router.layer(Extension(Via::Socket));
    assert_eq!(answer(over_socket, request("GET", "/readyz", None)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_account_is_added_shown_and_given_another_password() {
    let api = empty();
    let (status, added) = call(&api, "POST", "/api/v1/users", Some(mia())).await;
    assert_eq!((status, &added["name"], &added["has_password"]), (StatusCode::CREATED, &json!("mia"), &json!(true)));
    for login in ["mia", "MIA", "mia@example.com", "mia%40example.com"] {
        assert_eq!(call(&api, "GET", &format!("/api/v1/users/{login}"), None).await, (StatusCode::OK, added.clone()));
    }
    let before = api.accounts.load().show("mia").await.unwrap().unwrap().password;
    let new = Some(json!({ "password": "another horse battery" }));
    assert_eq!(call(&api, "PUT", "/api/v1/users/mia/password", new).await.0, StatusCode::NO_CONTENT);
    assert_ne!(api.accounts.load().show("mia").await.unwrap().unwrap().password, before);
}

#[tokio::test]
async fn calls_that_change_something_or_are_refused_are_on_record() {
    let (api, recorded) = recording().await;
    call(&api, "POST", "/api/v1/users", Some(mia())).await;
    call(&api, "GET", "/api/v1/users", None).await;
    answer(router(api.clone()), request("GET", "/api/v1/users?x=1", None)).await;
    let lines = recorded().await;
    let calls: Vec<_> = lines.iter().filter(|l| l["event"] == "api_call").collect();
    assert_eq!(calls.len(), 2, "{lines:?}");
    let said = |n: usize, name: &str| calls[n][name].clone();
    assert_eq!((said(0, "method"), said(0, "by"), said(0, "status")), (json!("POST"), json!("socket"), json!(201)));
    assert_eq!((said(1, "path"), said(1, "by"), said(1, "status")), (json!("/api/v1/users"), json!("api"), json!(401)));
}

#[tokio::test]
async fn nothing_is_changed_that_could_not_be_recorded() {
    let (api, _) = recording().await;
    (0..9000).for_each(|_| {
        let event = crate::audit::Event::Node { change: crate::audit::Node::Started };
        api.audit.record(&event, Timestamp::from_secs(1));
    });
    let (status, problem) = call(&api, "POST", "/api/v1/users", Some(mia())).await;
    assert_eq!((status.as_u16(), problem["title"].clone()), (503, json!("The audit cannot be written")));
    assert_eq!(call(&api, "GET", "/api/v1/users", None).await.1["users"], json!([]));
}

#[tokio::test]
async fn the_audit_is_read_page_by_page_and_exported() {
    let (api, recorded) = recording().await;
    for name in ["ada", "ben", "cleo"] {
        call(&api, "POST", "/api/v1/users", Some(json!({ "name": name }))).await;
    }
    recorded().await;
    let (_, page) = call(&api, "GET", "/api/v1/audit?kind=account_change&limit=2", None).await;
    let names =
        |v: &Value| v["events"].as_array().unwrap().iter().map(|e| e["event"]["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&page), [json!("cleo"), json!("ben")]);
    let rest = format!("/api/v1/audit?kind=account_change&before={}", page["next"].as_str().unwrap());
    let (_, rest) = call(&api, "GET", &rest, None).await;
    assert_eq!((names(&rest), &rest["next"]), (vec![json!("ada")], &Value::Null));
    let (_, of_ben) = call(&api, "GET", "/api/v1/audit?user=ben&after=0-0", None).await;
    assert_eq!(names(&of_ben), [json!("ben")]);
    let router = router(api.clone()).layer(Extension(Via::Socket));
    let export = request("GET", "/api/v1/audit/export?format=csv&actor=socket", None);
    let (status, kind, text) = answer(router, export).await;
    assert_eq!((status, kind.as_str(), text.lines().count()), (StatusCode::OK, "text/csv; charset=utf-8", 7));
    assert_eq!(call(&api, "GET", "/api/v1/audit/keys", None).await.1["keys"].as_array().map(Vec::len), Some(1));
    for (query, words) in [
        ("after=x", "place in the audit"),
        ("after=1-0&before=1-0", "before"),
        ("from=yesterday", "from is not a time"),
        ("limit=0", "1 to 1000"),
        ("user=nobody", "nobody"),
    ] {
        let (status, problem) = call(&api, "GET", &format!("/api/v1/audit?{query}"), None).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(status.is_client_error() && detail.contains(words), "{query}: {status} {detail}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_says_what_to_change() {
    let api = empty();
    call(&api, "POST", "/api/v1/users", Some(mia())).await;
    let with = |key: &str, value: Value| {
        let mut user = json!({ "name": "ben", "password": PASSWORD });
        user[key] = value;
        Some(user)
    };
    let users = "/api/v1/users";
    for (method, path, body, status, words) in [
        ("POST", users, Some(mia()), 409, "taken"),
        ("POST", users, with("email", json!("mia@example.com")), 409, "another"),
        ("POST", users, with("name", json!("a b")), 422, "letters, digits"),
        ("POST", users, with("email", json!("ben")), 422, "name@domain"),
        ("POST", users, with("password", json!("short")), 422, "15 characters"),
        ("POST", users, with("locale", json!("!")), 422, "pt-BR"),
        ("POST", users, with("role", json!("x")), 422, "unknown field `role`"),
        ("GET", "/api/v1/users/ben", None, 404, "ben"),
        ("PUT", "/api/v1/users/ben/password", Some(json!({ "password": PASSWORD })), 404, "ben"),
        ("GET", "/api/v1/users?limit=0", None, 422, "1 to 1000"),
        ("GET", "/api/v1/users?page=2", None, 400, "page"),
        ("DELETE", users, None, 405, "Allow"),
        ("PATCH", "/api/v1/users/mia", Some(json!({})), 422, "Nothing is to be changed"),
        ("PATCH", "/api/v1/users/mia", Some(json!({ "email": "x" })), 422, "name@domain"),
        ("POST", "/api/v1/users/mia/reset-mfa", Some(json!({})), 422, "reason"),
        ("POST", "/api/v1/users/mia/reset-mfa", Some(json!({ "reason": " " })), 422, "1 to 500"),
        ("POST", "/api/v1/users/ben/disable", Some(json!({})), 404, "ben"),
        ("GET", "/api/v2", None, 404, "/api/v2 is none of"),
        ("GET", "/api/v1/groups", None, 404, "/api/v1/groups is none of"),
        ("GET", "/api/v1/users/%ff", None, 400, "UTF-8"),
    ] {
        let (found, problem) = call(&api, method, path, body).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!((found.as_u16(), &problem["status"]), (status, &json!(status)), "{method} {path}: {detail}");
        assert!(detail.contains(words), "{method} {path}: {detail}");
    }
}

#[tokio::test]
async fn an_account_is_changed_reset_disabled_and_removed() {
    let api = empty();
    call(&api, "POST", "/api/v1/users", Some(mia())).await;
    let at = |verb: &str| format!("/api/v1/users/mia{verb}");
    let patch = json!({ "email": null, "add_groups": ["sales"], "locale": "de", "reason": "moved" });
    let (status, user) = call(&api, "PATCH", &at(""), Some(patch)).await;
    assert_eq!((status, &user["email"], &user["groups"]), (StatusCode::OK, &Value::Null, &json!(["sales", "staff"])));
    let (_, user) = call(&api, "PATCH", &at(""), Some(json!({ "groups": [] }))).await;
    assert_eq!((&user["groups"], &user["locale"]), (&json!([]), &json!("de")));
    let (_, user) = call(&api, "POST", &at("/disable"), Some(json!({}))).await;
    assert_eq!(user["disabled"], true);
    let (_, user) = call(&api, "POST", &at("/enable"), Some(json!({ "reason": "is back" }))).await;
    assert_eq!(user["disabled"], false);
    let (_, reset) = call(&api, "POST", &at("/reset-mfa"), Some(json!({ "reason": "lost", "code": true }))).await;
    assert_eq!(reset["enrolment_code"]["ends"], json!(1_700_086_400_000_u64));
    let (_, reset) = call(&api, "POST", &at("/reset-mfa"), Some(json!({ "reason": "lost" }))).await;
    assert!(reset.get("enrolment_code").is_none());
    assert_eq!(call(&api, "POST", &at("/unlock"), Some(json!({}))).await.0, StatusCode::OK);
    assert_eq!(call(&api, "DELETE", &at(""), Some(json!({ "reason": "left" }))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(call(&api, "GET", &at(""), None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_batch_with_mistakes_names_each_of_them_and_makes_nobody() {
    let api = empty();
    let users = json!([
        { "line": 4, "name": "ben" }, { "line": 5, "name": "a b" }, { "line": 6, "name": "BEN" },
        { "line": 7, "name": "cleo", "password_hash": "plain" },
    ]);
    let (status, problem) = call(&api, "POST", "/api/v1/imports", Some(json!({ "users": users }))).await;
    let lines: Vec<_> = problem["mistakes"].as_array().unwrap().iter().map(|m| m["line"].clone()).collect();
    assert_eq!((status, lines), (StatusCode::UNPROCESSABLE_ENTITY, vec![json!(5), json!(6), json!(7)]));
    let (_, list) = call(&api, "GET", "/api/v1/users", None).await;
    assert_eq!(list["users"], json!([]));
    let users = json!([{ "name": "ben" }, { "name": "cleo", "disabled": true }]);
    let (_, dry) = call(&api, "POST", "/api/v1/imports", Some(json!({ "users": users, "dry_run": true }))).await;
    assert_eq!(dry["added"], json!([]));
    let (_, done) = call(&api, "POST", "/api/v1/imports", Some(json!({ "users": users }))).await;
    assert_eq!(done["added"], json!(["ben", "cleo"]));
    let again = json!({ "users": users, "skip_existing": true });
    assert_eq!(call(&api, "POST", "/api/v1/imports", Some(again)).await.1["skipped"], json!(["ben", "cleo"]));
}

#[tokio::test]
async fn keys_are_listed_without_their_bytes_and_the_one_that_seals_stays() {
    let api = empty();
    let id = api.accounts.load().keys.newest().id().to_string();
    let (_, list) = call(&api, "GET", "/api/v1/keys", None).await;
    let fields: Vec<_> = list["keys"][0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        (&list["keys"][0]["id"], fields),
        (&json!(id), ["created", "id", "seals", "seals_from"].map(String::from).to_vec())
    );
    let (status, problem) = call(&api, "DELETE", &format!("/api/v1/keys/{id}"), Some(json!({ "force": true }))).await;
    assert!(status == StatusCode::CONFLICT && problem["detail"].as_str().unwrap().contains("rotate"), "{problem}");
    assert_eq!(call(&api, "DELETE", "/api/v1/keys/nobody", Some(json!({}))).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn accounts_are_listed_in_pages_in_order_of_name() {
    let api = empty();
    for name in ["cleo", "ada", "ben"] {
        call(&api, "POST", "/api/v1/users", Some(json!({ "name": name }))).await;
    }
    let names = |list: &Value| list["users"].as_array().unwrap().iter().map(|u| u["name"].clone()).collect::<Vec<_>>();
    let (_, first) = call(&api, "GET", "/api/v1/users?limit=2", None).await;
    assert_eq!((names(&first), &first["next"]), (vec![json!("ada"), json!("ben")], &json!("ben")));
    let (_, rest) = call(&api, "GET", "/api/v1/users?limit=2&after=ben", None).await;
    assert_eq!((names(&rest), &rest["next"]), (vec![json!("cleo")], &Value::Null));
}

mod bodies;
