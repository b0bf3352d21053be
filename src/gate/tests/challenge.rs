//! Codes at the challenge.

use super::*;

#[tokio::test]
async fn codes_one_step_around_now_are_taken_and_never_an_older_one_after_a_newer() {
    for (steps, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let house = House::with("version: 1\nmfa: { require: on }").await;
        let mut b = house.browser();
        b.sign_in().await;
        let secret = b.enrol().await;
        house.later(300);
        let mut other = house.browser();
        other.sign_in().await;
        let answer = other.answers(&house.code(&secret, steps)).await;
        assert_eq!(matches!(answer, Answer::Done { .. }), good, "{steps}: {answer:?}");
        if steps == 1 {
            let mut third = house.browser();
            third.sign_in().await;
            assert!(matches!(third.answers(&house.code(&secret, 0)).await, Answer::Used { .. }));
        }
    }
}

#[tokio::test]
async fn five_wrong_codes_end_a_pending_sign_in() {
    let house = House::with("version: 1\nmfa: { require: on }").await;
    let (_, secret) = house.enrolled().await;
    let mut other = house.browser();
    other.sign_in().await;
    for left in (1..5).rev() {
        assert!(matches!(other.answers("abcdef").await, Answer::Wrong { left: l, .. } if l == left));
    }
    let form = other.form().await;
    house.later(60);
    let answer = house.gate.answer(&other.asks("/"), &form, typed("000000"), &root()).await.unwrap();
    assert!(matches!(answer, Answer::Ended { .. }));
    let answer = house.gate.answer(&other.asks("/"), &form, typed(&house.code(&secret, 0)), &root()).await.unwrap();
    assert!(matches!(answer, Answer::Gone));
}

#[tokio::test]
async fn odd_codes_are_wrong_and_counted_once() {
    let house = House::with("version: 1\nmfa: { require: on }\nthrottle: { codes: { free: 100 } }").await;
    let mut b = house.browser();
    b.sign_in().await;
    b.enrol().await;
    for odd in ["", "null", "true", "[]", "{}", "000000", "١٢٣٤٥٦", "１２３４５６", &"1".repeat(60_000)] {
        let mut other = house.browser();
        other.sign_in().await;
        assert!(matches!(other.answers(odd).await, Answer::Wrong { left: 4, .. }), "{odd:.20}");
    }
}

#[tokio::test]
async fn a_step_up_rotates_the_token_and_the_old_one_serves_ten_seconds() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    let mut second = house.browser();
    second.sign_in().await;
    let before = second.clone();
    let secret = b.enrol().await;
    house.later(30);
    assert!(matches!(second.answers(&house.code(&secret, 0)).await, Answer::Done { .. }));
    assert_ne!(before.jar[&house.names.session], second.jar[&house.names.session]);
    assert_eq!(second.visits("/").await, None);
    // at its old assurance, and not for own pages
    assert!(matches!(before.visits("/").await, Some(Refusal::Challenge { .. })));
    assert_eq!(house.gate.who(&before.asks("/")).await.unwrap(), Who::Nobody);
    house.later(10);
    assert!(matches!(before.visits("/").await, Some(Refusal::SignIn { .. })));
    assert_eq!(second.visits("/").await, None);
}

#[tokio::test]
async fn a_clock_set_back_or_ahead_makes_no_used_code_good() {
    let house = House::with("version: 1\nmfa: { require: on }\nthrottle: { codes: { free: 100 } }").await;
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, _) = b.enrol_and_save().await;
    house.later(60);
    let now = house.clock.now();
    let mut other = house.browser();
    other.sign_in().await;
    let used = house.code(&secret, 0);
    assert!(matches!(other.answers(&used).await, Answer::Done { .. }));
    house.clock.set(Timestamp::from_secs(now.as_secs() - 3600));
    let mut back = house.browser();
    back.sign_in().await;
    assert!(!matches!(back.answers(&used).await, Answer::Done { .. }));
    assert!(!matches!(back.answers(&house.code(&secret, 0)).await, Answer::Done { .. }), "older than the last");
    house.clock.set(Timestamp::from_secs(now.as_secs() + 3600));
    let mut ahead = house.browser();
    ahead.sign_in().await;
    assert!(!matches!(ahead.answers(&used).await, Answer::Done { .. }));
    assert!(matches!(ahead.answers(&house.code(&secret, 0)).await, Answer::Done { .. }));
}
