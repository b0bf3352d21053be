//! The listeners: everything bound and looked at before the first request, then served until shutdown.
//!
//! Wires the parts it is handed; names no store, no page and no policy.

use super::access::AccessLog;
use super::engine::accept::{self, Listen, Trusted, Worker};
use super::engine::certs::{self, Certificates};
use super::engine::cut::Cuttable;
use super::engine::front::Front;
use super::engine::workers::Workers;
use super::gateway::{Gateway, RequestIds};
use super::hosts::Hosts;
use super::identity::AssertionSigner;
use super::redirect::ToHttps;
use super::settings::Settings;
use super::upstream::{BadTls, Pool};
use crate::gate::Gate;
use crate::live::Registry;
use crate::sys::Entropy;
use crate::sys::lease::Lease;
use axum::Router;
use pingora::apps::{HttpServerOptions, ServerApp};
use pingora::protocols::http::v2::server::default_h2_options;
use pingora::proxy::{ProxyHttp, http_proxy};
use pingora::server::configuration::ServerConf;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// What the proxy is made of.
pub struct Parts {
    pub settings: Arc<Settings>,
    pub gate: Arc<Gate>,
    pub live: Arc<Registry>,
    pub lease: Arc<Lease>,
    /// Own pages; also renders refusals.
    pub local: Router,
    pub signer: Arc<dyn AssertionSigner>,
    pub entropy: Arc<dyn Entropy>,
    pub log: Arc<dyn AccessLog>,
}

/// Why the proxy cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the certificates of the public listener")]
    Certificates(#[source] certs::Error),
    #[error("TLS towards the upstreams of app {app}")]
    Upstream { app: String, source: BadTls },
}

impl From<BindError> for io::Error {
    fn from(e: BindError) -> Self {
        io::Error::other(e)
    }
}

/// Listening, not serving yet.
pub struct Bound {
    address: SocketAddr,
    public: Listen,
    redirect: Option<Listen>,
    /// One a worker.
    gateways: Vec<Gateway>,
    pools: Vec<Arc<Pool>>,
    lease: Arc<Lease>,
    to_https: Option<ToHttps>,
    certificates: Option<Arc<Certificates>>,
    workers: Workers,
}

/// Loads certificates, listens, resolves upstreams and checks each of them once.
pub async fn bind(parts: Parts) -> io::Result<Bound> {
    let settings = parts.settings.clone();
    let mut pools = Vec::new();
    for app in &settings.apps {
        let pool = Pool::new(app).map_err(|source| BindError::Upstream { app: app.name.to_string(), source })?;
        pools.push(Arc::new(pool));
    }
    let certificates = match &settings.public.tls {
        Some(tls) => Some(Certificates::load(tls.certificates.clone()).map_err(BindError::Certificates)?),
        None => None,
    };
    let tls = certificates.as_ref().map(Certificates::server_config).transpose().map_err(BindError::Certificates)?;
    let (tcp, address) = listen(settings.public.address).await?;
    let public = Listen { tls, ..plain(tcp, &settings) };
    let (mut redirect, mut to_https) = (None, None);
    if let Some(r) = &settings.redirect {
        let (tcp, _) = listen(r.address).await?;
        redirect = Some(plain(tcp, &settings));
        let hosts = Hosts::new(&settings.apps);
        to_https = Some(ToHttps { settings: settings.clone(), hosts, acme: r.acme.clone() });
    }
    futures::future::join_all(pools.iter().map(|p| p.start())).await;
    let workers = Workers::start(std::thread::available_parallelism()?.get())?;
    let untrusted_noticed = Arc::default();
    let gateway = || Gateway {
        hosts: Hosts::new(&settings.apps.iter().map(|app| Arc::new(app.apart())).collect::<Vec<_>>()),
        pools: pools.clone(),
        gate: parts.gate.clone(),
        live: parts.live.clone(),
        lease: parts.lease.clone(),
        local: parts.local.clone(),
        signer: parts.signer.clone(),
        ids: RequestIds::new(&*parts.entropy),
        log: parts.log.clone(),
        untrusted_noticed: Arc::clone(&untrusted_noticed),
        settings: settings.clone(),
    };
    let gateways = workers.handles().iter().map(|_| gateway()).collect();
    let lease = parts.lease.clone();
    Ok(Bound { address, public, redirect, gateways, pools, lease, to_https, certificates, workers })
}

impl Bound {
    /// Of the public listener.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Until `shutdown` says true (or its sender is gone) and open requests have ended.
    pub async fn serve(self, shutdown: watch::Receiver<bool>) {
        let mut background = Vec::new();
        for pool in self.pools {
            let shutdown = shutdown.clone();
            background.push(AbortOnDropHandle::new(tokio::spawn(async move { pool.keep(shutdown).await })));
        }
        if let Some(c) = self.certificates {
            background.push(AbortOnDropHandle::new(tokio::spawn(c.watch())));
        }
        let lease = self.lease;
        let at =
            |(runtime, gateway): (&Handle, _)| Worker { runtime: runtime.clone(), app: app(gateway, lease.clone()) };
        let public = self.workers.handles().iter().zip(self.gateways).map(at).collect();
        let public = accept::serve(self.public, public, shutdown.clone());
        match self.redirect.zip(self.to_https) {
            None => public.await,
            Some((listen, to_https)) => {
                // what leads to https belongs to no session
                let here = Worker { runtime: Handle::current(), app: app(to_https, lease.clone()) };
                let redirect = accept::serve(listen, vec![here], shutdown);
                tokio::join!(public, redirect);
            }
        }
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BindError> {
    let failed = |source| BindError::Listen { address, source };
    let tcp = TcpListener::bind(address).await.map_err(failed)?;
    let bound = tcp.local_addr().map_err(failed)?;
    Ok((tcp, bound))
}

fn plain(tcp: TcpListener, settings: &Arc<Settings>) -> Listen {
    let s = settings.clone();
    let trusted: Trusted = Arc::new(move |ip| s.trusted_proxies.iter().any(|net| net.contains(&ip.to_canonical())));
    Listen {
        tcp,
        tls: None,
        trusted,
        proxy_protocol: settings.proxy_protocol,
        per_address: settings.limits.connections_per_address,
        drain: settings.drain,
    }
}

/// pingora's engine around `proxy`, under our own connections.
fn app<P>(proxy: P, lease: Arc<Lease>) -> Arc<impl ServerApp + Send + Sync + 'static>
where
    P: ProxyHttp + Send + Sync + 'static,
    P::CTX: Send + Sync,
{
    let conf = ServerConf { upstream_keepalive_pool_size: POOL, max_retries: TRIES, ..ServerConf::default() };
    let mut http = http_proxy(&Arc::new(conf), proxy);
    let mut options = HttpServerOptions::default();
    options.h2c = true; // on a TLS connection ALPN has already chosen
    options.allow_connect_method_proxying = true; // so that our own 405 answers it
    options.keepalive_request_limit = Some(REQUESTS_A_CONNECTION);
    options.h2_idle_timeout = Some(IDLE);
    http.server_options = Some(options);
    http.h2_options = Some(default_h2_options());
    Arc::new(Front::new(Arc::new(Cuttable::new(http, lease, IDLE)), FIRST_BYTE))
}

/// Idle connections kept to all upstreams together, by each worker.
const POOL: usize = 128;
/// Of one request, the first included.
const TRIES: usize = 3;
const REQUESTS_A_CONNECTION: u32 = 1000;
/// A connection without a request, and the whole of a request's head.
const IDLE: Duration = Duration::from_secs(60);
const FIRST_BYTE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
