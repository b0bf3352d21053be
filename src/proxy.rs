//! The pingora adapter: listener, inbound, upstream, headers, local pages. Decides nothing: the gate does.

pub mod access;
pub mod client;
pub mod engine;
pub mod framing;
pub mod gateway;
pub mod headers;
pub mod hosts;
pub mod identity;
pub mod inbound;
pub mod local;
pub mod redirect;
pub mod response;
pub mod server;
pub mod settings;
pub mod upstream;
