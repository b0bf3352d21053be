//! Wiring, reload, shutdown. The only place that names a concrete store.

mod assertion;
mod brand;
mod follower;
pub mod keys;
mod policy;
mod readiness;
mod store;
mod tasks;
mod telemetry;
mod wiring;

pub use keys::load_or_create as load_keys;
pub use store::offline_accounts;
pub use telemetry::init as init_logs;
pub use wiring::{Extras, Running, start};
