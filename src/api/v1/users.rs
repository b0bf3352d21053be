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
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::default()
        .routes(routes!(list::handle, add::handle))
        .routes(routes!(show::handle, set::handle, delete::handle))
        .routes(routes!(password::handle))
        .routes(routes!(reset_mfa::handle))
        .routes(routes!(unlock::handle))
        .routes(routes!(disable::disable))
        .routes(routes!(disable::enable))
        .routes(routes!(sessions::handle))
        .routes(routes!(sign_out::handle))
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserCode {
    pub code: String,
    pub ends: Timestamp,
}

impl From<EnrolmentCode> for UserCode {
    fn from(c: EnrolmentCode) -> Self {
        UserCode { code: c.code.expose_secret().to_string(), ends: c.ends }
    }
}

/// In a path: whose account.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Whom {
    /// Name or e-mail address.
    #[param(min_length = 1, example = "alice")]
    login: String,
}

/// The body of calls that need nothing.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Why)]
struct Order {
    #[serde(default)]
    reason: Option<Reason>,
}

fn secret<'de, D: Deserializer<'de>>(d: D) -> Result<SecretString, D::Error> {
    String::deserialize(d).map(SecretString::from)
}

pub(super) fn optional_secret<'de, D: Deserializer<'de>>(d: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(d)?.map(SecretString::from))
}
