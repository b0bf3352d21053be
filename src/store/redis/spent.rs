//! What was used up through this node in the last minute: written back should the server lose it at a failover.
//!
//! Writing back is doing it again: each is idempotent, and none takes anything back.

use super::script::of_user;
use super::{Redis, nanos, place};
use crate::store::Result;
use crate::sys::{lease, lock};
use crate::types::{DeviceId, DeviceRef, FactorId, FormId, SetId, Timestamp, TokenHash, UserId};
use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

/// One thing that must not come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spent {
    Step {
        user: UserId,
        factor: FactorId,
        step: u64,
        used: Timestamp,
    },
    Code {
        user: UserId,
        set: SetId,
        digest: [u8; 32],
    },
    /// Else the browser's good token would look like a stolen one.
    Rotation {
        at: DeviceRef,
        next: TokenHash,
        now: Timestamp,
    },
    Device {
        user: UserId,
        device: DeviceId,
    },
    /// Given out to be sent.
    Form {
        id: FormId,
    },
}

/// A counter as it was after an attempt.
#[derive(Clone, Debug)]
pub(super) struct Count {
    pub(super) value: String,
    pub(super) now: Timestamp,
}

/// Whose counter, and which.
type Counter = (Option<UserId>, String);

/// The last minute. Counters lie apart: a flood of failures must not push out what sign-ins have spent.
#[derive(Default)]
pub(super) struct Memory {
    /// Oldest first.
    used: Mutex<VecDeque<(u64, Spent)>>,
    counts: Mutex<Counts>,
}

/// The newest of each counter, for one minute to two.
#[derive(Default)]
struct Counts {
    since: u64,
    now: HashMap<Counter, Count>,
    before: HashMap<Counter, Count>,
}

impl Memory {
    pub(super) fn keep(&self, spent: Spent) {
        let at = lease::now();
        let mut used = lock(&self.used);
        while used.front().is_some_and(|(then, _)| then + nanos(place::REMEMBERED) < at) || used.len() >= MOST {
            used.pop_front();
        }
        used.push_back((at, spent));
    }

    pub(super) fn keep_count(&self, counter: Counter, count: Count) {
        let (at, mut counts) = (lease::now(), lock(&self.counts));
        if counts.since + nanos(place::REMEMBERED) < at {
            counts.before = std::mem::take(&mut counts.now);
            counts.since = at;
        }
        if counts.now.len() < MOST || counts.now.contains_key(&counter) {
            counts.now.insert(counter, count);
        }
    }

    /// A success took it back.
    pub(super) fn forget_count(&self, counter: &Counter) {
        let mut counts = lock(&self.counts);
        counts.now.remove(counter);
        counts.before.remove(counter);
    }

    /// Somebody cleared these of the user.
    pub(super) fn forget_counts(&self, user: UserId, of: impl Fn(&str) -> bool) {
        let mut counts = lock(&self.counts);
        let stays = |(whose, name): &Counter| *whose != Some(user) || !of(name);
        counts.now.retain(|counter, _| stays(counter));
        counts.before.retain(|counter, _| stays(counter));
    }

    fn recent(&self) -> (Vec<Spent>, Vec<(Counter, Count)>) {
        let since = lease::now().saturating_sub(nanos(place::REMEMBERED));
        let used = lock(&self.used).iter().filter(|(at, _)| *at >= since).map(|(_, s)| s.clone()).collect();
        let counts = lock(&self.counts);
        let newest = counts.before.iter().chain(&counts.now).map(|(counter, count)| (counter.clone(), count.clone()));
        (used, newest.collect())
    }
}

impl Redis {
    /// What was used up here before the loss is not good again after it. How much was written.
    pub(super) async fn respend(&self) -> Result<usize> {
        let (used, counts) = self.spent.recent();
        let mut written = 0;
        for spent in used {
            written += usize::from(self.spend_again(&spent).await?);
        }
        for ((user, name), count) in counts {
            let mut call = self.scripts.throttle_restore.key(self.keys.throttle(user, &name));
            call.arg(count.now.as_millis()).arg(name).arg(count.value);
            written += self.link.run::<usize>(DOING, &call).await?;
        }
        Ok(written)
    }

    async fn spend_again(&self, spent: &Spent) -> Result<bool> {
        let said: i8 = match spent {
            Spent::Step { user, factor, step, used } => {
                let mut call = of_user(&self.scripts.accept_step, &self.keys, *user);
                call.arg(factor.to_string()).arg(*step).arg(used.as_millis());
                self.link.run(DOING, &call).await?
            }
            Spent::Code { user, set, digest } => {
                let mut call = of_user(&self.scripts.code_spend, &self.keys, *user);
                call.arg(set.to_string()).arg(data_encoding::HEXLOWER.encode(digest));
                self.link.run(DOING, &call).await?
            }
            Spent::Rotation { at, next, now } => {
                let rotated = self.try_device(*at, Some(*next), *now).await?;
                i8::from(matches!(rotated, crate::store::Used::Rotated(_)))
            }
            Spent::Device { user, device } => {
                let mut call = of_user(&self.scripts.device_drop, &self.keys, *user);
                call.arg(device.to_string());
                self.link.run(DOING, &call).await?
            }
            Spent::Form { id } => i8::from(self.drop_form(*id).await?),
        };
        Ok(said == 1)
    }
}

const DOING: &str = "writing back what was used up";
/// Of each: a flood must not fill the node's memory.
const MOST: usize = 100_000;
