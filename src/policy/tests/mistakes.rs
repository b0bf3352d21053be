//! Every mistake of a policy in one run, each at its place.

use super::super::Policy;
use super::policy;

fn mistakes(text: &str) -> Vec<String> {
    let problems = Policy::parse("policy.yaml", text).map(|_| ()).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn all_mistakes_are_told_in_one_run() {
    let text = "\
version: 2
mfa: { requre: on, grace: 7d, exempt_groups: ['a,b'] }
factors:
  totp: { algorithm: MD5, digits: 9, period: 121s, skew: 2, issuer: 'a:b' }
sessions: { idle: 2h, absolute: 1h }
passwords: { min_length: 7 }
lists: { office: [10.0.0.1/8, nowhere] }
rules:
  - { name: a, match: { path: admin, networks: [ofice], methods: [get] }, deny: true }
  - { name: a, match: { groups: [] }, allow: publik }
  - { match: { path: { regex: '(' } }, require: { factors: three } }
  - { name: b, match: { path: { exact: /a, regex: /b } } }
  - { name: c, match: { users: [a@b.c] }, deny: true, allow: public, deny: true }
  - just text
default: { deny: false, allow: public }
";
    insta::assert_snapshot!(mistakes(text).join("\n"));
}

#[test]
fn keys_of_what_is_not_there_yet_are_unknown() {
    for key in [
        "mfa: { grace: 7d }",
        "mfa: { admins_first: true }",
        "include: [x.yaml]",
        "floor: { require: { factors: two } }",
        "factors: { sms: { enabled: true } }",
        "rules: [{ name: a, deny: true, activity: ignore }]",
        "rules: [{ name: a, require: { factors: two, grace: policy } }]",
        "rules: [{ name: a, match: { query: x }, deny: true }]",
        "default: { allow: public }",
    ] {
        let told = mistakes(key);
        assert!(told.len() == 1 && told[0].contains("unknown key"), "{key}: {told:?}");
    }
}

#[test]
fn totp_values_stay_in_their_ranges() {
    for (key, good, bad) in [
        ("period", ["1s", "120s"], ["0s", "121s"]),
        ("digits", ["6", "8"], ["5", "9"]),
        ("skew", ["0", "1"], ["2", "-1"]),
        ("algorithm", ["SHA1", "SHA512"], ["sha-1", "MD5"]),
    ] {
        for v in good {
            policy(&format!("factors: {{ totp: {{ {key}: {v} }} }}"));
        }
        for v in bad {
            assert_eq!(mistakes(&format!("factors: {{ totp: {{ {key}: {v} }} }}")).len(), 1, "{key}: {v}");
        }
    }
    assert_eq!(mistakes("factors: { totp: { period: 1500ms } }").len(), 1);
}

#[test]
fn guesses_and_trust_stay_in_their_ranges() {
    for good in [
        "mfa: { enrol: code }",
        "trusted_devices: off",
        "trusted_devices: { remember: 1d, per_user: 1 }",
        "trusted_devices: { remember: 90d }",
        "throttle: { passwords: { free: 1, wait: 1s, longest: 24h } }",
        "throttle: { codes: { disable: 100, day: 1 } }",
        "factors: { backup_codes: { may_disable: no } }",
    ] {
        policy(good);
    }
    for bad in [
        "mfa: { enrol: nobody }",
        "trusted_devices: on",
        "trusted_devices: { remember: 23h }",
        "trusted_devices: { remember: 91d }",
        "trusted_devices: { per_user: 0 }",
        "throttle: off",
        "throttle: { codes: { disable: 101 } }",
        "throttle: { codes: { free: 0 } }",
        "throttle: { passwords: { disable: 10 } }",
        "throttle: { passwords: { wait: 2m, longest: 1m } }",
        "throttle: { addresses: { failures: 0 } }",
        "default: { require: { factors: one, trusted_devices: refuse } }",
        "default: { require: { factors: two, trusted_devices: maybe } }",
    ] {
        assert_eq!(mistakes(bad).len(), 1, "{bad}: {:?}", mistakes(bad));
    }
}

#[test]
fn what_a_second_factor_has_to_be_like_is_checked() {
    for (require, told) in [
        ("factors: one, fresh: 15m", "asks none"),
        ("factors: one, methods: [totp]", "asks none"),
        ("factors: two, fresh: 15", "not a length of time"),
        ("factors: two, fresh: 0s", "out of range"),
        ("factors: two, fresh: 91d", "out of range"),
        ("factors: two, methods: []", "is empty"),
        ("factors: two, methods: [passkey]", "no such second factor yet"),
        ("factors: two, methods: [totp, sms]", "no such second factor yet"),
        ("factors: two, methods: [otp]", "not a second factor"),
        ("factors: two, fersh: 15m", "Did you mean `fresh`?"),
    ] {
        for text in [
            format!("default: {{ require: {{ {require} }} }}"),
            format!("rules: [{{ name: a, require: {{ {require} }} }}]"),
        ] {
            let all = mistakes(&text);
            assert!(all.len() == 1 && all[0].contains(told), "{text}: {all:?}");
        }
    }
    let p = policy("default: { require: { factors: two, fresh: 15m, trusted_devices: accept } }");
    assert_eq!(p.warnings().len(), 1, "{:?}", p.warnings());
}

#[test]
fn what_is_only_worth_knowing_stops_nothing() {
    let p = policy(
        "mfa: { exempt_groups: [portal] }
factors: { totp: { issuer: My Firm } }
rules:
  - { name: strict, match: { path: /x, groups: [portal] }, require: { factors: two } }
  - { name: all, match: { path: / }, deny: true }
  - { name: never, match: { path: /y }, deny: true }
",
    );
    let told: Vec<String> = p.warnings().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_public_rule_cannot_name_people() {
    let told = mistakes("rules: [{ name: a, match: { groups: [x] }, allow: public }]");
    assert!(told.len() == 1 && told[0].contains("public rule"), "{told:?}");
}
