//! What the proxy is told. Built and checked by `config`; nothing here can be wrong any more.

use crate::types::path::PathReading;
use crate::types::{AppName, Host, Origin};
use http::HeaderName;
use ipnet::IpNet;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The public side of the gateway.
#[derive(Debug)]
pub struct Settings {
    pub public: Listen,
    /// Plain HTTP that leads to the https origin of the host.
    pub redirect: Option<Redirect>,
    /// Peers whose `X-Forwarded-*` or PROXY header counts; nobody by default.
    pub trusted_proxies: Vec<IpNet>,
    /// Trusted proxies speak the PROXY protocol (v1 or v2) before anything else.
    pub proxy_protocol: bool,
    pub apps: Vec<Arc<App>>,
    /// `/.portcullis/`, with both slashes.
    pub own_prefix: String,
    pub limits: Limits,
    /// How long open requests may go on after SIGTERM.
    pub drain: Duration,
}

#[derive(Debug)]
pub struct Listen {
    pub address: SocketAddr,
    /// `None`: plain (h1 and h2c), for a trusted hop that ends TLS, or `localhost`.
    pub tls: Option<Tls>,
}

/// Certificate files, read anew when they change.
#[derive(Debug, Clone)]
pub struct Tls {
    pub certificates: Vec<CertificateFiles>,
}
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    pub cert: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug)]
pub struct Redirect {
    pub address: SocketAddr,
    /// Folder with http-01 challenge files.
    pub acme: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request's head.
    pub header_bytes: usize,
    pub headers: usize,
    pub connections_per_address: usize,
}

#[derive(Debug, Clone)]
pub struct App {
    pub name: AppName,
    /// The first one is used in links.
    pub origins: Vec<Arc<Origin>>,
    pub upstreams: Vec<Upstream>,
    pub upstream_tls: Option<Arc<UpstreamTls>>,
    pub identity_headers: IdentityHeaders,
    pub host: HostToUpstream,
    pub timeouts: Timeouts,
    /// Bytes of a request body.
    pub body_limit: u64,
    /// Judged paths of the app's own sign-out.
    pub sign_out: Vec<String>,
    /// Headers of the hygiene list that are let through by name.
    pub pass_headers: Vec<HeaderName>,
    pub reading: PathReading,
    pub service_worker: bool,
    /// Path of active health checks (GET, 2xx or 3xx is healthy); `None`: TCP connect.
    pub health_path: Option<String>,
}

impl App {
    /// A copy that shares none of what requests hold on to.
    pub fn apart(&self) -> Self {
        let origins = self.origins.iter().map(|o| Arc::new(Origin::clone(o))).collect();
        App { name: AppName(Arc::from(&*self.name.0)), origins, ..self.clone() }
    }
}

/// Resolved at start and again in the background; pingora gets addresses only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    pub https: bool,
    pub host: Host,
    pub port: u16,
    /// Speaks HTTP/2 (h2 over TLS, h2c in plain): needed for gRPC.
    pub http2: bool,
}

#[derive(Debug)]
pub struct UpstreamTls {
    /// `None`: the system's roots.
    pub ca: Option<Vec<CertificateDer<'static>>>,
    /// `None`: the upstream's own host name.
    pub server_name: Option<ServerName<'static>>,
    pub client: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

#[derive(Debug, Clone)]
pub struct IdentityHeaders {
    pub user: Option<HeaderName>,
    pub groups: Option<HeaderName>,
    pub email: Option<HeaderName>,
    pub assertion: Option<HeaderName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostToUpstream {
    Origin,
    Upstream,
    Name(Host),
}

#[derive(Debug, Clone)]
pub struct Timeouts {
    pub connect: Duration,
    /// Until the upstream's response head.
    pub head: Duration,
    /// Between two reads of a body or stream; of a WebSocket, without any byte.
    pub idle: Duration,
}

#[cfg(test)]
pub mod samples;
