//! `openapi`: the description of the admin API, as the gateway serves it.

use super::failure::Failure;
use super::out::Out;
use crate::api;

pub fn run(out: &Out) -> Result<(), Failure> {
    // JSON either way, so `--json` changes nothing
    out.piece(&format!("{}\n", api::openapi()));
    Ok(())
}
