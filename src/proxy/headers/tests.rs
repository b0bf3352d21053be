//! Heads as they go to the upstream and come back.

use super::super::hosts::Hosts;
use super::super::settings::{HostToUpstream, samples};
use super::*;
use crate::session::Identity;
use crate::session::identity::sample_of;

use crate::types::path::PathReading;
use crate::types::{
    AppName, Assurance, CanonicalPath, ClientIp, Email, FetchMetadata, GroupName, Kind, Origin, RequestId, SessionId,
    Timestamp, UserId, UserName,
};
use std::sync::Arc;

struct Signed;
impl AssertionSigner for Signed {
    fn sign(&self, app: &AppName, issuer: &Origin, session: &Cached) -> Arc<Told> {
        let who = &session.identity;
        let assertion = HeaderValue::try_from(format!("signed:{app}:{issuer}:{}", who.name.as_str())).ok();
        Arc::new(Told::of(who, app.clone(), assertion, Timestamp::default()))
    }
}

fn inbound(site: &Site, path: &str) -> Inbound {
    Inbound {
        app: site.app.name.clone(),
        origin: site.origin.clone(),
        method: http::Method::GET,
        path: CanonicalPath::parse(path, PathReading::default()).unwrap(),
        query: Some("x=/public".into()),
        client: ClientIp::new("192.0.2.7".parse().unwrap()),
        cookies: Default::default(),
        kind: Kind::Program,
        fetch: FetchMetadata::default(),
        origin_header: None,
        user_agent: String::new(),
        languages: String::new(),
        request_id: RequestId::from_bytes([7; 16]),
    }
}

fn alice(groups: &[&str]) -> Identity {
    Identity {
        user: UserId::from_bytes([1; 16]),
        session: SessionId::from_bytes([2; 16]),
        name: UserName::parse("alice").unwrap(),
        email: Email::parse("alice@example.com").ok(),
        groups: groups.iter().map(|g| GroupName::parse(g).unwrap()).collect(),
        assurance: Assurance { first_at: Timestamp::from_secs(1), second: None, trusted_until: None },
        account_version: 1,
    }
}

/// The head that reaches the upstream, as `name: value` in lower case, sorted.
fn sent(fields: &[(&str, &str)], who: Option<Identity>) -> Vec<String> {
    sent_with(fields, who, |_| {})
}

fn sent_with(fields: &[(&str, &str)], who: Option<Identity>, change: impl Fn(&mut App)) -> Vec<String> {
    let mut app = samples::app("intranet", &["https://app.example.com"], "http://127.0.0.1:9000");
    change(&mut app);
    let hosts = Hosts::new(&[Arc::new(app)]);
    let site = hosts.find(b"app.example.com").unwrap();
    let inbound = inbound(site, "/admin");
    let mut req = RequestHeader::build("GET", b"//admin?x=/public", None).unwrap();
    for (n, v) in fields {
        req.append_header((*n).to_string(), HeaderValue::from_bytes(v.as_bytes()).unwrap()).unwrap();
    }
    let session = who.map(sample_of);
    let out = Outgoing { site, inbound: &inbound, session: session.as_ref(), signer: &Signed, host: None };
    toward_upstream(&mut req, &out).unwrap();
    assert_eq!(req.raw_path(), b"/admin?x=/public");
    let mut all: Vec<_> = req.headers.iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
    all.sort();
    all
}

fn ours() -> Vec<String> {
    [
        "forwarded: for=192.0.2.7;host=\"app.example.com\";proto=https",
        "host: app.example.com",
        "x-forwarded-for: 192.0.2.7",
        "x-forwarded-host: app.example.com",
        "x-forwarded-proto: https",
        "x-request-id: a4dqobyha4dqobyha4dqobyha4",
    ]
    .map(String::from)
    .to_vec()
}

#[test]
fn a_stranger_brings_no_identity_in_any_spelling() {
    for name in [
        "X-Auth-User",
        "x-auth-user",
        "X_Auth_User",
        "x.auth.user",
        "X-Auth_User",
        "x~auth|user",
        "X-Auth-Groups",
        "X_AUTH_EMAIL",
        "X-Auth-Assertion",
        "X_Auth-Assertion",
    ] {
        assert_eq!(sent(&[("host", "x"), (name, "root"), (name, "again")], None), ours(), "{name}");
    }
}

#[test]
fn identity_is_set_once_and_by_us() {
    let forged = [("X-Auth-User", "root"), ("x_auth_user", "root"), ("X-Auth-Groups", "admin"), ("host", "x")];
    let all = sent(&forged, Some(alice(&["staff", "dev"])));
    let mut want = ours();
    want.extend(
        [
            "x-auth-assertion: signed:intranet:https://app.example.com:alice",
            "x-auth-email: alice@example.com",
            "x-auth-groups: dev,staff",
            "x-auth-user: alice",
        ]
        .map(String::from),
    );
    want.sort();
    assert_eq!(all, want);
}

#[test]
fn a_header_without_a_value_of_ours_is_absent() {
    let all = sent(&[("X-Auth-Groups", "admin")], Some(alice(&[])));
    assert!(!all.iter().any(|h| h.starts_with("x-auth-groups")), "{all:?}");
}

#[test]
fn claims_about_path_method_host_and_address_are_removed() {
    for name in CLAIMS.into_iter().chain([
        "X-Forwarded-For",
        "X-Forwarded-Uri",
        "X-Forwarded-Prefix",
        "X-Forwarded-User",
        "x_forwarded_host",
        "X_Original_URL",
        "Forwarded",
        "X-Request-Id",
        "Proxy-Authorization",
        "Keep-Alive",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Upgrade",
        "HTTP2-Settings",
    ]) {
        assert_eq!(sent(&[(name, "evil")], None), ours(), "{name}");
    }
}

#[test]
fn ordinary_headers_pass_and_one_may_be_let_through_by_name() {
    let mut want = ours();
    want.extend(["accept: */*", "authorization: Bearer t", "x-author: me", "x-forward: y"].map(String::from));
    want.sort();
    let ordinary = [("Accept", "*/*"), ("Authorization", "Bearer t"), ("X-Author", "me"), ("X-Forward", "y")];
    assert_eq!(sent(&ordinary, None), want);

    let all = sent_with(&[("X-HTTP-Method-Override", "PUT"), ("X-Real-IP", "1.1.1.1")], None, |app| {
        app.pass_headers = vec![HeaderName::from_static("x-http-method-override")];
    });
    assert!(all.contains(&"x-http-method-override: PUT".to_string()), "{all:?}");
    assert!(!all.iter().any(|h| h.starts_with("x-real-ip")), "{all:?}");
    let all = sent_with(&[("X-Auth-User", "root")], None, |app| {
        app.pass_headers = vec![HeaderName::from_static("x-auth-user")];
    });
    assert_eq!(all, ours(), "an identity header is never let through");
}

#[test]
fn our_cookies_do_not_reach_the_upstream() {
    let all = sent(&[("cookie", "a=1; __Host-portcullis=secret"), ("cookie", "portcullis-443=x")], None);
    assert!(all.contains(&"cookie: a=1".to_string()) && !all.concat().contains("secret"), "{all:?}");
}

#[test]
fn te_trailers_survives_http2_only() {
    let site_hygiene = Hygiene::new(&samples::app("a", &["https://a.example"], "http://127.0.0.1:1"));
    assert!(!site_hygiene.removes(&TE, Version::HTTP_2));
    assert!(site_hygiene.removes(&TE, Version::HTTP_11));
}

#[test]
fn a_second_try_sends_the_same_head() {
    let mut app = samples::app("intranet", &["https://app.example.com"], "http://127.0.0.1:9000");
    app.host = HostToUpstream::Upstream;
    let hosts = Hosts::new(&[Arc::new(app)]);
    let site = hosts.find(b"app.example.com").unwrap();
    let (inbound, who) = (inbound(site, "/"), sample_of(alice(&["staff"])));
    let host = HeaderValue::from_static("127.0.0.1:9000");
    let out = Outgoing { site, inbound: &inbound, session: Some(&who), signer: &Signed, host: Some(&host) };
    let mut once = RequestHeader::build("GET", b"/", None).unwrap();
    once.append_header("Cookie", "a=1; __Host-portcullis=x").unwrap();
    toward_upstream(&mut once, &out).unwrap();
    let mut twice = once.clone();
    toward_upstream(&mut twice, &out).unwrap();
    assert_eq!(once.headers, twice.headers);
    assert_eq!(once.headers.get(HOST), Some(&host));
}

#[test]
fn names_are_written_as_people_write_them() {
    assert_eq!(titled("x-auth-user"), "X-Auth-User");
    assert_eq!(titled("remote_user"), "Remote_User");
}
