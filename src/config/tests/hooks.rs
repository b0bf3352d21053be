//! `hooks`: what is read, and every mistake.

use super::{folder, good, mistakes, put, with};
use crate::api::hooks::mapping::Selector;

const HASH: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn hook(more: &str) -> String {
    with(&format!("hooks:\n  - {{ name: soc, secret_sha256: {HASH}, networks: [10.0.0.0/8], {more} }}\n"))
}

#[test]
fn a_preset_an_action_and_a_network_are_enough() {
    let dir = folder();
    let config = good(&dir, &hook("preset: splunk, action: step_up, methods: totp, within: 15m, dry_run: true"));
    let hook = &config.hooks[0];
    assert_eq!((hook.name.as_str(), hook.secret.hex().as_str()), ("soc", HASH));
    assert_eq!((hook.ask.within.as_deref(), hook.ask.dry_run, hook.ask.methods.len()), (Some("900s"), true, 1));
    assert!(hook.signature.is_none() && hook.challenge.is_none());
    let body = br#"{"result": {"user": "alice"}, "search_name": "x", "sid": "1"}"#;
    let (orders, troubles) = hook.meaning(body).unwrap();
    assert_eq!((orders[0].select.user.as_deref(), orders[0].select.everyone), (Some("alice"), false));
    assert_eq!((orders[0].reason.as_str(), troubles.len()), ("Splunk: x", 0));
}

#[test]
fn each_part_of_a_preset_can_be_replaced() {
    let dir = folder();
    let map = "map: { select: { ip: $.result.src, app: intranet }, reason: 'spray {$.sid}', idempotency: [] }";
    let config = good(&dir, &hook(&format!("preset: splunk, action: block, until: 8h, {map}")));
    let mapping = &config.hooks[0].mapping;
    assert_eq!(mapping.select.keys().copied().collect::<Vec<_>>(), [Selector::Ip, Selector::App]);
    assert!(mapping.idempotency.is_empty() && mapping.case.is_some());
    let (orders, _) = config.hooks[0].meaning(br#"{"result": {"src": "192.0.2.1"}, "sid": "7"}"#).unwrap();
    assert_eq!(
        (orders[0].select.ip.as_deref(), orders[0].select.app.as_deref()),
        (Some("192.0.2.1"), Some("intranet"))
    );
    assert_eq!((orders[0].reason.as_str(), orders[0].until.as_deref()), ("spray 7", Some("28800s")));
}

#[test]
fn a_tool_that_signs_has_its_secret_in_a_file() {
    let dir = folder();
    put(dir.path(), "pd.secret", "hunter2\n", 0o600);
    let config = good(&dir, &hook("preset: pagerduty, action: sign_out, hmac: { secret_file: pd.secret }"));
    let signature = config.hooks[0].signature.as_ref().unwrap();
    assert_eq!((signature.header.as_str(), signature.prefix.as_str()), ("x-pagerduty-signature", "v1="));
    assert!(!format!("{:?}", config.hooks).contains("hunter2"));
    let config = good(
        &dir,
        &hook("action: sign_out, map: { select: { user: $.u } }, hmac: { header: X-Sig, secret_file: pd.secret }"),
    );
    assert_eq!(config.hooks[0].signature.as_ref().unwrap().header, "x-sig");
    assert!(mistakes(&dir, &hook("preset: pagerduty, action: sign_out")).contains("`hmac` is missing"));
    let okta = good(&dir, &hook("preset: okta, action: sign_out"));
    assert_eq!(okta.hooks[0].challenge.as_ref().unwrap(), "x-okta-verification-challenge");
}

#[test]
fn what_is_wrong_with_a_hook_is_told_at_its_place() {
    let dir = folder();
    let text = "hooks:
  - { preset: splunk }
  - { name: No Name, secret_sha256: pch_x, networks: [], action: sign_out, within: 5m, preset: splunkk }
  - { name: a, secret_sha256: HASH, networks: [0.0.0.0/0, 10.0.0.1/8], action: kick, preset: jamf }
  - { name: a, secret_sha256: HASH, networks: 10.0.0.1, action: step_up, map: { each: .x, select: { user: '$.', usr: x } } }
  - { name: b, secret_sha256: HASH, networks: 10.0.0.1, action: block, until: soon, hmac: { prefix: v1= } }
";
    insta::assert_snapshot!(mistakes(&dir, &with(&text.replace("HASH", HASH))));
}
