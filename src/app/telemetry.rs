//! Logs: JSON or text on stderr.

use crate::config::{LogFormat, LogSettings};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// Called once a process; a second call (tests) leaves the first in force.
pub fn init(settings: &LogSettings) {
    // what is put on record is not a matter of taste, whatever the level
    let directives = format!("{},audit=info,{ENGINE}", settings.level);
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match settings.format {
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).boxed(),
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).boxed(),
    };
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
}

/// The engine logs every client that goes away as an error, with its URL; requests are logged by ourselves.
const ENGINE: &str = "pingora_core=off,pingora_proxy=off,pingora_pool=off,pingora_load_balancing=off";
