//! The pingora adapter: listener, inbound, upstream, headers, local pages. Decides nothing: the gate does.

pub mod client;
pub mod engine;
pub mod framing;
pub mod headers;
pub mod hosts;
pub mod identity;
pub mod inbound;
pub mod settings;
