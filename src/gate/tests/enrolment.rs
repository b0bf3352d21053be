//! Who may enrol: enrolment codes of administrators, and where the policy asks them of everybody.

use super::*;

const CODE: &str = "abcdefgh2345jkmn";

/// Gives alice this enrolment code, for a day.
async fn gives_code(house: &House, code: &str) {
    let digest = Codes::new(&house.keys).enrolment(ALICE, code);
    let ends = house.clock.now().plus(Duration::from_secs(86_400));
    house.account(|a| a.enrolment_code = Some(EnrolmentCode { digest, ends })).await;
}

async fn page(b: &mut Browser<'_>) -> SetUpPage {
    b.house.gate.set_up(&b.asks("/.portcullis/set-up"), &ReturnTo::root()).await.unwrap()
}

async fn types(b: &mut Browser<'_>, code: &str) -> SetUpPage {
    let SetUpPage::AskEnrolmentCode(AskAgain { form_token, cookies, .. }) = page(b).await else { panic!("not asked") };
    b.keep(&cookies);
    let state = b.house.gate.set_up_code(&b.asks("/.portcullis/set-up"), &form_token, code).await.unwrap();
    if let SetUpPage::Show { cookies, .. } = &state {
        b.keep(cookies);
    }
    state
}

#[tokio::test]
async fn an_admin_enrols_the_first_factor_only_with_a_code() {
    let house = House::of("version: 1\nmfa: { require: on }", "admin").await;
    let mut b = house.browser();
    b.sign_in().await;
    let wrong = types(&mut b, CODE).await;
    assert!(matches!(wrong, SetUpPage::AskEnrolmentCode(AskAgain { wrong: true, .. })), "nobody gave one: {wrong:?}");
    gives_code(&house, CODE).await;
    let wrong = types(&mut b, "abcdefgh2346jkmn").await;
    assert!(matches!(wrong, SetUpPage::AskEnrolmentCode(AskAgain { wrong: true, .. })), "{wrong:?}");
    assert!(matches!(types(&mut b, "ABCD-EFGH-2345-JKMN").await, SetUpPage::Show { .. }));
    b.enrol().await;
    assert_eq!(b.visits("/").await, None);
    assert_eq!(house.store.account(ALICE).await.unwrap().unwrap().enrolment_code, None, "it is used up");
}

#[tokio::test]
async fn the_policy_may_ask_a_code_of_everybody() {
    for (policy, asked) in [("mfa: { require: on, enrol: code }", true), ("mfa: { require: on }", false)] {
        let house = House::with(policy).await;
        let mut b = house.browser();
        b.sign_in().await;
        assert_eq!(matches!(page(&mut b).await, SetUpPage::AskEnrolmentCode(_)), asked, "{policy}");
    }
}

#[tokio::test]
async fn a_code_that_an_administrator_gave_is_needed_whatever_the_policy_says() {
    let house = House::with("mfa: { require: on }").await;
    gives_code(&house, CODE).await;
    let mut b = house.browser();
    b.sign_in().await;
    assert!(matches!(types(&mut b, CODE).await, SetUpPage::Show { .. }));
    // another is given meanwhile: what was begun with the first confirms nothing
    let (form, secret) = b.set_up().await;
    gives_code(&house, "abcdefgh6789jkmn").await;
    assert!(matches!(b.confirms(&form, &house.code(&secret, 0)).await, Answer::Gone));
}

#[tokio::test]
async fn a_code_ends_after_a_day_and_guesses_are_throttled() {
    let house = House::with("mfa: { require: on, enrol: code }").await;
    gives_code(&house, CODE).await;
    house.later(86_400);
    let mut b = house.browser();
    b.sign_in().await;
    assert!(matches!(types(&mut b, CODE).await, SetUpPage::AskEnrolmentCode(AskAgain { wrong: true, .. })));
    gives_code(&house, CODE).await;
    let mut last = house.browser();
    for _ in 0..4 {
        last = house.browser();
        last.sign_in().await;
        types(&mut last, "abcdefgh2222jkmn").await;
    }
    assert!(matches!(types(&mut last, CODE).await, SetUpPage::Held(Held::For(_))));
}

#[tokio::test]
async fn the_password_on_the_form_is_throttled_like_the_one_of_the_sign_in() {
    let house = House::with("version: 1\nthrottle: { passwords: { free: 3 }, codes: { sign_in: 50 } }").await;
    let mut b = house.browser();
    b.sign_in().await;
    house.later(601);
    let SetUpPage::AskPassword(AskAgain { form_token, cookies, .. }) = page(&mut b).await else { panic!("not asked") };
    b.keep(&cookies);
    for _ in 0..3 {
        let wrong = house.gate.set_up_password(&b.asks("/"), &form_token, &"wrong".into()).await.unwrap();
        assert!(matches!(wrong, SetUpPage::AskPassword(AskAgain { wrong: true, .. })));
    }
    let held = house.gate.set_up_password(&b.asks("/"), &form_token, &PASSWORD.into()).await.unwrap();
    assert!(matches!(held, SetUpPage::Held(Held::For(_))), "{held:?}");
}
