//! A browser that signed in before: *known*, or *trusted* for some days.

use super::record::text;
use crate::types::{DeviceId, Origin, Seq, Timestamp, TokenHash, UserId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A browser of one user on one origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    /// Another after every use.
    pub token: TokenHash,
    pub previous: Option<PreviousToken>,
    pub user: UserId,
    #[serde(with = "text")]
    pub origin: Origin,
    /// `None`: known, and trusted no more or never.
    pub trusted_until: Option<Timestamp>,
    /// Where the log stood when its trust was given: an order to forget devices from later on ends the trust.
    #[serde(default)]
    pub trusted_since: Seq,
    /// The browser's `User-Agent`, cut.
    pub browser: String,
    /// Where it was last used from.
    pub address: String,
    pub created: Timestamp,
    pub last_used: Timestamp,
    pub ends: Timestamp,
}

/// The token before the last rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousToken {
    pub token: TokenHash,
    pub until: Timestamp,
}

/// For how long the token before the last one still serves: two tabs at once, an answer that was lost.
pub(super) const GRACE: Duration = Duration::from_secs(60);

/// How many devices a user has; above it those used longest ago go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceLimits {
    pub trusted: u32,
    pub known: u32,
}

/// What a device's token turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Used {
    /// The present one; the next one is in its place.
    Rotated(Device),
    /// The one before, in its grace: served, and nothing changes.
    Previous(Device),
    /// An older one of a device that lives: somebody copied it.
    Stale(Device),
    /// There is no such device (any more).
    Unknown,
}

impl Device {
    pub fn trusts(&self, now: Timestamp) -> bool {
        self.trusted_until.is_some_and(|until| now < until)
    }

    /// What a token of this device is now, before anything is rotated.
    pub(super) fn presented(&self, token: &TokenHash, now: Timestamp) -> Age {
        let in_grace = |p: &PreviousToken| p.token == *token && now < p.until;
        match &self.previous {
            _ if self.token == *token => Age::Present,
            Some(p) if in_grace(p) => Age::Previous,
            Some(_) | None => Age::Older,
        }
    }
}

/// Which of a device's tokens one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Age {
    Present,
    Previous,
    Older,
}

/// Those that have to go when `new` comes to the others of its user.
pub(super) fn surplus(others: &[Device], new: &Device, limits: DeviceLimits) -> Vec<DeviceId> {
    let now = new.last_used;
    let (mut trusted, mut known): (Vec<_>, Vec<_>) =
        others.iter().filter(|d| d.id != new.id && now < d.ends).partition(|d| d.trusts(now));
    let gone = others.iter().filter(|d| now >= d.ends).map(|d| d.id);
    let mut surplus: Vec<DeviceId> = gone.filter(|id| *id != new.id).collect();
    let room =
        |most: u32, takes_one: bool| usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(usize::from(takes_one));
    let of_kind =
        [(&mut trusted, room(limits.trusted, new.trusts(now))), (&mut known, room(limits.known, !new.trusts(now)))];
    for (devices, room) in of_kind {
        devices.sort_by_key(|d| (std::cmp::Reverse(d.last_used), d.id));
        surplus.extend(devices.iter().skip(room).map(|d| d.id));
    }
    surplus
}
