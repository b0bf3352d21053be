//! A session as a node keeps it: what requests are judged and told by, nothing secret.

use super::marks::Person;
use super::told::Told;
use crate::store::{Presented, Stored};
use crate::types::{
    Acr, AppName, Assurance, DeviceId, Email, GroupName, Proofs, Seq, SessionId, Timestamp, TokenHash, UserId, UserName,
};
use arc_swap::ArcSwapOption;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Who the upstream is told the visitor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub user: UserId,
    pub session: SessionId,
    pub name: UserName,
    pub email: Option<Email>,
    pub groups: BTreeSet<GroupName>,
    pub assurance: Assurance,
    /// Raised with every change of the account.
    pub account_version: u64,
}

impl Identity {
    pub fn acr(&self) -> Acr {
        self.assurance.acr()
    }
}

/// A live session under one of its tokens.
#[derive(Debug)]
pub struct Cached {
    pub identity: Identity,
    pub token: TokenHash,
    /// Whether that token is the present one or the one before the last rotation.
    pub presented: Presented,
    pub began: Seq,
    pub enrolled: bool,
    /// What orders are held against.
    pub person: Person,
    pub proofs: Proofs,
    pub device: Option<DeviceId>,
    pub opened_from: Option<IpAddr>,
    /// Where the log stood when the trust was given that the session relies on.
    pub trusted_since: Option<Seq>,
    pub absolute_end: Timestamp,
    /// Until when the old token serves; the absolute end for the present one.
    pub token_until: Timestamp,
    idle_end: AtomicU64,
    noted: AtomicU64,
    told: ArcSwapOption<Told>,
}

impl Cached {
    /// `None` where the token does not open the session (any more), or its account is disabled.
    pub fn of(stored: &Stored, token: &TokenHash, now: Timestamp) -> Option<Self> {
        let (s, a) = (&stored.session, &stored.account);
        let presented = s.opens(token, now)?;
        if a.disabled || now >= s.absolute_end || now >= s.idle_end {
            return None;
        }
        let old = s.old.as_ref().filter(|_| presented == Presented::Old);
        let assurance = old.map_or(s.assurance, |o| o.assurance);
        let identity = Identity {
            user: a.id,
            session: s.id,
            name: a.name.clone(),
            email: a.email.clone(),
            groups: a.groups.clone(),
            assurance,
            account_version: a.version,
        };
        Some(Cached {
            identity,
            token: *token,
            presented,
            began: s.began,
            enrolled: a.has_second_factor(),
            person: Person::of(a),
            proofs: s.proofs.clone(),
            device: s.device,
            opened_from: s.address.parse().ok(),
            trusted_since: s.trusted_since,
            absolute_end: s.absolute_end,
            token_until: old.map_or(s.absolute_end, |o| o.until),
            idle_end: AtomicU64::new(s.idle_end.as_millis()),
            noted: AtomicU64::new(0), // whoever reads it has a request: the first note is always due
            told: ArcSwapOption::empty(),
        })
    }

    /// Whether the node may answer from it; what looks idle is read again before it ends.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.token_until && now < self.absolute_end && now.as_millis() < self.idle_end.load(Ordering::Relaxed)
    }

    /// Whether its time is up, as far as this node knows: absolutely, or by idling.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.absolute_end || now.as_millis() >= self.idle_end.load(Ordering::Relaxed)
    }

    /// What the app's upstream was told last, where that is good still. A session has a cookie an origin, so it seldom has
    /// more than one app.
    pub fn told(&self, app: &AppName, now: Timestamp) -> Option<Arc<Told>> {
        self.told.load_full().filter(|t| now < t.good_until && t.app == *app)
    }

    pub fn tell(&self, told: Arc<Told>) {
        self.told.store(Some(told));
    }

    /// What is told no more takes no room: most sessions rest.
    pub fn forget_told(&self, now: Timestamp) {
        if self.told.load().as_ref().is_some_and(|t| now >= t.good_until) {
            self.told.store(None);
        }
    }

    /// Somebody else has noted activity.
    pub fn lives_until(&self, idle_end: Timestamp) {
        self.idle_end.fetch_max(idle_end.as_millis(), Ordering::Relaxed);
    }

    /// Notes activity; the new idle end where it has to be written, at most once a minute.
    pub fn note_activity(&self, now: Timestamp, idle: Duration) -> Option<Timestamp> {
        let noted = self.noted.load(Ordering::Relaxed);
        if now.since(Timestamp::from_millis(noted)) < NOTE_EVERY {
            return None;
        }
        self.noted.compare_exchange(noted, now.as_millis(), Ordering::Relaxed, Ordering::Relaxed).ok()?;
        let end = now.plus(idle).min(self.absolute_end);
        self.idle_end.fetch_max(end.as_millis(), Ordering::Relaxed);
        Some(end)
    }
}

/// Writing every request's activity would put the store on the hot path.
const NOTE_EVERY: Duration = Duration::from_secs(60);

/// A session of one factor, idle at 10 s and over at 20 s.
#[cfg(test)]
pub fn sample(n: u8) -> Arc<Cached> {
    Arc::new(sample_of(Identity {
        user: UserId::from_bytes([n; 16]),
        session: SessionId::from_bytes([n; 16]),
        name: UserName::parse("sample").unwrap(),
        email: None,
        groups: BTreeSet::new(),
        assurance: Assurance { first_at: Timestamp::default(), second: None, trusted_until: None },
        account_version: 1,
    }))
}

#[cfg(test)]
pub fn sample_of(identity: Identity) -> Cached {
    let (token, absolute_end) = (TokenHash([identity.session.as_bytes()[0]; 32]), Timestamp::from_secs(20));
    Cached {
        identity,
        token,
        presented: Presented::Current,
        began: Seq(1),
        enrolled: false,
        person: Person::default(),
        proofs: Proofs::default(),
        device: None,
        opened_from: None,
        trusted_since: None,
        absolute_end,
        token_until: absolute_end,
        idle_end: AtomicU64::new(10_000),
        noted: AtomicU64::new(0),
        told: ArcSwapOption::empty(),
    }
}
