//! What cuts one exchange: thrown by whoever ends it, looked at by the one task that drives it.

use futures::task::AtomicWaker;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll};

/// One a request: it costs an atomic load at each poll, and no lock.
#[derive(Debug, Default)]
pub struct Switch {
    thrown: AtomicBool,
    driver: AtomicWaker,
}

impl Switch {
    #[cfg(test)]
    /// Cuts the exchange, for good, and has its task see to it.
    pub fn throw(&self) {
        self.mark();
        self.wake();
    }

    /// Cuts the exchange, for good: from now on it moves nothing. Its task ends it the next time it runs.
    pub fn mark(&self) {
        self.thrown.store(true, SeqCst);
    }

    /// Has its task run.
    pub fn wake(&self) {
        self.driver.wake();
    }

    pub fn is_thrown(&self) -> bool {
        self.thrown.load(SeqCst)
    }

    /// Ready: cut. Pending: the task is woken when it is; only the one that asked last.
    pub fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.is_thrown() {
            self.driver.register(cx.waker());
        }
        // once more: it may have been thrown before the waker stood there
        if self.is_thrown() { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_task_that_waits_is_woken_whenever_it_is_thrown() {
        for _ in 0..2_000 {
            let switch = Arc::new(Switch::default());
            let waits = tokio::spawn({
                let switch = switch.clone();
                async move { poll_fn(|cx| switch.poll(cx)).await }
            });
            let throws = tokio::spawn(async move { switch.throw() });
            throws.await.unwrap();
            // against hanging only
            timeout(Duration::from_secs(20), waits).await.expect("woken").unwrap();
        }
    }
}
