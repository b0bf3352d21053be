//! Between those who record and the one who writes: bounded, and the one place that knows whether the record works.

use super::book::Waiting;
use crate::sys::lock;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use tokio::sync::Notify;

#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<VecDeque<Waiting>>,
    /// Of `waiting` and of what the writer holds and could not write.
    count: AtomicUsize,
    lost: AtomicU64,
    pub(super) came: Notify,
    broken: AtomicBool,
    state: Mutex<State>,
}

/// How the record stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Good,
    /// Written, but not everywhere.
    Behind(String),
    /// What should not happen unrecorded is refused.
    Broken(String),
}

impl Queue {
    /// False where it had to be thrown away.
    pub(super) fn push(&self, event: Waiting) -> bool {
        let mut waiting = self.locked();
        if self.count.load(Ordering::Relaxed) >= MOST {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        waiting.push_back(event);
        self.count.fetch_add(1, Ordering::Relaxed);
        drop(waiting);
        self.came.notify_one();
        true
    }

    pub(super) fn take(&self, most: usize) -> Vec<Waiting> {
        let mut waiting = self.locked();
        let many = waiting.len().min(most);
        waiting.drain(..many).collect()
    }

    /// The writer has an event of its own.
    pub(super) fn took_one_more(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// So many that were taken are written.
    pub(super) fn wrote(&self, many: usize) {
        self.count.fetch_sub(many, Ordering::Relaxed);
    }

    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// How many were thrown away since it was asked.
    pub(super) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }

    pub(super) fn is_writable(&self) -> bool {
        // the other half is for what is under way already
        !self.broken.load(Ordering::Relaxed) && self.count() < MOST / 2
    }

    /// True where that is news.
    pub(super) fn set(&self, state: State) -> bool {
        self.broken.store(matches!(state, State::Broken(_)), Ordering::Relaxed);
        let mut held = lock(&self.state);
        let news = *held != state;
        *held = state;
        news
    }

    pub(super) fn state(&self) -> State {
        if self.is_writable() || self.broken.load(Ordering::Relaxed) {
            return lock(&self.state).clone();
        }
        State::Broken(format!("{} events wait to be written: the disk or the store is too slow", self.count()))
    }

    fn locked(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        lock(&self.waiting)
    }
}

/// Events that wait; a kibibyte each at most.
const MOST: usize = 16_384;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::event::Event;
    use crate::audit::line::Fields;
    use crate::audit::outcome::Node;

    #[test]
    fn what_cannot_be_written_is_kept_up_to_a_bound_and_the_rest_is_counted() {
        let queue = Queue::default();
        let fields = Fields::of(&Event::Node { change: Node::Started }, None);
        let event = || Waiting { at: Default::default(), fields: fields.clone(), policy: Default::default() };
        assert!((0..MOST).all(|_| queue.push(event())));
        assert!(!queue.push(event()) && !queue.is_writable());
        assert!(matches!(queue.state(), State::Broken(_)));
        assert_eq!((queue.take_lost(), queue.take_lost()), (1, 0));
        let taken = queue.take(MOST).len();
        assert!(!queue.push(event()));
        queue.wrote(taken);
        assert!(queue.push(event()) && queue.is_writable() && queue.state() == State::Good);
    }
}
