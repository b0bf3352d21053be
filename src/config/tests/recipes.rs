//! The recipes of the guide: what they show is read by the code it is meant for.

use super::{folder, good, put, with};
use crate::config::Config;
use crate::disconnect::Ask;
use crate::types::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// Every block of this language.
fn blocks(language: &str) -> Vec<String> {
    let text = file("docs/src/soc-recipes.md");
    let fences = text.split("\n```").collect::<Vec<_>>();
    // text and blocks take turns
    let blocks = fences.iter().skip(1).step_by(2).filter_map(|b| b.split_once('\n'));
    blocks.filter(|(tag, _)| *tag == language).map(|(_, body)| body.to_owned()).collect()
}

fn configured() -> Vec<Config> {
    let dir = folder();
    put(dir.path(), "hook-pagerduty.secret", "x\n", 0o600);
    blocks("yaml").iter().map(|block| good(&dir, &with(block))).collect()
}

#[test]
fn the_recipes_configurations_are_sound() {
    let configs = configured();
    assert!(configs.len() >= 8 && configs.iter().all(|c| c.hooks.len() == 1), "{}", configs.len());
}

#[test]
fn the_recipes_hooks_read_what_their_tools_send() {
    let hooks: BTreeMap<String, _> =
        configured().into_iter().flat_map(|c| c.hooks).map(|h| (h.name.clone(), h)).collect();
    let tools = ["splunk", "sentinel", "elastic", "pagerduty", "okta", "jamf"];
    let sent = tools.map(|t| (t, file(&format!("tests/fixtures/hooks/{t}.json"))));
    let suspended = ("okta-suspended", file("tests/fixtures/hooks/okta.json"));
    let posture = blocks("json").into_iter().find(|b| b.contains("compliant")).unwrap();
    let ndr =
        r#"{"detections": [{"id": 7, "severity": "high", "user": "alice", "title": "Beacon"}, {"severity": "low"}]}"#;
    for (name, body) in sent.into_iter().chain([suspended, ("posture", posture.clone()), ("ndr", ndr.into())]) {
        let (orders, troubles) = hooks[name].meaning(body.as_bytes()).unwrap();
        assert!(troubles.is_empty(), "{name}: {troubles:?}");
        assert!(orders[0].select.user.as_deref().is_some_and(|u| u.starts_with("alice")), "{name}: {orders:?}");
    }
    let complies = posture.replace("\"compliant\": false", "\"compliant\": true");
    assert!(hooks["posture"].meaning(complies.as_bytes()).unwrap().0.is_empty());
}

#[test]
fn the_recipes_json_is_json_and_their_orders_are_orders() {
    let mut orders = 0;
    for block in blocks("json") {
        let value: Value = serde_json::from_str(&block).unwrap_or_else(|e| panic!("{e}: {block}"));
        if value.get("select").is_some() {
            let ask: Ask = serde_json::from_value(value).unwrap();
            ask.read(Timestamp::default(), |_| true).unwrap();
            orders += 1;
        }
    }
    assert!(orders >= 2, "{orders}");
    let curl = blocks("sh").into_iter().find(|b| b.contains("-d '")).unwrap();
    let body = curl.split("-d '").nth(1).and_then(|b| b.split('\'').next()).unwrap();
    serde_json::from_str::<Ask>(body).unwrap().read(Timestamp::default(), |_| true).unwrap();
}

/// The template as Kibana fills it in, for two alerts.
#[test]
fn the_recipes_body_for_elastic_is_the_one_that_the_preset_reads() {
    let template = blocks("text").into_iter().find(|b| b.contains("context.alerts")).unwrap();
    let (before, rest) = template.split_once("{{#context.alerts}}").unwrap();
    let (each, after) = rest.split_once("{{/context.alerts}}").unwrap();
    let alert = |id: &str, user: &str| each.replace("{{kibana.alert.uuid}}", id).replace("{{user.name}}", user);
    let filled = format!("{before}{}{}{after}", alert("one", "alice"), alert("two", ""));
    let value: Value = serde_json::from_str(&filled.replace("{{context.rule.name}}", "A rule")).unwrap();
    let fixture: Value = serde_json::from_str(&file("tests/fixtures/hooks/elastic.json")).unwrap();
    let shape = |v: &Value| v.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((shape(&value), shape(&value["alerts"][0])), (shape(&fixture), shape(&fixture["alerts"][0])));
}
