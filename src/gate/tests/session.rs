//! Sessions: their ends, and what their tokens open.

use super::*;

#[tokio::test]
async fn sign_out_ends_the_session_and_everywhere_ends_all() {
    let house = House::with("version: 1").await;
    let (mut a, mut b, mut c) = (house.browser(), house.browser(), house.browser());
    for s in [&mut a, &mut b, &mut c] {
        s.sign_in().await;
    }
    let form = |w: Who| match w {
        Who::Session { form_token, .. } => form_token,
        other => panic!("{other:?}"),
    };
    let forged = house.gate.sign_out(&a.asks("/"), "AAAA", false).await.unwrap();
    assert!(matches!(forged, SignedOut::Forged));
    let foreign = form(house.gate.who(&b.asks("/")).await.unwrap());
    assert!(matches!(house.gate.sign_out(&a.asks("/"), &foreign, false).await.unwrap(), SignedOut::Forged));
    let mine = form(house.gate.who(&a.asks("/")).await.unwrap());
    assert!(matches!(house.gate.sign_out(&a.asks("/"), &mine, false).await.unwrap(), SignedOut::Done { .. }));
    assert!(a.visits("/").await.is_some());
    assert_eq!(b.visits("/").await, None);
    house.gate.sign_out(&b.asks("/"), &foreign, true).await.unwrap();
    assert!(b.visits("/").await.is_some() && c.visits("/").await.is_some());
}

#[tokio::test]
async fn idle_and_absolute_ends_hold_and_activity_moves_the_idle_one() {
    let house = House::with("version: 1\nsessions: { idle: 10m, absolute: 25m }").await;
    let mut b = house.browser();
    b.sign_in().await;
    for _ in 0..3 {
        house.later(8 * 60);
        assert_eq!(b.visits("/").await, None);
    }
    house.later(61);
    assert!(b.visits("/").await.is_some(), "the absolute end");
    b.sign_in().await;
    house.later(601);
    assert!(b.visits("/").await.is_some(), "the idle end");
}

#[tokio::test]
async fn a_websocket_needs_an_origin_of_the_app() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    for (origin, good) in [
        (None, false),
        (Some("https://evil.example"), false),
        (Some("null"), false),
        (Some("https://APP.example.com"), true),
    ] {
        let mut asked = b.asks("/ws");
        asked.kind = Kind::WebSocket;
        asked.origin_header = origin.map(str::to_string);
        let passed = matches!(house.gate.admit(&asked).await.unwrap(), Verdict::Pass(_));
        assert_eq!(passed, good, "{origin:?}");
    }
}

#[tokio::test]
async fn a_token_of_one_origin_is_none_on_another_and_two_of_a_name_are_none() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let mut asked = b.asks("/");
    asked.cookies.0.push((house.names.session.clone(), "x".into()));
    assert!(matches!(house.gate.admit(&asked).await.unwrap(), Verdict::Refuse(Refusal::SignIn { .. })));
    let mut flipped = b.clone();
    for at in [0, 30, 70] {
        let token: String = b.jar[&house.names.session]
            .chars()
            .enumerate()
            .map(|(i, c)| if i == at { if c == 'A' { 'B' } else { 'A' } } else { c })
            .collect();
        flipped.jar.insert(house.names.session.clone(), token);
        assert!(flipped.visits("/").await.is_some(), "byte {at}");
    }
}

#[tokio::test]
async fn the_apps_own_sign_out_counts_only_from_a_person() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    for (method, kind, ends) in [
        (http::Method::GET, Kind::Program, false),
        (http::Method::GET, Kind::Navigation, true),
        (http::Method::POST, Kind::Program, true),
    ] {
        let mut asked = b.asks("/logout");
        (asked.method, asked.kind) = (method.clone(), kind);
        let Verdict::Pass(p) = house.gate.admit(&asked).await.unwrap() else { panic!("refused") };
        assert_eq!(p.signs_out(), ends, "{method} {kind:?}");
    }
    let Verdict::Pass(p) = house.gate.admit(&b.asks("/logout")).await.unwrap() else { panic!("refused") };
    house.gate.signed_out_by_app(&b.asks("/logout"), &p).await.unwrap();
    assert!(b.visits("/").await.is_some());
}
