//! Wiring, reload, shutdown. The only place that names a concrete store.

mod access_log;
mod admin_tls;
mod assertion;
mod brand;
mod ends;
mod follower;
mod key_watch;
pub mod keys;
mod policy;
mod readiness;
mod record;
mod stamp;
mod store;
mod tasks;
mod telemetry;
mod wiring;

pub use record::Record;
pub use store::{Offline, offline_accounts};
pub use wiring::{Extras, Running, start};
