//! The admin API against accounts in memory: its doors, its answers, its words.

use super::health::State;
use super::*;
use crate::account::PasswordRules;
use crate::crypto::keys::tests::ring;
use crate::crypto::{Cost, Passwords};
use crate::factor::fake::FakeStore;
use crate::sys::{ManualClock, SystemEntropy};
use crate::types::Timestamp;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

const PASSWORD: &str = "correct horse battery";
const TOKEN: &str = "the-token";

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
    let accounts = Accounts {
        store: Arc::new(FakeStore::default()),
        passwords: Arc::new(Passwords::new(&ring(), cost, 2, 8)),
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
        lease: std::time::Duration::from_millis(100),
    }));
    Api {
        accounts: Arc::new(ArcSwap::from_pointee(accounts)),
        audit,
        metrics,
        disconnect,
        readiness: Arc::new(Is(vec![Check::new("store", State::Good, "answers")])),
        token: Some(TokenHash(Sha256::digest(TOKEN).into())),
    }
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
async fn over_tcp_only_the_token_in_its_header_opens_the_api() {
    let path = "/api/v1/users";
    let with = |values: &[&str], path: &str| {
        let mut r = request("GET", path, None);
        for v in values {
            r.headers_mut().append(header::AUTHORIZATION, v.parse().unwrap());
        }
        r
    };
    for (headers, path) in [
        (&[][..], path),
        (&["Bearer wrong"], path),
        (&["Bearer "], path),
        (&["Basic dGhlLXRva2Vu"], path),
        (&["Bearer the-token", "Bearer the-token"], path),
        (&[], "/api/v1/users?access_token=the-token"),
        (&["Bearer the-token"], "/api/v1/users?limit=1&access%5Ftoken=the-token"),
        (&[], "/api/v1/users/nobody"),
        (&[], "/api/v1/no-such-thing"),
    ] {
        let (status, kind, body) = answer(router(empty()), with(headers, path)).await;
        assert_eq!(
            (status, kind.as_str()),
            (StatusCode::UNAUTHORIZED, "application/problem+json"),
            "{headers:?} {path}"
        );
        assert!(!body.contains(TOKEN));
    }
    for scheme in ["Bearer", "bearer"] {
        let (status, _, _) = answer(router(empty()), with(&[&format!("{scheme} {TOKEN}")], path)).await;
        assert_eq!(status, StatusCode::OK);
    }
}

#[tokio::test]
async fn without_a_token_the_api_answers_on_the_socket_only() {
    let api = Api { token: None, ..empty() };
    let mut asked = request("GET", "/api/v1/users", None);
    asked.headers_mut().insert(header::AUTHORIZATION, "Bearer ".parse().unwrap());
    let (status, _, body) = answer(router(api.clone()), asked).await;
    assert!(status == StatusCode::UNAUTHORIZED && body.contains("socket"), "{body}");
    assert_eq!(call(&api, "GET", "/api/v1/users", None).await.0, StatusCode::OK);
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
