//! The priority of a thread.

/// Puts this thread behind those that serve requests: where cores are short, it gets a tenth of a busy thread's share. The
/// kernel's idle class would hold requests up less, but on a machine without a free core no sign-in would end.
/// It cannot be taken back without a privilege, so it is for threads that end with their work.
pub fn give_way() {
    // Linux counts it for each thread, and 0 is the calling one (setpriority(2), "C library/kernel differences")
    if let Err(cause) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%cause, "a thread keeps the usual priority");
    }
}

/// About a tenth of the weight of nice 0 (sched(7)).
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
