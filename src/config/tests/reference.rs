//! The reference pages of the guide, made of the tables of keys and the comments of `config/*.yaml`.

use super::super::keys::KEYS;
use crate::policy::parse as policy_parse;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn the_reference_of_the_configuration_is_up_to_date() {
    holds("reference-config.md", &page("portcullis.yaml", KEYS));
}

#[test]
fn the_reference_of_the_policy_is_up_to_date() {
    holds("reference-policy.md", &page("policy.yaml", policy_parse::KEYS));
}

/// Have a value in `config/portcullis.yaml`, as in `minimal.yaml`, but no default.
const WITHOUT_DEFAULT: [&str; 5] = [
    "listen.public.tls.certificates[].cert",
    "listen.public.tls.certificates[].key",
    "apps[].name",
    "apps[].origins",
    "apps[].upstreams[].url",
];

const DEFAULT_IN_A_HIDDEN_SECTION: [&str; 4] =
    ["listen.redirect.address", "store.redis.prefix", "store.redis.mode", "rules[].identify"];

/// Compares a page with what it should be; where they differ, that is put beside it.
fn holds(name: &str, expected: &str) {
    let file = root().join("docs/src").join(name);
    let new = file.with_extension("md.new");
    if fs::read_to_string(&file).unwrap_or_default() == expected {
        return;
    }
    fs::write(&new, expected).unwrap();
    panic!("docs/src/{name} is out of date; run: mv docs/src/{name}.new docs/src/{name}");
}

fn page(yaml: &str, keys: &[&str]) -> String {
    let entries = entries(&fs::read_to_string(root().join("config").join(yaml)).unwrap());
    let named: BTreeSet<&str> = entries.iter().map(|e| e.path.as_str()).collect();
    let missing: Vec<_> = keys.iter().filter(|k| !named.contains(*k)).collect();
    assert!(missing.is_empty(), "config/{yaml} says nothing of {missing:?}");
    let mut page = format!(
        "# `{yaml}`: every key\n\nMade of `config/{yaml}` by a test; edit that file. An unknown key is an error. `[]` stands \
         for each item of a list, `*` for a name of yours.\n"
    );
    let mut section = "";
    for e in &entries {
        if e.section() != section {
            section = e.section();
            // writing to a String cannot fail
            let _ = write!(page, "\n## {section}\n\n| key | default | what it is |\n|---|---|---|\n");
        }
        if !e.comment.is_empty() {
            let _ = writeln!(page, "| `{}` | {} | {} |", e.path, e.shown(), e.comment.replace('|', "\\|"));
        }
    }
    page
}

/// One line of a documented file.
struct Entry {
    /// As in the tables of keys.
    path: String,
    value: String,
    comment: String,
    /// Stands behind a `#`: what is written there is a sample as a rule.
    hidden: bool,
}

impl Entry {
    fn section(&self) -> &str {
        self.path.split(['.', '[']).next().unwrap_or_default()
    }
    fn shown(&self) -> String {
        let is_default = match self.hidden {
            true => DEFAULT_IN_A_HIDDEN_SECTION.contains(&self.path.as_str()),
            false => !WITHOUT_DEFAULT.contains(&self.path.as_str()),
        };
        match (self.value.as_str(), is_default) {
            ("", _) => String::new(),
            (value, true) => format!("`{value}`"),
            (value, false) => format!("none; such as `{value}`"),
        }
    }
}

fn entries(yaml: &str) -> Vec<Entry> {
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut found = Vec::new();
    for line in yaml.lines().filter(|l| !l.trim().is_empty() && !l.starts_with("# ")) {
        let indent = line.len() - line.trim_start().len();
        let (hidden, text) = match line.trim_start().strip_prefix('#') {
            Some(text) => (true, text),
            None => (false, line.trim_start()),
        };
        let (item, text) = text.strip_prefix("- ").map_or((false, text), |t| (true, t));
        let depth = if item { indent + 2 } else { indent };
        while open.last().is_some_and(|(d, _)| *d >= if item { indent + 1 } else { depth }) {
            open.pop();
        }
        let (code, comment) = text.split_once(" # ").unwrap_or((text, ""));
        let (key, value) = code.split_once(':').unwrap_or((code, ""));
        if item
            && let Some((_, parent)) = open.last_mut()
            && !parent.ends_with("[]")
        {
            parent.push_str("[]");
        }
        let parent = open.last().map_or("", |(_, p)| p.as_str());
        let key = if parent == "lists" { "*" } else { key.trim() };
        let path = if parent.is_empty() { key.to_string() } else { format!("{parent}.{key}") };
        let (value, comment) = (value.trim().to_string(), comment.trim().to_string());
        found.push(Entry { path: path.clone(), value, comment, hidden });
        open.push((depth, path));
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}
