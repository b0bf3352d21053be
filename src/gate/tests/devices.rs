//! Known browsers and trusted devices, day by day on a manual clock.

use super::*;
use crate::store::Device;

const TRUST: &str = "version: 1\nmfa: { require: on }\ntrusted_devices: { remember: 7d }\n\
                     rules: [{ name: vault, match: { path: /vault/ }, require: { factors: two, trusted_devices: refuse } }]";
const DAY: u64 = 86_400;

/// Alice's browser, trusted since now, and signed out.
async fn trusted(house: &House) -> (Browser<'_>, Secret) {
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, _) = b.enrol_and_save().await;
    house.later(60);
    b.forget_session();
    b.sign_in().await;
    let code = house.code(&secret, 0);
    let given = Given { remember: true, ..typed(&code) };
    assert!(matches!(b.gives(given).await, Answer::Done { .. }));
    house.later(60);
    (b, secret)
}

impl Browser<'_> {
    /// As closing it does: the session's cookie has no Max-Age.
    fn forget_session(&mut self) {
        self.jar.remove(&self.house.names.session);
        self.jar.remove(&self.house.names.pending);
    }
    fn token(&self) -> String {
        self.jar[&self.house.names.device].clone()
    }
}

async fn devices(house: &House) -> Vec<Device> {
    house.store.devices_of(ALICE, house.clock.now()).await.unwrap()
}

#[tokio::test]
async fn a_trusted_device_skips_the_challenge_for_its_days_from_the_tick() {
    let house = House::with(TRUST).await;
    let (mut b, secret) = trusted(&house).await;
    for _ in 0..6 {
        house.later(DAY);
        b.forget_session();
        assert_eq!(b.sign_in().await, Next::Arrived(ReturnTo::root()), "use does not prolong it, and it lasts");
        assert_eq!(b.visits("/").await, None);
    }
    house.later(DAY);
    b.forget_session();
    assert_eq!(b.sign_in().await, Next::Challenge(ReturnTo::root()), "asked again after its days");
    assert!(matches!(b.answers(&house.code(&secret, 0)).await, Answer::Done { .. }));
}

#[tokio::test]
async fn trust_ends_inside_a_session_too() {
    let house = House::with(&format!("{TRUST}\nsessions: {{ idle: 30d, absolute: 60d }}")).await;
    let (mut b, _) = trusted(&house).await;
    house.later(6 * DAY);
    b.forget_session();
    assert_eq!(b.sign_in().await, Next::Arrived(ReturnTo::root()));
    house.later(DAY - 180);
    assert_eq!(b.visits("/").await, None);
    house.later(180);
    assert!(matches!(b.visits("/").await, Some(Refusal::Challenge { .. })));
}

#[tokio::test]
async fn a_trusted_device_is_no_second_factor_where_a_rule_refuses_it() {
    let house = House::with(TRUST).await;
    let (mut b, secret) = trusted(&house).await;
    b.forget_session();
    b.sign_in().await;
    let Verdict::Pass(p) = house.gate.admit(&b.asks("/")).await.unwrap() else { panic!("refused") };
    let identity = p.identity().unwrap();
    assert_eq!((identity.acr(), identity.assurance.amr()), (Acr::One, &["pwd"][..]), "it adds nothing");
    assert!(matches!(b.visits("/vault/x").await, Some(Refusal::Challenge { .. })));
    let vault = Errand::from(&ReturnTo::parse("/vault/x", "/.portcullis/"));
    let ChallengePage::Ask(asked) = house.gate.challenge(&b.asks("/"), &vault, None).await.unwrap() else {
        panic!("not asked")
    };
    assert_eq!(asked.remember, None, "no tick there");
    b.keep(&asked.cookies);
    let code = house.code(&secret, 0);
    let answer = house.gate.answer(&b.asks("/"), &asked.form_token, typed(&code), &vault).await.unwrap();
    b.keep_answer(&answer);
    assert_eq!(b.visits("/vault/x").await, None);
}

#[tokio::test]
async fn a_tick_where_trust_is_refused_trusts_nothing() {
    let house = House::with("mfa: { require: on }\ntrusted_devices: off").await;
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, _) = b.enrol_and_save().await;
    house.later(60);
    let mut other = house.browser();
    other.sign_in().await;
    assert_eq!(other.challenge().await.remember, None);
    let code = house.code(&secret, 0);
    other.gives(Given { remember: true, ..typed(&code) }).await;
    assert!(devices(&house).await.iter().all(|d| d.trusted_until.is_none()));
    other.forget_session();
    assert_eq!(other.sign_in().await, Next::Challenge(ReturnTo::root()));
}

#[tokio::test]
async fn the_token_rotates_and_the_one_before_serves_a_minute() {
    let house = House::with(TRUST).await;
    let (mut b, _) = trusted(&house).await;
    let (first, mut tab) = (b.token(), b.clone());
    b.forget_session();
    b.sign_in().await;
    assert_ne!(b.token(), first);
    house.later(59);
    tab.forget_session();
    assert_eq!(tab.sign_in().await, Next::Arrived(ReturnTo::root()), "another tab, or a lost answer");
    assert_eq!(b.visits("/").await, None, "nobody was taken for a thief");
}

#[tokio::test]
async fn an_older_token_ends_the_device_and_what_was_begun_with_it() {
    let house = House::with(TRUST).await;
    let (mut victim, secret) = trusted(&house).await;
    let mut thief = victim.clone();
    thief.forget_session();
    assert_eq!(thief.sign_in().await, Next::Arrived(ReturnTo::root()), "the thief has the password and the cookie");
    house.later(61);
    victim.forget_session();
    assert_eq!(victim.sign_in().await, Next::Challenge(ReturnTo::root()));
    assert!(matches!(thief.visits("/").await, Some(Refusal::SignIn { .. })), "the thief's session is over");
    assert!(devices(&house).await.iter().all(|d| d.trusted_until.is_none()));
    thief.forget_session();
    assert_eq!(thief.sign_in().await, Next::Challenge(ReturnTo::root()));
    house.later(30);
    assert!(matches!(victim.answers(&house.code(&secret, 0)).await, Answer::Done { .. }));
}

#[tokio::test]
async fn a_device_is_of_one_user_and_none_to_another() {
    let house = House::with(TRUST).await;
    let (mut b, _) = trusted(&house).await;
    let mut bob = house.store.account(ALICE).await.unwrap().unwrap();
    (bob.id, bob.name, bob.email) = (UserId::from_bytes([8; 16]), UserName::parse("bob").unwrap(), None);
    bob.factors.clear();
    house.store.create_account(&NewAccount { account: bob }).await.unwrap();
    b.forget_session();
    let before = b.token();
    let asked = b.asks("/.portcullis/sign-in");
    let SignIn::Next { cookies, next } =
        house.gate.sign_in(&asked, "bob", &PASSWORD.into(), &ReturnTo::root()).await.unwrap()
    else {
        panic!("refused")
    };
    assert_eq!(next, Next::SetUp(ReturnTo::root()), "alice's trust is nothing to bob");
    b.keep(&cookies);
    b.enrol().await;
    assert_ne!(b.token(), before, "his sign-in took its place");
    assert!(devices(&house).await.is_empty(), "and the other one ended");
}

#[tokio::test]
async fn what_ends_a_users_sessions_ends_the_trust() {
    let house = House::with(TRUST).await;
    let (mut b, _) = trusted(&house).await;
    house.store.end_user(ALICE, None).await.unwrap();
    b.forget_session();
    assert_eq!(b.sign_in().await, Next::Challenge(ReturnTo::root()));
}

#[tokio::test]
async fn a_change_of_factors_leaves_the_browser_known_and_trusted_no_more() {
    let house = House::with(TRUST).await;
    let (mut b, secret) = trusted(&house).await;
    b.forget_session();
    b.sign_in().await;
    house.later(30);
    assert!(matches!(b.changes(Change::Replace, Fresh::Code(&house.code(&secret, 0))).await, Changed::Done { .. }));
    let SetUpPage::Show { key, form_token, .. } = house.gate.replacing(&b.asks("/")).await.unwrap().unwrap() else {
        panic!("no key")
    };
    let new = Secret::parse(key.base32.expose_secret()).unwrap();
    assert!(matches!(b.confirms(&form_token, &house.code(&new, 0)).await, Answer::Done { .. }));
    assert_eq!(devices(&house).await.iter().map(|d| d.trusted_until).collect::<Vec<_>>(), [None]);
    b.forget_session();
    assert_eq!(b.sign_in().await, Next::Challenge(ReturnTo::root()));
}

#[tokio::test]
async fn the_least_recently_used_trust_goes_above_the_limit() {
    let house = House::with("mfa: { require: on }\ntrusted_devices: { per_user: 2 }").await;
    let mut first = house.browser();
    first.sign_in().await;
    let (secret, _) = first.enrol_and_save().await;
    let mut all = Vec::new();
    for _ in 0..3 {
        house.later(60);
        let mut b = house.browser();
        b.sign_in().await;
        let code = house.code(&secret, 0);
        b.gives(Given { remember: true, ..typed(&code) }).await;
        b.forget_session();
        all.push(b);
    }
    let mut asked = Vec::new();
    for b in &mut all {
        asked.push(b.sign_in().await == Next::Challenge(ReturnTo::root()));
    }
    assert_eq!(asked, [true, false, false]);
}
