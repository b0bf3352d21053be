//! From the password on.

use super::*;

#[tokio::test]
async fn a_password_is_enough_where_no_more_is_asked() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    assert_eq!(b.visits("/x").await, Some(Refusal::SignIn { to: ReturnTo::parse("/x", "/.portcullis/") }));
    assert_eq!(b.sign_in().await, Next::Arrived(ReturnTo::root()));
    assert_eq!(b.visits("/x").await, None);
    let wrong = house.gate.sign_in(&b.asks("/"), "alice", &"wrong".into(), &ReturnTo::root()).await.unwrap();
    assert!(matches!(wrong, SignIn::Refused));
}

#[tokio::test]
async fn a_pending_sign_in_reaches_nothing() {
    let house = House::with("version: 1\nmfa: { require: on }").await;
    let mut b = house.browser();
    assert_eq!(b.sign_in().await, Next::SetUp(ReturnTo::root()));
    assert!(matches!(b.visits("/").await, Some(Refusal::SignIn { .. })));
    // nor does its token under the session's name
    let token = b.jar[&house.names.pending].clone();
    b.jar.insert(house.names.session.clone(), token);
    assert!(matches!(b.visits("/").await, Some(Refusal::SignIn { .. })));
}

#[tokio::test]
async fn what_ends_a_users_sessions_ends_a_sign_in_under_way() {
    let house = House::with("version: 1\nmfa: { require: on }").await;
    let (_, secret) = house.enrolled().await;
    house.later(30);
    let mut other = house.browser();
    other.sign_in().await;
    let form = other.form().await;
    house.store.end_user(UserId::from_bytes([7; 16]), None).await.unwrap();
    let answer = house.gate.answer(&other.asks("/"), &form, typed(&house.code(&secret, 0)), &root()).await.unwrap();
    assert!(matches!(answer, Answer::Gone | Answer::Ended { .. }), "{answer:?}");
}
