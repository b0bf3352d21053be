//! `store`, `keys`, `brand`, `log`, `limits`.

use super::files::{Files, guard};
use super::{Brand, KeysFile, LogFormat, LogSettings, StoreSettings};
use crate::policy::read::{Field, Section, shown};
use crate::proxy::settings::Limits;
use std::path::Path;
use tracing::Level;

pub fn store(s: &Section<'_>, files: &Files<'_>) -> StoreSettings {
    let (embedded, redis) = (s.field("embedded"), s.field("redis"));
    if let (Some(_), Some(f)) = (embedded, redis) {
        f.problem("there is one store, and two are named", "Keep `embedded` (one node) or `redis` (several).");
    }
    if let Some(f) = redis {
        return StoreSettings::Redis(super::redis::settings(&f.section(), files));
    }
    let path = embedded.and_then(|f| f.section().field("path")).and_then(|f| files.path(&f));
    StoreSettings::Embedded { path: path.unwrap_or_else(|| files.base.join("data/portcullis.db")) }
}

/// `embedded`: the store's keys can be made at its first start; several nodes on Redis need the same, so there they cannot.
pub fn keys(root: &Section<'_>, files: &Files<'_>, embedded: bool) -> KeysFile {
    let field = root.section("keys").field("file");
    let path = field.and_then(|f| files.path(&f)).unwrap_or_else(|| files.base.join("keys.yaml"));
    let place = field.or_else(|| root.section("store").field("redis"));
    if let Some(f) = place {
        check_keys(&f, &path, embedded);
    }
    KeysFile { path, may_create: embedded }
}

fn check_keys(f: &Field<'_>, path: &Path, embedded: bool) {
    if path.is_file() {
        guard(f, path);
    } else if !embedded {
        let remedy = "Make it with `portcullis keys generate`; every node on this Redis needs the same file.";
        f.problem(format!("there is no key file `{}`", path.display()), remedy);
    }
}

pub fn brand(s: &Section<'_>, files: &Files<'_>) -> Brand {
    let line = |key: &str, most: usize| {
        let f = s.field(key)?;
        let text = f.text()?;
        if text.trim().is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
            f.problem(format!("`{key}` is not one line of text"), format!("Write 1 to {most} characters."));
        }
        Some(text.to_string())
    };
    let logo = s.field("logo").and_then(|f| {
        let path = files.existing(&f)?;
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        if !["svg", "png", "jpg", "jpeg", "webp"].contains(&extension.as_str()) {
            f.problem("not an image that pages can show", "Name an svg, png, jpg or webp file.");
        }
        Some(path)
    });
    let colour = s.field("colour").and_then(|f| {
        let text = f.text()?;
        let hex = text.strip_prefix('#').unwrap_or_default();
        if !matches!(hex.len(), 3 | 6) || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            let remedy = "Write it in quotes, such as `\"#0a5\"` or `\"#00aa55\"`.";
            f.problem(format!("`{}` is not a colour", shown(text)), remedy);
        }
        Some(text.to_ascii_lowercase())
    });
    Brand {
        name: line("name", 60).unwrap_or_else(|| "Portcullis".to_string()),
        logo,
        colour: colour.unwrap_or_else(|| "#1f5fd0".to_string()),
        support: line("support", 200),
    }
}

pub fn log(s: &Section<'_>) -> LogSettings {
    let formats = [("json", LogFormat::Json), ("text", LogFormat::Text)];
    let levels = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    LogSettings {
        format: s.field("format").and_then(|f| f.choice(&formats)).unwrap_or(LogFormat::Json),
        level: s.field("level").and_then(|f| f.choice(&levels)).unwrap_or(Level::INFO),
    }
}

pub fn limits(s: &Section<'_>) -> Limits {
    let wide = |n: Option<u64>, default: usize| n.and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
    Limits {
        header_bytes: wide(s.field("header_bytes").and_then(|f| f.size(4096..=1 << 20)), 64 << 10),
        headers: wide(s.field("headers").and_then(|f| f.whole(10..=1000)), 100),
        connections_per_address: wide(s.field("connections_per_address").and_then(|f| f.whole(1..=100_000)), 200),
    }
}
