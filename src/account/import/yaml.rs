//! Our own form: `users:` with a list.

use super::{Mistake, Read, Row};
use crate::policy::raw::{self, Value};
use crate::policy::read::{Reader, Section};
use secrecy::SecretString;
use std::sync::Arc;

const KEYS: &[&str] = &[
    "users[].name",
    "users[].email",
    "users[].groups",
    "users[].locale",
    "users[].disabled",
    "users[].password",
    "users[].password_hash",
];

pub(super) fn read(text: &str) -> Read {
    let tree = match raw::parse(&Arc::from(""), text) {
        Ok(tree) => tree,
        Err(p) => {
            let mistakes = vec![Mistake::new(p.line, format!("{}. {}", p.message, p.remedy))];
            return Read { rows: Vec::new(), mistakes };
        }
    };
    if let Value::Map(entries) = &tree.value
        && let Some((key, users)) = entries.iter().find(|(k, _)| k.name == "users")
        && matches!(users.value, Value::Map(_))
    {
        let told = "`users` is a map by name, as Authelia has it. Give --format authelia, or write a list.";
        return Read { rows: Vec::new(), mistakes: vec![Mistake::new(key.at.line, told)] };
    }
    let reader = Reader::new("", KEYS);
    let users = reader.root(&tree).required("users", "Write `users:` and below it a list.");
    let rows = users.map(|u| u.list().iter().map(|f| row(&f.section())).collect()).unwrap_or_default();
    let (problems, _) = reader.finish();
    let mistakes = problems.into_iter().map(|p| Mistake::new(p.line, format!("{}. {}", p.message, p.remedy))).collect();
    Read { rows, mistakes }
}

fn row(user: &Section<'_>) -> Row {
    let text = |key: &str| user.field(key).and_then(|f| f.text()).map(str::to_string);
    Row {
        line: user.at.line,
        name: user.required("name", "Every user has a name.").and_then(|f| f.text()).unwrap_or_default().into(),
        email: text("email"),
        groups: user
            .field("groups")
            .map(|f| f.list().iter().filter_map(|g| g.text()).map(str::to_string).collect())
            .unwrap_or_default(),
        locale: text("locale"),
        disabled: user.field("disabled").and_then(|f| f.switch()).unwrap_or_default(),
        password: text("password").map(SecretString::from),
        password_hash: text("password_hash").map(SecretString::from),
    }
}
