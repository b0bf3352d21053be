//! Rules that ask a second factor which is fresh, or by one of some methods, inside a live session.

use super::*;
use crate::policy::Policy;

const VAULT: &str = "mfa: { require: on }\n\
    rules: [{ name: vault, match: { path: /vault/ }, require: { factors: two, fresh: 15m } }]";

fn rule(asks: &str) -> String {
    format!("mfa: {{ require: on }}\nrules: [{{ name: vault, match: {{ path: /vault/ }}, require: {{ {asks} }} }}]")
}

fn to(target: &str) -> ReturnTo {
    ReturnTo::parse(target, "/.portcullis/")
}

fn vault() -> Errand {
    Errand::from(&to("/vault/x"))
}

fn stale(seconds: u64) -> Option<Refusal> {
    Some(Refusal::Challenge { to: to("/vault/x"), max_age: Some(Duration::from_secs(seconds)) })
}

fn backup(code: &str) -> Given<'_> {
    Given { method: Method::BackupCode, code, remember: false }
}

impl Browser<'_> {
    async fn opens(&mut self, errand: &Errand) -> ChallengePage {
        let page = self.house.gate.challenge(&self.asks("/.portcullis/challenge"), errand, None).await.unwrap();
        if let ChallengePage::Ask(asked) = &page {
            self.keep(&asked.cookies);
        }
        page
    }
    async fn asked_of(&mut self, errand: &Errand) -> flow::Asked {
        match self.opens(errand).await {
            ChallengePage::Ask(asked) => asked,
            other => panic!("{other:?}"),
        }
    }
    async fn sends(&mut self, form: &str, given: Given<'_>, errand: &Errand) -> Answer {
        let asked = self.asks("/.portcullis/challenge");
        let answer = self.house.gate.answer(&asked, form, given, errand).await.unwrap();
        self.keep_answer(&answer);
        answer
    }
    /// Opens the challenge and gives that.
    async fn steps_up(&mut self, given: Given<'_>, errand: &Errand) -> Answer {
        let form = self.asked_of(errand).await.form_token;
        self.sends(&form, given, errand).await
    }
    async fn assurance(&self) -> Assurance {
        match self.house.gate.admit(&self.asks("/")).await.unwrap() {
            Verdict::Pass(p) => p.identity().unwrap().assurance,
            other => panic!("{other:?}"),
        }
    }
}

fn led_to(answer: &Answer) -> Option<&After> {
    match answer {
        Answer::Done { next, .. } => Some(next),
        _ => None,
    }
}

#[tokio::test]
async fn a_second_factor_is_asked_again_once_it_is_older_than_the_rule_says() {
    let house = House::with(VAULT).await;
    let (mut b, secret) = house.enrolled().await;
    house.later(900);
    assert_eq!(b.visits("/vault/x").await, None, "as old as that is not older");
    house.clock.advance(Duration::from_millis(1));
    assert_eq!(b.visits("/vault/x").await, stale(900));
    assert_eq!(b.visits("/").await, None, "elsewhere nothing is asked");
    let before = b.clone();
    let given = house.code(&secret, 0);
    let answer = b.steps_up(typed(&given), &vault()).await;
    assert_eq!(led_to(&answer), Some(&After::To(to("/vault/x"))));
    assert_eq!(b.visits("/vault/x").await, None);
    let assurance = b.assurance().await;
    assert_eq!((assurance.second, assurance.first_at), (Some((SecondFactor::Totp, house.clock.now())), START));
    assert_eq!((assurance.acr(), assurance.last_at()), (Acr::Two, house.clock.now()));
    // the old token serves what is under way, as old as it was
    assert_ne!(before.jar[&house.names.session], b.jar[&house.names.session]);
    assert_eq!((before.visits("/").await, before.visits("/vault/x").await), (None, stale(900)));
}

#[tokio::test]
async fn a_session_read_anew_is_as_old_as_it_was() {
    let house = House::with(VAULT).await;
    let (mut b, secret) = house.enrolled().await;
    house.later(901);
    house.gate.parts.sessions.cache.flush();
    assert_eq!(b.visits("/vault/x").await, stale(900));
    let given = house.code(&secret, 0);
    b.steps_up(typed(&given), &vault()).await;
    house.gate.parts.sessions.cache.flush();
    assert_eq!(b.visits("/vault/x").await, None);
    house.later(901);
    house.gate.parts.sessions.cache.flush();
    assert_eq!(b.visits("/vault/x").await, stale(900));
}

#[tokio::test]
async fn a_clock_set_back_keeps_nothing_fresh() {
    let house = House::with(VAULT).await;
    let mut b = house.browser();
    b.sign_in().await;
    b.enrol().await;
    let at = |ms: u64| Timestamp::from_millis(START.as_millis() - ms);
    house.clock.set(at(30_000));
    assert_eq!(b.visits("/vault/x").await, None, "so much the clocks of two nodes may differ");
    house.clock.set(at(30_001));
    assert_eq!(b.visits("/vault/x").await, stale(900));
}

#[tokio::test]
async fn a_rule_that_becomes_stricter_acts_on_live_sessions_at_once() {
    let house = House::with("mfa: { require: on }").await;
    let mut b = house.browser();
    b.sign_in().await;
    b.enrol().await;
    house.later(901);
    assert_eq!(b.visits("/vault/x").await, None);
    house.gate.parts.policy.store(Arc::new(Policy::parse("policy.yaml", VAULT).unwrap()));
    assert_eq!(b.visits("/vault/x").await, stale(900));
}

#[tokio::test]
async fn a_backup_code_is_fresh_only_where_the_rule_names_it() {
    for (asks, named) in [
        ("factors: two, fresh: 15m", false),
        ("factors: two, fresh: 15m, methods: [totp]", false),
        ("factors: two, fresh: 15m, methods: [totp, backup_code]", true),
    ] {
        let house = House::with(&rule(asks)).await;
        let mut b = house.browser();
        b.sign_in().await;
        let (_, codes) = b.enrol_and_save().await;
        house.later(901);
        let asked = b.asked_of(&vault()).await;
        assert_eq!((asked.totp, asked.backup, asked.method), (true, named, Method::Totp), "{asks}");
        assert_eq!((asked.step_up, asked.backup_at_door), (true, !named), "{asks}");
        assert_eq!(asked.remember, None, "{asks}: no device is trusted there");
        let answer = b.sends(&asked.form_token, backup(&codes[0]), &vault()).await;
        match named {
            true => assert_eq!(led_to(&answer), Some(&After::To(to("/vault/x"))), "{asks}"),
            false => assert!(matches!(answer, Answer::Wrong { .. }), "{asks}: {answer:?}"),
        }
        assert_eq!(b.visits("/vault/x").await.is_none(), named, "{asks}");
        let left = house.store.account(ALICE).await.unwrap().unwrap().backup.unwrap().left;
        assert_eq!(left, if named { 9 } else { 10 }, "{asks}: what is not taken is not spent");
    }
}

#[tokio::test]
async fn a_backup_code_signs_in_and_opens_no_page_that_does_not_name_it() {
    let house = House::with(&rule("factors: two, methods: [totp]")).await;
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, codes) = b.enrol_and_save().await;
    house.later(60);
    let mut by_code = house.browser();
    let asked = by_code.asks("/.portcullis/sign-in");
    let page = house.gate.sign_in(&asked, "alice", &PASSWORD.into(), &to("/vault/x")).await.unwrap();
    let SignIn::Next { cookies, next: Next::Challenge(_) } = page else { panic!("{page:?}") };
    by_code.keep(&cookies);
    let asked = by_code.asked_of(&root()).await;
    assert_eq!((asked.method, asked.backup), (Method::Totp, true), "who lost the phone gets to their account");
    let answer = by_code.sends(&asked.form_token, backup(&codes[0]), &root()).await;
    assert_eq!(led_to(&answer), Some(&After::Account(to("/vault/x"))));
    assert_eq!(by_code.visits("/").await, None);
    assert_eq!(by_code.visits("/vault/x").await, Some(Refusal::Challenge { to: to("/vault/x"), max_age: None }));
    let given = house.code(&secret, 0);
    assert_eq!(led_to(&by_code.steps_up(typed(&given), &vault()).await), Some(&After::To(to("/vault/x"))));
    assert_eq!(by_code.visits("/vault/x").await, None);
}

#[tokio::test]
async fn a_trusted_device_is_never_fresh() {
    let house = House::with(VAULT).await;
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, _) = b.enrol_and_save().await;
    house.later(60);
    b.jar.remove(&house.names.session);
    b.sign_in().await;
    let given = house.code(&secret, 0);
    b.gives(Given { remember: true, ..typed(&given) }).await;
    house.later(60);
    b.jar.remove(&house.names.session);
    assert_eq!(b.sign_in().await, Next::Arrived(ReturnTo::root()), "trusted");
    assert_eq!((b.visits("/").await, b.visits("/vault/x").await), (None, stale(900)));
    // nor does it skip the challenge of a sign-in that leads there
    b.jar.remove(&house.names.session);
    let asked = b.asks("/.portcullis/sign-in");
    let page = house.gate.sign_in(&asked, "alice", &PASSWORD.into(), &to("/vault/x")).await.unwrap();
    assert!(matches!(page, SignIn::Next { next: Next::Challenge(_), .. }), "{page:?}");
}

#[tokio::test]
async fn who_has_none_of_the_methods_is_told_so_and_never_sent_round() {
    let house = House::with(&rule("factors: two, methods: [backup_code]")).await;
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, codes) = b.enrol_and_save().await;
    house.later(60);
    let asked = b.asked_of(&vault()).await;
    assert_eq!((asked.totp, asked.method), (false, Method::BackupCode), "nothing else is offered");
    for code in &codes {
        let mut other = house.browser();
        other.sign_in().await;
        assert!(matches!(other.gives_backup(code).await, Answer::Done { .. }));
    }
    let denied = Refusal::Denied { rule: Some("vault".into()), why: Denial::NoMethod };
    assert!(matches!(b.opens(&vault()).await, ChallengePage::NoMethod));
    // the authenticator still signs in, and the page says why that is not enough
    let mut other = house.browser();
    let asked = other.asks("/.portcullis/sign-in");
    let page = house.gate.sign_in(&asked, "alice", &PASSWORD.into(), &to("/vault/x")).await.unwrap();
    let SignIn::Next { cookies, .. } = page else { panic!("{page:?}") };
    other.keep(&cookies);
    let asked = other.asked_of(&root()).await;
    assert_eq!((asked.method, asked.totp, asked.backup), (Method::Totp, true, false));
    assert_eq!(b.visits("/vault/x").await, Some(denied));
    // new codes are known as soon as they are there
    let given = house.code(&secret, 0);
    assert!(matches!(b.changes(Change::Codes, Fresh::Code(&given)).await, Changed::Done { .. }));
    assert_eq!(b.visits("/vault/x").await, Some(Refusal::Challenge { to: to("/vault/x"), max_age: None }));
}

#[tokio::test]
async fn two_tabs_step_up_for_different_pages_and_each_goes_on_where_it_was() {
    let house = House::with(VAULT).await;
    let (mut b, secret) = house.enrolled().await;
    house.later(901);
    let (one, two) = (Errand::from(&to("/vault/one")), Errand::from(&to("/vault/two?x=1")));
    let first = b.asked_of(&one).await.form_token;
    let second = b.asked_of(&two).await.form_token;
    assert_eq!(first, second, "one challenge for both");
    let given = house.code(&secret, 0);
    assert_eq!(led_to(&b.sends(&first, typed(&given), &one).await), Some(&After::To(to("/vault/one"))));
    assert!(matches!(b.sends(&second, typed(&given), &two).await, Answer::Gone));
    let ChallengePage::Met(on) = b.opens(&two).await else { panic!("asked again") };
    assert_eq!(on, to("/vault/two?x=1"));
}

#[tokio::test]
async fn a_rule_for_a_method_is_judged_by_the_request_that_was_refused() {
    let policy = "mfa: { require: on }\nrules: [{ name: pay, match: { path: /pay, methods: [POST] }, \
                  require: { factors: two, fresh: 1m } }]";
    let house = House::with(policy).await;
    let (mut b, secret) = house.enrolled().await;
    house.later(61);
    let posts = async |b: &Browser<'_>| {
        let asked = Inbound { method: http::Method::POST, ..b.asks("/pay") };
        matches!(house.gate.admit(&asked).await.unwrap(), Verdict::Pass(_))
    };
    assert!(b.visits("/pay").await.is_none() && !posts(&b).await);
    assert!(matches!(b.opens(&Errand::from(&to("/pay"))).await, ChallengePage::Met(_)), "a GET is not asked");
    let errand = Errand::parse(to("/basket"), "POST:/pay", "/.portcullis/");
    let given = house.code(&secret, 0);
    assert_eq!(led_to(&b.steps_up(typed(&given), &errand).await), Some(&After::To(to("/basket"))));
    assert!(posts(&b).await);
}

#[tokio::test]
async fn an_order_and_a_rule_are_met_by_one_code() {
    let house = House::with(&rule("factors: two, fresh: 15m, methods: [totp, backup_code]")).await;
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, _) = b.enrol_and_save().await;
    house.later(901);
    house.orders(house.step_up(&[], None)).await;
    let asked = b.asked_of(&vault()).await;
    assert!(asked.totp && !asked.backup, "an order that names none is not met by a backup code");
    let given = house.code(&secret, 0);
    assert!(led_to(&b.sends(&asked.form_token, typed(&given), &vault()).await).is_some());
    assert_eq!(b.visits("/vault/x").await, None);
}
