//! Accounts from a file of our own or of another system: read, judged as a whole, then made one by one.
//!
//! Reading says what stands in the file and where; judging says whether it can become accounts here. Nothing is made as
//! long as anything is wrong, and each account is made by one verb of the store, so that a crash in between leaves whole
//! accounts.

mod authelia;
mod csv;
mod htpasswd;
mod judge;
mod yaml;

use crate::types::{Email, UserName};
use secrecy::SecretString;
use std::collections::HashMap;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `users:` with a list of `{ name, email, groups, locale, disabled, password_hash }`.
    Yaml,
    /// A line of column names, then one user a line.
    Csv,
    /// Apache's: `name:hash`.
    Htpasswd,
    /// Authelia's users database: `users:` with a map by name.
    Authelia,
}

/// One user as the file has it; nothing of it is judged yet.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Counted from 1; 0 where there is no file.
    pub line: u32,
    pub name: String,
    pub email: Option<String>,
    pub groups: Vec<String>,
    pub locale: Option<String>,
    pub disabled: bool,
    /// A first password, to be hashed here.
    pub password: Option<SecretString>,
    /// Of another system.
    pub password_hash: Option<SecretString>,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    pub line: u32,
    /// What is wrong and what to do, as sentences.
    pub what: String,
}

impl Mistake {
    pub fn new(line: u32, what: impl Into<String>) -> Self {
        Mistake { line, what: what.into() }
    }
}

/// What could be read of a file, and what is wrong with the rest.
#[derive(Debug, Default)]
pub struct Read {
    pub rows: Vec<Row>,
    pub mistakes: Vec<Mistake>,
}

/// Reads a file's text; goes on after a mistake wherever the form allows it.
pub fn read(format: Format, text: &str) -> Read {
    // some editors put one in front, and no form knows it
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut read = match format {
        Format::Yaml => yaml::read(text),
        Format::Csv => csv::read(text),
        Format::Htpasswd => htpasswd::read(text),
        Format::Authelia => authelia::read(text),
    };
    read.mistakes.sort();
    read
}

/// Names and addresses that stand in the file more than once, as they are compared at sign-in.
pub fn doubles(rows: &[Row]) -> Vec<Mistake> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut mistakes = Vec::new();
    for row in rows {
        let name = UserName::parse(&row.name).ok().map(|n| (String::from(n), "name"));
        let email =
            row.email.as_deref().and_then(|e| Email::parse(e).ok()).map(|e| (String::from(e), "e-mail address"));
        for (key, what) in name.into_iter().chain(email) {
            if let Some(first) = seen.get(&key) {
                let told = format!("the {what} `{key}` stands in line {first} already. Keep one of the two.");
                mistakes.push(Mistake::new(row.line, told));
            } else {
                seen.insert(key, row.line);
            }
        }
    }
    mistakes
}

#[cfg(test)]
mod tests;
