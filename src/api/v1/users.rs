//! `/api/v1/users`: accounts as admins see them. No secret ever leaves here, not even sealed.

mod add;
mod delete;
mod disable;
mod list;
mod password;
mod reset_mfa;
mod sessions;
mod set;
mod show;
mod sign_out;
mod unlock;

pub use add::AddedUser;
pub use list::UserList;
pub use reset_mfa::ResetUser;
pub use sessions::UserSessions;

use super::author::{Author, Reason};
use crate::account::{Account, EnrolmentCode};
use crate::api::Desk;
use crate::types::{Email, FactorId, GroupName, SecondFactor, Timestamp, UserId, UserName};
use axum::Router;
use axum::routing::{get, post, put};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/", get(list::handle).post(add::handle))
        .route("/{login}", get(show::handle).patch(set::handle).delete(delete::handle))
        .route("/{login}/password", put(password::handle))
        .route("/{login}/reset-mfa", post(reset_mfa::handle))
        .route("/{login}/unlock", post(unlock::handle))
        .route("/{login}/disable", post(disable::disable))
        .route("/{login}/enable", post(disable::enable))
        .route("/{login}/sessions", get(sessions::handle))
        .route("/{login}/sign-out", post(sign_out::handle))
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
    /// Backup codes that are left; null: none were made.
    pub backup_codes: Option<u32>,
    /// Until when a one-time enrolment code is good; null: there is none.
    pub enrolment_code_ends: Option<Timestamp>,
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
            backup_codes: a.backup.map(|b| b.left),
            enrolment_code_ends: a.enrolment_code.map(|c| c.ends),
            created: a.created,
            last_sign_in: a.last_sign_in,
        }
    }
}

/// A one-time enrolment code: the one answer that shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCode {
    pub code: String,
    pub ends: Timestamp,
}

impl From<EnrolmentCode> for UserCode {
    fn from(c: EnrolmentCode) -> Self {
        UserCode { code: c.code.expose_secret().to_string(), ends: c.ends }
    }
}

/// The body of calls that need nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Order {
    reason: Option<Reason>,
}

fn secret<'de, D: Deserializer<'de>>(d: D) -> Result<SecretString, D::Error> {
    String::deserialize(d).map(SecretString::from)
}

pub(super) fn optional_secret<'de, D: Deserializer<'de>>(d: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(d)?.map(SecretString::from))
}
