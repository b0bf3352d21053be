//! A gateway elsewhere: its admin listener, by TLS and a token. In plain only on this machine: the token would be read.

use super::failure::Failure;
use crate::config::is_open_to_others;
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

pub struct Remote {
    url: Url,
    token: SecretString,
    /// `None`: plain HTTP.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// A connection, plain or TLS.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

impl Remote {
    pub fn new(url: &str, token_file: &Path, ca: Option<&Path>) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::Usage(format!("--url {why}: write it like https://gate.example.com:9090"));
        // what was written is not shown: it may hold a password
        let parsed = Url::parse(url).map_err(|_| wrong("is no URL"))?;
        if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
            return Err(wrong("holds more than a place, and a secret does not belong there"));
        }
        let host = parsed.host().ok_or_else(|| wrong("names no host"))?;
        let tls = match (parsed.scheme(), is_here(&host)) {
            ("https", _) => Some((connector(ca)?, server_name(&host).ok_or_else(|| wrong("names no host"))?)),
            ("http", true) => None,
            ("http", false) => return Err(wrong("is plain HTTP, and whoever listens would have the token")),
            _ => return Err(wrong("is neither https:// nor http://")),
        };
        Ok(Remote { token: read_token(token_file)?, tls, url: parsed })
    }

    /// Host and port, as in its URL.
    pub fn authority(&self) -> &str {
        self.url.authority()
    }
    /// What goes into the header.
    pub fn authorization(&self) -> SecretString {
        format!("Bearer {}", self.token.expose_secret()).into()
    }

    pub async fn connect(&self) -> Result<Box<dyn Io>, Failure> {
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = self.url.port_or_known_default().unwrap_or(443);
        let tcp = TcpStream::connect((host, port)).await.map_err(|e| self.unreachable(&e.to_string()))?;
        match &self.tls {
            None => Ok(Box::new(tcp)),
            Some((connector, name)) => {
                let tls = connector.connect(name.clone(), tcp).await;
                Ok(Box::new(tls.map_err(|e| self.unreachable(&format!("no TLS with it ({e}); is --ca right?")))?))
            }
        }
    }

    pub fn unreachable(&self, why: &str) -> Failure {
        Failure::Unreachable(format!("{}: cannot reach the gateway: {why}", self.url))
    }
}

fn is_here(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

fn server_name(host: &Host<&str>) -> Option<ServerName<'static>> {
    match host {
        Host::Domain(name) => ServerName::try_from((*name).to_owned()).ok(),
        Host::Ipv4(ip) => Some(ServerName::from(std::net::IpAddr::from(*ip))),
        Host::Ipv6(ip) => Some(ServerName::from(std::net::IpAddr::from(*ip))),
    }
}

fn read_token(file: &Path) -> Result<SecretString, Failure> {
    let failed = |why: &str| Failure::refused(format!("--token-file {}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|e| failed(&format!("cannot be read: {e}")))?;
    if is_open_to_others(file) {
        return Err(failed("others can read it; run chmod 600 on it"));
    }
    let line = text.trim_end_matches(['\r', '\n']);
    if line.is_empty() || !line.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(failed("does not hold one token, alone"));
    }
    Ok(SecretString::from(line))
}

fn connector(ca: Option<&Path>) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(file) => {
            let failed = |why: &dyn std::fmt::Display| Failure::refused(format!("--ca {}: {why}", file.display()));
            let all = CertificateDer::pem_file_iter(file).map_err(|e| failed(&e))?;
            for certificate in all {
                roots.add(certificate.map_err(|e| failed(&e))?).map_err(|e| failed(&e))?;
            }
            if roots.is_empty() {
                return Err(failed(&"holds no certificate"));
            }
        }
        None => {
            // some of a system's authorities may be unusable; the others do
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| Failure::refused(format!("TLS cannot be used: {e}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_goes_over_tls_or_stays_on_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "portcullis_x\n").unwrap();
        let open = |url: &str| Remote::new(url, &file, None).map(|r| r.authority().to_owned());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(open("https://gate.example.com"), Err(Failure::Refused(t)) if t.contains("chmod")));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        for (url, good) in [
            ("https://gate.example.com:9090", true),
            ("https://192.0.2.1", true),
            ("https://[2001:db8::1]:9090", true),
            ("http://127.0.0.1:9090", true),
            ("http://localhost:9090", true),
            ("http://gate.example.com:9090", false),
            ("http://192.0.2.1:9090", false),
            ("https://user:hunter2@gate.example.com", false),
            ("https://gate.example.com/?token=hunter2", false),
            ("ftp://gate.example.com", false),
            ("gate.example.com", false),
        ] {
            match open(url) {
                Ok(_) => assert!(good, "{url}"),
                Err(e) => assert!(!good && e.code() == 2 && !e.to_string().contains("hunter2"), "{url}: {e}"),
            }
        }
        for text in ["", "\n", "two lines\nof it", "a b"] {
            std::fs::write(&file, text).unwrap();
            assert!(open("https://gate.example.com").is_err(), "{text:?}");
        }
    }
}
