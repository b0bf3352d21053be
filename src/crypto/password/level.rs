//! As long as hashes of other systems lie in the store, a refusal takes as long as the slowest of them: else the time would
//! tell who was imported, and so who exists.
//!
//! Learns from what this process has computed; keeps no clock of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Microseconds that a refusal takes at least.
#[derive(Default)]
pub(super) struct Level(AtomicU64);

impl Level {
    /// A hash of another system took so long. A longer time counts at once; shorter ones bring it down slowly, so that
    /// neither a busy moment stays for ever nor cheap hashes hide the costly ones.
    pub(super) fn took(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).min(LONGEST);
        let sink = |now: u64| if time >= now { time } else { now - (now - time) / SLOWNESS };
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| Some(sink(now)));
    }
    /// From the beginning of the work.
    pub(super) fn of_refusals(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// The costliest hash that is taken, on a slow core under load.
const LONGEST: u64 = 5_000_000;
const SLOWNESS: u64 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_rise_at_once_and_sink_slowly() {
        let level = Level::default();
        assert_eq!(level.of_refusals(), Duration::ZERO);
        level.took(Duration::from_millis(300));
        assert_eq!(level.of_refusals(), Duration::from_millis(300));
        level.took(Duration::from_millis(1));
        assert!(level.of_refusals() > Duration::from_millis(290));
        for _ in 0..1000 {
            level.took(Duration::from_millis(20));
        }
        assert!(level.of_refusals() < Duration::from_millis(21));
        level.took(Duration::from_secs(3600));
        assert_eq!(level.of_refusals(), Duration::from_secs(5));
    }
}
