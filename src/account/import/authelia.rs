//! Authelia's users database: `users:` with a map by name. What it knows of people beyond an account is passed over.

use super::{Mistake, Read, Row};
use crate::policy::raw::{self, Key, Node, Value};
use secrecy::SecretString;
use std::sync::Arc;

pub(super) fn read(text: &str) -> Read {
    let mut read = Read::default();
    let tree = match raw::parse(&Arc::from(""), text) {
        Ok(tree) => tree,
        Err(p) => {
            read.mistakes.push(Mistake::new(p.line, format!("{}. {}", p.message, p.remedy)));
            return read;
        }
    };
    let Some(Value::Map(users)) = entry(&tree, "users").map(|n| &n.value) else {
        let told = "no `users:` with a map by name below it: this is not Authelia's users database.";
        read.mistakes.push(Mistake::new(tree.at.line, told));
        return read;
    };
    for (key, user) in users {
        let row = row(key, user, &mut read.mistakes);
        read.rows.extend(row);
    }
    read
}

fn row(key: &Key, user: &Node, mistakes: &mut Vec<Mistake>) -> Option<Row> {
    let line = key.at.line;
    let Value::Map(_) = &user.value else {
        mistakes
            .push(Mistake::new(line, format!("`{}` has no values below it.", crate::policy::read::shown(&key.name))));
        return None;
    };
    let mut text = |name: &str| match entry(user, name).map(|n| (&n.value, n.at.line)) {
        Some((Value::Text(t), _)) if !t.is_empty() => Some(t.clone()),
        Some((Value::List(_) | Value::Map(_), at)) => {
            mistakes.push(Mistake::new(at, format!("`{name}` needs one value.")));
            None
        }
        Some((Value::Text(_) | Value::Null, _)) | None => None,
    };
    let (password, email, locale, disabled) = (text("password"), text("email"), text("locale"), text("disabled"));
    if password.is_none() {
        mistakes.push(Mistake::new(line, format!("`{}` has no password.", crate::policy::read::shown(&key.name))));
    }
    let groups = match entry(user, "groups").map(|n| &n.value) {
        Some(Value::List(items)) => items.iter().filter_map(word).collect(),
        Some(Value::Text(one)) => vec![one.clone()],
        Some(Value::Null | Value::Map(_)) | None => Vec::new(),
    };
    Some(Row {
        line,
        name: key.name.clone(),
        email,
        groups,
        locale,
        disabled: disabled.is_some_and(|d| d.eq_ignore_ascii_case("true")),
        password: None,
        password_hash: password.map(SecretString::from),
    })
}

fn entry<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(k, _)| k.name == name).map(|(_, n)| n),
        Value::Null | Value::Text(_) | Value::List(_) => None,
    }
}

fn word(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(t) => Some(t.clone()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}
