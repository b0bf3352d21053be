//! TLS towards clients: certificates by name (SNI), from PEM files that are read anew when they change.
//!
//! A connection that asks for a name nobody has is refused with a fatal alert; one that asks for none gets the first
//! certificate. A broken new file leaves the old certificate in place: the listener never loses what it had. May not be
//! asked which app a name belongs to; that is the router's question, from the request's host.

use crate::proxy::settings::CertificateFiles;
use crate::sys::lock;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use thiserror::Error;

/// The certificates of one listener.
#[derive(Debug)]
pub struct Certificates {
    entries: Vec<Entry>,
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    #[error("reading the certificates in {}", .path.display())]
    Certificates { path: PathBuf, source: pem::Error },
    #[error("reading the private key in {}", .path.display())]
    Key { path: PathBuf, source: pem::Error },
    #[error("{} holds no certificate", .path.display())]
    Empty { path: PathBuf },
    #[error("using the certificate in {} with the key in {}", .cert.display(), .key.display())]
    Pair { cert: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("no certificate is given")]
    None,
    #[error("building the TLS configuration")]
    Config(#[source] rustls::Error),
}

impl Certificates {
    /// Reads all files.
    ///
    /// # Errors
    /// With the first file that cannot be read or used.
    pub fn load(files: Vec<CertificateFiles>) -> Result<Arc<Self>, Error> {
        let entries = files.into_iter().map(Entry::load).collect::<Result<Vec<_>, _>>()?;
        if entries.is_empty() {
            return Err(Error::None);
        }
        Ok(Arc::new(Certificates { entries }))
    }

    /// The configuration of the listener; it stays the same when files change. TLS 1.2 and 1.3, no early data.
    ///
    /// # Errors
    /// Only if the cryptography that is compiled in lacks these versions.
    pub fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(Error::Config)?
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.max_early_data_size = 0; // it can be replayed (RFC 8446, 8)
        config.send_tls13_tickets = TICKETS;
        Ok(Arc::new(config))
    }

    /// Looks at the files each second, for ever.
    pub async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK);
        loop {
            ticks.tick().await;
            let me = self.clone();
            // files may lie on a slow disk
            if let Err(error) = tokio::task::spawn_blocking(move || me.look()).await {
                tracing::error!(%error, "looking at the certificate files");
            }
        }
    }

    /// Reads what has changed since the last look. Each failure is logged once.
    pub fn look(&self) {
        for entry in &self.entries {
            match entry.look() {
                Ok(false) => {}
                Ok(true) => tracing::info!(certificate = %entry.files.cert.display(), "certificate read anew"),
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    tracing::error!(%error, cause, "certificate not replaced, the old one stays in use");
                }
            }
        }
    }

    /// A certificate with this very name comes before one with a wildcard.
    fn by_name(&self, name: &str) -> Option<&Entry> {
        let wanted = ServerName::try_from(name).ok()?;
        let sibling =
            name.split_once('.').and_then(|(_, parent)| ServerName::try_from(format!("{NOBODY}.{parent}")).ok());
        let fitting = || self.entries.iter().filter(|e| e.is_for(&wanted));
        let exact = fitting().find(|e| sibling.as_ref().is_none_or(|s| !e.is_for(s)));
        exact.or_else(|| fitting().next())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let entry = match hello.server_name() {
            Some(name) => self.by_name(name)?,
            None => self.entries.first()?,
        };
        Some(entry.current.load_full())
    }
}

const LOOK: Duration = Duration::from_secs(1);
/// Each is a session kept in memory on both sides.
const TICKETS: usize = 2;
/// A label that no certificate names: one that fits it has a wildcard there.
const NOBODY: &str = "nobody-has-this-label";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// One pair of files and what was read from them last.
#[derive(Debug)]
struct Entry {
    files: CertificateFiles,
    stamp: Mutex<Stamp>,
    current: ArcSwap<CertifiedKey>,
}

impl Entry {
    fn load(files: CertificateFiles) -> Result<Self, Error> {
        let stamp = Mutex::new(Stamp::of(&files)); // before reading: a change meanwhile is seen at the next look
        let current = ArcSwap::from_pointee(read(&files)?);
        Ok(Entry { files, stamp, current })
    }

    /// True: there is a new certificate.
    fn look(&self) -> Result<bool, Error> {
        let now = Stamp::of(&self.files);
        let mut stamp = lock(&self.stamp);
        if *stamp == now {
            return Ok(false);
        }
        *stamp = now;
        self.current.store(Arc::new(read(&self.files)?));
        Ok(true)
    }

    /// By the alternative names of the certificate, wildcards included (RFC 6125, 6.4).
    fn is_for(&self, name: &ServerName<'_>) -> bool {
        let current = self.current.load();
        let Some(leaf) = current.cert.first() else { return false };
        ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, name).is_ok())
    }
}

/// Time, size and inode of both files: enough to see that one was written or exchanged.
#[derive(Debug, PartialEq, Eq)]
struct Stamp([Option<(i64, i64, u64, u64)>; 2]);
impl Stamp {
    fn of(files: &CertificateFiles) -> Self {
        let stamp = |m: Metadata| (m.mtime(), m.mtime_nsec(), m.size(), m.ino());
        let one = |path: &Path| std::fs::metadata(path).ok().map(stamp);
        Stamp([one(&files.cert), one(&files.key)])
    }
}

fn read(files: &CertificateFiles) -> Result<CertifiedKey, Error> {
    let path = files.cert.clone();
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&path).and_then(Iterator::collect);
    let chain = match chain {
        Ok(chain) if chain.is_empty() => return Err(Error::Empty { path }),
        Ok(chain) => chain,
        Err(source) => return Err(Error::Certificates { path, source }),
    };
    let key =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|source| Error::Key { path: files.key.clone(), source })?;
    let pair = |source| Error::Pair { cert: files.cert.clone(), key: files.key.clone(), source };
    if let Some(leaf) = chain.first() {
        ParsedCertificate::try_from(leaf).map_err(pair)?;
    }
    CertifiedKey::from_der(chain, key, &provider()).map_err(pair)
}

#[cfg(test)]
pub(super) mod tests;
