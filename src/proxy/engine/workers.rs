//! One thread a core, each with a runtime of its own. A connection, its upstream connections and their pool stay on the
//! thread they were given to.
//!
//! With one runtime that shares its work a request's memory is freed on another thread than it came from and its cache
//! lines travel with it: a seventh of the processor time of a request there (`bench/run`). What a request waits for
//! outside, such as the store, runs on the program's own runtime.

use crate::sys::priority::serve_at_once;
use std::io;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Running until dropped; what is still under way then is dropped with its runtime.
pub struct Workers {
    handles: Vec<Handle>,
    _until: Vec<oneshot::Sender<()>>,
}

impl Workers {
    pub fn start(many: usize) -> io::Result<Self> {
        let mut workers = Workers { handles: Vec::new(), _until: Vec::new() };
        for n in 0..many.max(1) {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            let (until, dropped) = oneshot::channel();
            workers.handles.push(runtime.handle().clone());
            workers._until.push(until);
            std::thread::Builder::new().name(format!("worker-{n}")).spawn(move || {
                serve_at_once();
                let _ = runtime.block_on(dropped); // nothing is ever sent: it ends with the sender
            })?;
        }
        Ok(workers)
    }

    pub fn handles(&self) -> &[Handle] {
        &self.handles
    }
}
