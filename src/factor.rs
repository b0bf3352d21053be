//! First and second factors and their registries.
//!
//! A factor says whether what was typed is right. What follows from that (sessions, counting, answers) is the gate's.

pub mod first;
pub mod second;

#[cfg(test)]
pub(crate) mod fake;
