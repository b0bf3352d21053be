//! Which certificate is shown, and what a change of files does; also the test authority for others.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls_pki_types::pem::PemObject;
use std::fs;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// An authority, its certificates as files, and clients that trust it.
pub(in crate::proxy::engine) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    folder: TempDir,
}

impl Authority {
    pub(in crate::proxy::engine) fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().clone();
        Authority { issuer: Issuer::new(params, key), root, folder: TempDir::new().unwrap() }
    }

    /// Writes (or overwrites) a certificate for these names.
    pub(in crate::proxy::engine) fn issue(&self, file: &str, names: &[&str]) -> CertificateFiles {
        let params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap();
        let files = CertificateFiles {
            cert: self.folder.path().join(format!("{file}.crt")),
            key: self.folder.path().join(format!("{file}.key")),
        };
        fs::write(&files.cert, cert.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    pub(in crate::proxy::engine) fn client(&self, alpn: &[&str]) -> Arc<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let mut config = rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|a| a.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

type Connection = (client::TlsStream<DuplexStream>, server::TlsStream<DuplexStream>);

async fn connect(authority: &Authority, server: &Arc<ServerConfig>, name: &str) -> std::io::Result<Connection> {
    let (near, far) = tokio::io::duplex(64 << 10);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connector = TlsConnector::from(authority.client(&["h2", "http/1.1"]));
    let (client, server) =
        tokio::join!(connector.connect(name, near), async { TlsAcceptor::from(server.clone()).accept(far).await });
    Ok((client?, server?))
}

fn leaf(files: &CertificateFiles) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(&files.cert).unwrap()
}

fn shown(connection: &Connection) -> CertificateDer<'static> {
    connection.0.get_ref().1.peer_certificates().unwrap()[0].clone()
}

#[tokio::test]
async fn the_exact_name_comes_before_a_wildcard_and_an_unknown_name_gets_a_fatal_alert() {
    let ca = Authority::new();
    let wild = ca.issue("wild", &["*.example.test"]);
    let exact = ca.issue("exact", &["app.example.test"]);
    let other = ca.issue("other", &["other.test", "*.other.test"]);
    let certs = Certificates::load(vec![wild.clone(), exact.clone(), other.clone()]).unwrap();
    let server = certs.server_config().unwrap();
    for (name, files) in [
        ("app.example.test", &exact),
        ("APP.example.test", &exact),
        ("wiki.example.test", &wild),
        ("other.test", &other),
        ("a.other.test", &other),
    ] {
        let connection = connect(&ca, &server, name).await.unwrap();
        assert_eq!(shown(&connection), leaf(files), "{name}");
        assert_eq!(connection.1.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    }
    for name in ["example.test", "a.b.example.test", "nobody.test"] {
        let refused = connect(&ca, &server, name).await.unwrap_err();
        let refused = refused.get_ref().unwrap().downcast_ref::<rustls::Error>().unwrap();
        assert!(matches!(refused, rustls::Error::AlertReceived(_)), "{name}: {refused}");
    }
}

#[tokio::test]
async fn a_client_without_a_name_gets_the_first_certificate() {
    let ca = Authority::new();
    let first = ca.issue("first", &["app.test", "127.0.0.1"]);
    let second = ca.issue("second", &["other.test"]);
    let server = Certificates::load(vec![first.clone(), second]).unwrap().server_config().unwrap();
    let connection = connect(&ca, &server, "127.0.0.1").await.unwrap();
    assert_eq!(shown(&connection), leaf(&first));
}

#[tokio::test]
async fn new_files_are_taken_up_while_an_open_connection_goes_on() {
    let ca = Authority::new();
    let files = ca.issue("app", &["app.test"]);
    let before = leaf(&files);
    let certs = Certificates::load(vec![files.clone()]).unwrap();
    let server = certs.server_config().unwrap();
    let mut open = connect(&ca, &server, "app.test").await.unwrap();
    assert_eq!(shown(&open), before);

    ca.issue("app", &["app.test"]);
    certs.look();

    let after = connect(&ca, &server, "app.test").await.unwrap();
    assert!(leaf(&files) != before && shown(&after) == leaf(&files));
    open.0.write_all(b"still").await.unwrap();
    open.0.flush().await.unwrap();
    let mut got = [0; 5];
    open.1.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"still");
}

#[tokio::test]
async fn a_broken_new_file_leaves_the_old_certificate_in_use() {
    let ca = Authority::new();
    let files = ca.issue("app", &["app.test"]);
    let before = leaf(&files);
    let certs = Certificates::load(vec![files.clone()]).unwrap();
    let server = certs.server_config().unwrap();
    let other = ca.issue("other", &["app.test"]);
    let half = fs::read(&files.cert).unwrap()[..200].to_vec();
    for (broken, what) in
        [(half, "half a file"), (vec![], "an empty one"), (fs::read(&other.cert).unwrap(), "wrong key")]
    {
        fs::write(&files.cert, broken).unwrap();
        certs.look();
        assert_eq!(shown(&connect(&ca, &server, "app.test").await.unwrap()), before, "{what}");
    }
    fs::remove_file(&files.cert).unwrap();
    certs.look();
    assert_eq!(shown(&connect(&ca, &server, "app.test").await.unwrap()), before);
    // the key follows: the pair is whole again
    fs::copy(&other.cert, &files.cert).unwrap();
    fs::copy(&other.key, &files.key).unwrap();
    certs.look();
    assert_eq!(shown(&connect(&ca, &server, "app.test").await.unwrap()), leaf(&other));
}

#[test]
fn what_cannot_be_used_is_refused_at_start() {
    let ca = Authority::new();
    let (a, b) = (ca.issue("a", &["a.test"]), ca.issue("b", &["b.test"]));
    let mixed = CertificateFiles { cert: a.cert.clone(), key: b.key.clone() };
    assert!(matches!(Certificates::load(vec![mixed]), Err(Error::Pair { .. })));
    let missing = CertificateFiles { cert: a.cert.with_extension("gone"), key: a.key.clone() };
    assert!(matches!(Certificates::load(vec![missing]), Err(Error::Certificates { .. })));
    let swapped = CertificateFiles { cert: a.key.clone(), key: a.key };
    assert!(matches!(Certificates::load(vec![swapped]), Err(Error::Empty { .. })));
    assert!(matches!(Certificates::load(vec![]), Err(Error::None)));
}
