//! `keys`: the file of root keys. Never writes over one it has not read: what is sealed with lost keys is lost.

use super::client::{self, Client};
use super::date;
use super::failure::Failure;
use super::out::Out;
use super::settings;
use super::target::Target;
use crate::api::KeyList;
use crate::app::keys::{change, write_new};
use crate::config::StoreSettings;
use crate::crypto::KeyRing;
use crate::crypto::keys::RootKey;
use crate::sys::{Clock, SystemClock, SystemEntropy};
use crate::types::Timestamp;
use clap::Subcommand;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// Add a key to the file of the configuration; running gateways take it up and seal everything anew under it
    Rotate {
        /// Seal with it at once instead of in 15 minutes, as after a leak
        #[arg(long)]
        now: bool,
    },
    /// Remove a key that nothing lies under any more
    Retire {
        /// Its id, as it stands in the file
        id: String,
        /// Although sessions, trusted devices and enrolment codes begun under it end
        #[arg(long)]
        force: bool,
        /// Work on the embedded store of a stopped gateway
        #[arg(long)]
        offline: bool,
    },
}

pub async fn run(args: Args, config: Option<PathBuf>, out: &Out) -> Result<(), Failure> {
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
        Command::Rotate { now } => rotate(config, now, out).await,
        Command::Retire { id, force, offline } => retire(config, &id, Way { force, offline }, out).await,
    }
}

/// Writes a new key ring to `file`, which must not exist, readable by its owner only.
pub(super) fn generate(file: &Path) -> Result<(), Failure> {
    if file.exists() {
        return Err(Failure::refused(format!(
            "{}: this file exists, and what is sealed with its keys needs them; give another name with --out, or move \
             the file away if nothing needs it",
            file.display()
        )));
    }
    Ok(write_new(file, &KeyRing::generate(&SystemEntropy, SystemClock.now()).keys())?)
}

async fn rotate(config: Option<PathBuf>, at_once: bool, out: &Out) -> Result<(), Failure> {
    let config = settings::load(config, out)?;
    let (file, now) = (&config.keys.path, SystemClock.now());
    let seals = if at_once { now } else { now.plus(AHEAD) };
    let key = RootKey::generate(&SystemEntropy, now, seals);
    change(file, now, |keys| Ok((keys.with(key.clone(), now), ())))?;
    let mut text = format!("{}: the new key `{}` seals from {}", file.display(), key.id(), date::text(seals));
    if matches!(config.store, StoreSettings::Redis(_)) {
        text.push_str(
            "\ncopy this file to every other node before that; a node without the new key serves nobody from then on",
        );
    }
    let socket = settings::admin_socket(&config);
    let known =
        if client::answers(&socket).await { Some(taken_up(&Client::over(socket), key.id()).await) } else { None };
    text.push_str(match known {
        Some(true) => "\nthe running gateway knows it",
        Some(false) => "\nthe running gateway has not taken it up yet; its log and /readyz say why",
        None => "\nno gateway runs here; the next start takes it up",
    });
    text.push_str("\nkeep a copy of the file, apart from the store's backup");
    let told = json!({ "file": file, "id": key.id(), "seals_from": seals, "gateway_knows": known });
    out.result(&text, &told);
    Ok(())
}

/// The gateway looks at the file once a second.
async fn taken_up(client: &Client, id: &str) -> bool {
    for _ in 0..TRIES {
        let list = client.call::<KeyList>(Method::GET, "/api/v1/keys", None).await;
        if list.is_ok_and(|l| l.keys.iter().any(|k| k.id == id)) {
            return true;
        }
        tokio::time::sleep(BETWEEN).await;
    }
    false
}

#[derive(Clone, Copy)]
struct Way {
    force: bool,
    offline: bool,
}

/// The store first: from then on a file without the key is this store's, and one that still holds it stays so.
async fn retire(named: Option<PathBuf>, id: &str, way: Way, out: &Out) -> Result<(), Failure> {
    let config = settings::load(named.clone(), out)?;
    let client = Target::of(named).client(way.offline, out).await?;
    let path = format!("/api/v1/keys/{}", utf8_percent_encode(id, NON_ALPHANUMERIC));
    let retired = client.order(Method::DELETE, &path, &json!({ "force": way.force })).await;
    client.end().await;
    retired?;
    let file = &config.keys.path;
    let now: Timestamp = SystemClock.now();
    change(file, now, |keys| Ok((keys.without(id), ())))?;
    let mut text = format!("{}: the key `{id}` is gone; nothing lies under it", file.display());
    if matches!(config.store, StoreSettings::Redis(_)) {
        text.push_str("\nremove it from the file of every other node too");
    }
    out.result(&text, &json!({ "file": file, "id": id, "retired": Value::Bool(true) }));
    Ok(())
}

/// Time for every node and every app that checks assertions to know a key before anything lies under it.
const AHEAD: Duration = Duration::from_secs(15 * 60);
const TRIES: u32 = 25;
const BETWEEN: Duration = Duration::from_millis(200);

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
