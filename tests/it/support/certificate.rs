//! Certificates of a throw-away authority, and clients that trust it.

use super::process::{free_port, local};
use super::raw::read_head;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "a test's authority");
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }
    pub fn issue(&self, names: &[&str]) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names.iter().map(|n| n.to_string()).collect::<Vec<_>>()).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Certificate { cert: certificate.pem(), key: key.serialize_pem() }
    }
    /// The authority's own certificate.
    pub fn pem(&self) -> String {
        self.0.pem()
    }
    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }
    /// The same, and it shows this certificate.
    pub fn client_with(&self, certificate: &Certificate) -> Arc<ClientConfig> {
        let chain = CertificateDer::pem_slice_iter(certificate.cert.as_bytes()).map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots())
            .with_client_auth_cert(chain, key);
        Arc::new(config.unwrap())
    }
    /// A client that trusts it and offers these protocols.
    pub fn client(&self, alpn: &[&str]) -> Arc<ClientConfig> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots())
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

#[derive(Clone)]
pub struct Certificate {
    pub cert: String,
    pub key: String,
}

impl Certificate {
    pub fn write(&self, cert: &Path, key: &Path) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(key, &self.key).unwrap();
        std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(cert, &self.cert).unwrap();
    }
}

/// An app behind TLS that says which name it was asked for and how many certificates it was shown.
pub async fn https_app(certificate: &Certificate) -> SocketAddr {
    serve(certificate, WebPkiClientVerifier::no_client_auth()).await
}

/// The same, and it speaks with nobody who shows no certificate of this authority.
pub async fn https_app_for(clients: &Authority, certificate: &Certificate) -> SocketAddr {
    let ring = Arc::new(ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(clients.roots()), ring).build();
    serve(certificate, verifier.unwrap()).await
}

async fn serve(certificate: &Certificate, clients: Arc<dyn ClientCertVerifier>) -> SocketAddr {
    let chain = CertificateDer::pem_slice_iter(certificate.cert.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(local(free_port())).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                let said = tls.get_ref().1;
                let (name, shown) =
                    (said.server_name().unwrap_or("nobody"), said.peer_certificates().map_or(0, <[_]>::len));
                let body = format!("for {name}, shown {shown}");
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                while read_head(&mut tls).await.is_some() {
                    let _ = tls.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    address
}
