//! Who calls the admin API, as the door found out: what they may do and whom they may reach.

use crate::audit::Reporter;
use crate::types::{AppName, Scope, Scopes};
use std::collections::BTreeSet;
use std::fmt;

/// Made at the door alone; every call carries one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub kind: CallerKind,
    /// What an administrator called it: of a token, a certificate or a hook.
    pub name: String,
    pub scopes: Scopes,
    /// Only sessions in these apps; empty: in all.
    pub apps: BTreeSet<AppName>,
    /// Different users that orders may meet in an hour; `None`: any number.
    pub users_per_hour: Option<u32>,
}

/// Through which door, and by what it was known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallerKind {
    /// The admin socket.
    Socket,
    /// A command on the store of a stopped gateway.
    Offline,
    Token,
    Certificate,
    /// A certificate of the right authority that the configuration does not name.
    Unknown,
    Hook,
}

impl Caller {
    /// Where nothing else is said, of a caller without the scope `admin`.
    pub const USERS_PER_HOUR: u32 = 100;

    /// With every right and no bounds.
    pub fn socket() -> Self {
        Caller::unbounded(CallerKind::Socket)
    }
    /// The same.
    pub fn offline() -> Self {
        Caller::unbounded(CallerKind::Offline)
    }
    fn unbounded(kind: CallerKind) -> Self {
        Caller { kind, name: String::new(), scopes: Scopes::all(), apps: BTreeSet::new(), users_per_hour: None }
    }

    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.allow(scope)
    }
    /// Bound to apps: what is not about sessions in apps is not for it.
    pub fn is_confined(&self) -> bool {
        !self.apps.is_empty()
    }
    /// Whether sessions in this app, or in all of them, are its business.
    pub fn reaches(&self, app: Option<&AppName>) -> bool {
        !self.is_confined() || app.is_some_and(|a| self.apps.contains(a))
    }
    /// For the record.
    pub fn reporter(&self) -> Reporter {
        match self.kind {
            CallerKind::Socket => Reporter::Socket,
            CallerKind::Offline => Reporter::Offline,
            CallerKind::Token | CallerKind::Certificate | CallerKind::Unknown | CallerKind::Hook => Reporter::Api,
        }
    }
}

/// One text for each caller, such as `socket` or `token:soc`: no two have the same.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            CallerKind::Socket => f.write_str("socket"),
            CallerKind::Offline => f.write_str("offline"),
            CallerKind::Token => write!(f, "token:{}", self.name),
            CallerKind::Certificate => write!(f, "certificate:{}", self.name),
            CallerKind::Unknown => write!(f, "unknown:{}", self.name),
            CallerKind::Hook => write!(f, "hook:{}", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_callers_have_one_name() {
        let of = |kind| Caller { kind, name: "socket".into(), ..Caller::socket() }.to_string();
        let all = [
            CallerKind::Socket,
            CallerKind::Offline,
            CallerKind::Token,
            CallerKind::Certificate,
            CallerKind::Unknown,
            CallerKind::Hook,
        ];
        assert_eq!(all.map(of).into_iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn who_is_confined_reaches_its_apps_alone() {
        let (wiki, mail) = (AppName("wiki".into()), AppName("mail".into()));
        let caller = Caller { apps: [wiki.clone()].into(), ..Caller::socket() };
        assert!(caller.reaches(Some(&wiki)) && !caller.reaches(Some(&mail)) && !caller.reaches(None));
        assert!(Caller::socket().reaches(Some(&mail)) && Caller::socket().reaches(None));
    }
}
