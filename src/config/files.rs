//! Files that the configuration names: found from its own folder, readable, and secret where they have to be.

use crate::policy::read::Field;
use crate::policy::{At, Problem};
use rustix::fs::{StatVfsMountFlags, statvfs};
use rustls::crypto::ring::default_provider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where relative names begin: the configuration's folder.
pub struct Files<'b> {
    pub base: &'b Path,
}

/// A file that cannot be read as a whole.
pub fn unreadable(file: &str, e: &io::Error) -> Problem {
    let at = At { line: 1, column: 1 };
    Problem::new(&Arc::from(file), at, format!("cannot be read: {e}"), "Check the name and who may read it.")
}

impl Files<'_> {
    /// The path as it is meant, whether something is there or not.
    pub fn path(&self, f: &Field<'_>) -> Option<PathBuf> {
        let name = f.text()?;
        if name.is_empty() {
            f.problem("a file name is empty", "Write one, or leave the key out.");
            return None;
        }
        Some(self.base.join(name))
    }
    /// A file that can be read.
    pub fn existing(&self, f: &Field<'_>) -> Option<PathBuf> {
        let path = self.path(f)?;
        match std::fs::File::open(&path).and_then(|file| file.metadata()) {
            Ok(m) if m.is_file() => return Some(path),
            Ok(_) => f.problem(format!("`{}` is no file", path.display()), "Name a file."),
            Err(e) => cannot_read(f, &path, &e),
        }
        None
    }
    pub fn folder(&self, f: &Field<'_>) -> Option<PathBuf> {
        let path = self.path(f)?;
        if !path.is_dir() {
            f.problem(format!("`{}` is no folder", path.display()), "Make it, or name another one.");
            return None;
        }
        Some(path)
    }
    /// One line of secret text; the file may be read by nobody else.
    pub fn secret(&self, f: &Field<'_>) -> Option<SecretString> {
        let path = self.path(f)?;
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                guard(f, &path);
                let line = text.trim_end_matches(['\r', '\n']);
                if line.is_empty() || line.contains(['\r', '\n']) {
                    f.problem(format!("`{}` does not hold one line", path.display()), "Put the secret alone in it.");
                }
                Some(SecretString::from(line))
            }
            Err(e) => {
                cannot_read(f, &path, &e);
                None
            }
        }
    }
    /// A chain, or a set of authorities.
    pub fn certificates(&self, f: &Field<'_>) -> Option<Vec<CertificateDer<'static>>> {
        let path = self.existing(f)?;
        let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&path).and_then(Iterator::collect);
        match all {
            Ok(certs) if !certs.is_empty() => Some(certs),
            Ok(_) | Err(_) => {
                f.problem(format!("`{}` holds no certificate", path.display()), "Name a PEM file with certificates.");
                None
            }
        }
    }
    /// A certificate and its private key, which must belong together.
    pub fn pair(&self, cert: &Field<'_>, key: &Field<'_>) -> Option<Pair> {
        let (chain, private) = (self.certificates(cert), self.private_key(key));
        let (chain, private) = (chain?, private?);
        match CertifiedKey::from_der(chain.clone(), private.clone_key(), &default_provider()) {
            Ok(certified) => Some(Pair { chain, private, certified }),
            Err(rustls::Error::InconsistentKeys(_)) => {
                key.problem(
                    "this key does not belong to that certificate",
                    "Name the key that the certificate is for.",
                );
                None
            }
            Err(e) => {
                cert.problem(
                    format!("this certificate and key cannot be used: {e}"),
                    "Name an RSA, ECDSA or Ed25519 pair.",
                );
                None
            }
        }
    }

    fn private_key(&self, f: &Field<'_>) -> Option<PrivateKeyDer<'static>> {
        let path = self.existing(f)?;
        if is_open_to_others(&path) {
            // other servers tolerate it, so it is said and not refused
            f.warn(
                format!("others can read the private key `{}`", path.display()),
                format!("Run chmod 600 {}.", path.display()),
            );
        }
        let key = PrivateKeyDer::from_pem_file(&path).ok();
        if key.is_none() {
            let remedy = "Name a PEM file with a private key that needs no passphrase.";
            f.problem(format!("`{}` holds no private key", path.display()), remedy);
        }
        key
    }
}

/// A chain and the key of its first certificate.
pub struct Pair {
    pub chain: Vec<CertificateDer<'static>>,
    pub private: PrivateKeyDer<'static>,
    pub certified: CertifiedKey,
}

/// A secret that others can read is refused; on a read-only mount, where nobody can help it, it is a warning.
pub fn guard(f: &Field<'_>, path: &Path) {
    if !is_open_to_others(path) {
        return;
    }
    let message = format!("others can read the secret file `{}`", path.display());
    let remedy = format!("Run chmod 600 {}.", path.display());
    if statvfs(path).is_ok_and(|fs| fs.f_flag.contains(StatVfsMountFlags::RDONLY)) {
        f.warn(message, "It lies on a read-only mount: mount it with mode 0400.");
    } else {
        f.problem(message, remedy);
    }
}

/// Whether others than its owner and its group may read or write it.
pub fn is_open_to_others(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| m.mode() & 0o007 != 0)
}

fn cannot_read(f: &Field<'_>, path: &Path, e: &io::Error) {
    let remedy = "File names are relative to this configuration's folder; check the name and who may read it.";
    f.problem(format!("`{}` cannot be read: {e}", path.display()), remedy);
}
