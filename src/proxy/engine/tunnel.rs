//! WebSockets, carried by ourselves: pingora's tunnels now and then die right after the 101 (its issue 946), stall when
//! both sides write at once, and own 128 KiB of buffers each.
//!
//! `request_filter` calls [`open()`]: connect, send the head, read the answer's head. On 101 it leaves a [`Plan`] with
//! `cut::hand_over` and returns `Ok(true)` unwritten. pingora then gives the client's stream back as if for the next
//! request; its future, session and buffers are gone, and `Front` runs the tunnel on the bare stream. Any other answer
//! is given to pingora begun ([`Replay`]) and takes the ordinary path.
//!
//! May not look into frames beyond their boundaries and opcodes, and may not choose the upstream.

mod open;
mod pump;
mod replay;
mod run;

pub use open::{Answer, To, head_101, open};
pub use replay::Replay;
pub(super) use run::run;

use crate::sys::lease::Lease;
use crate::sys::switch::Switch;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// A stream to an upstream, plain or TLS.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send + Sync + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + Debug> Io for T {}
pub type Up = Box<dyn Io>;

/// What a tunnel needs besides the client's stream.
pub struct Plan {
    pub up: Up,
    /// The 101 as the client gets it, from `head_101`.
    pub head: Vec<u8>,
    /// What the upstream sent together with its 101.
    pub early: Vec<u8>,
    /// Without a byte in either direction for this long the tunnel ends.
    pub idle: Duration,
    /// Set by `Cuttable` to the switch the request was bound to; `None` is a public request.
    pub switch: Option<Arc<Switch>>,
    /// Set by `Cuttable`, with the switch.
    pub lease: Option<Arc<Lease>>,
    /// Called when the tunnel has ended; dropped uncalled where it never began, or the process gave up its connection.
    pub done: Option<Box<dyn FnOnce(Report) + Send + Sync>>,
    /// Called whenever bytes of a data frame of the client have passed (not for ping, pong and close): the person or
    /// their page did something. Must be quick; the callee throttles.
    pub on_client_data: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// How a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Both sides had said all they had to say.
    Closed,
    Error,
    Idle,
    /// The switch was thrown.
    Cut,
    /// The listener shuts down.
    Drain,
}

/// What can be said of a tunnel that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Report {
    pub end: End,
    pub to_client: u64,
    pub to_upstream: u64,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests look at it"))]
    /// Frames to the client.
    pub frames: u64,
    #[cfg_attr(not(test), expect(dead_code, reason = "tests look at it"))]
    /// The client got a Close frame of ours.
    pub polite: bool,
}
