//! Whether a file has changed since it was last looked at.

use std::path::Path;
use std::time::SystemTime;

/// What changes when a file does.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamp(Option<(SystemTime, u64, u64)>);

impl Stamp {
    pub fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        Stamp(std::fs::metadata(path).ok().and_then(|m| Some((m.modified().ok()?, m.len(), m.ino()))))
    }
}
