//! Names of users and groups, folded by one rule at creation and at sign-in.
//!
//! Fold: NFKC, then lower case, then NFKC again. After it a name may hold letters, digits, `.`, `_` and `-`, and its
//! letters must be of one script, so that `аdmin` with a Cyrillic `а` cannot stand beside `admin`.

use super::Email;
use serde::{Deserialize, Serialize};
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use unicode_security::MixedScript;
use utoipa::ToSchema;

/// The longest name, in bytes after folding.
pub const LONGEST: usize = 128;

/// A user's name: letters and digits of one script and `.` `_` `-`; unique together with e-mail addresses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
// beyond ASCII a pattern cannot tell letters from other signs in every dialect
#[schema(value_type = String, pattern = "^[^\\x00-,/:-@\\[-^`{-\\x7f]+$", min_length = 1, max_length = 128, example = "alice")]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

/// A group's name: as a user's, and may hold `@` (groups of directories do), never a comma (they are sent as a list).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, pattern = "^[^\\x00-,/:-?\\[-^`{-\\x7f]+$", min_length = 1, max_length = 128, example = "staff")]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(String);

/// What is typed at sign-in: a name or an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Login {
    Name(UserName),
    Email(Email),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    #[error("a name may not be empty")]
    Empty,
    #[error("a name has at most {LONGEST} bytes")]
    TooLong,
    #[error("a name holds letters, digits and . _ - only")]
    BadLetter,
    #[error("the letters of a name must be of one script")]
    MixedScripts,
}

impl UserName {
    pub fn parse(s: &str) -> Result<Self, BadName> {
        fold(s, |c| matches!(c, '.' | '_' | '-')).map(UserName)
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl GroupName {
    pub fn parse(s: &str) -> Result<Self, BadName> {
        fold(s, |c| matches!(c, '.' | '_' | '-' | '@')).map(GroupName)
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl Login {
    /// `None`: nobody can have that name, so it is answered like any wrong one.
    pub fn parse(s: &str) -> Option<Self> {
        let s = s.trim();
        if s.contains('@') { Email::parse(s).ok().map(Login::Email) } else { UserName::parse(s).ok().map(Login::Name) }
    }
    /// The key in the one namespace that names and addresses share.
    pub fn key(&self) -> &str {
        match self {
            Login::Name(n) => n.as_str(),
            Login::Email(e) => e.as_str(),
        }
    }
}

fn fold(s: &str, extra: impl Fn(char) -> bool) -> Result<String, BadName> {
    if s.is_empty() {
        return Err(BadName::Empty);
    }
    if s.len() > LONGEST {
        return Err(BadName::TooLong);
    }
    let folded: String = s.nfkc().collect::<String>().to_lowercase().nfkc().collect();
    if folded.len() > LONGEST {
        return Err(BadName::TooLong);
    }
    if !folded.chars().all(|c| c.is_alphanumeric() || extra(c)) {
        return Err(BadName::BadLetter);
    }
    if !folded.as_str().is_single_script() {
        return Err(BadName::MixedScripts);
    }
    Ok(folded)
}

macro_rules! text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(s: String) -> Result<Self, BadName> {
                Self::parse(&s)
            }
        }
        impl From<$name> for String {
            fn from(n: $name) -> String {
                n.0
            }
        }
    };
}
text!(UserName);
text!(GroupName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_fold_for_every_spelling() {
        for s in ["ALICE", "Alice", "ａｌｉｃｅ", "alice"] {
            assert_eq!(UserName::parse(s).map(String::from), Ok("alice".to_string()), "{s}");
        }
        assert_eq!(UserName::parse("ALİCE").map(|_| ()), Err(BadName::BadLetter)); // i + combining dot is no letter
    }

    #[test]
    fn what_is_no_name() {
        let table = [
            ("", BadName::Empty),
            ("a b", BadName::BadLetter),
            ("a@b", BadName::BadLetter),
            ("a,b", BadName::BadLetter),
            ("a\r\nb", BadName::BadLetter),
            ("\u{202e}a", BadName::BadLetter),
            ("аdmin", BadName::MixedScripts),
        ];
        for (s, why) in table {
            assert_eq!(UserName::parse(s), Err(why), "{s:?}");
        }
        assert_eq!(UserName::parse(&"a".repeat(129)), Err(BadName::TooLong));
        assert_eq!(GroupName::parse("a,b"), Err(BadName::BadLetter));
        assert!(GroupName::parse("staff@corp").is_ok());
    }
}
