//! The connection engine: what stands between a listening socket and pingora's `HttpProxy`.
//!
//! It accepts (`accept`, `proxy_protocol`, `certs`), bounds what pingora leaves unbounded (`front`, `conn`), cuts and
//! holds what is under way (`cut`) and carries WebSockets itself (`tunnel`, `frames`). It knows connections, bytes, a
//! cancellation token and the lease. It may not know sessions, users, policy or the gate: those come in as values.
//!
//! ```text
//! accept::serve ─ a worker's thread ─ front::Front ─ cut::Cuttable ─ pingora's HttpProxy ─ our ProxyHttp
//!                      └──────── tunnel::run, once a request has handed its connection over
//! ```

pub mod accept;
pub mod certs;
mod conn;
pub mod cut;
pub mod frames;
pub mod front;
pub mod peer_end;
pub mod proxy_protocol;
pub mod tunnel;
pub mod workers;

#[cfg(test)]
mod tests;
