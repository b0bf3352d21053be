//! Which threads the kernel lets on a core first, where there are more of them than cores.
//!
//! A thread that wakes up takes a core at once where it asks for a shorter slice than the one that runs there; else it may
//! wait for the kernel's tick, 4 ms at 250 Hz. Linux takes slices from 6.12 on and ignores them before.

use std::io;
use std::time::Duration;

/// For a thread that serves requests: at once, a moment at a time; its share of the cores stays the same. With it the p99 of
/// signed-in requests in a flood of sign-ins is 1.5 to 1.9 ms on two cores, without it one tick (`bench/sign-in-flood`).
pub fn serve_at_once() {
    let own = rustix::process::getpriority_process(None);
    let done = own.map_err(io::Error::from).and_then(|nice| set(None, nice, LEAST));
    if let Err(cause) = done {
        tracing::debug!(%cause, "a thread that serves requests has the usual slice");
    }
}

/// For a thread that computes: behind those that serve requests, with a tenth of a busy thread's share where cores are
/// short, and waking up it takes no core from a thread that runs. The kernel's idle class would hold requests up as little,
/// but on a machine without a free core no sign-in would end.
/// It cannot be taken back without a privilege, so it is for threads that do nothing else.
pub fn give_way() {
    // who is further behind already stays there
    let nice = rustix::process::getpriority_process(None).map_or(NICE, |own| own.max(NICE));
    if let Err(cause) = set(Some(libc::SCHED_BATCH), nice, USUAL) {
        tracing::debug!(%cause, "a thread that computes keeps the usual priority");
    }
}

/// Of the calling thread. No `policy`: the one it has.
#[expect(unsafe_code, reason = "no library wraps this call for these classes")]
fn set(policy: Option<i32>, nice: i32, slice: Duration) -> io::Result<()> {
    let keep = if policy.is_none() { libc::SCHED_FLAG_KEEP_POLICY } else { 0 };
    let attr = libc::sched_attr {
        size: u32::try_from(size_of::<libc::sched_attr>()).unwrap_or(0),
        sched_policy: policy.unwrap_or(0).unsigned_abs(),
        sched_flags: u64::from(keep.unsigned_abs()),
        sched_nice: nice,
        sched_priority: 0,
        sched_runtime: u64::try_from(slice.as_nanos()).unwrap_or(u64::MAX),
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: thread 0 is the calling one, and the structure is only read, during the call
    match unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attr, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// About a tenth of the weight of nice 0 (sched(7)).
const NICE: i32 = 10;
/// The least slice the kernel takes.
const LEAST: Duration = Duration::from_micros(100);
/// About what the kernel gives by itself; said, for a thread begins with the slice of the one that started it.
const USUAL: Duration = Duration::from_millis(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_thread_that_asks_gives_way() {
        let before = own();
        let asked = std::thread::spawn(|| {
            give_way();
            own()
        });
        assert_eq!(asked.join().unwrap(), (NICE.max(before.0), libc::SCHED_BATCH));
        assert_eq!(own(), before);
    }

    #[test]
    fn who_serves_keeps_its_class_and_share() {
        let before = own();
        let asked = std::thread::spawn(|| {
            set(None, own().0, LEAST).unwrap();
            own()
        });
        assert_eq!(asked.join().unwrap(), before);
    }

    /// Nice value and class of this thread (proc_pid_stat(5), fields 19 and 41).
    fn own() -> (i32, i32) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let field = |n: usize| stat.rsplit(')').next().unwrap().split_whitespace().nth(n - 3).unwrap().parse().unwrap();
        (field(19), field(41))
    }
}
