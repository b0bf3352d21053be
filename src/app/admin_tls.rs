//! TLS of the admin listener: one certificate, perhaps an authority for those of callers; read anew when a file changes.
//!
//! A broken new file leaves what was in use in place, and the log says so once.

use crate::config::AdminTls;
use anyhow::{Context, anyhow};
use arc_swap::ArcSwap;
use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What the listener shows and whom it believes.
pub fn load(files: &AdminTls) -> anyhow::Result<Arc<ArcSwap<ServerConfig>>> {
    Ok(Arc::new(ArcSwap::new(read(files)?)))
}

/// Looks at the files each second until `stop`.
pub async fn watch(files: AdminTls, used: Arc<ArcSwap<ServerConfig>>, stop: CancellationToken) {
    let (mut seen, mut ticks) = (stamp(&files), tokio::time::interval(LOOK));
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => return,
        }
        let now = stamp(&files);
        if now == seen {
            continue;
        }
        seen = now;
        match read(&files) {
            Ok(new) => {
                used.store(new);
                tracing::info!(certificate = %files.cert.display(), "the admin listener's certificate was read anew");
            }
            Err(e) => {
                tracing::error!(error = format!("{e:#}"), "the admin listener's certificate was not replaced");
            }
        }
    }
}

fn read(files: &AdminTls) -> anyhow::Result<Arc<ServerConfig>> {
    let provider = Arc::new(default_provider());
    let chain = certificates(&files.cert)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("reading the private key in {}", files.key.display()))?;
    let verifier = match &files.client_ca {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(ca)? {
                roots.add(certificate).with_context(|| format!("using the authority in {}", ca.display()))?;
            }
            // who shows none may still have a token
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .allow_unauthenticated()
                .build()
                .with_context(|| format!("using the authority in {}", ca.display()))?
        }
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .with_context(|| format!("using the certificate in {}", files.cert.display()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // a resumed session would keep a caller's certificate that its authority no longer signs
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let reading = || format!("reading the certificates in {}", path.display());
    let all: Vec<_> =
        CertificateDer::pem_file_iter(path).with_context(reading)?.collect::<Result<_, _>>().with_context(reading)?;
    if all.is_empty() { Err(anyhow!("{} holds no certificate", path.display())) } else { Ok(all) }
}

type Stamp = Vec<Option<(i64, i64, u64, u64)>>;

/// Time, size and inode of all files: enough to see that one was written or exchanged.
fn stamp(files: &AdminTls) -> Stamp {
    let one = |path: &Path| std::fs::metadata(path).ok().map(|m| (m.mtime(), m.mtime_nsec(), m.size(), m.ino()));
    [Some(&files.cert), Some(&files.key), files.client_ca.as_ref()].map(|p| p.and_then(|p| one(p))).into()
}

const LOOK: Duration = Duration::from_secs(1);
