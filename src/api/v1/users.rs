//! `/api/v1/users`: accounts as admins see them. No secret ever leaves here, not even sealed.

mod add;
mod list;
mod password;
mod show;

pub use add::AddUser;
pub use list::UserList;
pub use password::SetPassword;

use crate::account::Accounts;
use crate::api::problem::Problem;
use crate::store::Account;
use crate::types::{Email, FactorId, GroupName, Login, SecondFactor, Timestamp, UserId, UserName};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, put};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn router() -> Router<Arc<Accounts>> {
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

/// The account that a path names, by name or e-mail address.
fn login(text: &str) -> Result<Login, Problem> {
    Login::parse(text).ok_or_else(|| no_such_user(text))
}

fn no_such_user(login: &str) -> Problem {
    let login = crate::audit::clean::text(login);
    let detail = format!("Nobody has the name or e-mail address {login}; GET /api/v1/users lists everybody.");
    Problem::new(StatusCode::NOT_FOUND, "No such user", detail)
}

fn secret<'de, D: Deserializer<'de>>(d: D) -> Result<SecretString, D::Error> {
    String::deserialize(d).map(SecretString::from)
}
