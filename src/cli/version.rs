//! `version`.

use super::failure::Failure;
use super::out::Out;
use serde_json::json;

pub fn run(out: &Out) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    out.result(&format!("portcullis {version}"), &json!({ "name": "portcullis", "version": version }));
    Ok(())
}
