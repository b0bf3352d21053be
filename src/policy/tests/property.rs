//! Whatever the policy and whatever the request: closed by default, strangers stay strangers, the first match wins.
//!
//! The reference reads the same rules one by one, with its own idea of what matching is.

use super::super::{Policy, Requirement, Second, Terms, Trust};
use super::{Person, get, policy};
use crate::types::path::PathReading;
use crate::types::{AppName, CanonicalPath, Inbound, SecondFactor, Timestamp};
use proptest::prelude::*;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// A rule as the test means it.
#[derive(Clone, Debug)]
struct Plain {
    app: Option<&'static str>,
    path: Option<&'static str>,
    exact: bool,
    method: Option<&'static str>,
    group: Option<&'static str>,
    action: &'static str,
}

const PATHS: [&str; 6] = ["/", "/a", "/a/", "/a/b", "/A", "/a/b/c/"];
const ASKED: [&str; 9] = ["/", "/a", "/a/", "/a/b", "/ab", "/A/b", "/a/b/c", "/a/b/c/d/e/f", "/x"];
const ACTIONS: [&str; 8] = [
    "allow: public",
    "deny: true",
    "require: {factors: one}",
    "require: {factors: two}",
    "require: {factors: policy}",
    "require: {factors: two, fresh: 15m}",
    "require: {factors: policy, fresh: 15m, methods: [totp, backup_code]}",
    "require: {factors: two, methods: [totp]}",
];

fn rule() -> impl Strategy<Value = Plain> {
    let of = |all: &'static [&'static str]| prop::option::of(prop::sample::select(all));
    let (apps, methods, groups) = (of(&["intranet", "wiki"]), of(&["GET", "POST"]), of(&["admin", "staff", "portal"]));
    (apps, of(&PATHS), any::<bool>(), methods, groups, prop::sample::select(&ACTIONS[..])).prop_map(
        |(app, path, exact, method, group, action)| {
            let group = group.filter(|_| action != "allow: public");
            Plain { app, path, exact, method, group, action }
        },
    )
}

fn request() -> impl Strategy<Value = Inbound> {
    let query = prop::option::of("[a-z/=&]{0,12}");
    (
        prop::sample::select(&ASKED[..]),
        prop::sample::select(&["intranet", "wiki"][..]),
        any::<bool>(),
        any::<bool>(),
        query,
    )
        .prop_map(|(path, app, post, folds, query)| {
            let mut r = get("/");
            r.path =
                CanonicalPath::parse(path, PathReading { case_insensitive: folds, ..PathReading::default() }).unwrap();
            r.app = AppName(Arc::from(app));
            r.method = if post { http::Method::POST } else { http::Method::GET };
            r.query = query;
            r
        })
}

fn person() -> impl Strategy<Value = Option<Person>> {
    let groups = prop::sample::subsequence(&["admin", "staff", "portal"][..], 0..=3);
    prop::option::of((groups, any::<bool>()).prop_map(|(g, enrolled)| Person::new("bob", &g, enrolled)))
}

fn second() -> impl Strategy<Value = (SecondFactor, Timestamp)> {
    (
        prop::sample::select(&[SecondFactor::Totp, SecondFactor::BackupCode][..]),
        (0u64..10_000).prop_map(Timestamp::from_secs),
    )
}

fn written(rules: &[Plain], require: &str) -> String {
    let mut text = format!("mfa: {{ require: {require}, exempt_groups: [portal] }}\nrules:\n");
    for (n, r) in rules.iter().enumerate() {
        let mut m = Vec::new();
        m.extend(r.app.map(|a| format!("app: {a}")));
        m.extend(r.path.map(|p| if r.exact { format!("path: {{ exact: {p} }}") } else { format!("path: {p}") }));
        m.extend(r.method.map(|x| format!("methods: [{x}]")));
        m.extend(r.group.map(|g| format!("groups: [{g}]")));
        writeln!(text, "  - {{ name: r{n}, match: {{ {} }}, {} }}", m.join(", "), r.action).unwrap();
    }
    text
}

/// The path as written, read by segments.
fn path_matches(rule: &Plain, r: &Inbound) -> bool {
    let Some(p) = rule.path else { return true };
    let p = if r.path.is_folded() { p.to_lowercase() } else { p.to_string() };
    if rule.exact {
        return r.path.judged() == p;
    }
    let segments = |s: &str| s.split('/').filter(|s| !s.is_empty()).map(str::to_string).collect::<Vec<_>>();
    segments(r.path.judged()).starts_with(&segments(&p))
}

/// The name of the rule that decides, and whether the decision is to ask who it is.
fn reference(rules: &[Plain], r: &Inbound, who: Option<&Person>) -> (Option<String>, bool) {
    for (n, rule) in rules.iter().enumerate() {
        let here = rule.app.is_none_or(|a| a == &*r.app.0)
            && rule.method.is_none_or(|m| m == r.method.as_str())
            && path_matches(rule, r);
        let person = match (rule.group, who) {
            (None, _) => true,
            (Some(_), None) if here => return (Some(format!("r{n}")), true),
            (Some(_), None) => false,
            (Some(g), Some(who)) => who.groups.iter().any(|x| x.as_str() == g),
        };
        if here && person {
            return (Some(format!("r{n}")), who.is_none() && rule.action.starts_with("require"));
        }
    }
    (None, who.is_none())
}

fn decided(got: &Requirement<'_>) -> (Option<String>, bool) {
    match got {
        Requirement::Public { rule, .. } => (Some(rule.to_string()), false),
        Requirement::Deny { rule } | Requirement::Factors { rule, .. } => (rule.map(|r| r.to_string()), false),
        Requirement::SignIn { rule } => (rule.map(|r| r.to_string()), true),
    }
}

fn asked<'p>(p: &'p Policy, r: &Inbound, who: Option<&Person>) -> Requirement<'p> {
    p.evaluate(r, who.map(Person::subject).as_ref())
}

proptest! {
    #[test]
    fn the_first_match_wins(rules in prop::collection::vec(rule(), 0..12), r in request(), who in person()) {
        let p = policy(&written(&rules, "optional"));
        prop_assert_eq!(decided(&asked(&p, &r, who.as_ref())), reference(&rules, &r, who.as_ref()));
    }

    #[test]
    fn a_stranger_gets_nothing_but_what_is_public(rules in prop::collection::vec(rule(), 0..12), r in request()) {
        let p = policy(&written(&rules, "off"));
        match asked(&p, &r, None) {
            Requirement::Public { rule, .. } => {
                let n: usize = rule.trim_start_matches('r').parse().unwrap();
                prop_assert_eq!(rules[n].action, "allow: public");
                prop_assert_eq!(rules[n].group, None);
            }
            Requirement::Factors { .. } => prop_assert!(false, "a stranger has no factor"),
            Requirement::Deny { .. } | Requirement::SignIn { .. } => {}
        }
    }

    #[test]
    fn the_query_never_matters(rules in prop::collection::vec(rule(), 0..12), r in request(), who in person(), q in "[ -~]{0,20}") {
        let p = policy(&written(&rules, "on"));
        let mut other = r.clone();
        other.query = Some(q);
        prop_assert_eq!(asked(&p, &r, who.as_ref()), asked(&p, &other, who.as_ref()));
    }

    #[test]
    fn under_on_nobody_is_let_off_but_the_exempt(r in request(), who in person()) {
        let p = policy("mfa: { require: on, exempt_groups: [portal] }");
        if let (Some(who), Requirement::Factors { second: Second::NotAsked, .. }) = (&who, asked(&p, &r, who.as_ref())) {
            prop_assert!(p.is_exempt(&who.groups));
        }
    }

    #[test]
    fn a_rule_with_terms_is_met_by_less_than_one_without(
        asks in prop::sample::select(&ACTIONS[5..]), who in person(), second in second(), trusts in any::<bool>(), now in 0u64..10_000,
    ) {
        let who = who.unwrap_or_else(|| Person::new("bob", &["staff"], true));
        let trusted_devices = if trusts { "{ remember: 7d }" } else { "off" };
        let p = policy(&format!("rules: [{{ name: r, {asks} }}]\ntrusted_devices: {trusted_devices}"));
        if let Requirement::Factors { terms, .. } = asked(&p, &get("/"), Some(&who)) {
            let now = Timestamp::from_secs(now);
            prop_assert_eq!(terms.trust, Trust::Refuse, "a trusted device proves nothing");
            let (method, at) = second;
            let old = asks.contains("fresh") && (now.since(at) > Duration::from_secs(900) || at.since(now) > Duration::from_secs(30));
            let other = method == SecondFactor::BackupCode && !asks.contains("backup_code");
            prop_assert_eq!(terms.are_met_by(second, now), !old && !other);
            prop_assert!(Terms::PLAIN.are_met_by(second, now));
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z:{}\\[\\]\\-& *!|>'\"#%@,0-9\n ]{0,200}") {
        let _ = Policy::parse("policy.yaml", &text);
    }
}
