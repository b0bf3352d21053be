//! Presets against the bodies that the vendors document, and deliveries against an API in memory.

use super::mapping::{Mapping, Selector};
use super::preset::Preset;
use super::proof::{Signature, new_secret};
use super::*;
use crate::api::listen::Peer;
use crate::api::tests::{empty, recording};
use crate::api::{Api, router as api_router};
use crate::disconnect::{AskSelect, Parts, Service};
use crate::store::embedded::Embedded;
use crate::types::Scope;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tower::ServiceExt;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hooks");
    std::fs::read(folder.join(format!("{name}.json"))).unwrap()
}

fn ask() -> Ask {
    serde_json::from_value(json!({ "select": { "everyone": true }, "action": "sign_out", "reason": "hook" })).unwrap()
}

fn hook(name: &str, mapping: Mapping) -> (Hook, String) {
    let (secret, hash) = new_secret([9; 32]);
    let networks = vec!["192.0.2.0/24".parse().unwrap()];
    let hook = Hook {
        name: name.into(),
        secret: hash,
        networks,
        scopes: [Scope::Disconnect].into_iter().collect(),
        apps: Default::default(),
        users_per_hour: 100,
        signature: None,
        challenge: None,
        mapping,
        ask: ask(),
    };
    (hook, format!("/api/v1/hooks/{name}/{}", secret.expose_secret()))
}

#[test]
fn every_preset_reads_the_body_that_its_vendor_documents() {
    let table = [
        ("splunk", vec!["alice@example.com"], "Splunk: Impossible travel", "scheduler_admin_search_W2_at_14232356_132"),
        (
            "sentinel",
            vec!["alice@example.com", "bob"],
            "Microsoft Sentinel: Password spray followed by a success",
            "84",
        ),
        ("elastic", vec!["alice"], "Elastic: Unusual login for user", "6f1d0e6e5a1fbb9d2f3e0f4d5a9b8c7d"),
        ("pagerduty", vec!["alice@example.com"], "PagerDuty: Session of a stolen laptop", "PGR0VU2"),
        ("okta", vec!["alice@example.com"], "Okta: Suspend Okta user", "f790999f-fe87-467a-9880-6982a583986c"),
        ("jamf", vec!["alice"], "Jamf Pro: a device joined the group Does not comply", ""),
    ];
    let known: BTreeMap<_, _> = Preset::ALL.into();
    assert_eq!(table.len(), known.len());
    for (name, users, reason, case) in table {
        let (orders, troubles) = hook(name, known[name].mapping()).0.meaning(&fixture(name)).unwrap();
        assert!(troubles.is_empty(), "{name}: {troubles:?}");
        let found: Vec<_> = orders.iter().map(|o| o.select.user.as_deref().unwrap()).collect();
        assert_eq!(found, users, "{name}");
        assert!(orders.iter().all(|o| o.select == AskSelect { user: o.select.user.clone(), ..AskSelect::default() }));
        assert_eq!(
            (orders[0].reason.as_str(), orders[0].case.as_deref().unwrap_or_default()),
            (reason, case),
            "{name}"
        );
    }
}

#[test]
fn what_a_tool_sends_of_other_events_means_no_order() {
    let changed = |name: &str, from: &str, to: &str| {
        let body = String::from_utf8(fixture(name)).unwrap();
        assert!(body.contains(from), "{name}");
        let known: BTreeMap<_, _> = Preset::ALL.into();
        hook(name, known[name].mapping()).0.meaning(body.replace(from, to).as_bytes()).unwrap()
    };
    let none = (Vec::<String>::new(), Vec::<String>::new());
    let users = |(orders, troubles): (Vec<Ask>, Vec<String>)| {
        (orders.into_iter().map(|o| o.select.user.unwrap()).collect::<Vec<_>>(), troubles)
    };
    assert_eq!(users(changed("pagerduty", "incident.triggered", "incident.resolved")), none);
    assert_eq!(users(changed("sentinel", "\"Account\"", "\"Host\"")), none);
    assert_eq!(users(changed("okta", "\"User\"", "\"AppUser\"")), none);
    assert_eq!(users(changed("elastic", "\"alice\"", "\"\"")), none);
    assert_eq!(users(changed("jamf", "\"alice\"", "\"\"")), none);
    let (orders, troubles) = changed("splunk", "\"user\"", "\"account\"");
    assert!(orders.is_empty());
    let want = ["`select.user`: `$.result.user` found nothing.", "The body has:"];
    assert!(want.iter().zip(&troubles).all(|(w, t)| t.starts_with(w)) && troubles.len() == 2, "{troubles:?}");
}

#[test]
fn a_second_delivery_of_an_event_has_the_same_key_and_another_event_has_not() {
    for (name, preset) in Preset::ALL {
        let keys = |body: &[u8]| {
            let value: Value = serde_json::from_slice(body).unwrap();
            preset.mapping().read(&value, body).orders.into_iter().map(|o| o.key).collect::<Vec<_>>()
        };
        let body = String::from_utf8(fixture(name)).unwrap();
        // another spelling of the same JSON
        let again = serde_json::from_str::<Value>(&body).unwrap().to_string();
        assert_eq!(keys(body.as_bytes()), keys(again.as_bytes()), "{name}");
        let ids = ["W2_at", "01:53:36", "6f1d0e", "5ac648", "f79099", "1553550275590"];
        let other = ids.iter().fold(body.clone(), |b, id| b.replace(id, &"7".repeat(id.len())));
        assert_ne!(keys(body.as_bytes()), keys(other.as_bytes()), "{name}");
    }
}

struct Caller {
    router: axum::Router,
    from: SocketAddr,
}

impl Caller {
    fn of(hooks: Vec<Hook>) -> Self {
        Self::over(empty(), hooks)
    }
    /// With a store that takes orders.
    fn over(api: Api, hooks: Vec<Hook>) -> Self {
        let accounts = api.accounts.load_full();
        let disconnect = Service::new(Parts {
            store: Embedded::memory().unwrap(),
            orders: Arc::default(),
            acks: Arc::default(),
            clock: accounts.clock.clone(),
            entropy: accounts.entropy.clone(),
            audit: api.audit.clone(),
            metrics: api.metrics.clone(),
            apps: Default::default(),
            lease: Duration::from_millis(50),
            admins: Arc::new(BTreeSet::new),
        });
        let api = Api { hooks: hooks.into(), disconnect: Arc::new(disconnect), ..api };
        Caller { router: api_router(api), from: "192.0.2.7:4711".parse().unwrap() }
    }
    async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(ConnectInfo(Peer { address: self.from, certificate: None }));
        let response = self.router.clone().oneshot(Request::from_parts(parts, body)).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
    async fn post(&self, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        self.send(Request::post(path).body(body.into()).unwrap()).await
    }
}

fn by_user() -> Mapping {
    let user = super::expression::Choice(vec!["$.user".parse().unwrap()]);
    Mapping { select: [(Selector::User, user)].into(), ..Mapping::default() }
}

#[tokio::test]
async fn a_stranger_a_wrong_secret_and_a_wrong_network_get_one_answer() {
    let (hook, path) = hook("soc", by_user());
    let mut caller = Caller::of(vec![hook]);
    let body = json!({ "user": "alice" }).to_string();
    let wrong = caller.post(&format!("{path}x"), body.clone()).await;
    assert_eq!(wrong.0, StatusCode::UNAUTHORIZED);
    assert!(!wrong.1.to_string().contains("pch_"));
    for other in [
        path.replace("/soc/", "/nobody/"),
        format!("{path}/more"),
        "/api/v1/hooks/soc".into(),
        "/api/v1/hooks/soc/%ff".into(),
    ] {
        assert_eq!(caller.post(&other, body.clone()).await, wrong, "{other}");
    }
    let get = Request::get(format!("{path}x")).body(Body::empty()).unwrap();
    assert_eq!(caller.send(get).await, wrong);
    assert_eq!(caller.post(&path, body.clone()).await.0, StatusCode::OK);
    caller.from = "198.51.100.7:4711".parse().unwrap();
    assert_eq!(caller.post(&path, body).await, wrong);
}

#[tokio::test]
async fn strangers_are_held_and_a_right_secret_never_is() {
    let (hook, path) = hook("soc", by_user());
    let caller = Caller::of(vec![hook]);
    let mut last = StatusCode::OK;
    for _ in 0..40 {
        last = caller.post("/api/v1/hooks/soc/guess", "{}").await.0;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(caller.post(&path, json!({ "user": "alice" }).to_string()).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_cannot_be_mapped_is_told_by_its_path_and_its_keys_and_no_value() {
    let (hook, path) = hook("soc", by_user());
    let caller = Caller::of(vec![hook]);
    let told = async |body: &str| {
        let (status, problem) = caller.post(&path, body.to_owned()).await;
        (status, problem["detail"].as_str().unwrap().to_owned())
    };
    let (status, detail) = told(r#"{ "account": "hunter2" }"#).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(detail.contains("`$.user` found nothing") && detail.contains("account"), "{detail}");
    assert!(!detail.contains("hunter2"), "{detail}");
    assert_eq!(told(r#"{ "user": {} }"#).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(told(r#"{ "user": "not a name" }"#).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(told("user=alice").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(told(&format!("{{\"user\": \"{}\"}}", "a".repeat(300_000))).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_of_a_body_is_sound_is_ordered_and_the_rest_is_told() {
    let (hook, path) = hook("soc", by_user());
    let caller = Caller::of(vec![hook]);
    let (status, problem) = caller.post(&path, json!({ "user": ["alice", "NT AUTHORITY\\SYSTEM"] }).to_string()).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["title"], "Not all of it was ordered");
    assert_eq!(problem["orders"][0]["select"], json!({ "user": "alice" }));
    assert_eq!(problem["orders"][0]["status"], "confirmed");
}

#[tokio::test]
async fn a_signed_hook_takes_the_signed_bytes_alone() {
    let header = HeaderName::from_static("x-signature");
    let signature = Signature { header, prefix: String::new(), secret: "Jefe".to_string().into() };
    let (hook, path) = hook("soc", by_user());
    let caller = Caller::of(vec![Hook { signature: Some(signature), ..hook }]);
    let body = r#"{"user":"alice"}"#;
    let signed = |with: &str| Request::post(&path).header("x-signature", with).body(Body::from(body)).unwrap();
    assert_eq!(caller.post(&path, body).await.0, StatusCode::FORBIDDEN);
    assert_eq!(caller.send(signed(&"0".repeat(64))).await.0, StatusCode::FORBIDDEN);
    let right = "36790ddcc2fb35dacd5e7e1fb0124dbf5f6e2775c4604640dc8a60a45739dc6a";
    assert_eq!(caller.send(signed(right)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_challenge_comes_back_to_who_knows_the_url() {
    let (hook, path) = hook("okta", Preset::Okta.mapping());
    let challenge = Preset::Okta.challenge().map(HeaderName::from_static);
    let caller = Caller::of(vec![Hook { challenge, ..hook.clone() }]);
    let get =
        |path: &str| Request::get(path).header("X-Okta-Verification-Challenge", "abc123").body(Body::empty()).unwrap();
    assert_eq!(caller.send(get(&path)).await, (StatusCode::OK, json!({ "verification": "abc123" })));
    assert_eq!(caller.send(get(&path.replace("pch_", "x"))).await.0, StatusCode::UNAUTHORIZED);
    let bare = Request::get(&path).body(Body::empty()).unwrap();
    assert_eq!(caller.send(bare).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let other = Caller::of(vec![hook]);
    assert_eq!(other.send(get(&path)).await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(caller.send(Request::put(&path).body(Body::empty()).unwrap()).await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn deliveries_are_on_record_without_the_secret() {
    let (hook, path) = hook("soc", by_user());
    let (api, lines) = recording().await;
    let caller = Caller::over(api, vec![hook]);
    caller.post(&path, json!({ "user": "alice" }).to_string()).await;
    caller.post(&path.replace("/soc/", "/nobody/"), "{}").await;
    caller.post(&path.replace("/hooks/", "/hook/"), "{}").await;
    let lines = lines().await;
    let calls = lines.iter().filter(|l| l["event"] == "api_call");
    let calls: Vec<_> = calls.map(|l| (&l["path"], &l["status"])).collect();
    let want = [
        (json!("/api/v1/hooks/soc/…"), json!(200)),
        (json!("/api/v1/hooks/nobody/…"), json!(401)),
        (json!("/api/v1/hook/soc/pch_…"), json!(401)),
    ];
    assert_eq!(calls, want.iter().map(|(p, s)| (p, s)).collect::<Vec<_>>());
    let order = lines.iter().find(|l| l["event"] == "disconnect").unwrap();
    assert_eq!(order["name"], "hook:soc");
    assert!(!lines.iter().any(|l| l.to_string().contains(path.rsplit('/').next().unwrap())));
}
