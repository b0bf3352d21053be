//! `hook`: makes the URL of a hook, and says what a body would mean to one. Asks no gateway.

use super::failure::Failure;
use super::out::Out;
use super::settings;
use crate::api::hooks::preset::Preset;
use crate::api::hooks::proof::new_secret;
use crate::sys::{SystemEntropy, random};
use crate::types::hook_path::HOOKS;
use crate::types::is_hook_name;
use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a URL; it is shown once, and its hash goes into the configuration
    Create {
        /// Stands in the URL and in the record: lower-case letters, digits, - and _
        name: String,
        /// The tool that calls it: splunk, sentinel, elastic, pagerduty, okta or jamf
        #[arg(long, value_name = "TOOL", value_parser = Preset::ALL.map(|(name, _)| name))]
        preset: Option<String>,
        /// Where the tool reaches the admin listener
        #[arg(long, value_name = "URL", default_value = "https://gateway.example.com:9090")]
        base: String,
    },
    /// Say what a body would mean to a hook of the configuration; nothing is ordered
    Read {
        /// The hook's name
        name: String,
        /// A file with what the tool sends; - is the standard input
        #[arg(value_name = "FILE")]
        body: PathBuf,
    },
}

pub fn run(args: Args, config: Option<PathBuf>, out: &Out) -> Result<(), Failure> {
    match args.command {
        Command::Create { name, preset, base } => create(&name, preset.as_deref(), &base, out),
        Command::Read { name, body } => read(config, &name, &body, out),
    }
}

fn create(name: &str, preset: Option<&str>, base: &str, out: &Out) -> Result<(), Failure> {
    if !is_hook_name(name) {
        let text = "a hook's name has 1 to 64 lower-case letters, digits, - or _: it stands in its URL";
        return Err(Failure::Usage(text.to_owned()));
    }
    let (secret, hash) = new_secret(random(&SystemEntropy));
    let url = format!("{}{HOOKS}{name}/{}", base.trim_end_matches('/'), secret.expose_secret());
    let hash = hash.hex();
    let means = match preset {
        Some(preset) => format!("preset: {preset}"),
        None => "map: { select: { user: $.user } } # where in the body the name stands".to_owned(),
    };
    let text = format!(
        "The URL for the tool, shown this once; whoever has it can call the hook from the networks below:\n\n{url}\n\n\
         Into portcullis.yaml, then start the gateway anew:\n\n\
         hooks:\n  - name: {name}\n    {means}\n    secret_sha256: {hash}\n    \
         networks: [10.0.0.0/24] # where the tool calls from\n    action: step_up # or sign_out, block, …"
    );
    out.result(&text, &json!({ "name": name, "url": url, "secret_sha256": hash }));
    Ok(())
}

fn read(config: Option<PathBuf>, name: &str, body: &Path, out: &Out) -> Result<(), Failure> {
    let config = settings::load(config, out)?;
    let hook = config.hooks.iter().find(|h| h.name == name).ok_or_else(|| {
        let names: Vec<_> = config.hooks.iter().map(|h| h.name.as_str()).collect();
        Failure::refused(format!("no hook of the configuration is named {name}; it has: {}", names.join(", ")))
    })?;
    let bytes = bytes(body).map_err(|e| Failure::refused(format!("{}: {e}", body.display())))?;
    let no_json = |e| Failure::refused(format!("{}: not JSON: {e}", body.display()));
    let (orders, troubles) = hook.meaning(&bytes).map_err(no_json)?;
    let mut lines: Vec<String> = orders.iter().map(|o| value(o).to_string()).collect();
    if orders.is_empty() && troubles.is_empty() {
        lines.push("the body means no order: `each` finds nothing in it".into());
    }
    out.result(&lines.join("\n"), &json!({ "orders": orders, "troubles": troubles }));
    if troubles.is_empty() { Ok(()) } else { Err(Failure::refused(troubles.join("\n"))) }
}

/// Plain data: it has a JSON form.
fn value(order: &impl serde::Serialize) -> Value {
    serde_json::to_value(order).unwrap_or_default()
}

fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file);
    }
    let mut all = Vec::new();
    std::io::stdin().lock().read_to_end(&mut all)?;
    Ok(all)
}
