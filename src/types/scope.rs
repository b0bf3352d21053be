//! What a caller of the admin API may do.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use utoipa::ToSchema;

/// One right. `admin` holds every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at accounts, sessions, orders and the audit.
    Read,
    /// Order somebody to be disconnected.
    Disconnect,
    /// Lift such an order.
    Lift,
    /// Everything: also accounts, keys, tokens, and orders that meet many or administrators.
    Admin,
}

impl Scope {
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Disconnect, Scope::Lift, Scope::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Disconnect => "disconnect",
            Scope::Lift => "lift",
            Scope::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was read is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a scope: read, disconnect, lift or admin expected")]
pub struct BadScope;

impl FromStr for Scope {
    type Err = BadScope;
    fn from_str(s: &str) -> Result<Self, BadScope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == s).ok_or(BadScope)
    }
}

/// The rights of one caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Every one.
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope) || self.0.contains(&Scope::Admin)
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(all: I) -> Self {
        Scopes(all.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<_> = self.0.iter().map(|s| s.as_str()).collect();
        f.write_str(&all.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_holds_every_other_scope_and_no_other_holds_a_second() {
        for held in Scope::ALL {
            assert_eq!(held.as_str().parse(), Ok(held));
            let scopes: Scopes = [held].into_iter().collect();
            for wanted in Scope::ALL {
                assert_eq!(scopes.allow(wanted), held == Scope::Admin || held == wanted, "{held} {wanted}");
            }
        }
        assert!(Scope::ALL.into_iter().all(|s| Scopes::all().allow(s) && !Scopes::default().allow(s)));
        assert_eq!("Admin".parse::<Scope>(), Err(BadScope));
    }
}
