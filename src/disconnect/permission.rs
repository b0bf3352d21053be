//! Whether a caller may order this, beyond having the scope `disconnect`.
//!
//! A wide selection takes `admin`, and so does keeping an administrator out. Whom a caller without it could not name by
//! knowing better either is spared by the order itself: whoever is, or becomes, an administrator is not met by its mark.

use super::caller::Caller;
use super::error::OrderError;
use super::service::Service;
use crate::audit::{Alarm, Event};
use crate::store::{Action, Counted, NoMethod, Order, Quota, Select};
use crate::types::{AppName, Scope, UserId};
use ipnet::IpNet;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::time::Duration;

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("the selection is wide, and the caller lacks the scope `admin`")]
    Wide,
    #[error("it would keep an administrator out, and the caller lacks the scope `admin`")]
    Administrator,
    #[error("the caller is confined to other apps")]
    OtherApp(BTreeSet<AppName>),
}

/// Whom an order would meet now.
pub(super) struct Meeting {
    /// One entry for each person, known or not.
    pub(super) people: BTreeSet<[u8; 16]>,
    pub(super) administrator: bool,
}

impl Service {
    /// Refuses what the caller may not order, marks whom the order spares, and counts whom it is about to meet; a dry run
    /// counts for nothing.
    pub(super) async fn permit(&self, caller: &Caller, order: &mut Order, dry_run: bool) -> Result<(), OrderError> {
        if !caller.reaches(order.select.app.as_ref()) {
            return Err(Denied::OtherApp(caller.apps.clone()).into());
        }
        let admin = caller.may(Scope::Admin);
        if !admin && !is_narrow(&order.select) {
            return Err(Denied::Wide.into());
        }
        let guarded = !admin && keeps_out(&order.action);
        let most = caller.users_per_hour.filter(|_| !dry_run);
        if !guarded && most.is_none() {
            return Ok(());
        }
        let meeting = self.meeting(order, guarded).await?;
        if guarded {
            if meeting.administrator {
                return Err(Denied::Administrator.into());
            }
            order.select.spares = (self.parts.admins)();
        }
        match most {
            Some(most) => self.count(caller, &meeting.people, most).await,
            None => Ok(()),
        }
    }

    /// Over all nodes, for an hour.
    async fn count(&self, caller: &Caller, people: &BTreeSet<[u8; 16]>, most: u32) -> Result<(), OrderError> {
        let now = self.parts.clock.now();
        let fits = people.len() <= usize::try_from(most).unwrap_or(usize::MAX);
        let counted = match fits {
            true => self.parts.store.meet(&caller.to_string(), people, Quota { most, span: HOUR }, now).await?,
            false => Counted::Over { until: now.plus(HOUR) },
        };
        let Counted::Over { until } = counted else { return Ok(()) };
        let event = Event::Alarm {
            by: caller.reporter(),
            caller: caller.to_string(),
            limit: Alarm::UsersPerHour,
            count: u64::from(most),
            until,
        };
        self.parts.audit.record(&event, now);
        Err(OrderError::TooMany { most, after: until.since(now) })
    }

    /// `exact`: the people themselves are looked for, also where a session or a device stands for one.
    pub(super) async fn meeting(&self, order: &Order, exact: bool) -> Result<Meeting, OrderError> {
        let one = |person| Meeting { people: [person].into(), administrator: false };
        let select = &order.select;
        match (&select.user, select.session, select.device) {
            (Some(user), ..) => match user.id {
                Some(id) => Ok(Meeting { administrator: self.is_administrator(id).await?, ..one(*id.as_bytes()) }),
                None => Ok(one(digest(&user.key))),
            },
            (None, Some(session), _) if !exact => Ok(one(*session.as_bytes())),
            (None, None, Some(device)) if !exact => Ok(one(*device.as_bytes())),
            (None, ..) => {
                let found = self.people(order).await?;
                let administrator = found.iter().any(|(_, administrator)| *administrator);
                Ok(Meeting { people: found.into_iter().map(|(id, _)| *id.as_bytes()).collect(), administrator })
            }
        }
    }

    async fn is_administrator(&self, user: UserId) -> Result<bool, OrderError> {
        let account = self.parts.store.account(user).await?;
        Ok(account.is_some_and(|a| !a.groups.is_disjoint(&(self.parts.admins)())))
    }
}

/// A person, a session, a device, an address or a small network: what somebody could have had an alert about.
fn is_narrow(s: &Select) -> bool {
    s.user.is_some() || s.session.is_some() || s.device.is_some() || s.ip.is_some() || s.network.is_some_and(is_small)
}

fn is_small(network: IpNet) -> bool {
    match network {
        IpNet::V4(n) => n.prefix_len() >= 16,
        IpNet::V6(n) => n.prefix_len() >= 48,
    }
}

/// An administrator whom it met would not get back in without another's help.
fn keeps_out(action: &Action) -> bool {
    match action {
        Action::Block { .. } | Action::ReEnroll => true,
        // a method that somebody does not have is asked for easily
        Action::StepUp { if_no_method, .. } => *if_no_method == NoMethod::Block,
        Action::SignOut | Action::ForgetDevices => false,
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// Of somebody who has no id yet.
fn digest(login: &str) -> [u8; 16] {
    let hash: [u8; 32] = Sha256::digest(login.as_bytes()).into();
    let mut half = [0; 16];
    half.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    half
}

#[cfg(test)]
mod tests {
    use super::super::sample::select;
    use super::*;
    use crate::store::UserSelect;
    use crate::types::{DeviceId, GroupName, SessionId};

    #[test]
    fn wide_is_what_names_no_person_session_device_or_address() {
        let net = |n: &str| n.parse().ok();
        let group = GroupName::parse("staff").ok();
        let table = [
            (select(|s| s.user = Some(UserSelect { key: "alice".into(), id: None })), true),
            (select(|s| s.session = Some(SessionId::from_bytes([1; 16]))), true),
            (select(|s| s.device = Some(DeviceId::from_bytes([1; 16]))), true),
            (select(|s| s.ip = "192.0.2.1".parse().ok()), true),
            (select(|s| s.network = net("10.1.0.0/16")), true),
            (select(|s| s.network = net("10.0.0.0/15")), false),
            (select(|s| s.network = net("0.0.0.0/0")), false),
            (select(|s| s.network = net("2001:db8::/48")), true),
            (select(|s| s.network = net("2001:db8::/47")), false),
            (select(|s| s.group = group.clone()), false),
            (select(|s| s.app = Some(AppName("wiki".into()))), false),
            (select(|s| s.everyone = true), false),
            (select(|s| (s.group, s.network) = (group.clone(), net("10.1.2.0/24"))), true),
            (select(|s| (s.everyone, s.group) = (true, group.clone())), false),
        ];
        for (select, narrow) in table {
            assert_eq!(is_narrow(&select), narrow, "{select:?}");
        }
    }
}
