//! E-mail addresses, parsed strictly: one `@`, no quoting, no trailing dot; compared in lower case.

use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// An e-mail address in its one folded form: lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(
    value_type = String,
    pattern = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
    max_length = 318,
    example = "alice@example.com"
)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address: name@domain expected, ASCII, without quotes or a final dot")]
pub struct BadEmail;

impl Email {
    pub fn parse(s: &str) -> Result<Self, BadEmail> {
        let (local, domain) = s.split_once('@').ok_or(BadEmail)?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_ok = |l: &str| {
            !l.is_empty()
                && l.len() <= 63
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !l.starts_with('-')
                && !l.ends_with('-')
        };
        if !local_ok || domain.len() > 253 || !domain.split('.').all(label_ok) {
            return Err(BadEmail);
        }
        Ok(Email(s.to_ascii_lowercase()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl TryFrom<String> for Email {
    type Error = BadEmail;
    fn try_from(s: String) -> Result<Self, BadEmail> {
        Self::parse(&s)
    }
}
impl From<Email> for String {
    fn from(e: Email) -> String {
        e.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookalikes_and_doubles_are_refused() {
        for s in [
            "a@evil.com@corp.com",
            "a@corp.com.",
            "a@",
            "@b",
            "a b@c.d",
            "\"a\"@c.d",
            "а@corp.com",
            "a@cоrp.com",
            "a..b@c.d",
        ] {
            assert_eq!(Email::parse(s), Err(BadEmail), "{s}");
        }
        assert_eq!(Email::parse("Alice@Example.COM").map(String::from), Ok("alice@example.com".into()));
        assert!(Email::parse("root@localhost").is_ok());
    }
}
