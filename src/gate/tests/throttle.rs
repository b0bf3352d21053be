//! Guesses: how many are judged, over all sessions and addresses, and that no stranger locks the owner out.

use super::*;

const ON: &str = "version: 1\nmfa: { require: on }";

/// Somewhere else each time.
fn elsewhere(house: &House, n: u8) -> Browser<'_> {
    Browser { address: [198, 51, 100, n].into(), ..house.browser() }
}

fn held(answer: &SignIn) -> Option<u64> {
    match answer {
        SignIn::Held(Held::For(d)) => Some(d.as_secs()),
        SignIn::Held(Held::Disabled) | SignIn::Refused | SignIn::Next { .. } => None,
    }
}

async fn enrolled(house: &House) -> Secret {
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, _) = b.enrol_and_save().await;
    house.later(60);
    secret
}

/// From a new sign-in each time, as who has stolen the password would guess.
async fn guess(house: &House, code: &str, n: u8) -> Answer {
    let mut b = elsewhere(house, n);
    b.sign_in().await;
    b.answers(code).await
}

#[tokio::test]
async fn ten_wrong_passwords_are_free_and_then_the_wait_doubles_up_to_an_hour() {
    let house = House::with("version: 1").await;
    for n in 0..10 {
        assert!(matches!(elsewhere(&house, n).tries("wrong").await, SignIn::Refused), "{n}");
    }
    let before = house.gate.parts.passwords.worked();
    for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
        assert_eq!(held(&elsewhere(&house, 99).tries(PASSWORD).await), Some(wait), "even the right one");
        house.later(wait - 1);
        assert_eq!(held(&elsewhere(&house, 99).tries(PASSWORD).await), Some(1));
        house.later(1);
        assert!(matches!(elsewhere(&house, 98).tries("wrong").await, SignIn::Refused));
    }
    assert_eq!(house.gate.parts.passwords.worked() - before, 9, "what is held costs no hash");
    house.later(3600);
    assert!(matches!(elsewhere(&house, 99).tries(PASSWORD).await, SignIn::Next { .. }), "never disabled");
    assert!(matches!(elsewhere(&house, 99).tries("wrong").await, SignIn::Refused), "and the count began anew");
}

#[tokio::test]
async fn a_name_that_nobody_has_is_held_like_one_that_somebody_has() {
    let house = House::with("version: 1").await;
    let asked = |n: u8| elsewhere(&house, n).asks("/.portcullis/sign-in");
    let tries =
        async |n, login: &str| house.gate.sign_in(&asked(n), login, &"wrong".into(), &ReturnTo::root()).await.unwrap();
    for n in 0..10 {
        let spelling = ["nobody", "NOBODY", " nobody "][usize::from(n % 3)];
        assert!(matches!(tries(n, spelling).await, SignIn::Refused), "{n}");
    }
    assert_eq!(held(&tries(50, "Nobody").await), Some(30));
    assert!(matches!(tries(51, "somebody else").await, SignIn::Refused));
}

#[tokio::test]
async fn a_known_browser_is_not_held_by_what_strangers_do() {
    let house = House::with("version: 1").await;
    let mut mine = house.browser();
    mine.sign_in().await;
    mine.jar.remove(&house.names.session);
    // strangers use up the account's tries, and one of them those of the owner's very address
    for n in 0..10 {
        elsewhere(&house, n).tries("wrong").await;
    }
    for _ in 0..40 {
        house.browser().tries("wrong").await;
    }
    assert!(held(&elsewhere(&house, 77).tries(PASSWORD).await).is_some());
    assert!(matches!(mine.tries(PASSWORD).await, SignIn::Next { .. }));
    // its own counter holds whoever stole it
    mine.jar.remove(&house.names.session);
    for _ in 0..10 {
        assert!(matches!(mine.tries("wrong").await, SignIn::Refused));
    }
    assert_eq!(held(&mine.tries(PASSWORD).await), Some(30));
}

#[tokio::test]
async fn thirty_failures_of_one_address_hold_it_and_nobody_else() {
    let house = House::with("throttle: { passwords: { free: 100 } }").await;
    let v6 = |tail: u16| Browser { address: format!("2001:db8:1:2::{tail:x}").parse().unwrap(), ..house.browser() };
    for n in 0..30 {
        assert!(matches!(v6(n).tries("wrong").await, SignIn::Refused), "{n}");
        house.later(1);
    }
    assert_eq!(held(&v6(99).tries(PASSWORD).await), Some(570), "the whole /64, until the first is ten minutes old");
    assert!(matches!(elsewhere(&house, 1).tries(PASSWORD).await, SignIn::Next { .. }));
    house.later(570);
    assert!(matches!(v6(99).tries(PASSWORD).await, SignIn::Next { .. }));
    assert!(matches!(v6(99).tries(PASSWORD).await, SignIn::Next { .. }), "a success counts for nothing");
}

#[tokio::test]
async fn five_wrong_codes_are_judged_over_all_sign_ins_and_then_the_wait_grows() {
    let house = House::with(ON).await;
    let secret = enrolled(&house).await;
    for n in 0..5 {
        assert!(matches!(guess(&house, "000000", n).await, Answer::Wrong { left: 4, .. }), "{n}");
    }
    let held = guess(&house, &house.code(&secret, 0), 9).await;
    assert!(matches!(held, Answer::Held(Held::For(d)) if d.as_secs() == 30), "{held:?}");
    house.later(30);
    assert!(matches!(guess(&house, "000000", 10).await, Answer::Wrong { .. }));
    let held = guess(&house, &house.code(&secret, 0), 11).await;
    assert!(matches!(held, Answer::Held(Held::For(d)) if d.as_secs() == 60), "{held:?}");
    house.later(60);
    assert!(matches!(guess(&house, &house.code(&secret, 0), 12).await, Answer::Done { .. }));
    house.later(30);
    assert!(matches!(guess(&house, "000000", 13).await, Answer::Wrong { .. }), "a success begins the count anew");
}

#[tokio::test]
async fn twenty_wrong_codes_in_a_day_end_the_judging_until_the_day_is_over_or_an_admin_unlocks() {
    let house = House::with(ON).await;
    let secret = enrolled(&house).await;
    for n in 0..19 {
        house.later(3600);
        assert!(matches!(guess(&house, "000000", n).await, Answer::Wrong { .. }), "{n}");
    }
    house.later(3600);
    // a success in between does not give the day back
    assert!(matches!(guess(&house, &house.code(&secret, 0), 20).await, Answer::Done { .. }));
    house.later(60);
    assert!(matches!(guess(&house, "000000", 21).await, Answer::Wrong { .. }));
    let right = house.code(&secret, 0);
    let held = guess(&house, &right, 22).await;
    let until_the_first_is_a_day_old = 86_400 - 19 * 3600 - 60;
    assert!(matches!(held, Answer::Held(Held::For(d)) if d.as_secs() == until_the_first_is_a_day_old), "{held:?}");
    let mut by_code = elsewhere(&house, 23);
    by_code.sign_in().await;
    assert!(matches!(by_code.gives_backup("abcd2345").await, Answer::Held(_)), "over all methods");
    house.store.unlock(ALICE).await.unwrap();
    assert!(matches!(guess(&house, &right, 24).await, Answer::Done { .. }));
}

#[tokio::test]
async fn a_hundred_failures_in_a_row_disable_the_method_until_an_admin_unlocks_it() {
    let house = House::with(&format!("{ON}\nthrottle: {{ codes: {{ disable: 7, wait: 1s, longest: 1s }} }}")).await;
    let secret = enrolled(&house).await;
    for n in 0..7 {
        house.later(3600 * 24);
        assert!(matches!(guess(&house, "000000", n).await, Answer::Wrong { .. }), "{n}");
    }
    house.later(3600 * 24 * 30);
    let locked = guess(&house, &house.code(&secret, 0), 8).await;
    assert!(matches!(locked, Answer::Held(Held::Disabled)), "time alone gives nothing back: {locked:?}");
    house.store.unlock(ALICE).await.unwrap();
    assert!(matches!(guess(&house, &house.code(&secret, 0), 9).await, Answer::Done { .. }));
}

#[tokio::test]
async fn codes_on_other_forms_count_with_those_of_the_challenge() {
    let house = House::with(ON).await;
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, _) = b.enrol_and_save().await;
    house.later(60);
    for _ in 0..3 {
        assert!(matches!(b.changes(Change::Codes, Fresh::Code("000000")).await, Changed::Wrong));
    }
    for n in 0..2 {
        assert!(matches!(guess(&house, "000000", n).await, Answer::Wrong { .. }));
    }
    assert!(matches!(guess(&house, &house.code(&secret, 0), 9).await, Answer::Held(_)));
    assert!(matches!(b.changes(Change::Disable, Fresh::Code(&house.code(&secret, 0))).await, Changed::Held(_)));
}

#[tokio::test]
async fn guesses_made_at_once_are_judged_no_more_often_than_one_after_the_other() {
    let house = House::with(ON).await;
    enrolled(&house).await;
    let mut waiting = Vec::new();
    for n in 0..50 {
        let mut b = elsewhere(&house, n);
        b.sign_in().await;
        let form = b.form().await;
        waiting.push((b.asks("/"), form));
    }
    let to = root();
    let all = waiting.iter().map(|(asked, form)| house.gate.answer(asked, form, typed("000000"), &to));
    let answers = futures::future::join_all(all).await;
    let judged = answers.iter().filter(|a| !matches!(a, Ok(Answer::Held(_)))).count();
    assert_eq!(judged, 5);
}

#[tokio::test]
async fn two_codes_off_by_the_same_amount_are_a_clock_and_one_alone_is_nothing() {
    for (steps, want) in [(-10, Some(-300)), (15, Some(450)), (21, None)] {
        let house = House::with(ON).await;
        let secret = enrolled(&house).await;
        let mut b = house.browser();
        b.sign_in().await;
        let first = b.answers(&house.code(&secret, steps)).await;
        assert!(matches!(first, Answer::Wrong { left: 4, hint: None }), "{first:?}");
        let again = b.answers(&house.code(&secret, steps)).await;
        assert!(matches!(again, Answer::Wrong { left: 3, hint: None }), "the same code twice says nothing: {again:?}");
        house.later(30);
        let answer = b.answers(&house.code(&secret, steps)).await;
        let Answer::Wrong { left: 2, hint } = answer else { panic!("{answer:?}") };
        assert_eq!(hint, want.map(|seconds| Hint::Clock { seconds }), "{steps}");
        assert!(matches!(b.answers("000000").await, Answer::Wrong { left: 1, hint: None }));
    }
}

#[tokio::test]
async fn an_app_that_ignores_what_the_key_asks_for_is_found_before_it_is_active() {
    let house = House::with("mfa: { require: on }\nfactors: { totp: { algorithm: SHA256 } }").await;
    let mut b = house.browser();
    b.sign_in().await;
    let (form, secret) = b.set_up().await;
    let answer = b.confirms(&form, &house.code(&secret, 0)).await;
    let hint = Some(Hint::Parameters { algorithm: "SHA256", digits: 6, period: 30 });
    assert!(matches!(answer, Answer::Wrong { left: 4, hint: h } if h == hint), "{answer:?}");
    assert!(matches!(house.browser().sign_in().await, Next::SetUp(_)), "nothing was turned on");
}
