//! The priority of a thread.

/// Puts this thread behind those that serve requests: it gets what they leave, and they need not wait for its turn to end.
/// It cannot be taken back without a privilege, so it is for threads that end with their work.
pub fn give_way() {
    // Linux counts it for each thread, and 0 is the calling one (setpriority(2), "C library/kernel differences")
    if let Err(cause) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%cause, "a thread keeps the usual priority");
    }
}

/// About a tenth of a busy thread's share (sched(7)): enough that a sign-in ends on a machine that has nothing to spare.
const NICE: i32 = 10;

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
