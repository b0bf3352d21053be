//! Who changes something through the API, and why: what the record says of it.

use crate::account::Account;
use crate::api::Desk;
use crate::audit::{self, Event, Source};
use crate::disconnect::Caller;
use axum::Extension;
use serde::Deserialize;
use utoipa::ToSchema;

/// Who changes an account, and why.
pub(super) struct Author {
    caller: Caller,
    reason: Option<Reason>,
}

impl Author {
    pub(super) fn new(Extension(caller): Extension<Caller>, reason: Option<Reason>) -> Self {
        Author { caller, reason }
    }
    /// Puts a change on record.
    pub(super) fn record(&self, desk: &Desk, account: &Account, change: audit::Account) {
        let event = Event::AccountChange {
            source: Source::default(),
            by: self.caller.reporter(),
            caller: self.caller.to_string(),
            user: account.id,
            name: account.name.to_string(),
            change,
            reason: self.reason.as_ref().map(|r| r.0.clone()),
        };
        desk.audit.record(&event, desk.accounts.load().clock.now());
    }
}

/// Why something is done, for the record.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "[^\\s\\x00-\\x1f\\x7f-\\x9f]", max_length = 500, example = "laptop stolen")]
pub struct Reason(String);

impl TryFrom<String> for Reason {
    type Error = &'static str;
    fn try_from(s: String) -> Result<Self, &'static str> {
        let told = s.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        if told.is_empty() || s.chars().count() > LONGEST_REASON {
            return Err("a reason has 1 to 500 characters");
        }
        Ok(Reason(told.to_string()))
    }
}
const LONGEST_REASON: usize = 500;
