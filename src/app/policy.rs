//! The policy in force: read at start, watched, replaced whole or not at all.

use super::stamp::Stamp;
use crate::config::{Config, load_policy};
use crate::policy::{Policy, Problem};
use crate::proxy::settings::App;
use crate::sys::lock;
use arc_swap::ArcSwap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Where the policy comes from and what became of the last change.
pub struct PolicyFile {
    path: Option<PathBuf>,
    apps: Vec<Arc<App>>,
    pub in_force: Arc<ArcSwap<Policy>>,
    rejected: Mutex<Option<String>>,
}

impl PolicyFile {
    /// A bad policy at start stops the start.
    pub fn load(config: &Config) -> Result<Self, Vec<Problem>> {
        let (path, apps) = (config.policy.clone(), config.proxy.apps.clone());
        let policy = load_policy(path.as_deref(), &apps)?;
        Ok(PolicyFile { path, apps, in_force: Arc::new(ArcSwap::from_pointee(policy)), rejected: Mutex::default() })
    }

    /// Why the file as it is now is not in force; `None`: it is.
    pub fn rejected(&self) -> Option<String> {
        lock(&self.rejected).clone()
    }

    /// Looks once a second; `changed` hears of every try. Polled, for that sees swapped links and network file systems.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken, changed: impl Fn(bool) + Send) {
        let Some(path) = &self.path else { return };
        let mut seen = Stamp::of(path);
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
            let now = Stamp::of(path);
            if now == seen {
                continue;
            }
            seen = now;
            changed(self.reload(path));
        }
    }

    fn reload(&self, path: &Path) -> bool {
        let outcome = load_policy(Some(path), &self.apps);
        let why = match outcome {
            Ok(policy) => {
                tracing::info!(file = %path.display(), hash = policy.hash(), "policy in force");
                self.in_force.store(Arc::new(policy));
                None
            }
            Err(problems) => {
                let all = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
                tracing::error!(file = %path.display(), problems = %all, "policy rejected; the last good one stays in force");
                Some(all)
            }
        };
        let ok = why.is_none();
        *lock(&self.rejected) = why;
        ok
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(1);
