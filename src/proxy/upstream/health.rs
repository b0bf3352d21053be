//! Active health checks: a GET where the app names a path, else whether a TCP connection comes about.
//!
//! Speaks to upstreams as ordinary requests do (TLS, server name, HTTP version), without identity and without cookies.

use super::super::settings::App;
use super::{Known, Target};
use async_trait::async_trait;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::{HeaderValue, Uri, Version};
use pingora::connectors::http::Connector;
use pingora::http::RequestHeader;
use pingora::lb::Backend;
use pingora::lb::health_check::HealthCheck;
use pingora::{Error, ErrorType, OrErr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

pub struct Check {
    path: Option<Box<[u8]>>,
    /// Where the target names none.
    host: Option<HeaderValue>,
    known: Arc<Known>,
    connector: Connector,
}

impl Check {
    pub fn new(app: &App, known: Arc<Known>) -> Self {
        Check {
            path: app.health_path.as_ref().map(|p| p.as_bytes().into()),
            host: app.origins.first().and_then(|o| HeaderValue::try_from(o.authority()).ok()),
            known,
            connector: Connector::new(None),
        }
    }

    async fn get(&self, target: &Target, path: &[u8]) -> pingora::Result<()> {
        let mut peer = target.peer.clone();
        peer.options.connection_timeout = Some(PATIENCE);
        peer.options.total_connection_timeout = Some(PATIENCE);
        peer.options.read_timeout = Some(PATIENCE);
        let (mut http, _) = self.connector.get_http_session(&peer).await?;
        let req = self.request(target, path, peer.is_tls())?;
        http.write_request_header(Box::new(req)).await?;
        http.finish_request_body().await?;
        http.set_read_timeout(Some(PATIENCE));
        http.read_response_header().await?;
        match http.response_header().map(|h| h.status) {
            Some(s) if s.is_success() || s.is_redirection() => Ok(()),
            _ => Error::e_explain(ErrorType::HTTPStatus(503), "the health check was answered with an error"),
        }
    }

    fn request(&self, target: &Target, path: &[u8], tls: bool) -> pingora::Result<RequestHeader> {
        let mut req = RequestHeader::build("GET", path, Some(4))?;
        req.insert_header(USER_AGENT, HeaderValue::from_static("portcullis health check"))?;
        let host = target.host.as_ref().or(self.host.as_ref());
        if target.peer.options.alpn.get_max_http_version() == 2 {
            // HTTP/2 says scheme and host in the address
            let uri = Uri::builder()
                .scheme(if tls { "https" } else { "http" })
                .authority(host.map_or(&b"localhost"[..], HeaderValue::as_bytes))
                .path_and_query(path);
            req.set_uri(uri.build().or_err(ErrorType::InvalidHTTPHeader, "health check")?);
            req.set_version(Version::HTTP_2);
        } else {
            if let Some(host) = host {
                req.insert_header(HOST, host.clone())?;
            }
            req.insert_header(CONNECTION, HeaderValue::from_static("close"))?;
        }
        Ok(req)
    }
}

#[async_trait]
impl HealthCheck for Check {
    async fn check(&self, backend: &Backend) -> pingora::Result<()> {
        let gone = || Error::explain(ErrorType::ConnectError, "no longer an address of the upstream");
        let target = self.known.target(backend).ok_or_else(gone)?;
        let check = async {
            match &self.path {
                Some(path) => self.get(&target, path).await,
                None => {
                    let tcp = TcpStream::connect(target.tunnel.addr).await;
                    tcp.map(drop).or_err(ErrorType::ConnectError, "health check")
                }
            }
        };
        let late = || Error::explain(ErrorType::ConnectTimedout, "health check");
        timeout(PATIENCE, check).await.map_err(|_| late())?
    }

    async fn health_status_change(&self, target: &Backend, healthy: bool) {
        let upstream = &target.addr;
        if healthy {
            tracing::info!(%upstream, "an upstream is well again");
        } else {
            tracing::warn!(%upstream, "an upstream is down");
        }
    }

    fn health_threshold(&self, _success: bool) -> usize {
        1
    }
}

/// For a whole check.
const PATIENCE: Duration = Duration::from_secs(2);
