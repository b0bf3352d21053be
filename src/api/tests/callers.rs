//! What callers may do: every endpoint and its scope, whom orders need a wider one for, whom confinement keeps out.

use super::*;
use crate::api::scope::NEEDS;
use crate::disconnect::{Caller, CallerKind};
use crate::types::{AppName, GroupName, Scope, Scopes};
use axum::routing::get;

fn holding(scopes: &[Scope]) -> Caller {
    let scopes: Scopes = scopes.iter().copied().collect();
    Caller { kind: CallerKind::Token, name: "soc".into(), scopes, ..Caller::socket() }
}

/// One call of this caller, past the door.
async fn by(caller: &Caller, api: &Api, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let desk = Desk {
        accounts: api.accounts.clone(),
        audit: api.audit.clone(),
        tokens: tokens(api),
        disconnect: Some(api.disconnect.clone()),
    };
    let caller = caller.clone();
    let v1 =
        recorded(Router::from(v1::router()).with_state(desk.clone()), desk, |inner| inner.layer(Extension(caller)));
    let (status, _, text) = answer(Router::new().nest("/api/v1", v1), request(method, path, body)).await;
    (status, serde_json::from_str(&text).unwrap_or_default())
}

fn tokens(api: &Api) -> Arc<Tokens> {
    Arc::new(Tokens::of(&api.accounts.load()))
}

fn filled(path: &str) -> String {
    path.replace("{login}", "nobody").replace("{id}", "nobody")
}

fn detail(problem: &Value) -> &str {
    problem["detail"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn every_endpoint_demands_its_scope_and_says_which_is_missing() {
    let api = empty();
    assert!(NEEDS.len() >= 26);
    for need in NEEDS {
        let path = filled(need.path);
        for scope in Scope::ALL {
            let (status, problem) = by(&holding(&[scope]), &api, need.method, &path, Some(json!({}))).await;
            let may = scope == Scope::Admin || need.scopes.contains(&scope);
            let what = format!("{} {path} with {scope}: {status} {problem}", need.method);
            assert_eq!(status != StatusCode::FORBIDDEN, may, "{what}");
            assert_ne!(status, StatusCode::METHOD_NOT_ALLOWED, "{what}");
            let there = problem["title"] != "No such endpoint";
            assert!(there && (may || detail(&problem).contains(need.scopes[0].as_str())), "{what}");
        }
        assert_eq!(by(&holding(&[]), &api, need.method, &path, None).await.0, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn what_reads_demands_no_more_and_what_changes_is_never_for_readers() {
    for need in NEEDS {
        let reads = need.method == "GET" && !["/api/v1/audit/export", "/api/v1/tokens"].contains(&need.path);
        assert_eq!(need.scopes.contains(&Scope::Read), reads, "{need:?}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_not_in_the_table_does_not_exist() {
    let hidden = async || "reached";
    let v1 = Router::new().route("/hidden", get(hidden)).route("/users", get(hidden).put(hidden));
    let router = Router::new().nest("/api/v1", v1.layer(axum::middleware::from_fn(scope::demand)));
    let router = router.layer(Extension(Caller::socket()));
    let status = async |method: &str, path: &str| answer(router.clone(), request(method, path, None)).await.0.as_u16();
    assert_eq!(status("GET", "/api/v1/hidden").await, 404);
    assert_eq!(status("PUT", "/api/v1/users").await, 405);
    assert_eq!((status("GET", "/api/v1/users").await, status("HEAD", "/api/v1/users").await), (200, 200));
}

#[tokio::test]
async fn who_is_known_by_no_door_reaches_nothing() {
    let v1 = Router::from(v1::router()).layer(axum::middleware::from_fn(scope::demand));
    let api = empty();
    let desk = Desk { tokens: tokens(&api), accounts: api.accounts, audit: api.audit, disconnect: None };
    let router = Router::new().nest("/api/v1", v1).with_state(desk);
    let (status, _, _) = answer(router, request("GET", "/api/v1/users", None)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wide_order_and_one_that_keeps_an_administrator_out_need_admin() {
    let api = empty();
    for (name, group) in [("mia", "staff"), ("ada", "admin")] {
        call(&api, "POST", "/api/v1/users", Some(json!({ "name": name, "groups": [group] }))).await;
    }
    let soc = holding(&[Scope::Disconnect]);
    let order = |select: Value, action: &str| Some(json!({ "select": select, "action": action, "reason": "alert" }));
    let orders = "/api/v1/disconnects";
    for (select, action, why) in [
        (json!({ "everyone": true }), "sign_out", "more narrowly"),
        (json!({ "group": "staff" }), "step_up", "more narrowly"),
        (json!({ "app": "nope" }), "sign_out", ""),
        (json!({ "network": "10.0.0.0/8" }), "sign_out", "more narrowly"),
        (json!({ "user": "ada" }), "block", "administrator"),
        (json!({ "user": "ada" }), "re_enroll", "administrator"),
    ] {
        let (status, problem) = by(&soc, &api, "POST", orders, order(select.clone(), action)).await;
        let wanted = if why.is_empty() { 422 } else { 403 };
        assert_eq!(status.as_u16(), wanted, "{select} {action}: {problem}");
        assert!(detail(&problem).contains(why), "{problem}");
        assert!(wanted == 422 || detail(&problem).contains("`admin`"), "{problem}");
    }
    let mut guised = order(json!({ "user": "ada" }), "step_up").unwrap();
    guised["if_no_method"] = "block".into();
    assert_eq!(by(&soc, &api, "POST", orders, Some(guised)).await.0, StatusCode::FORBIDDEN);
    // the store of these tests keeps no order: what is allowed gets as far as that
    let admin = holding(&[Scope::Admin]);
    for (caller, select, action) in [
        (&soc, json!({ "user": "ada" }), "sign_out"),
        (&soc, json!({ "user": "ada" }), "step_up"),
        (&soc, json!({ "user": "mia" }), "block"),
        (&soc, json!({ "user": "not-known-yet" }), "block"),
        (&admin, json!({ "user": "ada" }), "block"),
        (&admin, json!({ "everyone": true }), "sign_out"),
    ] {
        let (status, problem) = by(caller, &api, "POST", orders, order(select.clone(), action)).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{select} {action}: {problem}");
    }
}

#[tokio::test]
async fn who_is_confined_to_apps_calls_what_is_about_apps_and_orders_for_its_own_alone() {
    let api = empty();
    let confined = Caller { apps: [AppName("wiki".into())].into(), ..holding(&[Scope::Admin]) };
    for need in NEEDS {
        let (status, problem) = by(&confined, &api, need.method, &filled(need.path), Some(json!({}))).await;
        let refused = status == StatusCode::FORBIDDEN && detail(&problem).contains("wiki");
        assert_eq!(refused, !need.by_app, "{need:?}: {status} {problem}");
    }
    let order = json!({ "select": { "user": "mia" }, "action": "sign_out", "reason": "alert" });
    let (status, problem) = by(&confined, &api, "POST", "/api/v1/disconnects", Some(order)).await;
    assert!(status == StatusCode::FORBIDDEN && detail(&problem).contains("select.app"), "{problem}");
}

#[tokio::test]
async fn the_record_names_the_caller() {
    let (api, recorded) = recording().await;
    let secret = super::door::token(&api, "soc", &[]).await;
    let mut call = request("POST", "/api/v1/users", Some(json!({ "name": "mia" })));
    call.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {secret}").parse().unwrap());
    assert_eq!(answer(router(api.clone()), call).await.0, StatusCode::CREATED);
    answer(router(api.clone()), request("GET", "/api/v1/users", None)).await;
    let lines = recorded().await;
    let of =
        |event: &str| lines.iter().filter(|l| l["event"] == event).map(|l| l["caller"].clone()).collect::<Vec<_>>();
    assert_eq!(of("account_change"), [json!("token:soc")]);
    assert_eq!(of("api_call"), [json!("token:soc"), Value::Null]);
}

#[test]
fn the_administrators_of_these_tests_are_those_of_their_policy() {
    let policy = empty().accounts.load().policy.load_full();
    assert!(policy.admin_groups().contains(&GroupName::parse("admin").unwrap()));
}
