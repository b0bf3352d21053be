//! Refusals and faults, by who asks.

use super::*;

fn refused(kind: Kind, refusal: &Refusal) -> Response {
    let s = Sample::asks(kind);
    refusal::answer(&s.site, &s.inbound, refusal, None)
}
fn to() -> ReturnTo {
    ReturnTo::parse("/r%C3%A9sum%C3%A9?a=1&b=2+3", PREFIX)
}
fn steps() -> [(Refusal, &'static str); 3] {
    [
        (Refusal::SignIn { to: to() }, "sign-in"),
        (Refusal::Challenge { to: to() }, "challenge"),
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
                let want = "Bearer error=\"insufficient_user_authentication\", acr_values=\"urn:portcullis:two\"";
                assert_eq!(challenge, want);
                let url = body["step_up_url"].as_str().unwrap();
                assert!(url.starts_with(&format!("https://app.example.com/.portcullis/{page}?to=/r")), "{url}");
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
