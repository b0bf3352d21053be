//! Decisions by example: the sample policy, who is not known yet, exemption, and every match key.

use super::super::{MfaRequire, Requirement, Second, Trust};
use super::{Person, get, policy};
use crate::types::path::PathReading;
use crate::types::{CanonicalPath, Methods, SecondFactor};
use std::time::Duration;

/// What is asked, in short: `deny`, `sign-in`, `public`, `public+`, or the second factor's state.
fn short(r: &Requirement<'_>) -> &'static str {
    match r {
        Requirement::Public { identify: false, .. } => "public",
        Requirement::Public { identify: true, .. } => "public+",
        Requirement::Deny { .. } => "deny",
        Requirement::SignIn { .. } => "sign-in",
        Requirement::Factors { second: Second::NotAsked, .. } => "one",
        Requirement::Factors { second: Second::Challenge, .. } => "challenge",
        Requirement::Factors { second: Second::Enrol, .. } => "enrol",
        Requirement::Factors { second: Second::Exempt, .. } => "exempt",
    }
}

fn rule<'r>(r: &'r Requirement<'_>) -> Option<&'r str> {
    match r {
        Requirement::Public { rule, .. } => Some(rule),
        Requirement::Deny { rule } | Requirement::SignIn { rule } | Requirement::Factors { rule, .. } => {
            rule.map(|r| &**r)
        }
    }
}

const SAMPLE: &str = "
mfa: { require: optional, exempt_groups: [portal] }
lists: { office: [10.0.0.0/8, 192.0.2.0/24] }
rules:
  - { name: assets, match: { path: /static/, methods: [GET, HEAD] }, allow: public }
  - { name: admin area, match: { app: intranet, path: /admin/, groups: [admin] }, require: { factors: two } }
  - { name: nobody else there, match: { path: /admin/ }, deny: true }
  - { name: office reports, match: { path: /reports/, networks: [office] }, require: { factors: one } }
";

#[test]
fn the_sample_tells_no_only_after_sign_in() {
    let p = policy(SAMPLE);
    let staff = Person::new("bob", &["staff"], false);
    let admin = Person::new("ann", &["admin"], true);
    let new_admin = Person::new("eve", &["admin"], false);
    let table = [
        ("/static/x.css", None, "public", Some("assets")),
        ("/staticx", None, "sign-in", None),
        ("/admin", None, "sign-in", Some("admin area")),
        ("/admin/users", Some(&staff), "deny", Some("nobody else there")),
        ("/admin/users", Some(&admin), "challenge", Some("admin area")),
        ("/admin/users", Some(&new_admin), "enrol", Some("admin area")),
        ("/administration", Some(&staff), "one", None),
        ("/reports/", Some(&admin), "one", Some("office reports")),
        ("/", Some(&admin), "challenge", None),
        ("/", None, "sign-in", None),
    ];
    for (path, who, want, name) in table {
        let who = who.map(Person::subject);
        let request = get(path);
        let got = p.evaluate(&request, who.as_ref());
        assert_eq!((short(&got), rule(&got)), (want, name), "{path} {who:?}");
    }
}

#[test]
fn who_is_asked_the_second_factor() {
    let table = [
        // require, factors, enrolled, groups → asked
        ("off", "policy", true, "staff", "one"),
        ("off", "two", true, "staff", "challenge"),
        ("off", "two", false, "staff", "enrol"),
        ("optional", "policy", false, "staff", "one"),
        ("optional", "policy", true, "staff", "challenge"),
        ("optional", "two", false, "staff", "enrol"),
        ("on", "policy", false, "staff", "enrol"),
        ("on", "policy", true, "staff", "challenge"),
        ("on", "one", false, "staff", "one"),
        ("on", "policy", false, "", "enrol"),
        ("on", "policy", false, "portal", "one"),
        ("on", "policy", true, "portal", "one"),
        ("on", "policy", false, "portal,partner", "one"),
        ("on", "policy", false, "portal,staff", "enrol"),
        ("on", "two", false, "portal", "exempt"),
        ("off", "two", true, "portal", "exempt"),
        ("on", "one", false, "portal", "one"),
    ];
    for (require, factors, enrolled, groups, want) in table {
        let p = policy(&format!(
            "mfa: {{ require: {require}, exempt_groups: [portal, partner] }}\ndefault: {{ require: {{ factors: {factors} }} }}"
        ));
        let groups: Vec<&str> = groups.split(',').filter(|g| !g.is_empty()).collect();
        let who = Person::new("bob", &groups, enrolled);
        let request = get("/");
        let got = p.evaluate(&request, Some(&who.subject()));
        assert_eq!(short(&got), want, "{require} {factors} {enrolled} {groups:?}");
    }
}

#[test]
fn enrolment_is_offered_unless_off_or_exempt() {
    let staff = Person::new("bob", &["staff"], false);
    let portal = Person::new("eve", &["portal"], false);
    for (require, offered) in [("off", false), ("optional", true), ("on", true)] {
        let p = policy(&format!("mfa: {{ require: {require}, exempt_groups: [portal] }}"));
        assert_eq!(p.may_enrol(&staff.subject()), offered, "{require}");
        assert!(!p.may_enrol(&portal.subject()), "{require}");
    }
}

#[test]
fn without_a_file_the_samples_values_hold() {
    let p = policy("");
    assert_eq!((p.require(), p.version(), p.min_password()), (MfaRequire::Optional, 1, 15));
    assert_eq!((p.totp().digits, p.totp().skew, p.totp().period.as_secs(), &p.totp().issuer), (6, 1, 30, &None));
    assert_eq!((p.session_lifetimes().idle.as_secs(), p.session_lifetimes().absolute.as_secs()), (3600, 86_400));
    assert!(p.is_admin(&Person::new("a", &["owner"], false).groups));
    assert!(p.is_reader(&Person::new("a", &["auditor"], false).groups));
    assert!(!p.is_admin(&Person::new("a", &["auditor"], false).groups));
    let (t, d) = (p.throttle(), p.trusted_devices().unwrap());
    assert_eq!((d.remember.as_secs(), d.per_user, p.backup_may_disable()), (30 * 86_400, 10, true));
    let waits = [t.passwords, t.codes].map(|w| (w.free, w.wait.as_secs(), w.longest.as_secs()));
    assert_eq!(waits, [(10, 30, 3600), (5, 30, 3600)]);
    assert_eq!((t.codes_disable, t.codes_day, t.codes_sign_in), (100, 20, 5));
    assert_eq!((t.address_failures, t.address_within.as_secs()), (30, 600));
    assert_eq!(p.hash().len(), 16);
    assert_ne!(p.hash(), policy("version: 1").hash());
}

#[test]
fn a_trusted_device_stands_for_the_second_factor_unless_refused() {
    let rules = "rules: [{ name: a, match: { path: /a }, require: { factors: two, trusted_devices: refuse } }]";
    let who = Person::new("bob", &["staff"], true);
    for (text, path, want) in [
        (rules.to_string(), "/a", Trust::Refuse),
        (rules.to_string(), "/b", Trust::Accept),
        (format!("{rules}\ntrusted_devices: off"), "/b", Trust::Refuse),
        ("default: { require: { factors: policy, trusted_devices: refuse } }".into(), "/", Trust::Refuse),
    ] {
        let p = policy(&text);
        let request = get(path);
        let Requirement::Factors { terms, .. } = p.evaluate(&request, Some(&who.subject())) else { panic!("{text}") };
        assert_eq!(terms.trust, want, "{text} {path}");
    }
}

#[test]
fn what_counts_as_a_second_factor_is_read_from_the_rule() {
    let [totp, backup] = [SecondFactor::Totp, SecondFactor::BackupCode].map(|m| [m].into_iter().collect::<Methods>());
    let minutes = |m: u64| Some(Duration::from_secs(m * 60));
    let (refuse, accept) = (Trust::Refuse, Trust::Accept);
    for (asks, want) in [
        ("factors: two", (accept, None, Methods::ALL)),
        ("factors: two, trusted_devices: refuse", (refuse, None, Methods::ALL)),
        ("factors: two, fresh: 15m", (refuse, minutes(15), Methods::PRESENT)),
        ("factors: policy, fresh: 1h", (refuse, minutes(60), Methods::PRESENT)),
        ("factors: two, methods: [totp]", (refuse, None, totp)),
        ("factors: two, methods: backup_code", (refuse, None, backup)),
        ("factors: two, fresh: 5m, methods: [totp, backup_code]", (refuse, minutes(5), Methods::ALL)),
        ("factors: two, fresh: 90d, trusted_devices: refuse", (refuse, minutes(90 * 1440), Methods::PRESENT)),
    ] {
        let rule = policy(&format!("rules: [{{ name: r, require: {{ {asks} }} }}]"));
        let default = policy(&format!("default: {{ require: {{ {asks} }} }}"));
        for p in [rule, default] {
            let who = Person::new("bob", &["staff"], true);
            let request = get("/");
            let Requirement::Factors { terms, second, .. } = p.evaluate(&request, Some(&who.subject())) else {
                panic!("{asks}")
            };
            assert_eq!((terms.trust, terms.fresh, terms.methods), want, "{asks}");
            assert_eq!(second, Second::Challenge, "{asks}");
        }
    }
}

#[test]
fn admins_enrol_by_code_and_everybody_where_the_policy_says_so() {
    let (staff, admin) = (Person::new("bob", &["staff"], false), Person::new("ann", &["admin"], false));
    for (text, of_staff) in [("", false), ("mfa: { enrol: password }", false), ("mfa: { enrol: code }", true)] {
        let p = policy(text);
        assert_eq!(p.enrols_by_code(&staff.groups), of_staff, "{text}");
        assert!(p.enrols_by_code(&admin.groups), "{text}");
    }
}

#[test]
fn every_spelling_of_on_and_off_is_one_value() {
    for (words, want) in [
        (["on", "On", "true", "required"].as_slice(), MfaRequire::On),
        (["off", "Off", "false", "'off'"].as_slice(), MfaRequire::Off),
        (["optional"].as_slice(), MfaRequire::Optional),
    ] {
        for w in words {
            assert_eq!(policy(&format!("mfa: {{ require: {w} }}")).require(), want, "{w}");
        }
    }
}

#[test]
fn each_match_key_narrows() {
    let hit = |condition: &str| {
        let p = policy(&format!(
            "rules: [{{ name: r, match: {{ {condition} }}, deny: true }}]\nlists: {{ l: [192.0.2.0/24] }}"
        ));
        rule(&p.evaluate(&get("/a/b"), Some(&Person::new("bob", &["staff"], false).subject()))) == Some("r")
    };
    for (yes, no) in [
        ("app: intranet", "app: other"),
        ("app: [other, intranet]", "app: [other, third]"),
        ("host: APP.example.com", "host: example.com"),
        ("path: /a", "path: /b"),
        ("path: [/b, /a/b/]", "path: [/b, /a/c]"),
        ("path: { exact: /a/b }", "path: { exact: /a }"),
        ("path: { regex: '/./b' }", "path: { regex: /a }"),
        ("methods: [GET, POST]", "methods: POST"),
        ("groups: [x, Staff]", "groups: [x]"),
        ("users: BOB", "users: [ann]"),
        ("groups: staff, users: bob", "groups: staff, users: ann"),
        ("networks: [l]", "networks: [10.0.0.0/8]"),
        ("networks: 192.0.2.1", "networks: ['2001:db8::/32']"),
        ("path: /a, methods: [GET]", "path: /a, methods: [PUT]"),
    ] {
        assert!(hit(yes), "{yes}");
        assert!(!hit(no), "{no}");
    }
}

#[test]
fn a_public_rule_may_identify() {
    let p = policy("rules: [{ name: home, match: { path: { exact: / } }, allow: public, identify: true }]");
    assert_eq!(short(&p.evaluate(&get("/"), None)), "public+");
    assert_eq!(short(&p.evaluate(&get("/x"), None)), "sign-in");
}

#[test]
fn the_default_may_deny() {
    let p = policy("default: { deny: true }");
    assert_eq!(p.evaluate(&get("/"), None), Requirement::Deny { rule: None });
    let bob = Person::new("bob", &["admin"], true);
    assert_eq!(p.evaluate(&get("/"), Some(&bob.subject())), Requirement::Deny { rule: None });
}

#[test]
fn a_folding_app_is_judged_folded() {
    let p = policy("rules: [{ name: r, match: { path: /Admin/Area }, deny: true }]");
    let folded = PathReading { case_insensitive: true, ..PathReading::default() };
    let request = |reading| {
        let mut r = get("/");
        r.path = CanonicalPath::parse("/aDMIN/area./x", reading).unwrap();
        r
    };
    assert_eq!(short(&p.evaluate(&request(folded), None)), "deny");
    assert_eq!(short(&p.evaluate(&request(PathReading::default()), None)), "sign-in");
}

#[test]
fn a_path_deeper_than_the_index_still_matches() {
    let deep = "/a".repeat(40);
    let p = policy(&format!("rules: [{{ name: deep, match: {{ path: {deep} }}, deny: true }}]"));
    assert_eq!(rule(&p.evaluate(&get(&format!("{deep}/x")), None)), Some("deep"));
    assert_eq!(rule(&p.evaluate(&get("/a/a"), None)), None);
}
