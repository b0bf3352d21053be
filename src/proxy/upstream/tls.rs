//! TLS towards upstreams: the app's CA, server name and client certificate, for pingora and for the tunnel.
//!
//! Built once per upstream. The name is never empty: with an empty one pingora would not verify it.

use super::super::settings::UpstreamTls;
use crate::types::Host;
use pingora::protocols::tls::CaType;
use pingora::upstreams::peer::HttpPeer;
use pingora::utils::tls::{CertKey, WrappedX509, parse_x509};
use rustls::client::WebPkiServerVerifier;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;

/// What is wrong with an app's upstream TLS settings.
#[derive(Debug, thiserror::Error)]
pub enum BadTls {
    #[error("the upstream's name {0} is no TLS server name")]
    Name(String),
    #[error("a certificate of the upstream's CA cannot be used")]
    Ca(#[source] rustls::Error),
    #[error("there is no certificate authority to trust: neither a CA in the settings nor one on this system")]
    NoRoots,
    #[error("the client certificate for the upstream cannot be used")]
    Client(#[source] rustls::Error),
    #[error("TLS towards the upstream cannot be set up")]
    Config(#[source] rustls::Error),
    #[error("the upstream's certificates cannot be verified")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// Ready-made TLS settings of one upstream.
pub struct Tls {
    name: ServerName<'static>,
    config: Arc<ClientConfig>,
    ca: Option<Arc<CaType>>,
    client: Option<Arc<CertKey>>,
    fingerprint: u64,
}

impl Tls {
    pub fn new(host: &Host, settings: Option<&UpstreamTls>) -> Result<Self, BadTls> {
        let name = match settings.and_then(|s| s.server_name.clone()) {
            Some(name) => name,
            None => server_name(host)?,
        };
        let ca = settings.and_then(|s| s.ca.as_deref());
        let roots = match ca {
            Some(ca) => roots(ca.iter().cloned())?,
            None => system_roots()?,
        };
        Ok(Tls {
            config: Arc::new(config(roots, settings)?),
            ca: ca.map(|ca| ca.iter().map(|c| WrappedX509::new(c.to_vec(), parse_x509)).collect()),
            client: settings.and_then(|s| s.client.as_ref()).map(|(chain, key)| {
                let chain = chain.iter().map(|c| c.to_vec()).collect();
                Arc::new(CertKey::new(chain, key.secret_der().to_vec()))
            }),
            fingerprint: fingerprint(&name, settings),
            name,
        })
    }

    /// Changes with anything a connection depends on.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub fn peer(&self, address: SocketAddr) -> HttpPeer {
        let mut peer = HttpPeer::new(address, true, self.name.to_str().into_owned());
        peer.options.ca = self.ca.clone();
        peer.client_cert_key = self.client.clone();
        peer
    }

    pub fn tunnel(&self) -> (Arc<ClientConfig>, ServerName<'static>) {
        (self.config.clone(), self.name.clone())
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, BadTls> {
    let bare = host.as_str().trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(bare.to_string()).map_err(|_| BadTls::Name(host.to_string()))
}

fn roots(ca: impl Iterator<Item = CertificateDer<'static>>) -> Result<RootCertStore, BadTls> {
    let mut store = RootCertStore::empty();
    for c in ca {
        store.add(c).map_err(BadTls::Ca)?;
    }
    if store.is_empty() { Err(BadTls::NoRoots) } else { Ok(store) }
}

fn system_roots() -> Result<RootCertStore, BadTls> {
    let mut store = RootCertStore::empty();
    // what a system ships and rustls cannot read is of no use to anyone
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() { Err(BadTls::NoRoots) } else { Ok(store) }
}

fn config(roots: RootCertStore, settings: Option<&UpstreamTls>) -> Result<ClientConfig, BadTls> {
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), ring.clone()).build()?;
    let config = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(BadTls::Config)?
        .with_webpki_verifier(verifier);
    let mut config = match settings.and_then(|s| s.client.as_ref()) {
        None => config.with_no_client_auth(),
        Some((chain, key)) => config.with_client_auth_cert(chain.clone(), key.clone_key()).map_err(BadTls::Client)?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn fingerprint(name: &ServerName<'static>, settings: Option<&UpstreamTls>) -> u64 {
    let mut h = DefaultHasher::new();
    name.to_str().hash(&mut h);
    if let Some(s) = settings {
        for c in s.ca.iter().flatten() {
            c.as_ref().hash(&mut h);
        }
        for c in s.client.iter().flat_map(|(chain, _)| chain) {
            c.as_ref().hash(&mut h);
        }
    }
    h.finish()
}
