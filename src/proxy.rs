//! The pingora adapter: listener, inbound, upstream, headers, local pages. Decides nothing: the gate does.

pub mod engine;
pub mod settings;
