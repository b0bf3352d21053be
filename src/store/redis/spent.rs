//! What was used up through this node in the last minute: written back should the server lose it at a failover.
//!
//! Writing back is doing it again: each is idempotent, and none takes anything back.

use super::script::of_user;
use super::{Redis, nanos, place};
use crate::store::Result;
use crate::sys::lease;
use crate::types::{DeviceId, DeviceRef, FactorId, SetId, Timestamp, TokenHash, UserId};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// A counter as it was after an attempt.
    Count {
        user: Option<UserId>,
        name: String,
        value: String,
        now: Timestamp,
    },
}

/// The last minute, oldest first.
#[derive(Default)]
pub(super) struct Memory(Mutex<VecDeque<(u64, Spent)>>);

impl Memory {
    pub(super) fn keep(&self, spent: Spent) {
        let at = lease::now();
        let mut all = self.all();
        while all.front().is_some_and(|(then, _)| then + nanos(place::REMEMBERED) < at) || all.len() >= MOST {
            all.pop_front();
        }
        all.push_back((at, spent));
    }

    /// A success, or an admin, took it back.
    pub(super) fn forget_counts(&self, of: impl Fn(&Option<UserId>, &str) -> bool) {
        self.all().retain(|(_, s)| !matches!(s, Spent::Count { user, name, .. } if of(user, name)));
    }

    fn recent(&self) -> Vec<Spent> {
        let since = lease::now().saturating_sub(nanos(place::REMEMBERED));
        self.all().iter().filter(|(at, _)| *at >= since).map(|(_, s)| s.clone()).collect()
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<(u64, Spent)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Redis {
    /// What was used up here before the loss is not good again after it. How much was written.
    pub(super) async fn respend(&self) -> Result<usize> {
        let mut written = 0;
        for spent in self.spent.recent() {
            written += usize::from(self.spend_again(&spent).await?);
        }
        Ok(written)
    }

    async fn spend_again(&self, spent: &Spent) -> Result<bool> {
        const DOING: &str = "writing back what was used up";
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
            Spent::Count { user, name, value, now } => {
                let mut call = self.scripts.throttle_restore.key(self.keys.throttle(*user, name));
                call.arg(now.as_millis()).arg(name).arg(value);
                self.link.run(DOING, &call).await?
            }
        };
        Ok(said == 1)
    }
}

/// A flood of failures must not fill the node's memory.
const MOST: usize = 100_000;
