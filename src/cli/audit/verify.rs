//! `audit verify`: reads files of the audit and says whether they are as they were written.

use crate::audit::Checkpoint;
use crate::audit::verify::{Report, Verifier, first_of};
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use crate::cli::settings;
use crate::crypto::keys::Keys;
use crate::crypto::{AuditKeys, AuditVerifier, KeyRing};
use crate::sys::{Clock, SystemClock};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// All files of the audit: audit*.jsonl
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Public keys of checkpoints, as GET /api/v1/audit/keys tells them [default: from the configuration's key file]
    #[arg(long, value_name = "JWKS")]
    keys: Option<PathBuf>,
    /// A checkpoint from the log or the API, NODE:NUMBER:HASH: the files must have it
    #[arg(long, value_name = "CHECKPOINT")]
    checkpoint: Vec<Checkpoint>,
    /// The files before these are left out
    #[arg(long)]
    partial: bool,
}

pub fn run(args: Args, config: Option<PathBuf>, out: &Out) -> Result<(), Failure> {
    let keys = match &args.keys {
        Some(file) => AuditVerifier::of_jwks(&serde_json::from_str(&read(file)?).map_err(|e| cannot(file, &e))?),
        None => of_key_file(config, out)?,
    };
    if keys.is_empty() {
        return Err(Failure::refused(
            "no key to check checkpoints with: it is not a key set (RFC 7517) with P-256 keys",
        ));
    }
    let mut files = args.files.iter().map(|f| Ok((first(f)?, f))).collect::<Result<Vec<_>, Failure>>()?;
    // files of one node in the order in which they were written, whatever their names; empty ones do not matter
    files.sort();
    let mut verifier = Verifier::new(&keys, args.checkpoint, args.partial);
    for (_, file) in files {
        each_line(file, |number, line| verifier.take((&file.display().to_string(), number), line), out)?;
    }
    tell(&verifier.finish(), out)
}

fn of_key_file(config: Option<PathBuf>, out: &Out) -> Result<AuditVerifier, Failure> {
    let file = settings::load(config, out)?.keys.path;
    let keys = Keys::parse(&file.display().to_string(), &read(&file)?, SystemClock.now());
    let keys = keys.map_err(|e| Failure::refused(e.to_string()))?;
    Ok(AuditVerifier::of_jwks(&AuditKeys::new(&KeyRing::of(keys)).jwks()))
}

fn tell(report: &Report, out: &Out) -> Result<(), Failure> {
    let Report { lines, checkpoints, unsigned, .. } = report;
    if report.faults.is_empty() {
        let mut text = format!("{lines} lines are as they were written, {checkpoints} checkpoints are the gateway's");
        if *unsigned > 0 {
            text.push_str(&format!("; the last {unsigned} have no checkpoint behind them yet"));
        }
        out.result(&text, report);
        return Ok(());
    }
    let said = |f: &crate::audit::verify::Fault| match f.line {
        0 => format!("{}: {}", f.file, f.what),
        line => format!("{}:{line}: {}", f.file, f.what),
    };
    if out.json() {
        out.result("", report);
    } else {
        report.faults.iter().for_each(|f| out.remark(&said(f)));
    }
    Err(Failure::refused("the audit is not as it was written"))
}

/// Each whole line; what the gateway is writing just now is none yet.
fn each_line(path: &Path, mut take: impl FnMut(u64, &[u8]), out: &Out) -> Result<(), Failure> {
    let mut file = BufReader::new(File::open(path).map_err(|e| cannot(path, &e))?);
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(|e| cannot(path, &e))? == 0 {
            return Ok(());
        }
        number += 1;
        match line.strip_suffix(b"\n") {
            Some(whole) => take(number, whole),
            None => out.remark(&format!("{}:{number}: an unfinished line at the end is left out", path.display())),
        }
    }
}

fn first(path: &Path) -> Result<Option<(crate::types::NodeId, u64)>, Failure> {
    let mut line = Vec::new();
    let mut file = BufReader::new(File::open(path).map_err(|e| cannot(path, &e))?);
    file.read_until(b'\n', &mut line).map_err(|e| cannot(path, &e))?;
    Ok(first_of(line.strip_suffix(b"\n").unwrap_or(&line)))
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|e| cannot(path, &e))
}

fn cannot(path: &Path, e: &dyn std::fmt::Display) -> Failure {
    Failure::refused(format!("{}: cannot be read: {e}", path.display()))
}
