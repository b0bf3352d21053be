//! Orders to disconnect somebody: what they say, how a store keeps them, and the nodes' acknowledgements.
//!
//! A store judges no session by them: whom an order meets is decided where the session is known.

use super::Result;
use super::record::bytes_b64;
use crate::types::{AppName, DeviceId, GroupName, NodeId, OrderId, SecondFactor, Seq, SessionId, Timestamp, UserId};
use async_trait::async_trait;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;
use utoipa::ToSchema;

/// The part of a store that keeps orders; every [`Store`](super::Store) is one.
#[async_trait]
pub trait OrderStore: Send + Sync + 'static {
    /// Appends the order to the log and keeps it, as one step, and says who has to obey. An order with the same
    /// idempotency digest that is kept is the answer instead, and nothing is appended.
    async fn place_order(&self, order: &Order) -> Result<Placed>;
    /// Lifts an order that stands. `None`: there is none, or it was lifted before.
    async fn lift_order(&self, id: OrderId, at: Timestamp) -> Result<Option<Lifted>>;
    /// All that are kept, in the order in which they came.
    async fn orders(&self) -> Result<Vec<Order>>;
    async fn order(&self, id: OrderId) -> Result<Option<Order>>;
    /// A node has applied an entry of the log. Everybody who follows the log hears it.
    async fn acknowledge(&self, ack: &Ack) -> Result<()>;
}

/// One order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    /// The log's number of its entry; 0 before it has one.
    #[serde(default)]
    pub seq: Seq,
    pub select: Select,
    pub action: Action,
    pub reason: String,
    /// The caller's own number for it.
    pub case: Option<String>,
    /// The caller's name.
    pub by: String,
    pub at: Timestamp,
    /// The people are told.
    pub notify: bool,
    /// A digest of the caller and the key that the caller gave.
    #[serde(default, with = "bytes_b64::optional")]
    pub idempotency: Option<[u8; 32]>,
    /// A digest of what was asked for, which tells a repetition from another order under the same key.
    #[serde(default, with = "bytes_b64::optional")]
    pub asked: Option<[u8; 32]>,
    #[serde(default)]
    pub lifted: Option<Timestamp>,
}

/// Whom an order means: all that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderSelect)]
pub struct Select {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserSelect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupName>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "app_text")]
    #[schema(value_type = Option<String>)]
    pub app: Option<AppName>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "net_text")]
    #[schema(value_type = Option<String>)]
    pub network: Option<IpNet>,
    #[serde(default)]
    pub everyone: bool,
    /// Whoever is in one of these groups is not met, whatever else fits.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub spares: BTreeSet<GroupName>,
}

/// A person, known or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderUser)]
pub struct UserSelect {
    /// Name or e-mail address, folded.
    pub key: String,
    /// Whose it was when the order came; `None`: nobody's, and whoever bears it later is meant.
    pub id: Option<UserId>,
}

/// What happens to who is met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
#[schema(as = OrderAction)]
pub enum Action {
    /// A second factor is asked of sessions that began before, and of the person until one was given.
    StepUp {
        /// Which will do; empty: any.
        methods: BTreeSet<SecondFactor>,
        /// Sessions that have not done it by then are over.
        until: Option<Timestamp>,
        if_no_method: NoMethod,
    },
    /// Sessions that began before are over.
    SignOut,
    /// Trust given before is none any more.
    ForgetDevices,
    /// Factors enrolled before are good only for being replaced.
    ReEnroll,
    /// Nobody gets in; sessions that began before stay over when it ends.
    Block { until: Option<Timestamp> },
}

/// What a step-up does to who could not do it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoMethod {
    #[default]
    SignOut,
    Block,
}

/// An order that is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// As it is kept: an earlier one where the same had been ordered before.
    pub order: Order,
    pub repeated: bool,
    /// Whose lease may not have run out. An acknowledgement of all of them is certainty, where `all_known`.
    pub nodes: Vec<NodeId>,
    /// The store has been the same for longer than a lease lasts, so that no node is missing from the list.
    pub all_known: bool,
}

/// An order that was lifted just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    pub order: Order,
    pub seq: Seq,
}

/// A node has applied an entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    pub node: NodeId,
    pub seq: Seq,
    /// Exchanges cut at it.
    pub connections: u64,
    /// Whom it met, as far as this node knows them. May come later than the first acknowledgement.
    pub met: Option<Met>,
}

/// Whom an order met, as digests of their ids: several nodes may know the same session, and it counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    pub users: Sketch,
    pub sessions: Sketch,
    pub devices: Sketch,
    /// Users who have no method that the order asks for.
    pub without_method: Sketch,
}

/// A set that can be joined with others and counted: exactly up to `KEPT`, and well estimated above by its smallest
/// digests (k minimum values). Its members are ids, which are random: their bytes are as good as digests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sketch(BTreeSet<u64>);

impl Sketch {
    pub fn add(&mut self, id: &[u8; 16]) {
        let [a, b, c, d, e, f, g, h, ..] = *id;
        self.0.insert(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        self.trim();
    }
    pub fn join(&mut self, other: &Sketch) {
        self.0.extend(&other.0);
        self.trim();
    }
    pub fn count(&self) -> u64 {
        let kept = u64::try_from(self.0.len()).unwrap_or(u64::MAX);
        match self.0.last() {
            Some(last) if self.0.len() >= KEPT => {
                let estimate = u128::from(kept - 1) * (u128::from(u64::MAX) + 1) / (u128::from(*last) + 1);
                u64::try_from(estimate).unwrap_or(u64::MAX)
            }
            Some(_) | None => kept,
        }
    }
    fn trim(&mut self) {
        while self.0.len() > KEPT {
            self.0.pop_last();
        }
    }
}

impl Met {
    pub fn join(&mut self, other: &Met) {
        self.users.join(&other.users);
        self.sessions.join(&other.sessions);
        self.devices.join(&other.devices);
        self.without_method.join(&other.without_method);
    }
}

impl Order {
    /// Until when it has to be kept; `None`: until somebody lifts it.
    pub fn kept_until(&self) -> Option<Timestamp> {
        let sessions = self.at.plus(LONGEST_SESSION);
        match (&self.action, self.lifted) {
            (Action::SignOut, _) => Some(sessions),
            // trust lasts as long as a session at most
            (Action::ForgetDevices, _) => Some(sessions),
            (Action::Block { .. }, Some(_)) => Some(sessions),
            (Action::Block { until }, None) => until.map(|t| t.max(sessions)),
            (Action::StepUp { .. } | Action::ReEnroll, Some(lifted)) => Some(lifted.plus(SETTLING)),
            (Action::StepUp { .. } | Action::ReEnroll, None) => None,
        }
    }
    /// Nobody can be met by it any more.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.kept_until().is_some_and(|end| end <= now)
    }
    /// Whether lifting it undoes anything: what is over is over.
    pub fn can_be_lifted(&self) -> bool {
        match self.action {
            Action::StepUp { .. } | Action::ReEnroll | Action::Block { .. } => true,
            Action::SignOut | Action::ForgetDevices => false,
        }
    }
    /// As its entry of the log tells it: an order that is written back after a loss keeps its first number.
    pub fn placed_at(&self, entry: Seq) -> Order {
        Order { seq: if self.seq == Seq(0) { entry } else { self.seq }, ..self.clone() }
    }
}

/// Sessions, and a device's trust, last 90 days at most; a day for clocks that differ.
const LONGEST_SESSION: Duration = Duration::from_secs(91 * 86_400);
/// For how long a lifted order is still told to who asks.
const SETTLING: Duration = Duration::from_secs(86_400);
const KEPT: usize = 512;

mod app_text {
    use crate::types::AppName;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(v: &Option<AppName>, s: S) -> Result<S::Ok, S::Error> {
        match v {
            Some(v) => s.collect_str(v),
            None => s.serialize_none(),
        }
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<AppName>, D::Error> {
        Ok(Option::<String>::deserialize(d)?.map(|name| AppName(name.into())))
    }
}

mod net_text {
    use ipnet::IpNet;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(v: &Option<IpNet>, s: S) -> Result<S::Ok, S::Error> {
        match v {
            Some(v) => s.collect_str(v),
            None => s.serialize_none(),
        }
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<IpNet>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|t| t.parse().map_err(serde::de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> [u8; 16] {
        // a good mixer stands for a random id
        let mut x = n.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mut b = [0; 16];
        b[..8].copy_from_slice(&(x ^ (x >> 31)).to_be_bytes());
        b
    }

    #[test]
    fn what_several_nodes_met_counts_once() {
        let (mut a, mut b) = (Sketch::default(), Sketch::default());
        (0..300).for_each(|n| a.add(&id(n)));
        (200..400).for_each(|n| b.add(&id(n)));
        a.join(&b);
        assert_eq!(a.count(), 400);
        (0..100_000).for_each(|n| a.add(&id(n)));
        assert!((85_000..115_000).contains(&a.count()), "{}", a.count());
    }

    #[test]
    fn an_order_is_kept_as_long_as_it_can_meet_somebody() {
        let at = Timestamp::from_secs(1_000_000);
        let long = at.plus(LONGEST_SESSION);
        let step_up = Action::StepUp { methods: BTreeSet::new(), until: Some(at), if_no_method: NoMethod::SignOut };
        let far = long.plus(SETTLING);
        let table = [
            (Action::SignOut, None, Some(long)),
            (Action::ForgetDevices, None, Some(long)),
            (Action::Block { until: None }, None, None),
            (Action::Block { until: Some(at) }, None, Some(long)),
            (Action::Block { until: Some(far) }, None, Some(far)),
            (Action::Block { until: None }, Some(at), Some(long)),
            (step_up.clone(), None, None),
            (step_up, Some(at), Some(at.plus(SETTLING))),
            (Action::ReEnroll, None, None),
        ];
        for (action, lifted, kept) in table {
            let order = Order { action: action.clone(), lifted, ..sample(at) };
            assert_eq!(order.kept_until(), kept, "{action:?}");
            assert!(!order.is_over(at));
        }
    }

    #[test]
    fn an_order_survives_its_text_form() {
        let order = Order {
            select: Select {
                user: Some(UserSelect { key: "alice".into(), id: None }),
                ip: Some("2001:db8::1".parse().unwrap()),
                app: Some(AppName("wiki".into())),
                network: Some("10.0.0.0/8".parse().unwrap()),
                ..Select::default()
            },
            idempotency: Some([3; 32]),
            ..sample(Timestamp::from_secs(5))
        };
        let text = serde_json::to_string(&order).unwrap();
        assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
    }

    fn sample(at: Timestamp) -> Order {
        Order {
            id: OrderId::from_bytes([1; 16]),
            seq: Seq(0),
            select: Select { everyone: true, ..Select::default() },
            action: Action::SignOut,
            reason: "test".into(),
            case: None,
            by: "tests".into(),
            at,
            notify: false,
            idempotency: None,
            asked: None,
            lifted: None,
        }
    }
}
