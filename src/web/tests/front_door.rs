//! Who gets as far as a page.

use super::*;
use crate::web::fault::Failed;
use crate::web::status::Rejected;

/// The front with stand-ins for the pages behind it.
async fn through(mut s: Sample, change: impl FnOnce(&mut Inbound), path: &str) -> Response {
    s.inbound.path = CanonicalPath::parse(path, PathReading::default()).unwrap();
    change(&mut s.inbound);
    let mut req = Request::new(Body::empty());
    *req.method_mut() = s.inbound.method.clone();
    *req.uri_mut() = "/as/sent".parse().unwrap();
    req.extensions_mut().insert(Arc::new(s.inbound));
    front::guard(s.site, stand_ins()).oneshot(req).await.unwrap()
}

fn stand_ins() -> Router {
    let ok = async || "served";
    Router::new()
        .route("/.portcullis/sign-in", get(ok).post(ok))
        .route("/.portcullis/static/x.css", get(ok))
        .route("/.portcullis/jwks.json", get(ok))
        .route("/.portcullis/broken", get(async || Failed::from(Fault::NoLease).into_response()))
        .fallback(async || Rejected(StatusCode::NOT_FOUND))
}

fn fetch(site: &str, mode: &str, dest: &str) -> FetchMetadata {
    let some = |s: &str| (!s.is_empty()).then(|| s.to_string());
    let mode = match mode {
        "" => None,
        "navigate" => Some(Mode::Navigate),
        _ => Some(Mode::Other),
    };
    FetchMetadata { site: some(site), mode, dest: some(dest) }
}

#[tokio::test]
async fn pages_answer_to_a_navigation_only() {
    for (site, mode, dest, status) in [
        ("", "", "", 200),
        ("none", "navigate", "document", 200),
        ("cross-site", "navigate", "document", 200),
        ("same-origin", "navigate", "document", 200),
        ("same-origin", "cors", "empty", 403),
        ("same-origin", "no-cors", "script", 403),
        ("same-origin", "no-cors", "image", 403),
        ("same-origin", "navigate", "iframe", 403),
        ("same-origin", "navigate", "frame", 403),
        ("same-origin", "navigate", "embed", 403),
        ("same-origin", "navigate", "object", 403),
        ("same-origin", "same-origin", "serviceworker", 403),
        ("same-origin", "navigate", "", 403),
        ("same-origin", "", "", 403),
        ("", "", "document", 403),
    ] {
        let change = |i: &mut Inbound| i.fetch = fetch(site, mode, dest);
        let r = through(Sample::new("en"), change, "/.portcullis/sign-in").await;
        assert_eq!(r.status().as_u16(), status, "{site} {mode} {dest}");
        for open in ["/.portcullis/static/x.css", "/.portcullis/jwks.json"] {
            let r = through(Sample::new("en"), |i: &mut Inbound| i.fetch = fetch(site, mode, dest), open).await;
            assert_eq!(r.status(), 200, "{open} {site} {mode} {dest}");
        }
    }
}

#[tokio::test]
async fn forms_are_taken_from_ourselves_only() {
    for (site, origin, status) in [
        ("same-origin", Some("null"), 200), // what browsers send under no-referrer
        ("same-origin", None, 200),
        ("same-site", Some("https://app.example.com"), 403),
        ("cross-site", Some("https://evil.example"), 403),
        ("none", None, 403),
        ("", Some("https://app.example.com"), 200),
        ("", Some("https://app.example.com:443"), 200),
        ("", Some("https://app.example.com:8443"), 403),
        ("", Some("http://app.example.com"), 403),
        ("", Some("https://app.example.com.evil.example"), 403),
        ("", Some("null"), 403),
        ("", None, 403),
    ] {
        let change = |i: &mut Inbound| {
            i.method = Method::POST;
            i.origin_header = origin.map(str::to_string);
            i.fetch = if site.is_empty() { FetchMetadata::default() } else { fetch(site, "navigate", "document") };
        };
        let r = through(Sample::new("en"), change, "/.portcullis/sign-in").await;
        assert_eq!(r.status().as_u16(), status, "{site} {origin:?}");
    }
}

#[tokio::test]
async fn other_methods_are_told_which_ones_work() {
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
        let r = through(Sample::new("en"), |i| i.method = method.clone(), "/.portcullis/sign-in").await;
        assert_eq!(r.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(r.headers()["allow"], "GET,HEAD,POST");
        assert_eq!(r.headers()["content-type"], "text/html; charset=utf-8");
    }
}

#[tokio::test]
async fn head_has_the_heads_of_get() {
    for path in ["/.portcullis/sign-in", "/.portcullis/nowhere"] {
        let got = through(Sample::new("en"), |_| (), path).await;
        let head = through(Sample::new("en"), |i| i.method = Method::HEAD, path).await;
        assert_eq!(got.status(), head.status());
        assert_eq!(got.headers()["content-type"], head.headers()["content-type"]);
        assert_ne!(text(got).await, "");
        assert_eq!(text(head).await, "");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_to_whom_asks() {
    let r = through(Sample::new("en"), |_| (), "/.portcullis/nowhere").await;
    assert_eq!((r.status().as_u16(), r.headers()["content-type"].to_str().unwrap()), (404, "text/html; charset=utf-8"));
    let r = through(Sample::asks(Kind::Program), |_| (), "/.portcullis/nowhere").await;
    assert_eq!((r.status().as_u16(), r.headers()["content-type"].to_str().unwrap()), (404, "application/problem+json"));
}

#[tokio::test]
async fn a_failing_page_is_a_503() {
    let r = through(Sample::new("en"), |_| (), "/.portcullis/broken").await;
    assert_eq!(r.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(r.headers()["retry-after"], "5");
    assert!(text(r).await.contains("you stay signed in"));
}

#[tokio::test]
async fn what_was_decided_before_is_only_said() {
    let s = Sample::asks(Kind::Program);
    let (site, inbound) = (Arc::clone(&s.site), Arc::new(s.inbound));
    let mut req = Request::new(Body::empty());
    req.extensions_mut().insert(Arc::clone(&inbound));
    req.extensions_mut().insert(Refusal::SignIn { to: ReturnTo::root() });
    let r = front::guard(Arc::clone(&site), stand_ins()).oneshot(req).await.unwrap();
    assert_eq!(r.status(), StatusCode::UNAUTHORIZED);

    let mut req = Request::new(Body::empty());
    req.extensions_mut().insert(Arc::clone(&inbound));
    req.extensions_mut().insert(Arc::new(Fault::NoLease));
    let r = front::guard(Arc::clone(&site), stand_ins()).oneshot(req).await.unwrap();
    assert_eq!(r.status(), StatusCode::SERVICE_UNAVAILABLE);

    let mut req = Request::new(Body::empty());
    req.extensions_mut().insert(inbound);
    req.extensions_mut().insert(StatusCode::GATEWAY_TIMEOUT);
    let r = front::guard(site, stand_ins()).oneshot(req).await.unwrap();
    assert_eq!(r.status(), StatusCode::GATEWAY_TIMEOUT);

    let s = Sample::new("en");
    let r = front::guard(s.site, stand_ins()).oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(r.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[test]
fn the_routes_do_not_collide_under_any_prefix() {
    for prefix in [PREFIX, "/.gate/", "/a/b/"] {
        assert!(crate::web::routes(prefix).has_routes(), "axum panics on routes that collide");
    }
}
