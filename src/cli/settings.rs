//! Which configuration a command works with, and what it needs of it.

use super::failure::Failure;
use super::out::Out;
use crate::config::Config;
use std::path::PathBuf;

/// The file that was named, else the first of the usual ones that is there.
pub fn find(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match named {
        Some(file) => Ok(file),
        None => USUAL.iter().map(PathBuf::from).find(|f| f.exists()).ok_or_else(|| {
            Failure::refused(format!(
                "no configuration: neither {} is there; name one with --config FILE",
                USUAL.join(" nor ")
            ))
        }),
    }
}

/// Reads it; every mistake and every warning goes to the standard error.
pub fn load(named: Option<PathBuf>, out: &Out) -> Result<Config, Failure> {
    let file = find(named)?;
    match Config::load(&file) {
        Ok((config, warnings)) => {
            for warning in warnings {
                out.remark(&format!("warning: {warning}"));
            }
            Ok(config)
        }
        Err(problems) => Err(Failure::refused(listed(&problems))),
    }
}

/// The admin socket of the gateway with this configuration.
pub fn admin_socket(config: &Config) -> PathBuf {
    config.admin.socket.clone()
}

/// One a line.
pub fn listed(all: &[impl ToString]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

const USUAL: [&str; 2] = ["portcullis.yaml", "/etc/portcullis/portcullis.yaml"];
