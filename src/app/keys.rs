//! The key file: read, or made at the first start on an empty embedded store.

use crate::config::Config;
use crate::crypto::KeyRing;
use crate::store::{Canary, KeyFile};
use crate::sys::{Clock, Entropy};
use anyhow::{Context, bail};
use secrecy::ExposeSecret;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// `may_create`: the store is embedded and empty, so a new key loses nothing.
pub fn load_or_create(
    config: &Config,
    may_create: bool,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> anyhow::Result<KeyRing> {
    let path = &config.keys.path;
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(KeyRing::parse(&path.display().to_string(), &text)?),
        Err(e) if e.kind() == ErrorKind::NotFound && may_create && config.keys.may_create => {
            let ring = KeyRing::generate(entropy, clock.now());
            write_new(path, &ring)?;
            tracing::info!(file = %path.display(), "a new root key was made; keep a copy, without it every second factor is lost");
            Ok(ring)
        }
        Err(e) if e.kind() == ErrorKind::NotFound => bail!(
            "the key file {} is missing. Bring it back from your copy: without it no second factor in the store can be \
             opened and no password checked, so every account would be lost. For a new installation with an empty store, \
             `portcullis keys generate --out {}` makes one",
            path.display(),
            path.display()
        ),
        Err(e) => Err(e).with_context(|| format!("the key file {} cannot be read", path.display())),
    }
}

/// What the store knows these keys by.
pub fn to_compare(config: &Config, keys: &KeyRing) -> KeyFile {
    let canary = |id: &str| Some(Canary { key: id.to_string(), value: keys.canary(id)? });
    KeyFile { file: config.keys.path.display().to_string(), canaries: keys.ids().filter_map(canary).collect() }
}

/// Writes a new key file, readable by its owner only; never over another one.
pub fn write_new(path: &Path, ring: &KeyRing) -> anyhow::Result<()> {
    let doing = || format!("the key file {} cannot be written", path.display());
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).with_context(doing)?;
    file.write_all(ring.to_yaml().expose_secret().as_bytes()).with_context(doing)?;
    file.sync_all().with_context(doing)
}
