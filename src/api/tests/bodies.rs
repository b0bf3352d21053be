//! What the API reads of a request, and its words where it cannot.

use super::*;

/// Status, kind and body of a call with just these headers and bytes, over the socket.
async fn raw(method: &str, path: &str, kind: Option<&str>, body: impl Into<Body>) -> (u16, Value) {
    let mut request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
    if let Some(kind) = kind {
        request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
    }
    let (status, kind, text) = answer(router(empty()).layer(Extension(Via::Socket)), request).await;
    assert_eq!(kind, "application/problem+json", "{method} {path}: {text}");
    (status.as_u16(), serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_with_what_to_change() {
    const JSON: Option<&str> = Some("application/json; charset=utf-8");
    let users = "/api/v1/users";
    let large = format!(r#"{{"name":"{}"}}"#, "a".repeat(70_000));
    for (kind, body, status, words) in [
        (None, "", 400, "Send a JSON object"),
        (JSON, "", 400, "Send a JSON object"),
        (None, r#"{"name":"ben"}"#, 415, "Content-Type: application/json"),
        (Some("text/plain"), r#"{"name":"ben"}"#, 415, "Content-Type: application/json"),
        (Some("application/x-www-form-urlencoded"), "name=ben", 415, "Content-Type: application/json"),
        (JSON, r#"{"name":"ben""#, 400, "line 1 column"),
        (JSON, "{\"name\":\"b\u{0}en\"}", 400, "control character"),
        (JSON, r#"{"name":"b\u0000en"}"#, 422, "letters, digits"),
        (JSON, r#"["ben"]"#, 422, "an object with named fields"),
        (JSON, r#"{"name":"ben","name":"eve"}"#, 422, "duplicate field `name`"),
        (JSON, r#"{"name":"ben","admin":true}"#, 422, "unknown field `admin`"),
        (JSON, r#"{"name":"ben","groups":"owner"}"#, 422, "groups"),
        (JSON, &large, 413, "at most 64 KiB"),
    ] {
        let (found, problem) = raw("POST", users, kind, body.to_owned()).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert_eq!((found, &problem["status"], &problem["type"]), (status, &json!(status), &json!("about:blank")));
        assert!(detail.contains(words), "{kind:?} {body:.80}: {detail}");
    }
}

#[tokio::test]
async fn fields_are_given_by_their_names_only() {
    for (path, body) in [
        ("/api/v1/disconnects", r#"{"select":["alice"],"action":"sign_out","reason":"x"}"#),
        ("/api/v1/disconnects", r#"[{"user":"alice"},"sign_out",[],null,null,null,"x"]"#),
        ("/api/v1/imports", r#"{"users":[[0,"ben"]]}"#),
        ("/api/v1/users/mia/disable", "[]"),
        ("/api/v1/users/mia/sign-out", r#"[null,"x"]"#),
    ] {
        let (status, problem) = raw("POST", path, Some("application/json"), body).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(status == 422 && detail.contains("an object with named fields"), "{path} {body}: {status} {detail}");
    }
}

#[tokio::test]
async fn a_body_that_may_be_left_out_is_not_passed_over_where_it_is_there() {
    let api = empty();
    call(&api, "POST", "/api/v1/users", Some(mia())).await;
    assert_eq!(call(&api, "POST", "/api/v1/users/mia/disable", None).await.0, StatusCode::OK);
    let (status, _) = raw("POST", "/api/v1/users/mia/disable", None, r#"{"reason":"left"}"#).await;
    assert_eq!(status, 415);
}

#[tokio::test]
async fn queries_and_keys_are_read_strictly() {
    for (query, status, words) in [
        ("users?limit=ten", 400, "limit"),
        ("users?limit=1&limit=2", 400, "duplicate field `limit`"),
        ("users?limit=-1", 400, "limit"),
        ("audit?actor=Person", 422, "small letters"),
        ("audit?kind=", 422, "small letters"),
        ("audit?after=%2B1-0", 422, "place in the audit"),
        ("audit?from=2026-01-01T00:00:00.Z", 422, "2026-05-01"),
        ("sessions?ip=1.2.3", 422, "192.0.2.1"),
    ] {
        let (found, problem) = raw("GET", &format!("/api/v1/{query}"), None, "").await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(found == status && detail.contains(words), "{query}: {found} {detail}");
    }
    let order = json!({ "select": { "everyone": true }, "action": "sign_out", "reason": "x" });
    for key in ["a\tb", "", &"k".repeat(256)] {
        let mut asked = request("POST", "/api/v1/disconnects", Some(order.clone()));
        asked.headers_mut().insert("idempotency-key", key.parse().unwrap());
        let (status, _, text) = answer(router(empty()).layer(Extension(Via::Socket)), asked).await;
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("Idempotency-Key"), "{key:?}: {text}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_names_those_that_are() {
    for (path, allowed) in
        [("/api/v1/users", "GET,HEAD,POST"), ("/api/v1/openapi.json", "GET,HEAD"), ("/metrics", "GET,HEAD")]
    {
        let router = router(empty()).layer(Extension(Via::Socket));
        let response = router.oneshot(request("TRACE", path, None)).await.unwrap();
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        assert_eq!((response.status(), kind.as_str()), (StatusCode::METHOD_NOT_ALLOWED, "application/problem+json"));
        let mut found: Vec<_> = response.headers()[header::ALLOW].to_str().unwrap().split(',').map(str::trim).collect();
        found.sort_unstable();
        assert_eq!(found.join(","), allowed, "{path}");
    }
}

#[tokio::test]
async fn the_description_is_served_to_everybody_on_the_admin_listener() {
    let (status, kind, text) = answer(router(empty()), request("GET", "/api/v1/openapi.json", None)).await;
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "application/json"));
    assert_eq!(text, crate::api::openapi());
    let doc: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(doc["openapi"], "3.1.0");
}
