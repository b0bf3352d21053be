//! Long work behind those that serve requests.
//!
//! A thread of the usual kind keeps its core until the next tick of the kernel (4 ms at 250 Hz) although a request waits
//! for it, a nice one too. One of the kernel's idle class is put aside at once, but gets a three-hundredth of a core that
//! others keep busy. So work stands back as long as there is room, and competes once it had to wait.

use super::lease::now;
use rustix::time::{ClockId, clock_gettime};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use thread_priority::unix::{set_thread_priority_and_policy, thread_native_id};
use thread_priority::{NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy};

/// One for all work of a kind.
#[derive(Debug, Default)]
pub struct Background {
    /// Nanoseconds since boot: there was no room, and until then it is taken that there is none.
    pressed_until: AtomicU64,
}

impl Background {
    /// On a thread that ends with the work: a priority once lowered cannot be raised without a privilege.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let begun = now();
        if begun < self.pressed_until.load(Relaxed) {
            compete()
        } else {
            stand_back()
        }
        let done = work();
        let waited = now().saturating_sub(begun).saturating_sub(worked());
        if waited > LONG_WAIT {
            self.pressed_until.store(now().saturating_add(PRESSED), Relaxed);
        }
        done
    }
}

/// Only where nobody else wants the core (`SCHED_IDLE`, sched(7)).
fn stand_back() {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(cause) = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle) {
        tracing::debug!(%cause, "a thread could not be put into the idle class");
        compete();
    }
}

/// With about a tenth of a usual thread's share.
fn compete() {
    // Linux counts it for each thread, and 0 is the calling one (setpriority(2), "C library/kernel differences")
    if let Err(cause) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%cause, "a thread keeps the usual priority");
    }
}

/// Nanoseconds this thread has had a core.
fn worked() -> u64 {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    t.tv_sec.unsigned_abs() * 1_000_000_000 + t.tv_nsec.unsigned_abs()
}

const NICE: i32 = 10;
/// Nanoseconds. A password hash takes 20 ms.
const LONG_WAIT: u64 = 200_000_000;
const PRESSED: u64 = 60_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::read_to_string;
    use std::sync::Arc;
    use std::time::Duration;

    /// Nice value and policy of this thread (proc_pid_stat(5)).
    fn own() -> (i64, i64) {
        let stat = read_to_string("/proc/thread-self/stat").unwrap();
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        (fields[16].parse().unwrap(), fields[38].parse().unwrap())
    }
    const IDLE: i64 = 5;

    fn on_a_thread<T: Send + 'static>(b: &Arc<Background>, work: impl FnOnce() -> T + Send + 'static) -> T {
        let b = b.clone();
        std::thread::spawn(move || b.run(work)).join().unwrap()
    }

    #[test]
    fn work_stands_back_until_it_has_waited_long_and_then_competes() {
        let (before, background) = (own(), Arc::new(Background::default()));
        assert_eq!(on_a_thread(&background, own).1, IDLE);
        // no core for longer than is usual
        on_a_thread(&background, || std::thread::park_timeout(Duration::from_nanos(2 * LONG_WAIT)));
        assert_eq!(on_a_thread(&background, own), (i64::from(NICE).max(before.0), before.1));
        background.pressed_until.store(now(), Relaxed);
        assert_eq!(on_a_thread(&background, own).1, IDLE);
        assert_eq!(own(), before, "nobody else's priority has changed");
    }
}
