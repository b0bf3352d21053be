//! Which passwords are taken (NIST SP 800-63B §3.1.1.2): length counts, mixtures of letters do not.

use crate::crypto::password::LONGEST;
use crate::types::{Email, UserName};
use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The rules in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    /// In characters, after normalisation.
    pub min_length: usize,
    /// What this gateway calls itself: the first thing that is guessed.
    pub brand: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    #[error("it must have at least {0} characters; several words are easy to remember")]
    TooShort(usize),
    #[error("it must have at most {LONGEST} bytes")]
    TooLong,
    #[error("it must not be the user's name")]
    IsName,
    #[error("it must not be the user's e-mail address")]
    IsEmail,
    #[error("it must not be the name of this service")]
    IsBrand,
}

impl PasswordRules {
    pub fn judge(&self, password: &SecretString, name: &UserName, email: Option<&Email>) -> Result<(), BadPassword> {
        let typed = password.expose_secret();
        if typed.len() > LONGEST {
            return Err(BadPassword::TooLong);
        }
        let folded = fold(typed);
        let is = |what: &str| !folded.is_empty() && *folded == *fold(what);
        if is(name.as_str()) {
            return Err(BadPassword::IsName);
        }
        if email.is_some_and(|e| is(e.as_str())) {
            return Err(BadPassword::IsEmail);
        }
        if is(&self.brand) {
            return Err(BadPassword::IsBrand);
        }
        if typed.nfc().count() < self.min_length {
            return Err(BadPassword::TooShort(self.min_length));
        }
        Ok(())
    }
}

/// One spelling for comparison: compatibility letters and case folded, spaces around it gone.
fn fold(s: &str) -> Zeroizing<String> {
    let normal = Zeroizing::new(s.trim().nfkc().collect::<String>());
    Zeroizing::new(normal.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(password: &str) -> Result<(), BadPassword> {
        let rules = PasswordRules { min_length: 15, brand: "Example Intranet".into() };
        let name = UserName::parse("alice.longer-than-fifteen").unwrap();
        let email = Email::parse("alice@intranet.example.com").unwrap();
        rules.judge(&SecretString::from(password), &name, Some(&email))
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(judge("fifteen letters"), Ok(()));
        assert_eq!(judge("fourteen chars"), Err(BadPassword::TooShort(15)));
        assert_eq!(judge(&"é".repeat(15)), Ok(()));
        assert_eq!(judge(&"é".repeat(14)), Err(BadPassword::TooShort(15)));
        // eight letters, though typed as sixteen
        assert_eq!(judge(&"e\u{301}".repeat(8)), Err(BadPassword::TooShort(15)));
        assert_eq!(judge(""), Err(BadPassword::TooShort(15)));
    }

    #[test]
    fn the_longest_is_1024_bytes() {
        assert_eq!(judge(&"x".repeat(1024)), Ok(()));
        assert_eq!(judge(&"x".repeat(1025)), Err(BadPassword::TooLong));
    }

    #[test]
    fn what_stands_on_the_page_is_no_password() {
        let table = [
            ("alice.longer-than-fifteen", BadPassword::IsName),
            ("ALICE.longer-than-FIFTEEN", BadPassword::IsName),
            (" Alice@intranet.example.com ", BadPassword::IsEmail),
            ("EXAMPLE INTRANET", BadPassword::IsBrand),
            ("ｅｘａｍｐｌｅ ｉｎｔｒａｎｅｔ", BadPassword::IsBrand),
        ];
        for (password, why) in table {
            assert_eq!(judge(password), Err(why), "{password}");
        }
    }

    #[test]
    fn spaces_and_any_script_are_taken_without_mixture_rules() {
        for password in ["correct horse battery staple", "正しい馬の電池ホチキスですよね！", "aaaaaaaaaaaaaaab"]
        {
            assert_eq!(judge(password), Ok(()), "{password}");
        }
    }
}
