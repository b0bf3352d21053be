//! The files that document every key, held against the code: same keys, same defaults, and they work.

use super::super::keys::KEYS;
use super::{folder, lines, parse, put};
use crate::policy::raw::{self, Node, Value};
use crate::policy::{Policy, parse as policy_parse};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// With every key that stands behind a `#`.
fn uncommented(text: &str) -> String {
    let hidden = |l: &str| {
        l.trim_start().strip_prefix('#').is_some_and(|r| r.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
    };
    let line = |l: &str| match hidden(l) {
        true => l.replacen('#', "", 1),
        // a list that is empty as long as its items are hidden; a value beside which its other forms stand
        false => l.replace("rules: []", "rules:"),
    };
    let all = text.lines().map(line).collect::<Vec<_>>().join("\n");
    all.replace("path: /admin/ #", "path: #")
}

/// The paths of all leaves, as the tables of keys write them.
fn leaves(node: &Node, path: &str, found: &mut BTreeSet<String>) {
    match &node.value {
        Value::Map(entries) => {
            for (key, value) in entries {
                let key = if path == "lists" { "*" } else { &key.name };
                leaves(value, &if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }, found);
            }
        }
        Value::List(items) if items.iter().any(|i| matches!(i.value, Value::Map(_))) => {
            items.iter().for_each(|i| leaves(i, &format!("{path}[]"), found));
        }
        Value::List(_) | Value::Text(_) | Value::Null => {
            found.insert(path.to_string());
        }
    }
}

fn keys_of(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    leaves(&raw::parse(&Arc::from("f"), &uncommented(text)).unwrap(), "", &mut found);
    found
}

/// A key that has another one below it is written in that form.
fn leaf_keys(table: &[&str]) -> BTreeSet<String> {
    let is_leaf = |k: &&&str| !table.iter().any(|o| o.strip_prefix(**k).is_some_and(|r| r.starts_with(['.', '['])));
    table.iter().filter(is_leaf).map(ToString::to_string).collect()
}

#[test]
fn the_documented_configuration_has_every_key_and_no_other() {
    assert_eq!(keys_of(&read("config/portcullis.yaml")), leaf_keys(KEYS));
}

#[test]
fn the_documented_policy_has_every_key_and_no_other() {
    assert_eq!(keys_of(&read("config/policy.yaml")), leaf_keys(policy_parse::KEYS));
}

#[test]
fn every_key_has_one_comment() {
    for name in ["config/portcullis.yaml", "config/policy.yaml"] {
        for line in uncommented(&read(name)).lines().filter(|l| !l.trim().is_empty() && !l.starts_with("# ")) {
            let (key, comment) = line.split_once(" # ").unwrap_or((line, ""));
            let value = key.split_once(": ").map_or("", |(_, v)| v);
            assert!(!comment.is_empty() || value.is_empty(), "{name}: {line}");
        }
    }
}

#[test]
fn the_documented_defaults_are_the_codes() {
    let dir = folder();
    let shown = |name: &str| {
        let (c, warnings) = parse(&dir, &read(name)).map_err(|p| lines(&dir, &p)).unwrap();
        assert_eq!(lines(&dir, &warnings), "", "{name}");
        format!("{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}", c.proxy, c.admin, c.store, c.keys, c.brand, c.log)
    };
    assert_eq!(shown("config/portcullis.yaml"), shown("config/minimal.yaml"));
    let policy = |text: &str| {
        let policy = Policy::parse("policy.yaml", text).unwrap();
        format!("{policy:#?}").replace(policy.hash(), "")
    };
    assert_eq!(policy(&read("config/policy.yaml")), policy(""));
}

#[test]
fn the_example_policies_are_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policy");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let policy = Policy::parse(&path.display().to_string(), &text).unwrap();
        assert!(policy.warnings().is_empty(), "{:?}", policy.warnings());
        assert!(text.starts_with("# "), "{} says what it is for", path.display());
        count += 1;
    }
    assert!(count >= 5);
}

#[test]
fn the_documented_policy_is_loaded_where_it_is_named() {
    let dir = folder();
    put(dir.path(), "policy.yaml", &read("config/policy.yaml"), 0o644);
    let config = super::good(&dir, &super::with("policy: { file: policy.yaml }"));
    assert_eq!(super::super::load_policy(config.policy.as_deref(), &config.proxy.apps).unwrap().version(), 1);
}
