//! `serve`: the gateway, until it is told to stop.

use super::failure::Failure;
use super::out::Out;
use super::settings;
use crate::app;
use std::path::PathBuf;

pub async fn run(config: Option<PathBuf>, out: &Out) -> Result<(), Failure> {
    let config = settings::load(config, out)?;
    let running = app::start(config, app::Extras::of_the_system()).await?;
    running.wait_for_shutdown().await?;
    Ok(())
}
