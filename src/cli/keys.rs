//! `keys generate`: a new file of keys, for its owner only. Never writes over one: what is sealed with lost keys is lost.

use super::failure::Failure;
use super::out::Out;
use crate::crypto::KeyRing;
use crate::sys::{Clock, SystemClock, SystemEntropy};
use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a file with one new key
    Generate {
        /// The file to make; one that exists is never written over
        #[arg(long, value_name = "FILE", default_value = "keys.yaml")]
        out: PathBuf,
    },
}

pub fn run(args: Args, out: &Out) -> Result<(), Failure> {
    match args.command {
        Command::Generate { out: file } => {
            generate(&file)?;
            let text = format!(
                "{}: one new key. Every gateway of one store needs this file; keep a copy apart from the store's backup.",
                file.display()
            );
            out.result(&text, &json!({ "file": file }));
            Ok(())
        }
    }
}

/// Writes a new key ring to `file`, which must not exist, readable by its owner only.
pub(super) fn generate(file: &Path) -> Result<(), Failure> {
    let text = KeyRing::generate(&SystemEntropy, SystemClock.now()).keys().to_yaml();
    write_private(file, text.expose_secret().as_bytes()).map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => Failure::refused(format!(
            "{}: this file exists, and what is sealed with its keys needs them; give another name with --out, or move \
             the file away if nothing needs it",
            file.display()
        )),
        _ => Failure::refused(format!("{}: cannot write the keys: {e}", file.display())),
    })
}

fn write_private(file: &Path, text: &[u8]) -> io::Result<()> {
    let mut f = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    f.write_all(text)?;
    f.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_for_their_owner_and_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.yaml");
        generate(&file).unwrap();
        let first = fs::read(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(generate(&file), Err(Failure::Refused(_))));
        assert_eq!(fs::read(&file).unwrap(), first);
    }
}
