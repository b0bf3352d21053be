//! Who is let in over TCP, and by what; what a flood and a guesser are told.

use super::*;
use crate::account::NewToken;
use crate::api::listen::Peer;
use crate::types::{Scope, TokenName};
use axum::extract::ConnectInfo;
use axum::response::Response;
use secrecy::ExposeSecret;

/// A token with every right, from these networks.
pub(super) async fn token(api: &Api, name: &str, networks: &[&str]) -> String {
    let new = NewToken {
        name: TokenName::parse(name).unwrap(),
        scopes: [Scope::Admin].into_iter().collect(),
        ends: None,
        networks: networks.iter().map(|n| n.parse().unwrap()).collect(),
        apps: Default::default(),
        users_per_hour: None,
        by: "tests".into(),
    };
    let made = Tokens::of(&api.accounts.load()).create(new).await.unwrap();
    made.1.expose_secret().to_owned()
}

fn from(ip: &str, certificate: &[&str]) -> ConnectInfo<Peer> {
    let names: Vec<String> = certificate.iter().map(ToString::to_string).collect();
    let certificate = (!names.is_empty()).then(|| names.into());
    ConnectInfo(Peer { address: (ip.parse::<std::net::IpAddr>().unwrap(), 1).into(), certificate })
}

pub(super) fn bearing(path: &str, credentials: &[&str]) -> Request<Body> {
    let mut asked = request("GET", path, None);
    for c in credentials {
        asked.headers_mut().append(header::AUTHORIZATION, c.parse().unwrap());
    }
    asked
}

async fn sent(router: &Router, asked: Request<Body>, peer: ConnectInfo<Peer>) -> Response {
    router.clone().layer(Extension(peer)).oneshot(asked).await.unwrap()
}

const USERS: &str = "/api/v1/users";

#[tokio::test]
async fn over_tcp_only_a_token_in_its_header_opens_the_api() {
    let api = empty();
    let secret = token(&api, "soc", &[]).await;
    let right = format!("Bearer {secret}");
    let other = token(&empty(), "soc", &[]).await;
    for (credentials, path) in [
        (&[][..], USERS),
        (&["Bearer wrong"], USERS),
        (&[&format!("Bearer {other}")], USERS),
        (&["Bearer "], USERS),
        (&["Basic dGhlLXRva2Vu"], USERS),
        (&[&right, &right], USERS),
        (&[], &format!("{USERS}?access_token={secret}")),
        (&[&right], &format!("{USERS}?limit=1&access%5Ftoken={secret}")),
        (&[], "/api/v1/users/nobody"),
        (&[], "/api/v1/no-such-thing"),
    ] {
        let (status, kind, body) = answer(router(api.clone()), bearing(path, credentials)).await;
        let refused = (StatusCode::UNAUTHORIZED, "application/problem+json");
        assert_eq!((status, kind.as_str()), refused, "{credentials:?} {path}");
        assert!(!body.contains(&secret));
    }
    for scheme in ["Bearer", "bearer"] {
        let asked = bearing(USERS, &[&format!("{scheme} {secret}")]);
        assert_eq!(answer(router(api.clone()), asked).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_token_is_good_from_its_networks_alone_and_revoked_for_nobody() {
    let (api, recorded) = recording().await;
    let secret = token(&api, "soc", &["192.0.2.0/24"]).await;
    let right = format!("Bearer {secret}");
    let router = router(api.clone());
    let from = async |ip| sent(&router, bearing(USERS, &[&right]), from(ip, &[])).await.status();
    assert_eq!((from("192.0.2.9").await, from("198.51.100.9").await), (StatusCode::OK, StatusCode::UNAUTHORIZED));
    let id = api.accounts.load().store.api_tokens().await.unwrap()[0].id;
    let (status, row) = call(&api, "DELETE", &format!("/api/v1/tokens/{id}"), None).await;
    assert_eq!((status, row["revoked"].is_u64()), (StatusCode::OK, true));
    assert_eq!(from("192.0.2.9").await, StatusCode::UNAUTHORIZED);
    let lines = recorded().await;
    let refused = lines.iter().filter(|l| l["event"] == "api_call" && l["status"] == 401);
    let told: Vec<_> = refused.map(|l| (l["caller"].clone(), l["reason"].clone(), l["from"].clone())).collect();
    let soc = json!("token:soc");
    assert_eq!(
        told,
        [
            (soc.clone(), json!("token used from elsewhere"), json!("198.51.100.9")),
            (soc, json!("revoked token"), json!("192.0.2.9"))
        ]
    );
    assert!(lines.iter().any(|l| l["event"] == "token" && l["change"] == "revoked" && l["name"] == "soc"));
    assert!(!lines.iter().any(|l| l.to_string().contains(&secret)));
}

#[tokio::test]
async fn a_certificate_is_a_caller_where_the_configuration_names_it() {
    let client = Client {
        name: TokenName::parse("soc").unwrap(),
        certificate: "soc.example.com".into(),
        scopes: [Scope::Read].into_iter().collect(),
        apps: Default::default(),
        users_per_hour: Some(100),
    };
    let api = Api { clients: [client].into(), ..empty() };
    let secret = token(&api, "admin", &[]).await;
    let router = router(api);
    let status = async |method: &str, path: &str, names: &[&str], token: Option<&str>| {
        let mut asked = request(method, path, None);
        if let Some(token) = token {
            asked.headers_mut().insert(header::AUTHORIZATION, token.parse().unwrap());
        }
        sent(&router, asked, from("192.0.2.1", names)).await.status().as_u16()
    };
    let soc = ["SOC", "soc.example.com"];
    assert_eq!(status("GET", USERS, &soc, None).await, 200);
    assert_eq!(status("DELETE", "/api/v1/tokens/x", &soc, None).await, 403);
    assert_eq!(status("GET", USERS, &["other.example.com"], None).await, 403, "known by nobody, may do nothing");
    assert_eq!(status("GET", USERS, &[], None).await, 401);
    assert_eq!(status("GET", USERS, &soc, Some("Bearer wrong")).await, 401, "a token that is shown counts alone");
    assert_eq!(status("DELETE", "/api/v1/tokens/x", &soc, Some(&format!("Bearer {secret}"))).await, 404);
}

#[tokio::test]
async fn a_guesser_is_held_and_recorded_within_bounds_while_the_right_token_passes() {
    let (api, recorded) = recording().await;
    let right = format!("Bearer {}", token(&api, "soc", &[]).await);
    let router = router(api);
    let mut counts = std::collections::BTreeMap::new();
    for n in 0..500 {
        let made_up = format!("Bearer portcullis_{n:075}");
        let response = sent(&router, bearing(USERS, &[&made_up]), from("192.0.2.1", &[])).await;
        let waits = response.headers().contains_key(header::RETRY_AFTER);
        assert_eq!(waits, response.status() == StatusCode::TOO_MANY_REQUESTS);
        *counts.entry(response.status().as_u16()).or_insert(0) += 1;
    }
    assert_eq!(counts, [(401, 30), (429, 470)].into());
    let passed = sent(&router, bearing(USERS, &[&right]), from("192.0.2.1", &[])).await;
    assert_eq!(passed.status(), StatusCode::OK, "a guesser at the same address holds nobody");
    let other = sent(&router, bearing(USERS, &["Bearer wrong"]), from("192.0.2.2", &[])).await;
    assert_eq!(other.status(), StatusCode::UNAUTHORIZED);
    assert!(recorded().await.iter().filter(|l| l["event"] == "api_call").count() <= 20);
}

#[tokio::test]
async fn a_flood_of_one_caller_is_answered_429_and_holds_neither_others_nor_the_socket() {
    let (api, recorded) = recording().await;
    let (noisy, quiet) = (token(&api, "noisy", &[]).await, token(&api, "quiet", &[]).await);
    let tcp = router(api.clone());
    let (mut held, mut problem) = (0, None);
    for _ in 0..2000 {
        let mut asked = request("POST", "/api/v1/disconnects", Some(json!({})));
        asked.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {noisy}").parse().unwrap());
        let response = sent(&tcp, asked, from("192.0.2.1", &[])).await;
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "1");
            problem = Some(response);
            held += 1;
        }
    }
    assert_eq!(held, 1800);
    let problem = axum::body::to_bytes(problem.unwrap().into_body(), 4096).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&problem).unwrap();
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    let quiet = sent(&tcp, bearing(USERS, &[&format!("Bearer {quiet}")]), from("192.0.2.1", &[])).await;
    assert_eq!(quiet.status(), StatusCode::OK);
    assert_eq!(call(&api, "GET", USERS, None).await.0, StatusCode::OK);
    let calls = recorded().await.iter().filter(|l| l["event"] == "api_call").count();
    assert!((200..=220).contains(&calls), "{calls} lines");
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked_and_shown_once() {
    let api = empty();
    let tokens = "/api/v1/tokens";
    let body = json!({
        "name": "soc", "scopes": ["disconnect", "read"], "expires": "30d", "networks": ["192.0.2.1", "10.1.2.3/8"],
    });
    let (status, made) = call(&api, "POST", tokens, Some(body.clone())).await;
    assert_eq!((status, &made["users_per_hour"], &made["by"]), (StatusCode::CREATED, &json!(100), &json!("socket")));
    assert_eq!(made["networks"], json!(["192.0.2.1/32", "10.0.0.0/8"]));
    assert_eq!(made["expires"], json!(1_700_000_000_000_u64 + 30 * 86_400_000));
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("portcullis_"));
    let (_, list) = call(&api, "GET", tokens, None).await;
    assert!(list["tokens"][0]["name"] == "soc" && !list.to_string().contains(secret), "{list}");
    assert!(list["tokens"][0].get("hash").is_none());
    assert_eq!(call(&api, "POST", tokens, Some(body)).await.0, StatusCode::CONFLICT);
    let admin = json!({ "name": "all", "scopes": ["admin"], "expires": "never" });
    let (_, made) = call(&api, "POST", tokens, Some(admin)).await;
    assert_eq!((&made["expires"], &made["users_per_hour"]), (&Value::Null, &Value::Null));
    let (_, usual) = call(&api, "POST", tokens, Some(json!({ "name": "usual", "scopes": ["read"] }))).await;
    assert_eq!(usual["expires"], json!(1_700_000_000_000_u64 + 90 * 86_400_000));
    let at = format!("{tokens}/{}", usual["id"].as_str().unwrap());
    assert_eq!(call(&api, "DELETE", &at, None).await.0, StatusCode::OK);
    assert_eq!(call(&api, "DELETE", &at, None).await.0, StatusCode::CONFLICT);
    assert_eq!(call(&api, "DELETE", &format!("{tokens}/x"), None).await.0, StatusCode::NOT_FOUND);
    for (body, words) in [
        (json!({ "name": "a b", "scopes": ["read"] }), "a-z"),
        (json!({ "name": "x", "scopes": ["root"] }), "root"),
        (json!({ "name": "x", "scopes": [] }), "scopes"),
        (json!({ "name": "x", "scopes": ["read"], "expires": "1970-01-01T00:00:00Z" }), "expires"),
        (json!({ "name": "x", "scopes": ["read"], "networks": ["here"] }), "here"),
        (json!({ "name": "x", "scopes": ["read"], "apps": ["nope"] }), "nope"),
        (json!({ "name": "x", "scopes": ["read"], "users_per_hour": 0 }), "users_per_hour"),
    ] {
        let (status, problem) = call(&api, "POST", tokens, Some(body)).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && detail.contains(words), "{words}: {problem}");
    }
}
