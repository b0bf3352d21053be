//! Setting up an authenticator.

use super::*;

#[tokio::test]
async fn enrolling_makes_the_sign_in_two_factor_and_burns_the_code() {
    let house = House::with("version: 1\nmfa: { require: on }").await;
    let (b, secret) = house.enrolled().await;
    assert_eq!(b.visits("/").await, None);
    let mut other = house.browser();
    assert_eq!(other.sign_in().await, Next::Challenge(ReturnTo::root()));
    let used = house.code(&secret, 0);
    assert!(matches!(other.answers(&used).await, Answer::Used { left: 4 }));
    house.later(30);
    assert!(matches!(other.answers(&house.code(&secret, 0)).await, Answer::Done { .. }));
    assert_eq!(other.visits("/").await, None);
}

#[tokio::test]
async fn an_abandoned_set_up_leaves_nothing() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let (form, first) = b.set_up().await;
    let (_, again) = b.set_up().await;
    assert_eq!(first.base32().expose_secret(), again.base32().expose_secret(), "a reload shows the same key");
    house.later(601);
    assert!(matches!(b.confirms(&form, &house.code(&first, 0)).await, Answer::Gone));
    let mut other = house.browser();
    assert_eq!(other.sign_in().await, Next::Arrived(ReturnTo::root()), "no code is asked");
}

#[tokio::test]
async fn set_up_asks_the_password_again_after_ten_minutes() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    house.later(601);
    let asked = b.asks("/.portcullis/set-up");
    let SetUpPage::AskPassword(AskAgain { form_token, cookies, .. }) =
        house.gate.set_up(&asked, &ReturnTo::root()).await.unwrap()
    else {
        panic!("the key was shown")
    };
    b.keep(&cookies);
    let wrong = house.gate.set_up_password(&b.asks("/"), &form_token, &"wrong".into()).await.unwrap();
    assert!(matches!(wrong, SetUpPage::AskPassword(AskAgain { wrong: true, .. })));
    let right = house.gate.set_up_password(&b.asks("/"), &form_token, &PASSWORD.into()).await.unwrap();
    assert!(matches!(right, SetUpPage::Show { .. }));
}

#[tokio::test]
async fn a_session_with_a_factor_cannot_be_given_another_by_its_password() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let mut second = house.browser();
    second.sign_in().await;
    b.enrol().await;
    // the other session has one factor only; under `policy` it is asked at its next request
    assert!(matches!(second.visits("/").await, Some(Refusal::Challenge { .. })));
    let page = house.gate.set_up(&second.asks("/"), &ReturnTo::root()).await.unwrap();
    assert!(matches!(page, SetUpPage::AlreadyOn { .. }));
}
