//! The orders that this node knows, found by whom they mean.
//!
//! Asked at every request of a session: without an order that is one load, and otherwise a few look-ups, however many
//! orders mean somebody else.

use super::effect::judge;
use crate::session::marks::{Effect, Marks, Subject};
use crate::store::{Order, Select, UserSelect};
use crate::sys::lock;
use crate::types::{DeviceId, GroupName, OrderId, Seq, SessionId, Timestamp, UserId};
use arc_swap::ArcSwapOption;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

/// One per node.
#[derive(Default)]
pub struct Orders {
    all: Mutex<BTreeMap<OrderId, Arc<Order>>>,
    /// `None`: there is none.
    found: ArcSwapOption<Index>,
}

type Few = Vec<Arc<Order>>;

/// Each order lies under the narrowest thing that it names.
#[derive(Default)]
struct Index {
    sessions: HashMap<SessionId, Few>,
    devices: HashMap<DeviceId, Few>,
    users: HashMap<UserId, Few>,
    logins: HashMap<String, Few>,
    addresses: HashMap<IpAddr, Few>,
    groups: HashMap<GroupName, Few>,
    rest: Few,
}

impl Orders {
    /// In the place of all that was known.
    pub fn replace(&self, all: Vec<Order>, now: Timestamp) {
        self.change(now, |known| *known = all.into_iter().map(|o| (o.id, Arc::new(o))).collect());
    }
    pub fn place(&self, order: Order, now: Timestamp) {
        self.change(now, |known| {
            known.insert(order.id, Arc::new(order));
        });
    }
    pub fn lift(&self, id: OrderId, at: Timestamp, now: Timestamp) {
        self.change(now, |known| {
            if let Some(o) = known.get_mut(&id) {
                *o = Arc::new(Order { lifted: Some(at), ..(**o).clone() });
            }
        });
    }
    /// Whether an order from before this entry has ended them already.
    pub(super) fn ended_before(&self, seq: Seq, on: &Subject<'_>, now: Timestamp) -> bool {
        let mut effect = Effect::default();
        if let Some(index) = &*self.found.load() {
            index.each(on, |order| {
                if order.seq < seq {
                    judge(order, on, now, &mut effect);
                }
            });
        }
        effect.over
    }
    /// How many there are.
    pub fn count(&self) -> usize {
        lock(&self.all).len()
    }

    fn change(&self, now: Timestamp, change: impl FnOnce(&mut BTreeMap<OrderId, Arc<Order>>)) {
        let mut all = lock(&self.all);
        change(&mut all);
        all.retain(|_, o| !o.is_over(now));
        let index = (!all.is_empty()).then(|| Arc::new(Index::of(all.values())));
        self.found.store(index);
    }
}

impl Marks for Orders {
    fn is_empty(&self) -> bool {
        self.found.load().is_none()
    }
    fn effect(&self, on: &Subject<'_>, now: Timestamp) -> Effect {
        let mut effect = Effect::default();
        if let Some(index) = &*self.found.load() {
            index.each(on, |order| judge(order, on, now, &mut effect));
        }
        effect
    }
}

impl Index {
    fn of<'a>(all: impl Iterator<Item = &'a Arc<Order>>) -> Self {
        let mut index = Index::default();
        for o in all {
            index.under(&o.select).push(o.clone());
        }
        index
    }

    fn under(&mut self, select: &Select) -> &mut Few {
        match select {
            Select { session: Some(session), .. } => self.sessions.entry(*session).or_default(),
            Select { device: Some(device), .. } => self.devices.entry(*device).or_default(),
            Select { user: Some(UserSelect { id: Some(user), .. }), .. } => self.users.entry(*user).or_default(),
            Select { user: Some(UserSelect { key, id: None }), .. } => self.logins.entry(key.clone()).or_default(),
            Select { ip: Some(ip), .. } => self.addresses.entry(*ip).or_default(),
            Select { group: Some(group), .. } => self.groups.entry(group.clone()).or_default(),
            Select { .. } => &mut self.rest,
        }
    }

    /// Those that may mean them.
    fn each(&self, s: &Subject<'_>, mut f: impl FnMut(&Order)) {
        let logins = [Some(s.name.as_str()), s.email.map(|e| e.as_str())];
        let [from, now] = s.addresses;
        let addresses = [from, now.filter(|a| from != Some(*a))];
        let few = [
            s.session.and_then(|id| self.sessions.get(&id)),
            s.device.and_then(|id| self.devices.get(&id)),
            self.users.get(&s.user),
            Some(&self.rest),
        ];
        let few = few.into_iter().flatten();
        let few = few.chain(logins.iter().flatten().filter_map(|l| self.logins.get(*l)));
        let few = few.chain(addresses.iter().flatten().filter_map(|a| self.addresses.get(a)));
        let few = few.chain(s.groups.iter().filter(|_| !self.groups.is_empty()).filter_map(|g| self.groups.get(g)));
        few.flatten().for_each(|o| f(o));
    }
}

#[cfg(test)]
mod tests {
    use super::super::meets::meets;
    use super::super::sample::{Somebody, order, select};
    use super::*;
    use crate::store::Action;
    use crate::types::AppName;
    use std::time::Duration;

    const NOW: Timestamp = Timestamp::from_secs(1000);

    fn kinds() -> Vec<Select> {
        let alice = Somebody::alice();
        let user = |key: &str, id| Some(UserSelect { key: key.into(), id });
        vec![
            select(|s| s.everyone = true),
            select(|s| s.user = user("alice", Some(alice.id))),
            select(|s| s.user = user("alice", None)),
            select(|s| s.user = user("alice@example.com", None)),
            select(|s| s.session = alice.session),
            select(|s| s.device = alice.device),
            select(|s| s.ip = alice.addresses[0]),
            select(|s| s.ip = alice.addresses[1]),
            select(|s| s.group = alice.groups.first().cloned()),
            select(|s| s.app = Some(alice.app.clone())),
            select(|s| s.network = "192.0.2.0/24".parse().ok()),
            select(|s| (s.session, s.user) = (alice.session, user("bob", None))),
            select(|s| s.app = Some(AppName("mail".into()))),
        ]
    }

    #[test]
    fn an_order_is_found_whatever_it_names() {
        let alice = Somebody::alice();
        for select in kinds() {
            let orders = Orders::default();
            let fits = meets(&select, &alice.subject());
            orders.place(Order { select: select.clone(), ..order(Action::SignOut) }, Timestamp::default());
            assert!(!orders.is_empty());
            assert_eq!(orders.effect(&alice.subject(), Timestamp::default()).over, fits, "{select:?}");
        }
    }

    #[test]
    fn orders_come_are_lifted_and_go_by_themselves() {
        let (alice, orders) = (Somebody::alice(), Orders::default());
        assert!(orders.is_empty());
        let block = Order { at: NOW, ..order(Action::Block { until: None }) };
        orders.place(block.clone(), NOW);
        assert!(orders.effect(&alice.subject(), NOW).blocked);
        orders.lift(block.id, NOW, NOW);
        let e = orders.effect(&alice.subject(), NOW);
        assert!(e.over && !e.blocked);
        orders.replace(vec![block.clone()], NOW);
        assert!(orders.effect(&alice.subject(), NOW).blocked);
        orders.lift(block.id, NOW, NOW.plus(Duration::from_secs(100 * 86_400)));
        assert!(orders.is_empty() && orders.count() == 0, "nobody from before it can be there any more");
    }
}
