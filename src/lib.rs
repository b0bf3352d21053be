//! Portcullis.

pub(crate) mod account;
pub(crate) mod api;
pub(crate) mod app;
pub(crate) mod audit;
pub(crate) mod cli;
pub(crate) mod config;
pub(crate) mod crypto;
pub(crate) mod factor;
pub(crate) mod gate;
pub(crate) mod live;
pub(crate) mod policy;
pub(crate) mod proxy;
pub(crate) mod session;
pub(crate) mod store;
pub(crate) mod sys;
mod threats;
pub(crate) mod types;
pub(crate) mod web;

/// The whole program.
pub fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os())
}
