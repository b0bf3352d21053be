//! Who changes something through the API, and why: what the record says of it.

use crate::account::Account;
use crate::api::record::reporter;
use crate::api::{Desk, Via};
use crate::audit::{self, Event, Source};
use axum::Extension;
use serde::Deserialize;
use utoipa::ToSchema;

/// Who changes an account, and why.
pub(super) struct Caller {
    via: Option<Via>,
    reason: Option<Reason>,
}

impl Caller {
    pub(super) fn new(via: Option<Extension<Via>>, reason: Option<Reason>) -> Self {
        Caller { via: via.map(|v| v.0), reason }
    }
    /// Puts a change on record.
    pub(super) fn record(&self, desk: &Desk, account: &Account, change: audit::Account) {
        let event = Event::AccountChange {
            source: Source::default(),
            by: reporter(self.via),
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
