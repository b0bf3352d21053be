//! Orders from outside, on a manual clock: who is asked, who is kept out, and for how long.

use super::*;
use crate::store::{Action, NoMethod, Order, OrderStore, Select, UserSelect};
use std::collections::BTreeSet;

const DAY: u64 = 86_400;

impl House {
    pub(super) async fn orders(&self, action: Action) -> Order {
        let n = self.store.orders().await.unwrap().len() as u8;
        let order = Order {
            id: OrderId::from_bytes([n; 16]),
            seq: Seq(0),
            select: Select { user: Some(UserSelect { key: "alice".into(), id: Some(ALICE) }), ..Select::default() },
            action,
            reason: "test".into(),
            case: None,
            by: "tests".into(),
            at: self.clock.now(),
            notify: false,
            idempotency: None,
            asked: None,
            lifted: None,
        };
        self.store.place_order(&order).await.unwrap().order
    }
    pub(super) fn step_up(&self, methods: &[SecondFactor], within: Option<u64>) -> Action {
        Action::StepUp {
            methods: methods.iter().copied().collect::<BTreeSet<_>>(),
            until: within.map(|s| self.clock.now().plus(Duration::from_secs(s))),
            if_no_method: NoMethod::SignOut,
        }
    }
}

fn challenge() -> Option<Refusal> {
    Some(Refusal::Challenge { to: ReturnTo::parse("/", "/.portcullis/"), max_age: None })
}

fn is_sign_in(refusal: Option<Refusal>) -> bool {
    matches!(refusal, Some(Refusal::SignIn { .. }))
}

#[tokio::test]
async fn a_step_up_is_done_once_in_each_session_from_before() {
    let house = House::with("mfa: { require: on }").await;
    let (mut b, secret) = house.enrolled().await;
    house.later(60);
    let mut other = house.browser();
    other.sign_in().await;
    other.answers(&house.code(&secret, 0)).await;
    house.orders(house.step_up(&[], None)).await;
    assert_eq!((b.visits("/").await, other.visits("/").await), (challenge(), challenge()));
    house.later(60);
    assert!(matches!(b.answers(&house.code(&secret, 0)).await, Answer::Done { .. }));
    assert_eq!(b.visits("/").await, None);
    assert_eq!(other.visits("/").await, challenge(), "it may be a thief's: what was given elsewhere does not help it");
    // a new order asks anew
    house.orders(house.step_up(&[], None)).await;
    assert_eq!(b.visits("/").await, challenge());
}

#[tokio::test]
async fn a_challenge_begun_before_a_step_up_does_not_meet_it() {
    let house = House::with("mfa: { require: on }").await;
    let (_, secret) = house.enrolled().await;
    house.later(60);
    let mut other = house.browser();
    other.sign_in().await;
    let form = other.form().await;
    house.orders(house.step_up(&[], None)).await;
    let given = typed(&house.code(&secret, 0)).code.to_string();
    let answer = house.gate.answer(&other.asks("/"), &form, typed(&given), &root()).await.unwrap();
    other.keep_answer(&answer);
    assert_eq!(other.visits("/").await, challenge());
}

#[tokio::test]
async fn a_step_up_by_the_authenticator_is_not_met_by_a_backup_code() {
    let house = House::with("mfa: { require: on }").await;
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, codes) = b.enrol_and_save().await;
    house.orders(house.step_up(&[SecondFactor::Totp], None)).await;
    let asked = b.challenge().await;
    assert!(!asked.backup && asked.method == Method::Totp, "not even offered");
    assert!(
        matches!(b.gives_backup(&codes[0]).await, Answer::Wrong { .. }),
        "judged as what is offered, and not spent"
    );
    assert_eq!(b.visits("/").await, challenge());
    house.later(60);
    b.answers(&house.code(&secret, 0)).await;
    assert_eq!(b.visits("/").await, None);
}

#[tokio::test]
async fn who_has_no_method_enrols_by_code_for_a_day_and_never_from_before() {
    let house = House::with("mfa: { require: on }").await;
    let mut thief = house.browser();
    thief.sign_in().await;
    let (form, secret) = thief.set_up().await;
    house.orders(house.step_up(&[], None)).await;
    assert!(matches!(thief.confirms(&form, &house.code(&secret, 0)).await, Answer::Gone));
    assert!(is_sign_in(thief.visits("/").await));
    let page = async || {
        let mut b = house.browser();
        assert!(matches!(b.sign_in().await, Next::SetUp(_)));
        house.gate.set_up(&b.asks("/.portcullis/set-up"), &ReturnTo::root()).await.unwrap()
    };
    assert!(matches!(page().await, SetUpPage::AskEnrolmentCode(_)));
    house.later(DAY - 1);
    assert!(matches!(page().await, SetUpPage::AskEnrolmentCode(_)));
    house.later(1);
    assert!(matches!(page().await, SetUpPage::Show { .. }));
}

#[tokio::test]
async fn no_rule_lets_in_who_is_to_step_up_and_cannot() {
    let house = House::with("version: 1").await;
    let mut before = house.browser();
    assert!(matches!(before.sign_in().await, Next::Arrived(_)));
    assert_eq!(before.visits("/").await, None);
    house.orders(house.step_up(&[], None)).await;
    assert!(is_sign_in(before.visits("/").await));
    let mut after = house.browser();
    assert!(matches!(after.sign_in().await, Next::SetUp(_)), "the password alone is not enough any more");
    assert!(is_sign_in(after.visits("/").await));
}

#[tokio::test]
async fn a_step_up_not_done_in_time_ends_the_session() {
    let house = House::with("mfa: { require: on }").await;
    let (b, secret) = house.enrolled().await;
    house.orders(house.step_up(&[], Some(60))).await;
    house.later(59);
    assert_eq!(b.visits("/").await, challenge());
    house.later(1);
    assert!(is_sign_in(b.visits("/").await));
    let mut again = house.browser();
    assert!(matches!(again.sign_in().await, Next::Challenge(_)));
    again.answers(&house.code(&secret, 0)).await;
    assert_eq!(again.visits("/").await, None);
}

#[tokio::test]
async fn a_block_refuses_like_a_wrong_password_until_its_time() {
    let house = House::with("version: 1").await;
    let mut b = house.browser();
    b.sign_in().await;
    house.orders(Action::Block { until: Some(house.clock.now().plus(Duration::from_secs(60))) }).await;
    assert!(is_sign_in(b.visits("/").await));
    let mut again = house.browser();
    assert!(matches!(again.tries(PASSWORD).await, SignIn::Refused));
    house.later(60);
    assert!(matches!(again.tries(PASSWORD).await, SignIn::Next { .. }));
    assert_eq!(again.visits("/").await, None);
    assert!(is_sign_in(b.visits("/").await), "what it ended stays over");
}

#[tokio::test]
async fn after_an_order_a_backup_code_from_before_opens_no_change_by_the_password() {
    let house = House::with("mfa: { require: on }").await;
    let mut b = house.browser();
    b.sign_in().await;
    let (_, codes) = b.enrol_and_save().await;
    let mut stolen = house.browser();
    stolen.sign_in().await;
    stolen.gives_backup(&codes[0]).await;
    assert_eq!(stolen.asked_for(Change::Replace).await.by, ProofAsked::Password);
    for action in [Action::ReEnroll, house.step_up(&[], None)] {
        house.orders(action).await;
        assert!(matches!(stolen.asked_for(Change::Replace).await.by, ProofAsked::Code { .. }));
    }
}

#[tokio::test]
async fn after_re_enroll_only_the_way_to_another_authenticator_is_open() {
    let house = House::with("mfa: { require: on }").await;
    let mut b = house.browser();
    b.sign_in().await;
    b.enrol().await;
    let order = house.orders(Action::ReEnroll).await;
    assert!(matches!(b.visits("/").await, Some(Refusal::Replace { .. })));
    house.store.lift_order(order.id, house.clock.now()).await.unwrap().unwrap();
    assert_eq!(b.visits("/").await, None);
}
