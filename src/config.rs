//! Placeholder with what the commands need of the configuration.

use crate::policy::Problem;
use std::path::{Path, PathBuf};

#[derive(Debug, PartialEq, Eq)]
pub struct Config {
    pub admin: Admin,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Admin {
    pub socket: PathBuf,
}

impl Config {
    pub fn load(_file: &Path) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
        Err(Vec::new())
    }
}
