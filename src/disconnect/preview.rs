//! Whom an order meets, from the store: for a dry run, for the exact counts of one person, for a list of sessions.

use super::caller::Caller;
use super::cut::{count, lacks_method};
use super::error::OrderError;
use super::meets::meets;
use super::service::Service;
use crate::session::marks::{Marks, Person, Subject};
use crate::store::order::{Met, Sketch};
use crate::store::{Account, Action, Order, Session, StoreError};
use crate::types::{AppName, DeviceId, Proofs, SecondFactor, Seq, SessionId, Timestamp, UserId, UserName};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;

/// How many an order met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Matched {
    pub users: u64,
    pub sessions: u64,
    pub devices: u64,
    /// Exchanges that were cut.
    pub connections: u64,
    /// Users who could not do what was asked.
    pub without_method: u64,
}

/// One session, as admins see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LiveSession)]
pub struct SessionRow {
    pub session: SessionId,
    pub user: UserId,
    pub name: UserName,
    /// The origin's app; null where the configuration has it no more.
    pub app: Option<String>,
    pub device: Option<DeviceId>,
    /// Where it was opened from.
    pub address: String,
    pub browser: String,
    /// When the password was given. Milliseconds since 1970, like every time here.
    pub first_at: Timestamp,
    /// The last second factor and when it was given; null: none was.
    pub second: Option<(SecondFactor, Timestamp)>,
    pub idle_end: Timestamp,
    pub absolute_end: Timestamp,
}

/// What the store knows of whom an order meets.
#[derive(Default)]
pub(super) struct Preview {
    pub(super) met: Met,
    /// Names of those without a method, as many as an answer holds.
    pub(super) without_method: Vec<UserName>,
}

impl Matched {
    pub(super) fn of(met: &Met, connections: u64) -> Self {
        Matched {
            users: met.users.count(),
            sessions: met.sessions.count(),
            devices: met.devices.count(),
            connections,
            without_method: met.without_method.count(),
        }
    }
}

/// An account with its live sessions.
struct Having {
    account: Account,
    sessions: Vec<Session>,
    devices: Vec<DeviceId>,
}

impl Service {
    /// Everybody whom the order would meet, or has met: of one person, or of all, a page of the roster at a time.
    pub(super) async fn preview(&self, order: &Order) -> Result<Preview, OrderError> {
        let mut found = Found { order, met: Met::default(), lacking: Vec::new(), devices: Sketch::default() };
        if let Some(user) = order.select.user.as_ref().and_then(|u| u.id) {
            if let Some(account) = self.parts.store.account(user).await? {
                found.look(self, &self.having(account, true).await?);
            }
            return Ok(found.done());
        }
        let mut after: Option<String> = None;
        loop {
            let page = self.parts.store.roster(after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(found.done()) };
            after = Some(last.name.as_str().to_owned());
            let reading = futures::stream::iter(page.into_iter().map(|a| self.having(a, true)));
            let mut reading = reading.buffered(AT_ONCE);
            while let Some(one) = reading.next().await {
                found.look(self, &one?);
            }
        }
    }

    /// The people whom it would meet, each with whether they are an administrator: all of the roster is gone through.
    pub(super) async fn people(&self, order: &Order) -> Result<Vec<(UserId, bool)>, OrderError> {
        let (mut people, mut after, admins) = (Vec::new(), None::<String>, (self.parts.admins)());
        loop {
            let page = self.parts.store.roster(after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(people) };
            after = Some(last.name.as_str().to_owned());
            let reading = futures::stream::iter(page.into_iter().map(|a| self.having(a, false)));
            let mut reading = reading.buffered(AT_ONCE);
            while let Some(one) = reading.next().await {
                let one = one?;
                let mut found = Found { order, met: Met::default(), lacking: Vec::new(), devices: Sketch::default() };
                found.look(self, &one);
                if found.met.users.count() > 0 {
                    people.push((one.account.id, !one.account.groups.is_disjoint(&admins)));
                }
            }
        }
    }

    /// Live sessions in order of their users' names; those that orders have ended are none. `after`: the last name of the
    /// page before.
    pub async fn sessions(
        &self,
        caller: &Caller,
        (user, ip): (Option<UserId>, Option<IpAddr>),
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<SessionRow>, Option<String>), OrderError> {
        let mut rows = Vec::new();
        if let Some(user) = user {
            if let Some(account) = self.parts.store.account(user).await? {
                self.rows(&self.having(account, false).await?, (caller, ip), &mut rows);
            }
            return Ok((rows, None));
        }
        let mut after = after.map(str::to_owned);
        loop {
            let page = self.parts.store.roster(after.as_deref(), PAGE).await?;
            if page.is_empty() {
                return Ok((rows, None));
            }
            let reading = futures::stream::iter(page.into_iter().map(|a| self.having(a, false)));
            let mut reading = reading.buffered(AT_ONCE);
            while let Some(one) = reading.next().await {
                let one = one?;
                after = Some(one.account.name.as_str().to_owned());
                self.rows(&one, (caller, ip), &mut rows);
                if rows.len() >= limit {
                    return Ok((rows, after));
                }
            }
        }
    }

    fn rows(&self, of: &Having, (caller, ip): (&Caller, Option<IpAddr>), rows: &mut Vec<SessionRow>) {
        let now = self.parts.clock.now();
        let person = Person::of(&of.account);
        for s in &of.sessions {
            let subject = self.subject(&of.account, s, &person);
            let from = ip.is_none_or(|ip| subject.addresses.contains(&Some(ip)));
            if !from || !caller.reaches(subject.app) || self.parts.orders.effect(&subject, now).ends() {
                continue;
            }
            rows.push(SessionRow {
                session: s.id,
                user: s.user,
                name: of.account.name.clone(),
                app: subject.app.map(|a| a.to_string()),
                device: s.device,
                address: s.address.clone(),
                browser: s.browser.clone(),
                first_at: s.assurance.first_at,
                second: s.assurance.second,
                idle_end: s.idle_end,
                absolute_end: s.absolute_end,
            });
        }
    }

    async fn having(&self, account: Account, devices: bool) -> Result<Having, StoreError> {
        let now = self.parts.clock.now();
        let sessions = self.parts.store.sessions_of(account.id, now).await?;
        let devices = match devices {
            true => self.parts.store.devices_of(account.id, now).await?.iter().map(|d| d.id).collect(),
            false => Vec::new(),
        };
        Ok(Having { account, sessions, devices })
    }

    fn subject<'a>(&'a self, a: &'a Account, s: &'a Session, person: &'a Person) -> Subject<'a> {
        Subject {
            user: a.id,
            name: &a.name,
            email: a.email.as_ref(),
            groups: &a.groups,
            session: Some(s.id),
            device: s.device,
            app: self.app(s),
            addresses: [s.address.parse().ok(), None],
            began: s.began,
            proofs: &s.proofs,
            person,
        }
    }

    fn app(&self, s: &Session) -> Option<&AppName> {
        self.parts.apps.get(&s.origin)
    }
}

struct Found<'o> {
    order: &'o Order,
    met: Met,
    devices: Sketch,
    lacking: Vec<UserName>,
}

impl Found<'_> {
    fn look(&mut self, service: &Service, one: &Having) {
        let (a, person, none) = (&one.account, Person::of(&one.account), Proofs::default());
        let before = self.met.users.clone();
        for s in &one.sessions {
            let subject = service.subject(a, s, &person);
            let seq = if self.order.seq == Seq(0) { Seq(u64::MAX) } else { self.order.seq };
            let over = service.parts.orders.ended_before(seq, &subject, service.parts.clock.now());
            if meets(&self.order.select, &subject) && self.is_from_before(s.began) && !over {
                count(self.order, &subject, &mut self.met);
            }
        }
        let door = Subject {
            user: a.id,
            name: &a.name,
            email: a.email.as_ref(),
            groups: &a.groups,
            session: None,
            device: None,
            app: None,
            addresses: [None, None],
            began: Seq(u64::MAX),
            proofs: &none,
            person: &person,
        };
        if meets(&self.order.select, &door) {
            count(self.order, &door, &mut self.met);
            one.devices.iter().for_each(|d| self.devices.add(d.as_bytes()));
        }
        if self.met.users != before && lacks_method(self.order, &door) && self.lacking.len() < NAMED {
            self.lacking.push(a.name.clone());
        }
    }

    /// An order that has no number yet meets all that there is.
    fn is_from_before(&self, began: Seq) -> bool {
        self.order.seq == Seq(0) || began < self.order.seq || matches!(self.order.action, Action::Block { .. })
    }

    fn done(mut self) -> Preview {
        self.met.devices.join(&self.devices);
        Preview { met: self.met, without_method: self.lacking }
    }
}

/// Accounts read in one go, and how many of them are looked at at once.
const PAGE: usize = 500;
const AT_ONCE: usize = 64;
/// Names in one answer.
const NAMED: usize = 1000;
