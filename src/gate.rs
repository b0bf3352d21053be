//! Identify, decide, sign-in flow. The only place that mints a `Passage`; without one there is no upstream peer.

mod challenge;
mod decide;
pub mod flow;
mod record;
pub mod service;
mod set_up;
mod sign_in;
mod sign_out;
#[cfg(test)]
mod tests;
pub mod verdict;

pub use crate::session::Identity;
pub use flow::{Answer, ChallengePage, SetUpPage, SignIn, SignedOut, Who};
pub use service::Gate;
pub use verdict::{Denial, Fault, Passage, Refusal, Verdict};
