//! `audit`.

use super::StoreSettings;
use super::files::Files;
use crate::audit::{FileSettings, Settings};
use crate::policy::read::{Field, Section};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// The file lies beside the embedded store unless it says otherwise: there the gateway may write. With Redis it has to be
/// named: no folder is known to be the node's own.
pub fn audit(s: &Section<'_>, files: &Files<'_>, store: &StoreSettings) -> Settings {
    let beside = match store {
        StoreSettings::Embedded { path } => Some(path.with_file_name("audit.jsonl")),
        StoreSettings::Redis(_) => None,
    };
    let path = match s.field("file") {
        Some(f) => file(&f, files),
        None => beside,
    };
    let time = |f: Option<Field<'_>>, days| f.and_then(|f| f.duration(KEEP)).unwrap_or(DAY * days);
    let keep = time(s.field("keep"), 400);
    let store = s.section("store");
    Settings {
        file: path.map(|path| FileSettings { path, keep }),
        store_keep: time(store.field("keep"), 30),
        store_max: store.field("max").and_then(|f| f.size(1 << 20..=1 << 40)).unwrap_or(1 << 30),
    }
}

fn file(f: &Field<'_>, files: &Files<'_>) -> Option<PathBuf> {
    if f.text()? == "off" {
        return None;
    }
    let path = files.path(f)?;
    if path.is_dir() {
        f.problem(format!("`{}` is a folder", path.display()), "Name a file in it, such as `audit.jsonl`.");
    }
    Some(path)
}

const DAY: Duration = Duration::from_secs(86_400);
const KEEP: RangeInclusive<Duration> = DAY..=Duration::from_secs(3650 * 86_400);
