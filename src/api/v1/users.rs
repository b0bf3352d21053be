//! `/api/v1/users`: accounts as admins see them. No secret ever leaves here, not even sealed.

mod add;
mod list;
mod password;
mod show;

pub use list::UserList;

use crate::account::Account;
use crate::api::record::reporter;
use crate::api::{Desk, Via};
use crate::audit::{self, Event, Source};
use crate::types::{Email, FactorId, GroupName, SecondFactor, Timestamp, UserId, UserName};
use axum::routing::{get, put};
use axum::{Extension, Router};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/", get(list::handle).post(add::handle))
        .route("/{login}", get(show::handle))
        .route("/{login}/password", put(password::handle))
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub name: UserName,
    pub email: Option<Email>,
    pub groups: BTreeSet<GroupName>,
    /// BCP 47; null: by the browser.
    pub locale: Option<String>,
    pub disabled: bool,
    /// Whether a password is set; without one nobody can sign in.
    pub has_password: bool,
    pub factors: Vec<UserFactor>,
    /// Milliseconds since 1970, like every time here.
    pub created: Timestamp,
    pub last_sign_in: Option<Timestamp>,
}

/// A confirmed second factor of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserFactor {
    pub id: FactorId,
    pub kind: SecondFactor,
    pub name: String,
    pub created: Timestamp,
    pub last_used: Option<Timestamp>,
}

impl From<Account> for User {
    fn from(a: Account) -> Self {
        let factors = a.factors.into_iter().map(|f| UserFactor {
            id: f.id,
            kind: f.kind,
            name: f.name,
            created: f.created,
            last_used: f.last_used,
        });
        User {
            id: a.id,
            name: a.name,
            email: a.email,
            groups: a.groups,
            locale: a.locale,
            disabled: a.disabled,
            has_password: a.password.is_some(),
            factors: factors.collect(),
            created: a.created,
            last_sign_in: a.last_sign_in,
        }
    }
}

/// Puts a change on record.
fn record(desk: &Desk, via: Option<Extension<Via>>, account: &Account, change: audit::Account) {
    let by = reporter(via.map(|v| v.0));
    let name = account.name.to_string();
    let event = Event::AccountChange { source: Source::default(), by, user: account.id, name, change, reason: None };
    desk.audit.record(&event, desk.accounts.load().clock.now());
}

fn secret<'de, D: Deserializer<'de>>(d: D) -> Result<SecretString, D::Error> {
    String::deserialize(d).map(SecretString::from)
}

fn optional_secret<'de, D: Deserializer<'de>>(d: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(d)?.map(SecretString::from))
}
