//! Which methods a session has passed and when.

use super::Timestamp;
use serde::{Deserialize, Serialize};

/// A kind of second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    Totp,
}

/// What a session has proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assurance {
    /// When the password was right.
    pub first_at: Timestamp,
    /// The last second factor and when it was given.
    pub second: Option<(SecondFactor, Timestamp)>,
}

/// Authentication context class, as the assertion to the upstream names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Acr {
    One,
    Two,
}

impl Acr {
    pub fn urn(self) -> &'static str {
        match self {
            Acr::One => "urn:portcullis:one",
            Acr::Two => "urn:portcullis:two",
        }
    }
}

impl Assurance {
    pub fn acr(&self) -> Acr {
        if self.second.is_some() { Acr::Two } else { Acr::One }
    }
    /// Authentication method references (RFC 8176).
    pub fn amr(&self) -> &'static [&'static str] {
        match self.second {
            None => &["pwd"],
            Some((SecondFactor::Totp, _)) => &["pwd", "otp", "mfa"],
        }
    }
    /// When the person last proved anything (`auth_time` of the assertion).
    pub fn last_at(&self) -> Timestamp {
        self.second.map_or(self.first_at, |(_, at)| at.max(self.first_at))
    }
}
