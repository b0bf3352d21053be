//! Backup codes: shown until ticked, each used once, and what a session of one may and may not do.

use super::*;

const ON: &str = "version: 1\nmfa: { require: on }";

/// Alice, enrolled with her codes saved, and her first browser.
async fn enrolled(house: &House) -> (Browser<'_>, Secret, Vec<String>) {
    let mut b = house.browser();
    b.sign_in().await;
    let (secret, codes) = b.enrol_and_save().await;
    house.later(60);
    (b, secret, codes)
}

#[tokio::test]
async fn ten_codes_are_shown_at_each_load_until_they_are_ticked_and_then_never() {
    let house = House::with(ON).await;
    let mut b = house.browser();
    b.sign_in().await;
    b.enrol().await;
    let (form, codes) = b.codes().await;
    assert_eq!((codes.len(), codes.iter().collect::<std::collections::BTreeSet<_>>().len()), (10, 10));
    assert_eq!(b.codes().await.1, codes, "a reload shows the same ones");
    assert!(matches!(b.saves("AAAA").await, Saved::Forged));
    assert!(matches!(b.saves(&form).await, Saved::Done { .. }));
    for _ in 0..2 {
        assert!(matches!(house.gate.codes(&b.asks("/")).await.unwrap(), CodesPage::Over));
    }
    assert!(matches!(b.saves(&form).await, Saved::Over), "the second click of a double click");
    assert_eq!(b.visits("/").await, None);
}

#[tokio::test]
async fn codes_are_not_shown_after_ten_minutes_nor_to_another_browser() {
    let house = House::with(ON).await;
    let (b, secret) = house.enrolled().await;
    let mut thief = b.clone();
    thief.jar.remove(&house.names.session);
    assert!(matches!(house.gate.codes(&thief.asks("/")).await.unwrap(), CodesPage::Gone));
    house.later(601);
    assert!(matches!(house.gate.codes(&b.asks("/")).await.unwrap(), CodesPage::Over));
    // who never ticked sees ten new ones after the next sign-in with the factor
    let mut next = house.browser();
    next.sign_in().await;
    let answer = next.answers(&house.code(&secret, 0)).await;
    assert!(matches!(answer, Answer::Done { next: After::Codes(_), .. }), "{answer:?}");
    let (form, codes) = next.codes().await;
    assert!(matches!(next.saves(&form).await, Saved::Done { .. }));
    house.later(30);
    let mut last = house.browser();
    last.sign_in().await;
    assert!(matches!(last.answers(&house.code(&secret, 0)).await, Answer::Done { next: After::To(_), .. }));
    let mut by_code = house.browser();
    by_code.sign_in().await;
    assert!(matches!(by_code.gives_backup(&codes[0]).await, Answer::Done { .. }));
}

#[tokio::test]
async fn each_code_signs_in_once_in_every_spelling_and_is_no_code_of_the_authenticator() {
    let house = House::with(ON).await;
    let (_, _, codes) = enrolled(&house).await;
    let (a, b) = codes[0].split_at(4);
    let mut first = house.browser();
    first.sign_in().await;
    assert!(matches!(first.answers(&codes[0]).await, Answer::Wrong { left: 4, .. }), "asked for the other thing");
    let answer = first.gives_backup(&format!(" {}-{b} ", a.to_uppercase())).await;
    assert!(matches!(answer, Answer::Done { next: After::Account(_), .. }), "{answer:?}");
    assert_eq!(first.visits("/").await, None, "it counts as two");
    assert_eq!(first.overview().await.left, 9);
    let mut second = house.browser();
    second.sign_in().await;
    assert!(matches!(second.gives_backup(&codes[0]).await, Answer::Wrong { .. }));
    assert!(matches!(second.gives_backup(&codes[1]).await, Answer::Done { .. }));
}

#[tokio::test]
async fn what_cannot_be_a_backup_code_costs_no_hash_and_counts() {
    let house = House::with(ON).await;
    enrolled(&house).await;
    let mut b = house.browser();
    b.sign_in().await;
    let before = house.gate.parts.passwords.worked();
    for odd in ["", "123456", "abcd234o", "null"] {
        assert!(matches!(b.gives_backup(odd).await, Answer::Wrong { .. }), "{odd}");
    }
    assert_eq!(house.gate.parts.passwords.worked(), before);
    assert!(matches!(b.gives_backup("abcd2345").await, Answer::Ended { .. }));
    assert_eq!(house.gate.parts.passwords.worked(), before + 1, "one hash an attempt");
}

#[tokio::test]
async fn a_backup_code_opens_what_a_lost_phone_needs_for_a_quarter_of_an_hour() {
    let house = House::with(ON).await;
    let (_, old, codes) = enrolled(&house).await;
    let mut b = house.browser();
    b.sign_in().await;
    b.gives_backup(&codes[0]).await;
    assert_eq!(b.asked_for(Change::Codes).await.by, ProofAsked::Nothing(WhyNot::CodesByBackupCode));
    let refused = b.changes(Change::Codes, Fresh::Code(&house.code(&old, 0))).await;
    assert!(matches!(refused, Changed::Refused(WhyNot::CodesByBackupCode)), "{refused:?}");
    assert_eq!(b.asked_for(Change::Disable).await.by, ProofAsked::Password);
    assert!(matches!(b.changes(Change::Replace, Fresh::Password(&"wrong".into())).await, Changed::Wrong));
    assert!(matches!(b.changes(Change::Replace, Fresh::Password(&PASSWORD.into())).await, Changed::Done { .. }));
    let SetUpPage::Show { key, form_token, .. } = house.gate.replacing(&b.asks("/")).await.unwrap().unwrap() else {
        panic!("no key")
    };
    let new = Secret::parse(key.base32.expose_secret()).unwrap();
    let code = house.code(&new, 0);
    assert!(matches!(b.confirms(&form_token, &code).await, Answer::Done { next: After::Account(_), .. }));
    // the old one is none, the codes that are left still are, and new ones can be made again
    house.later(30);
    let mut other = house.browser();
    other.sign_in().await;
    assert!(matches!(other.answers(&house.code(&old, 0)).await, Answer::Wrong { .. }));
    assert!(matches!(other.gives_backup(&codes[1]).await, Answer::Done { .. }));
    assert!(matches!(b.asked_for(Change::Codes).await.by, ProofAsked::Code { .. }));
    house.later(15 * 60);
    assert_eq!(other.asked_for(Change::Replace).await.by, ProofAsked::Nothing(WhyNot::TooLate));
    assert_eq!(other.asked_for(Change::Disable).await.by, ProofAsked::Nothing(WhyNot::TooLate));
}

#[tokio::test]
async fn new_codes_take_a_fresh_code_and_end_the_old_ones_at_once() {
    let house = House::with(ON).await;
    let (mut b, secret, old) = enrolled(&house).await;
    assert!(matches!(b.changes(Change::Codes, Fresh::Code("000000")).await, Changed::Wrong));
    assert!(matches!(b.changes(Change::Codes, Fresh::Password(&PASSWORD.into())).await, Changed::Wrong));
    let code = house.code(&secret, 0);
    assert!(matches!(b.changes(Change::Codes, Fresh::Code(&code)).await, Changed::Done { .. }));
    assert!(matches!(b.changes(Change::Codes, Fresh::Code(&code)).await, Changed::Used));
    let (_, new) = b.codes().await;
    assert!(new.iter().all(|c| !old.contains(c)));
    let mut other = house.browser();
    other.sign_in().await;
    assert!(matches!(other.answers(&code).await, Answer::Used { .. }), "the code was burnt there");
    assert!(matches!(other.gives_backup(&old[0]).await, Answer::Wrong { .. }));
    assert!(matches!(other.gives_backup(&new[0]).await, Answer::Done { .. }));
}

#[tokio::test]
async fn turning_it_off_takes_all_of_it_away_and_the_policy_asks_again_at_once() {
    let house = House::with(ON).await;
    let (mut b, secret, codes) = enrolled(&house).await;
    let mut elsewhere = house.browser();
    elsewhere.sign_in().await;
    elsewhere.gives_backup(&codes[0]).await;
    house.later(30);
    assert!(matches!(b.changes(Change::Disable, Fresh::Code(&house.code(&secret, 0))).await, Changed::Done { .. }));
    assert!(matches!(b.visits("/").await, Some(Refusal::Enrol { .. })), "straight back to set-up");
    assert!(matches!(elsewhere.visits("/").await, Some(Refusal::SignIn { .. })));
    assert!(matches!(house.gate.change_page(&b.asks("/"), Change::Codes).await.unwrap(), ChangePage::NotOn));
    let form = b.overview().await.form_token;
    for what in [Change::Codes, Change::Replace, Change::Disable] {
        let changed = house.gate.change(&b.asks("/"), what, &form, Fresh::Code("123456")).await.unwrap();
        assert!(matches!(changed, Changed::NotOn), "{what:?}");
    }
    assert_eq!(house.browser().sign_in().await, Next::SetUp(ReturnTo::root()));
}

#[tokio::test]
async fn the_policy_may_keep_a_backup_code_from_turning_it_off() {
    let house = House::with("mfa: { require: on }\nfactors: { backup_codes: { may_disable: false } }").await;
    let (_, _, codes) = enrolled(&house).await;
    let mut b = house.browser();
    b.sign_in().await;
    b.gives_backup(&codes[0]).await;
    let refused = b.changes(Change::Disable, Fresh::Password(&PASSWORD.into())).await;
    assert!(matches!(refused, Changed::Refused(WhyNot::NotByBackupCode)));
    let it = b.overview().await;
    assert!(it.may_replace && !it.may_disable && it.by_backup_code);
}

#[tokio::test]
async fn a_method_that_is_not_there_is_ignored() {
    let house = House::with(ON).await;
    let (_, secret, codes) = enrolled(&house).await;
    let mut b = house.browser();
    b.sign_in().await;
    let page = |house: &House, b: &Browser<'_>| {
        let (gate, asked) = (house.gate.clone(), b.asks("/"));
        async move {
            match gate.challenge(&asked, &root(), Some(Method::BackupCode)).await.unwrap() {
                ChallengePage::Ask(asked) => (asked.method, asked.backup),
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(page(&house, &b).await, (Method::BackupCode, true));
    for code in &codes {
        let mut one = house.browser();
        one.sign_in().await;
        assert!(matches!(one.gives_backup(code).await, Answer::Done { .. }), "{code}");
    }
    assert_eq!(page(&house, &b).await, (Method::Totp, false), "none is left");
    let by_other_name = Given { method: Method::BackupCode, code: &house.code(&secret, 0), remember: false };
    assert!(matches!(b.gives(by_other_name).await, Answer::Done { .. }));
}
