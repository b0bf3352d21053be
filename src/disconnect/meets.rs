//! Whether a selection fits somebody. Pure and table-tested.

use crate::session::marks::Subject;
use crate::store::{Select, UserSelect};

/// All that is given fits; nothing given fits nobody.
pub(super) fn meets(select: &Select, s: &Subject<'_>) -> bool {
    let Select { user, session, device, ip, group, app, network, everyone, spares } = select;
    let mut given = *everyone;
    let mut fits = |is_given: bool, fit: bool| {
        given |= is_given;
        !is_given || fit
    };
    let addresses = || s.addresses.iter().flatten();
    let all = fits(user.is_some(), user.as_ref().is_some_and(|u| is_user(u, s)))
        & fits(session.is_some(), *session == s.session)
        & fits(device.is_some(), *device == s.device)
        & fits(ip.is_some(), ip.is_some_and(|ip| addresses().any(|a| *a == ip)))
        & fits(group.is_some(), group.as_ref().is_some_and(|g| s.groups.contains(g)))
        & fits(app.is_some(), app.as_ref() == s.app)
        & fits(network.is_some(), network.is_some_and(|n| addresses().any(|a| n.contains(a))));
    given && all && spares.is_disjoint(s.groups)
}

/// A known user is known by the id alone: a name that somebody else bears by now means nobody else.
fn is_user(u: &UserSelect, s: &Subject<'_>) -> bool {
    match u.id {
        Some(id) => id == s.user,
        None => s.name.as_str() == u.key || s.email.is_some_and(|e| e.as_str() == u.key),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Somebody, select};
    use super::*;
    use crate::types::{AppName, DeviceId, GroupName, SessionId, UserId};

    #[test]
    fn a_selection_fits_who_fits_all_of_it() {
        let alice = Somebody::alice();
        let s = alice.subject();
        let user = |key: &str, id: Option<UserId>| Some(UserSelect { key: key.into(), id });
        let (own, other) = (alice.id, UserId::from_bytes([9; 16]));
        let group = |g| GroupName::parse(g).ok();
        let app = |a: &str| Some(AppName(a.into()));
        let ip = |a: &str| a.parse().ok();
        let net = |n: &str| n.parse().ok();
        let table = [
            (Select::default(), false),
            (select(|s| s.everyone = true), true),
            (select(|s| s.user = user("alice", None)), true),
            (select(|s| s.user = user("alice@example.com", None)), true),
            (select(|s| s.user = user("bob", None)), false),
            (select(|s| s.user = user("alice", Some(own))), true),
            (select(|s| s.user = user("old-name", Some(own))), true),
            (select(|s| s.user = user("alice", Some(other))), false),
            (select(|s| s.session = Some(SessionId::from_bytes([2; 16]))), true),
            (select(|s| s.session = Some(SessionId::from_bytes([9; 16]))), false),
            (select(|s| s.device = Some(DeviceId::from_bytes([3; 16]))), true),
            (select(|s| s.device = Some(DeviceId::from_bytes([9; 16]))), false),
            (select(|s| s.ip = ip("192.0.2.1")), true),
            (select(|s| s.ip = ip("198.51.100.7")), true),
            (select(|s| s.ip = ip("192.0.2.2")), false),
            (select(|s| s.network = net("192.0.2.0/24")), true),
            (select(|s| s.network = net("198.51.100.0/24")), true),
            (select(|s| s.network = net("10.0.0.0/8")), false),
            (select(|s| s.network = net("::/0")), false),
            (select(|s| s.group = group("staff")), true),
            (select(|s| s.group = group("admins")), false),
            (select(|s| s.app = app("wiki")), true),
            (select(|s| s.app = app("mail")), false),
            (select(|s| (s.user, s.app) = (user("alice", None), app("wiki"))), true),
            (select(|s| (s.user, s.app) = (user("alice", None), app("mail"))), false),
            (select(|s| (s.everyone, s.group) = (true, group("admins"))), false),
            (select(|s| (s.user, s.spares) = (user("alice", None), group("staff").into_iter().collect())), false),
            (select(|s| (s.user, s.spares) = (user("alice", None), group("admins").into_iter().collect())), true),
            (select(|s| s.spares = group("admins").into_iter().collect()), false),
        ];
        for (select, want) in table {
            assert_eq!(meets(&select, &s), want, "{select:?}");
        }
    }

    #[test]
    fn who_has_no_session_yet_is_met_by_no_session_and_no_device() {
        let alice = Somebody { session: None, device: None, ..Somebody::alice() };
        let s = alice.subject();
        assert!(!meets(&select(|s| s.session = Some(SessionId::from_bytes([2; 16]))), &s));
        assert!(!meets(&select(|s| s.device = Some(DeviceId::from_bytes([3; 16]))), &s));
        assert!(meets(&select(|s| s.everyone = true), &s));
    }
}
