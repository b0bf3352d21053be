//! How much one caller, and one address that nobody answers for, may ask of the API: bounded, so that a flood of calls
//! leaves the proxy its processor and the store its time.
//!
//! A bucket each (the generic cell rate algorithm: one time is all that is kept of it). The admin socket has none: it is
//! the way back.

use super::problem::Problem;
use crate::types::{ClientNetwork, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One for all doors of the API.
pub struct Limits {
    buckets: Mutex<HashMap<Who, Timestamp>>,
    at_once: Arc<Semaphore>,
}

/// Whose bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    Caller(String),
    /// What comes from there without a good credential.
    Stranger(ClientNetwork),
    /// Those for whom there was no room.
    Others,
}

/// A bucket holds `burst`, and one more comes each `every`.
#[derive(Clone, Copy, Debug)]
struct Rate {
    every: Duration,
    burst: u32,
}

impl Who {
    fn rate(&self) -> Rate {
        match self {
            Who::Caller(_) => CALLS,
            Who::Stranger(_) | Who::Others => GUESSES,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { buckets: Mutex::default(), at_once: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Limits {
    /// One call of this caller; held until it is answered.
    pub(super) fn call(&self, caller: String, now: Timestamp) -> Result<OwnedSemaphorePermit, Problem> {
        let too_fast = |after| {
            Problem::wait(after, "Too many calls", "This caller has called too often; wait as Retry-After says.")
        };
        self.take(Who::Caller(caller), now).map_err(too_fast)?;
        self.at_once.clone().try_acquire_owned().map_err(|_| {
            let text = "Too many calls are being answered at this moment; try again in a second.";
            Problem::wait(Duration::from_secs(1), "Too many calls at once", text)
        })
    }

    /// One call that nobody answers for.
    pub(super) fn guess(&self, from: Option<ClientNetwork>, now: Timestamp) -> Result<(), Problem> {
        self.take(from.map_or(Who::Others, Who::Stranger), now).map_err(|after| {
            let text = "Calls without a right to call came from this address too often; wait as Retry-After says.";
            Problem::wait(after, "Too many calls", text)
        })
    }

    /// Or how long to wait.
    fn take(&self, who: Who, now: Timestamp) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST && !buckets.contains_key(&who) {
            buckets.retain(|_, empty_until| *empty_until > now);
        }
        let who = if buckets.len() >= MOST && !buckets.contains_key(&who) { Who::Others } else { who };
        let Rate { every, burst } = who.rate();
        let depth = every.saturating_mul(burst);
        // a clock that was set back empties no bucket for longer than it takes to fill one
        let before = buckets.get(&who).map_or(now, |empty_until| (*empty_until).max(now).min(now.plus(depth)));
        let after = before.plus(every);
        let wait = after.since(now).checked_sub(depth).filter(|wait| !wait.is_zero());
        buckets.insert(who, if wait.is_some() { before } else { after });
        wait.map_or(Ok(()), Err)
    }
}

/// A machine that works through a list is never held; 10 000 calls a second are.
const CALLS: Rate = Rate { every: Duration::from_millis(10), burst: 200 };
/// As the failures of one address at the sign-in are: 30 in ten minutes.
const GUESSES: Rate = Rate { every: Duration::from_secs(20), burst: 30 };
/// An order waits for the nodes for a second at most.
const AT_ONCE: usize = 128;
/// Buckets kept.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ClientIp;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn at(ms: u64) -> Timestamp {
        NOW.plus(Duration::from_millis(ms))
    }
    fn from(n: u32) -> Option<ClientNetwork> {
        Some(ClientIp::new(std::net::Ipv4Addr::from(n).into()).network())
    }

    #[test]
    fn a_caller_may_burst_and_then_goes_on_at_its_rate() {
        let limits = Limits::default();
        let calls = |n: u32, ms| (0..n).filter(|_| limits.call("token:soc".into(), at(ms)).is_ok()).count();
        assert_eq!(calls(10_000, 0), 200);
        assert_eq!(calls(10_000, 1000), 100);
        assert_eq!(calls(10_000, 1005), 0);
        assert_eq!(calls(10_000, 60_000), 200);
        assert!(limits.call("token:other".into(), at(0)).is_ok(), "each has its own");
    }

    #[test]
    fn guesses_of_one_address_are_few_and_hold_nobody_else() {
        let limits = Limits::default();
        let guesses = |who, ms| (0..1000).filter(|_| limits.guess(from(who), at(ms)).is_ok()).count();
        assert_eq!((guesses(1, 0), guesses(1, 10_000), guesses(1, 20_000), guesses(2, 0)), (30, 0, 1, 30));
        assert_eq!(guesses(1, 20_000 + 600_000), 30);
    }

    #[test]
    fn a_flood_of_addresses_fills_no_memory_and_is_held_as_one() {
        let limits = Limits::default();
        assert_eq!((0..50_000).filter(|n| limits.guess(from(*n), at(0)).is_ok()).count(), MOST + 30);
        assert!(limits.buckets.lock().unwrap().len() <= MOST + 1);
        assert!(limits.guess(from(60_000), at(21_000)).is_ok(), "room comes back");
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nobody_for_long() {
        let limits = Limits::default();
        drop(limits.call("token:soc".into(), at(86_400_000)).unwrap());
        let calls = |ms| (0..1000).filter(|_| limits.call("token:soc".into(), at(ms)).is_ok()).count();
        assert_eq!((calls(0), calls(2000)), (0, 200));
    }

    #[test]
    fn only_so_many_calls_are_answered_at_once() {
        let limits = Limits::default();
        let held: Vec<_> = (0..500).filter_map(|n| limits.call(format!("token:{n}"), NOW).ok()).collect();
        assert_eq!(held.len(), AT_ONCE);
        drop(held);
        assert!(limits.call("token:late".into(), NOW).is_ok());
    }
}
