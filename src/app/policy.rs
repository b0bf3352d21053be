//! The policy in force: read at start, watched, replaced whole or not at all.

use crate::policy::problem::At;
use crate::policy::{Policy, Problem};
use arc_swap::ArcSwap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

/// Where the policy comes from and what became of the last change.
pub struct PolicyFile {
    path: Option<PathBuf>,
    pub in_force: Arc<ArcSwap<Policy>>,
    rejected: Mutex<Option<String>>,
}

impl PolicyFile {
    /// A bad policy at start stops the start.
    pub fn load(path: Option<&Path>) -> Result<Self, Vec<Problem>> {
        let policy = match path {
            Some(p) => read(p)?,
            None => Policy::parse("policy", "version: 1")?,
        };
        let in_force = Arc::new(ArcSwap::from_pointee(policy));
        Ok(PolicyFile { path: path.map(Path::to_path_buf), in_force, rejected: Mutex::default() })
    }

    /// Why the file as it is now is not in force; `None`: it is.
    pub fn rejected(&self) -> Option<String> {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let outcome = read(path);
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
        *self.rejected.lock().unwrap_or_else(PoisonError::into_inner) = why;
        ok
    }
}

fn read(path: &Path) -> Result<Policy, Vec<Problem>> {
    let name: Arc<str> = path.display().to_string().into();
    let text = std::fs::read_to_string(path).map_err(|e| {
        let remedy = "Name a file that this user can read under `policy: { file: … }`.";
        vec![Problem::new(&name, At::default(), format!("the policy cannot be read ({e})"), remedy)]
    })?;
    Policy::parse(&name, &text)
}

/// What changes when a file does.
#[derive(PartialEq, Eq)]
struct Stamp(Option<(SystemTime, u64, u64)>);
impl Stamp {
    fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        Stamp(std::fs::metadata(path).ok().and_then(|m| Some((m.modified().ok()?, m.len(), m.ino()))))
    }
}

const LOOK_EVERY: Duration = Duration::from_secs(1);
