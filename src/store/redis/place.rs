//! Where a node stands in the log, and what it saw of it in the last minute.

use super::nanos;
use crate::store::Fact;
use std::collections::VecDeque;
use std::time::Duration;

/// The last entry applied, and the store it belongs to.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) seq: u64,
    pub(super) id: String,
    /// The store's name for itself: an emptied or replaced store has another.
    pub(super) born: String,
    /// The server's replication history: another after a failover or a restart without data.
    pub(super) replid: String,
    pub(super) recent: VecDeque<Seen>,
    /// Up to here the log was found to continue what was seen; a gap beyond it may be another log's.
    pub(super) checked: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Nanoseconds since boot.
    pub(super) at: u64,
    pub(super) seq: u64,
    pub(super) id: String,
    /// `None`: where following began, or what this release does not understand.
    pub(super) fact: Option<Fact>,
}

impl Place {
    pub(super) fn move_to(&mut self, seen: Seen) {
        self.seq = seen.seq;
        self.id.clone_from(&seen.id);
        // one older than the time remembered stays: whoever looks for a common past finds it in a quiet log
        while self.recent.get(1).is_some_and(|s| s.at + nanos(REMEMBERED) < seen.at) || self.recent.len() >= MOST {
            self.recent.pop_front();
        }
        self.recent.push_back(seen);
    }

    /// Whether this entry is one that was applied here. Logs that parted have other ids for the same number.
    pub(super) fn holds(&self, seq: u64, id: &str) -> bool {
        (self.seq == seq && self.id == id) || self.recent.iter().rev().any(|s| s.seq == seq && s.id == id)
    }
}

/// What is written back to a store that lost it.
pub(super) const REMEMBERED: Duration = Duration::from_secs(60);
const MOST: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: u64, seq: u64, id: &str) -> Seen {
        Seen { at: at * 1_000_000_000, seq, id: id.into(), fact: None }
    }

    #[test]
    fn an_entry_is_held_by_number_and_id_and_one_older_than_a_minute_is_kept() {
        let mut p = Place::default();
        p.move_to(seen(0, 1, "1-0"));
        p.move_to(seen(1, 2, "2-0"));
        p.move_to(seen(100, 3, "3-0"));
        assert!(p.holds(3, "3-0") && p.holds(2, "2-0"));
        assert!(!p.holds(1, "1-0"), "forgotten");
        assert!(!p.holds(3, "9-9"), "another log's third entry");
    }
}
