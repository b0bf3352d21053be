//! Refusals and faults, by who asks.

use super::*;

fn refused(kind: Kind, refusal: &Refusal) -> Response {
    asked_and_refused(kind, (Method::GET, to().path()), "", refusal)
}
/// The answer to a request that a page sent.
fn asked_and_refused(kind: Kind, (method, path): (Method, &str), page: &str, refusal: &Refusal) -> Response {
    let mut s = Sample::asks(kind);
    s.inbound.path = CanonicalPath::parse(path, PathReading::default()).unwrap();
    s.inbound.method = method;
    let mut headers = HeaderMap::new();
    headers.insert("referer", page.parse().unwrap());
    refusal::answer(&s.site, &s.inbound, (&headers, None), refusal)
}
fn to() -> ReturnTo {
    ReturnTo::parse("/r%C3%A9sum%C3%A9?a=1&b=2+3", PREFIX)
}
fn steps() -> [(Refusal, &'static str); 3] {
    [
        (Refusal::SignIn { to: to() }, "sign-in"),
        (Refusal::Challenge { to: to(), max_age: None }, "challenge"),
        (Refusal::Enrol { to: to() }, "set-up"),
    ]
}
fn denied() -> Refusal {
    Refusal::Denied { rule: Some("admin area".into()), why: Denial::Rule }
}

#[test]
fn a_navigation_is_led_to_the_page_that_helps() {
    for (refusal, page) in steps() {
        let r = refused(Kind::Navigation, &refusal);
        assert_eq!(r.status(), StatusCode::SEE_OTHER);
        let want = format!("/.portcullis/{page}?to=/r%25C3%25A9sum%25C3%25A9%3Fa%3D1%26b%3D2%2B3");
        assert_eq!(r.headers()["location"], want);
        assert_eq!(r.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn a_denied_navigation_names_the_rule_and_whom_to_ask() {
    let r = refused(Kind::Navigation, &denied());
    assert_eq!(r.status(), StatusCode::FORBIDDEN);
    let html = text(r).await;
    assert!(html.contains("“admin area”") && html.contains("Call the desk: 4711"), "{html}");
}

#[tokio::test]
async fn programs_and_sockets_get_a_problem_and_never_a_redirect() {
    for kind in [Kind::Program, Kind::WebSocket] {
        for (refusal, page) in steps() {
            let r = refused(kind, &refusal);
            assert_eq!(r.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(r.headers()["content-type"], "application/problem+json");
            assert_eq!(r.headers()["cache-control"], "no-store");
            assert!(r.headers().get("location").is_none());
            let challenge = r.headers()["www-authenticate"].to_str().unwrap().to_string();
            let body: serde_json::Value = serde_json::from_str(&text(r).await).unwrap();
            assert_eq!(body["status"], 401);
            if page == "sign-in" {
                assert_eq!(challenge, "Bearer realm=\"portcullis\"");
                assert_eq!(body["sign_in_url"], "https://app.example.com/.portcullis/sign-in");
            } else {
                let want = "Bearer error=\"insufficient_user_authentication\", \
                            error_description=\"A second factor is required\", acr_values=\"urn:portcullis:two\"";
                assert_eq!(challenge, want);
                let url = body["step_up_url"].as_str().unwrap();
                assert!(url.starts_with(&format!("https://app.example.com/.portcullis/{page}?to=/")), "{url}");
            }
            for member in ["type", "title", "detail", "instance"] {
                assert!(body[member].is_string(), "{member}");
            }
        }
        let r = refused(kind, &denied());
        assert_eq!(
            (r.status(), &r.headers()["content-type"]),
            (StatusCode::FORBIDDEN, &"application/problem+json".parse().unwrap())
        );
        assert!(text(r).await.contains("admin area"));
    }
}

fn stale() -> Refusal {
    Refusal::Challenge { to: ReturnTo::parse("/api/transfer?n=1", PREFIX), max_age: Some(Duration::from_secs(900)) }
}

#[tokio::test]
async fn a_stale_program_is_told_how_old_it_may_be_and_where_its_person_steps_up() {
    let post = || (Method::POST, "/api/transfer");
    let url = "https://app.example.com/.portcullis/challenge?to=";
    for (page, to) in [
        ("https://app.example.com/orders?page=2", "/orders%3Fpage%3D2"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("https://app.example.com.evil.example/", "/"),
        ("https://app.example.com@evil.example/", "/"),
        ("https://app.example.com/.portcullis/sign-out", "/"),
        ("https://app.example.com", "/"),
    ] {
        let r = asked_and_refused(Kind::Program, post(), page, &stale());
        let challenge = r.headers()["www-authenticate"].to_str().unwrap().to_string();
        let want = "Bearer error=\"insufficient_user_authentication\", \
                    error_description=\"A more recent second factor is required\", \
                    acr_values=\"urn:portcullis:two\", max_age=\"900\"";
        assert_eq!((r.status(), challenge.as_str()), (StatusCode::UNAUTHORIZED, want));
        let body: serde_json::Value = serde_json::from_str(&text(r).await).unwrap();
        assert_eq!(body["step_up_url"], format!("{url}{to}&for=POST%3A/api/transfer"), "{page}");
    }
    let r = asked_and_refused(Kind::Grpc, post(), "", &stale());
    assert_eq!((r.status(), &r.headers()["grpc-status"]), (StatusCode::OK, &"16".parse().unwrap()));
    assert!(r.headers()["www-authenticate"].to_str().unwrap().ends_with("max_age=\"900\""));
    assert_eq!(r.headers()["step-up-url"], format!("{url}/&for=POST%3A/api/transfer"));
}

#[test]
fn a_stale_form_leads_to_the_challenge_that_knows_it_was_posted() {
    let r = asked_and_refused(Kind::Navigation, (Method::POST, "/api/transfer"), "", &stale());
    let want = "/.portcullis/challenge?to=/api/transfer%3Fn%3D1&for=POST%3A/api/transfer";
    assert_eq!((r.status(), &r.headers()["location"]), (StatusCode::SEE_OTHER, &want.parse().unwrap()));
}

#[tokio::test]
async fn who_has_nothing_that_counts_is_told_why_and_led_nowhere() {
    let refusal = Refusal::Denied { rule: Some("vault".into()), why: Denial::NoMethod };
    let page = refused(Kind::Navigation, &refusal);
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    let html = text(page).await;
    assert!(html.contains("vault") && html.contains("second factors that you do not have"), "{html}");
    let problem = refused(Kind::Program, &refusal);
    assert_eq!((problem.status(), problem.headers().get("www-authenticate")), (StatusCode::FORBIDDEN, None));
}

#[tokio::test]
async fn grpc_is_told_in_its_own_trailers() {
    let cases = steps().map(|(r, _)| (r, "16")).into_iter().chain([(denied(), "7")]);
    for (refusal, code) in cases {
        let r = refused(Kind::Grpc, &refusal);
        assert_eq!(r.status(), StatusCode::OK);
        assert_eq!(r.headers()["grpc-status"], code);
        assert_eq!(r.headers()["content-type"], "application/grpc");
        assert_eq!(r.headers()["cache-control"], "no-store");
        assert_eq!(text(r).await, "");
    }
}

#[test]
fn a_fault_closes_in_every_tongue_and_touches_no_cookie() {
    for (kind, status) in [(Kind::Navigation, 503), (Kind::Program, 503), (Kind::WebSocket, 503), (Kind::Grpc, 200)] {
        let s = Sample::asks(kind);
        let r = fault::answer(&s.site, &s.inbound, &Fault::NoLease);
        assert_eq!(r.status().as_u16(), status, "{kind:?}");
        assert_eq!(r.headers()["retry-after"], "5");
        assert_eq!(r.headers()["cache-control"], "no-store");
        assert!(r.headers().get("set-cookie").is_none());
        if kind == Kind::Grpc {
            assert_eq!(r.headers()["grpc-status"], "14");
        }
    }
}
