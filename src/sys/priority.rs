//! The priority of a thread.

use std::io;
use std::time::Duration;

/// Puts this thread behind those that serve requests: where cores are short, it gets a tenth of a busy thread's share, and
/// whoever wakes up takes its core almost at once. The kernel's idle class would hold requests up as little, but on a machine
/// without a free core no sign-in would end.
/// It cannot be taken back without a privilege, so it is for threads that end with their work.
pub fn give_way() {
    // who is further behind already stays there
    let nice = rustix::process::getpriority_process(None).map_or(NICE, |own| own.max(NICE));
    if let Err(cause) = set(nice, SLICE) {
        tracing::debug!(%cause, "a thread keeps the usual priority");
    }
}

/// Of the calling thread, in the usual class. `slice`: for so long Linux shields a thread that runs from one that wakes up,
/// usually about 3 ms; longer ones make it run no more in all. Taken from 6.12 on, ignored before.
#[expect(unsafe_code, reason = "no library wraps this call for the usual class")]
fn set(nice: i32, slice: Duration) -> io::Result<()> {
    let attr = libc::sched_attr {
        size: u32::try_from(size_of::<libc::sched_attr>()).unwrap_or(0),
        sched_policy: libc::SCHED_OTHER.unsigned_abs(),
        sched_flags: 0,
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
/// The least the kernel takes. Beside a thread that hashes, the p99 of light requests on two cores was 1.5 ms with it, 2.2 ms
/// with the usual slice, 2.4 ms with 100 ms, and 0.9 ms without a hash.
const SLICE: Duration = Duration::from_micros(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_thread_that_asks_gives_way() {
        let own = || rustix::process::getpriority_process(None).unwrap();
        let before = own();
        let asked = std::thread::spawn(move || {
            give_way();
            own()
        });
        assert_eq!(asked.join().unwrap(), NICE.max(before));
        assert_eq!(own(), before);
    }
}
