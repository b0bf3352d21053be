//! The signed statement to the upstream: verified as an upstream would, for one factor and for two, for each app its own.

use crate::support::upstream::Upstream;
use crate::support::{Ask, Gateway, MFA_ON, Plan, Store, Visitor, on_both_stores};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

on_both_stores! {
    one_factor_is_stated_as_one,
    two_factors_are_stated_as_two,
    the_subject_is_the_account_whatever_its_session,
    a_statement_is_for_one_app_alone,
    a_changed_statement_does_not_verify,
    a_client_cannot_bring_a_statement,
}

/// An upstream that checks what it is told, with nothing but the published keys.
struct Checker {
    keys: JwkSet,
    rules: Validation,
}

impl Checker {
    async fn of(mut anybody: Visitor, app: &str) -> Checker {
        let published = anybody.send(Ask::program("/.portcullis/jwks.json")).await;
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_audience(&[app]);
        rules.set_issuer(&[&anybody.origin]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.leeway = 0;
        Checker { keys: serde_json::from_slice(&published.body).unwrap(), rules }
    }
    fn check(&self, token: &str) -> Result<Value, jsonwebtoken::errors::Error> {
        let header = decode_header(token)?;
        assert_eq!(header.alg, Algorithm::ES256);
        let key = self.keys.find(&header.kid.expect("a key id")).expect("the key is published");
        decode::<Value>(token, &DecodingKey::from_jwk(key)?, &self.rules).map(|d| d.claims)
    }
}

fn told(upstream: &Upstream) -> String {
    upstream.last().header("x-auth-assertion").expect("an assertion").to_string()
}

async fn stated(gateway: &Gateway) -> Value {
    Checker::of(gateway.visitor(), "app").await.check(&told(&gateway.upstream)).unwrap()
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

async fn one_factor_is_stated_as_one(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    let before = now();
    gateway.alice().await.get("/").await;
    let said = stated(&gateway).await;
    assert_eq!((&said["acr"], &said["amr"]), (&json!("urn:portcullis:one"), &json!(["pwd"])));
    assert_eq!((&said["aud"], &said["iss"]), (&json!("app"), &json!(gateway.origin)));
    assert_eq!((&said["name"], &said["groups"]), (&json!("alice"), &json!(["staff"])));
    assert_eq!(said["email"], "alice@example.com");
    let (iat, exp) = (said["iat"].as_u64().unwrap(), said["exp"].as_u64().unwrap());
    assert_eq!(exp - iat, 60);
    assert!(
        (before..=now()).contains(&iat) && (before..=now()).contains(&said["auth_time"].as_u64().unwrap()),
        "{said}"
    );
}

async fn two_factors_are_stated_as_two(store: Store) {
    let gateway = Gateway::with_alice(store, MFA_ON).await;
    let mut app = gateway.visitor().enrol("alice").await;
    let mut alice = gateway.visitor();
    alice.sign_in_with("alice", &mut app).await;
    alice.get("/").await;
    let said = stated(&gateway).await;
    assert_eq!((&said["acr"], &said["amr"]), (&json!("urn:portcullis:two"), &json!(["pwd", "otp", "mfa"])));
    assert_eq!(said["exp"].as_u64().unwrap() - said["iat"].as_u64().unwrap(), 60);
}

async fn the_subject_is_the_account_whatever_its_session(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    gateway.add_user("bob", &["staff"]);
    let mut said = Vec::new();
    for name in ["alice", "alice", "bob"] {
        gateway.visitor().sign_in(name).await;
        said.push(stated(&gateway).await);
    }
    assert_eq!(said[0]["sub"], said[1]["sub"]);
    assert_ne!(said[0]["sub"], said[2]["sub"]);
    assert!(said.iter().all(|s| s["sub"].as_str().is_some_and(|id| !id.is_empty() && id != "alice" && id != "bob")));
    assert!(said[0]["jti"].is_string() && said[0]["jti"] != said[1]["jti"]);
}

async fn a_statement_is_for_one_app_alone(store: Store) {
    let (plan, upstream) = (Plan::on(store), Upstream::start().await);
    let second = format!("http://app2.localhost:{}", plan.port());
    let item = format!("  - {{ name: second, origins: [{second}], upstreams: [http://{}] }}", upstream.address);
    let gateway = plan.another_app(&item).start().await;
    gateway.add_user("alice", &["staff"]);
    gateway.alice().await;
    let mut there = Visitor::new(gateway.address, &second);
    there.sign_in("alice").await;
    let first = Checker::of(gateway.visitor(), "app").await;
    let other = Checker::of(Visitor::new(gateway.address, &second), "second").await;
    let (to_first, to_second) = (told(&gateway.upstream), told(&upstream));
    assert_eq!(first.check(&to_first).unwrap()["sub"], other.check(&to_second).unwrap()["sub"], "one person at both");
    for refused in [first.check(&to_second), other.check(&to_first)] {
        let why = refused.unwrap_err().into_kind();
        assert!(matches!(why, ErrorKind::InvalidAudience | ErrorKind::InvalidIssuer), "{why:?}");
    }
}

async fn a_changed_statement_does_not_verify(store: Store) {
    let gateway = Gateway::with_alice(store, "version: 1\n").await;
    gateway.alice().await;
    let token = told(&gateway.upstream);
    let checker = Checker::of(gateway.visitor(), "app").await;
    let mut claims = checker.check(&token).unwrap();
    claims["groups"] = json!(["admin"]);
    let base64 = &data_encoding::BASE64URL_NOPAD;
    let parts: Vec<&str> = token.split('.').collect();
    let forged = format!("{}.{}.{}", parts[0], base64.encode(claims.to_string().as_bytes()), parts[2]);
    assert!(matches!(checker.check(&forged).unwrap_err().into_kind(), ErrorKind::InvalidSignature));
}

async fn a_client_cannot_bring_a_statement(store: Store) {
    let policy = "version: 1\nrules:\n  - { name: open, match: { path: /open/ }, allow: public }\n";
    let gateway = Gateway::with_alice(store, policy).await;
    let mut alice = gateway.alice().await;
    let kept = told(&gateway.upstream);
    gateway.visitor().send(Ask::program("/open/").header("X-Auth-Assertion", &kept)).await;
    assert_eq!(gateway.upstream.last().all("x-auth-assertion"), Vec::<&str>::new());
    alice.send(Ask::program("/").header("X-Auth-Assertion", "forged")).await;
    assert_ne!(told(&gateway.upstream), "forged");
}
