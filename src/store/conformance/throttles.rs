//! Throttles: waits that double, windows that move, counts that are given back.

use super::devices::{device, left_by};
use super::sample::*;
use crate::store::{Attempt, CodeKind, CodeRules, Store, ThrottleKey, ThrottleRule};
use crate::types::ClientIp;
use std::sync::Arc;
use std::time::Duration;

use Attempt::{Allowed, Disabled};

pub(super) const WAITS: ThrottleRule = ThrottleRule {
    free: 3,
    wait: Duration::from_secs(30),
    longest: Duration::from_secs(100),
    disable_at: None,
    window: None,
};
const DAY: u64 = 86_400;

fn window(most: u32, seconds: u64) -> ThrottleRule {
    ThrottleRule { wait: Duration::ZERO, window: Some((most, Duration::from_secs(seconds))), ..WAITS }
}

fn held(seconds: u64) -> Attempt {
    Attempt::Held { until: later(seconds) }
}

fn address(text: &str) -> ThrottleKey {
    ThrottleKey::Address(ClientIp::new(text.parse().unwrap()).network())
}

/// Attempts at these seconds and what is said to them.
async fn expect(s: &impl Store, key: ThrottleKey, rule: ThrottleRule, table: &[(u64, Attempt)]) {
    for (n, (at, said)) in table.iter().enumerate() {
        assert_eq!(s.attempt(&key, &rule, later(*at)).await.unwrap(), *said, "attempt {n} at {at} s");
    }
}

pub(super) async fn after_the_free_attempts_waits_double_up_to_the_longest(s: Arc<impl Store>) {
    let key = ThrottleKey::Password(user_id());
    let table = [
        (0, Allowed),
        (0, Allowed),
        (0, Allowed),
        (0, held(30)),
        (29, held(30)),
        (30, Allowed),
        (30, held(90)),
        (90, Allowed),
        (91, held(190)),
        (190, Allowed),
        (191, held(290)),
        (290, Allowed),
        (389, held(390)),
    ];
    expect(&*s, key, WAITS, &table).await;
}

pub(super) async fn of_a_thousand_attempts_at_once_as_many_are_allowed_as_the_rule_says(s: Arc<impl Store>) {
    let user = user_id();
    let guess =
        |s: Arc<_>, _| async move { Store::attempt(&*s, &ThrottleKey::Password(user), &WAITS, NOW).await.unwrap() };
    assert_eq!(count(&at_once(1000, &s, guess).await, &Allowed), 3);
    let rule = window(30, 600);
    let guess = |s: Arc<_>, _| async move { Store::attempt(&*s, &address("192.0.2.1"), &rule, NOW).await.unwrap() };
    assert_eq!(count(&at_once(1000, &s, guess).await, &Allowed), 30);
    let rules = CodeRules { kind: ThrottleRule { wait: Duration::ZERO, ..WAITS }, all: window(20, DAY) };
    let kinds = [CodeKind::Totp, CodeKind::Backup, CodeKind::Enrolment];
    let guess =
        |s: Arc<_>, n: usize| async move { Store::attempt_code(&*s, user, kinds[n % 3], &rules, NOW).await.unwrap() };
    assert_eq!(count(&at_once(1000, &s, guess).await, &Allowed), 20);
}

pub(super) async fn a_window_holds_what_is_full_and_moves_with_time(s: Arc<impl Store>) {
    let table =
        [(0, Allowed), (10, Allowed), (20, Allowed), (20, held(60)), (60, Allowed), (61, held(70)), (70, Allowed)];
    expect(&*s, address("192.0.2.1"), window(3, 60), &table).await;
    expect(&*s, address("2001:db8::1"), window(1, 60), &[(0, Allowed), (0, held(60))]).await;
    expect(&*s, address("2001:db8::ffff:1"), window(1, 60), &[(0, held(60))]).await;
    expect(&*s, address("2001:db8:0:1::1"), window(1, 60), &[(0, Allowed), (60, Allowed)]).await;
}

pub(super) async fn counters_of_different_things_are_apart(s: Arc<impl Store>) {
    let (alice, bob) = (user_id(), user_id());
    let keys = [
        ThrottleKey::Password(alice),
        ThrottleKey::Password(bob),
        ThrottleKey::PasswordUnknown([1; 16]),
        ThrottleKey::PasswordUnknown([2; 16]),
        ThrottleKey::PasswordOn(alice, device_id()),
        ThrottleKey::PasswordOn(alice, device_id()),
        ThrottleKey::Code(alice, CodeKind::Totp),
        ThrottleKey::Code(alice, CodeKind::Backup),
        ThrottleKey::Code(alice, CodeKind::Enrolment),
        ThrottleKey::Code(bob, CodeKind::Totp),
        ThrottleKey::Codes(alice),
        address("192.0.2.1"),
        address("192.0.2.2"),
    ];
    let rule = ThrottleRule { free: 1, ..WAITS };
    for key in keys {
        expect(&*s, key, rule, &[(0, Allowed), (0, held(30))]).await;
    }
}

pub(super) async fn a_success_gives_its_count_back(s: Arc<impl Store>) {
    let key = ThrottleKey::Password(user_id());
    expect(&*s, key, WAITS, &[(0, Allowed), (0, Allowed), (0, Allowed), (1, held(30))]).await;
    s.passed(&key, NOW).await.unwrap();
    expect(&*s, key, WAITS, &[(1, Allowed), (1, Allowed), (1, Allowed), (1, held(31))]).await;
    let key = address("192.0.2.1");
    expect(&*s, key, window(2, 60), &[(0, Allowed), (1, Allowed), (2, held(60))]).await;
    s.passed(&key, later(1)).await.unwrap();
    expect(&*s, key, window(2, 60), &[(2, Allowed), (3, held(60))]).await;
    s.passed(&key, later(59)).await.unwrap();
    expect(&*s, key, window(2, 60), &[(4, held(60))]).await;
    s.passed(&ThrottleKey::Password(user_id()), NOW).await.unwrap();
}

pub(super) async fn a_code_is_counted_by_its_kind_and_by_all_or_by_neither(s: Arc<impl Store>) {
    let user = user_id();
    let rules = CodeRules { kind: WAITS, all: window(5, DAY) };
    let guess = async |kind, at| s.attempt_code(user, kind, &rules, later(at)).await.unwrap();
    use CodeKind::*;
    for _ in 0..3 {
        assert_eq!(guess(Totp, 0).await, Allowed);
    }
    for _ in 0..9 {
        assert_eq!(guess(Totp, 0).await, held(30), "it counts in neither");
    }
    assert_eq!((guess(Backup, 1).await, guess(Enrolment, 2).await), (Allowed, Allowed));
    assert_eq!(guess(Backup, 3).await, held(DAY), "the day is full for every kind");
    assert_eq!(guess(Totp, 3).await, held(DAY), "the longer wait is told");
    s.passed(&ThrottleKey::Code(user, Backup), later(1)).await.unwrap();
    s.passed(&ThrottleKey::Codes(user), later(1)).await.unwrap();
    assert_eq!((guess(Backup, 4).await, guess(Backup, 5).await), (Allowed, held(DAY)));
}

pub(super) async fn a_disabled_method_stays_so_until_somebody_unlocks_it(s: Arc<impl Store>) {
    let user = user_id();
    let rule = ThrottleRule { wait: Duration::ZERO, disable_at: Some(2), ..WAITS };
    let code = ThrottleKey::Code(user, CodeKind::Totp);
    expect(&*s, code, rule, &[(0, Allowed), (1, Allowed), (2, Disabled), (400 * DAY, Disabled)]).await;
    let backup = ThrottleKey::Code(user, CodeKind::Backup);
    expect(&*s, backup, rule, &[(0, Allowed)]).await;
    s.sweep(later(400 * DAY)).await.unwrap();
    let rules = CodeRules { kind: rule, all: window(1, DAY) };
    assert_eq!(s.attempt_code(user, CodeKind::Totp, &rules, NOW).await.unwrap(), Disabled);
    s.unlock(user).await.unwrap();
    expect(&*s, code, rule, &[(0, Allowed), (1, Allowed), (2, Disabled)]).await;
}

pub(super) async fn failed_passwords_are_forgotten_a_day_after_the_last(s: Arc<impl Store>) {
    let rule = ThrottleRule { wait: Duration::from_secs(1), longest: Duration::from_secs(2), ..WAITS };
    let user = user_id();
    for key in [ThrottleKey::Password(user), ThrottleKey::PasswordUnknown([1; 16])] {
        let held_at_once = [(0, Allowed), (1, Allowed), (2, Allowed), (DAY + 1, Allowed), (DAY + 1, held(DAY + 3))];
        expect(&*s, key, rule, &held_at_once).await;
        let forgotten =
            [(2 * DAY + 1, Allowed), (2 * DAY + 1, Allowed), (2 * DAY + 1, Allowed), (2 * DAY + 1, held(2 * DAY + 2))];
        expect(&*s, key, rule, &forgotten).await;
    }
    s.sweep(later(4 * DAY)).await.unwrap();
}

pub(super) async fn unlocking_and_resetting_clear_one_user_alone(s: Arc<impl Store>) {
    let (alice, bob) = (alice(&*s).await.id, created(&*s, account("bob", None)).await.id);
    let keys = |user| [ThrottleKey::Password(user), ThrottleKey::Code(user, CodeKind::Totp), ThrottleKey::Codes(user)];
    let rule = ThrottleRule { free: 1, ..WAITS };
    for key in [keys(alice), keys(bob)].concat() {
        expect(&*s, key, rule, &[(0, Allowed), (0, held(30))]).await;
    }
    s.unlock(alice).await.unwrap();
    for key in keys(alice) {
        expect(&*s, key, rule, &[(0, Allowed), (0, held(30))]).await;
    }
    assert!(s.reset_mfa(alice, None).await.unwrap());
    for key in keys(alice) {
        expect(&*s, key, rule, &[(0, Allowed)]).await;
    }
    for key in keys(bob) {
        expect(&*s, key, rule, &[(0, held(30))]).await;
    }
}

pub(super) async fn a_device_takes_its_counter_with_it(s: Arc<impl Store>) {
    let user = alice(&*s).await.id;
    let d = device(user, 0);
    let (key, rule) = (ThrottleKey::PasswordOn(user, d.id), ThrottleRule { free: 1, ..WAITS });
    left_by(&*s, &d).await;
    expect(&*s, key, rule, &[(0, Allowed), (0, held(30))]).await;
    assert!(s.end_device(user, d.id).await.unwrap());
    expect(&*s, key, rule, &[(0, Allowed)]).await;
}
