//! Threads that hash and do nothing else.

use crate::sys::priority::give_way;
use argon2::Block;
use std::cell::RefCell;
use std::io;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// Behind those that serve requests. A thread starts with the first hash and ends after ten idle seconds: one that started
/// with each hash would begin, with the usual priority, on the core of the request that asked for it.
pub struct Threads {
    handle: Handle,
    /// Its own thread is never there: only what it keeps for work that blocks.
    runtime: Option<Runtime>,
}

impl Threads {
    pub fn new(many: usize) -> io::Result<Self> {
        let mut threads = Builder::new_current_thread();
        let runtime = threads.max_blocking_threads(many).thread_name("password").on_thread_start(give_way).build()?;
        Ok(Threads { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// `job` gets the working memory of the hashes that ran there before.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static) -> JoinHandle<T> {
        self.handle.spawn_blocking(|| BLOCKS.with_borrow_mut(job))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // a runtime that is merely dropped waits for its threads, which no task may
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

thread_local! {
    /// Goes with its thread, and back to the system: what one thread frees of another's, the allocator keeps for long.
    static BLOCKS: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}
