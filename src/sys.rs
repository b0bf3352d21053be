//! Time and randomness as values that are handed in, so that logic can be tested on a manual clock; and what else is
//! asked of the operating system.
//!
//! The only module that may read the system's clock or random source.

pub mod lease;
#[cfg(test)]
mod manual;
pub mod priority;
pub mod switch;

#[cfg(test)]
pub use manual::ManualClock;

use crate::types::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// Gives random bytes.
pub trait Entropy: Send + Sync + 'static {
    fn fill(&self, out: &mut [u8]);
}

/// `N` random bytes.
pub fn random<const N: usize>(e: &dyn Entropy) -> [u8; N] {
    let mut b = [0; N];
    e.fill(&mut b);
    b
}

/// Also after a panic elsewhere: for what is whole after every statement.
pub fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The system's wall clock.
pub struct SystemClock;
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The operating system's random source.
pub struct SystemEntropy;
impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
    #[expect(clippy::expect_used, reason = "without randomness nothing here is safe; the process must not go on")]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the system's random source");
    }
}
