//! The key file: read, made at the first start on an empty embedded store, written anew with one key more or less.
//!
//! What is in it is `crypto::keys`'s business.

use crate::config::Config;
use crate::crypto::KeyRing;
use crate::crypto::keys::Keys;
use crate::store::{Canary, KeyFile};
use crate::sys::{Clock, Entropy};
use crate::types::Timestamp;
use anyhow::{Context, bail};
use secrecy::ExposeSecret;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

/// `may_create`: the store is embedded and empty, so a new key loses nothing.
pub fn load_or_create(
    config: &Config,
    may_create: bool,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> anyhow::Result<KeyRing> {
    let path = &config.keys.path;
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => Ok(KeyRing::of(Keys::parse(&path.display().to_string(), &text, clock.now())?)),
        Err(e) if e.kind() == ErrorKind::NotFound && may_create && config.keys.may_create => {
            let ring = KeyRing::generate(entropy, clock.now());
            write_new(path, &ring.keys())?;
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

/// Reads it again.
pub fn read(path: &Path, now: Timestamp) -> anyhow::Result<Keys> {
    let text = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = text.with_context(|| format!("the key file {} cannot be read", path.display()))?;
    Ok(Keys::parse(&path.display().to_string(), &text, now)?)
}

/// What the store knows these keys by; the one that seals first.
pub fn to_compare(path: &Path, keys: &Keys) -> KeyFile {
    let canaries = keys.iter().map(|k| Canary { key: k.id().to_string(), value: k.canary() });
    KeyFile { file: path.display().to_string(), canaries: canaries.collect() }
}

/// Writes a new key file, readable by its owner only; never over another one.
pub fn write_new(path: &Path, keys: &Keys) -> anyhow::Result<()> {
    let doing = || format!("the key file {} cannot be written", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).with_context(doing)?;
    file.write_all(keys.to_yaml().expose_secret().as_bytes()).with_context(doing)?;
    file.sync_all().with_context(doing)
}

/// Reads the key file, changes its keys and puts the outcome in its place in one step, for the same owner. Whoever reads
/// it meanwhile, or after a crash, finds the old keys or the new ones.
pub fn change<T>(
    path: &Path,
    now: Timestamp,
    change: impl FnOnce(&Keys) -> anyhow::Result<(Keys, T)>,
) -> anyhow::Result<T> {
    // where the name is a link, the file behind it changes
    let path = &path.canonicalize().with_context(|| format!("the key file {} is not there", path.display()))?;
    let new = path.with_added_extension("new");
    let doing = || format!("{} cannot be written; nothing was changed", new.display());
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => bail!(
            "{} exists: another command changes the keys at this moment, or was interrupted; nothing was changed. If none \
             runs, remove that file and try again",
            new.display()
        ),
        opened => opened.with_context(doing)?,
    };
    let written = write_changed(path, now, &mut file, change).and_then(|told| {
        std::fs::rename(&new, path).with_context(doing)?;
        Ok(told)
    });
    if written.is_err() {
        // what stays behind would stand in the way of the next try, and it holds keys
        let _ = std::fs::remove_file(&new);
    } else if let Some(folder) = path.parent() {
        File::open(folder)
            .and_then(|f| f.sync_all())
            .with_context(|| format!("{} cannot be synced", folder.display()))?;
    }
    written
}

fn write_changed<T>(
    path: &Path,
    now: Timestamp,
    file: &mut File,
    change: impl FnOnce(&Keys) -> anyhow::Result<(Keys, T)>,
) -> anyhow::Result<T> {
    let (keys, told) = change(&read(path, now)?)?;
    let owner = std::fs::metadata(path)?;
    let own = file.metadata()?;
    if (owner.uid(), owner.gid()) != (own.uid(), own.gid()) {
        // root changes the file of the gateway's user, who has to be able to read it
        std::os::unix::fs::fchown(&*file, Some(owner.uid()), Some(owner.gid()))
            .context("the new key file cannot be given to the owner of the old one")?;
    }
    file.write_all(keys.to_yaml().expose_secret().as_bytes())?;
    file.sync_all()?;
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keys::RootKey;
    use crate::sys::SystemEntropy;
    use std::os::unix::fs::PermissionsExt;

    const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

    fn file() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.yaml");
        write_new(&path, &KeyRing::generate(&SystemEntropy, NOW).keys()).unwrap();
        (folder, path)
    }
    fn one_more(keys: &Keys) -> anyhow::Result<(Keys, ())> {
        Ok((keys.with(RootKey::generate(&SystemEntropy, NOW, NOW), NOW), ()))
    }

    #[test]
    fn a_changed_key_file_is_its_owners_alone_and_keeps_every_key() {
        let (folder, path) = file();
        let before = read(&path, NOW).unwrap();
        change(&path, NOW, one_more).unwrap();
        let after = read(&path, NOW).unwrap();
        assert_eq!(after.ids().nth(1), Some(before.newest().id()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_change_that_fails_or_meets_another_changes_nothing() {
        let (folder, path) = file();
        let before = std::fs::read(&path).unwrap();
        change::<()>(&path, NOW, |_| bail!("no")).unwrap_err();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let other = path.with_added_extension("new");
        std::fs::write(&other, "half").unwrap();
        let told = change(&path, NOW, one_more).unwrap_err().to_string();
        assert!(told.contains("keys.yaml.new") && told.contains("remove"), "{told}");
        assert_eq!((std::fs::read(&path).unwrap(), std::fs::read(&other).unwrap()), (before, b"half".to_vec()));
    }

    #[test]
    fn behind_a_link_the_file_itself_changes() {
        let (folder, path) = file();
        let link = folder.path().join("link.yaml");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        change(&link, NOW, one_more).unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read(&path, NOW).unwrap().ids().count(), 2);
    }
}
