//! Identify, decide, sign-in flow. The only place that mints a `Passage`; without one there is no upstream peer.

mod answer;
mod backup;
mod challenge;
pub mod change;
mod confirm;
mod decide;
mod devices;
mod errand;
pub mod flow;
mod judge;
pub mod parking;
mod password;
mod record;
pub mod service;
mod set_up;
mod sign_in;
mod sign_out;
mod step_up;
#[cfg(test)]
mod tests;
mod throttle;
pub mod verdict;

pub use crate::session::{Cached, Told};
pub use change::Fresh;
pub use errand::Errand;
pub use flow::{Answer, ChallengePage, SetUpPage, SignIn, SignedOut, Who};
pub use parking::{FormPage, Marker, NotSent, Parking, Posted, Sending, Unkept};
pub use service::Gate;
pub use verdict::{Denial, Fault, Passage, Refusal, Verdict};
