//! The upstream servers of one app: where they are, which of them are well, and how to speak to them.
//!
//! pingora gets socket addresses only: names are resolved here, at start and again in the background. Chooses an
//! address; whether a request may go there is the gate's affair.

mod health;
mod tls;

pub use tls::BadTls;

use super::engine::tunnel::To;
use super::settings::{App, HostToUpstream, Timeouts, Upstream};
use crate::sys::lock;
use crate::types::Host;
use arc_swap::ArcSwap;
use async_trait::async_trait;
use http::HeaderValue;
use pingora::lb::discovery::ServiceDiscovery;
use pingora::lb::selection::RoundRobin;
use pingora::lb::{Backend, Backends, Extensions, LoadBalancer};
use pingora::protocols::l4::socket::SocketAddr as PingoraAddr;
use pingora::services::background::BackgroundService;
use pingora::upstreams::peer::HttpPeer;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tls::Tls;
use tokio::sync::watch;

/// One address of an upstream, with everything that is the same in every request to it.
#[derive(Debug)]
pub struct Target {
    /// Cloned for each request.
    pub peer: HttpPeer,
    /// The same for WebSockets.
    pub tunnel: To,
    /// `Host` as the app's settings want it; `None`: the origin's.
    pub host: Option<HeaderValue>,
}

/// The servers of one app.
pub struct Pool {
    /// Finds the servers and knows who is well. Whose turn it is we say ourselves: its own choice allocates a set.
    balancer: Arc<LoadBalancer<RoundRobin>>,
    known: Arc<Known>,
    turn: AtomicUsize,
}

impl Pool {
    /// Builds the TLS settings; resolves nothing yet.
    pub fn new(app: &App) -> Result<Self, BadTls> {
        let recipes = app.upstreams.iter().map(|u| Recipe::new(app, u)).collect::<Result<Vec<_>, _>>()?;
        let names = recipes.iter().any(|r| !r.is_address());
        let known = Arc::new(Known { recipes, targets: ArcSwap::default(), last: Mutex::default() });
        let mut balancer = LoadBalancer::from_backends(Backends::new(Box::new(Resolve(known.clone()))));
        balancer.set_health_check(Box::new(health::Check::new(app, known.clone())));
        balancer.parallel_health_check = true;
        balancer.health_check_frequency = Some(HEALTH_EVERY);
        balancer.update_frequency = names.then_some(RESOLVE_EVERY);
        Ok(Pool { balancer: Arc::new(balancer), known, turn: AtomicUsize::new(0) })
    }

    /// Resolves and looks at every server once, so that the first request already knows who is well.
    pub async fn start(&self) {
        // discovery itself never fails: a name that does not resolve is a warning and no address
        if self.balancer.update().await.is_ok() {
            self.balancer.backends().run_health_check(true).await;
        }
    }

    /// Resolves and checks again and again.
    pub async fn keep(&self, shutdown: watch::Receiver<bool>) {
        self.balancer.start(shutdown).await;
    }

    /// The next server that is well; `None` where all are down. One that has `failed` this request comes last: until the
    /// health check sees it, it still counts as well.
    pub fn next(&self, failed: Option<SocketAddr>) -> Option<Arc<Target>> {
        let targets = self.known.targets.load();
        let (before, from) =
            targets.split_at_checked(self.turn.fetch_add(1, Ordering::Relaxed) % targets.len().max(1))?;
        let mut well = from.iter().chain(before).filter(|(backend, _)| self.balancer.backends().ready(backend));
        let first = well.next()?;
        let is_failed = |t: &Target| failed == Some(t.tunnel.addr);
        let (_, target) = if is_failed(&first.1) { well.find(|(_, t)| !is_failed(t)).unwrap_or(first) } else { first };
        Some(target.clone())
    }

    /// Whether a second try can meet another server.
    pub fn has_several(&self) -> bool {
        self.known.targets.load().len() > 1
    }
}

/// Addresses found so far, and how to make a target of one.
struct Known {
    recipes: Vec<Recipe>,
    targets: ArcSwap<Vec<(Backend, Arc<Target>)>>,
    /// What each name resolved to the last time it did.
    last: Mutex<HashMap<usize, Vec<SocketAddr>>>,
}

impl Known {
    fn target(&self, backend: &Backend) -> Option<Arc<Target>> {
        self.targets.load().iter().find(|(b, _)| b.addr == backend.addr).map(|(_, target)| target.clone())
    }

    /// A name that does not resolve now keeps its last addresses: a hiccup of DNS must not take an app down.
    async fn resolve(&self) {
        let mut targets: Vec<(Backend, Arc<Target>)> = Vec::new();
        for (n, recipe) in self.recipes.iter().enumerate() {
            let found = recipe.resolve().await;
            let addresses = {
                let mut last = lock(&self.last);
                match found {
                    Ok(found) if !found.is_empty() => {
                        last.insert(n, found.clone());
                        found
                    }
                    Ok(_) | Err(_) => {
                        tracing::warn!(upstream = %recipe.host, "the upstream's name does not resolve");
                        last.get(&n).cloned().unwrap_or_default()
                    }
                }
            };
            for address in addresses {
                if !targets.iter().any(|(_, t)| t.tunnel.addr == address) {
                    targets.push((backend(address), Arc::new(recipe.target(address))));
                }
            }
        }
        self.targets.store(Arc::new(targets));
    }
}

/// Discovery for pingora's balancer.
struct Resolve(Arc<Known>);

#[async_trait]
impl ServiceDiscovery for Resolve {
    async fn discover(&self) -> pingora::Result<(BTreeSet<Backend>, HashMap<u64, bool>)> {
        self.0.resolve().await;
        Ok((self.0.targets.load().iter().map(|(b, _)| b.clone()).collect(), HashMap::new()))
    }
}

fn backend(address: SocketAddr) -> Backend {
    Backend { addr: PingoraAddr::Inet(address), weight: 1, ext: Extensions::new() }
}

/// One line of `upstreams`.
struct Recipe {
    host: Host,
    port: u16,
    http2: bool,
    tls: Option<Tls>,
    timeouts: Timeouts,
    host_header: Option<HeaderValue>,
    group: u64,
}

impl Recipe {
    fn new(app: &App, upstream: &Upstream) -> Result<Self, BadTls> {
        let tls = upstream.https.then(|| Tls::new(&upstream.host, app.upstream_tls.as_deref())).transpose()?;
        let host_header = match &app.host {
            HostToUpstream::Origin => None,
            HostToUpstream::Upstream => HeaderValue::try_from(authority(upstream)).ok(),
            HostToUpstream::Name(name) => HeaderValue::from_str(name.as_str()).ok(),
        };
        // a connection made for one app, one CA or one certificate is never used for another: pingora's pool looks at
        // neither of them, only at this
        let mut group = DefaultHasher::new();
        (&app.name.0, upstream.http2, tls.as_ref().map(Tls::fingerprint)).hash(&mut group);
        Ok(Recipe {
            host: upstream.host.clone(),
            port: upstream.port,
            http2: upstream.http2,
            tls,
            timeouts: app.timeouts.clone(),
            host_header,
            group: group.finish() & !REPLAY_GROUP,
        })
    }

    fn is_address(&self) -> bool {
        format!("{}:{}", self.host, self.port).parse::<SocketAddr>().is_ok()
    }

    async fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host(format!("{}:{}", self.host, self.port)).await?;
        Ok(found.collect())
    }

    fn target(&self, address: SocketAddr) -> Target {
        let mut peer = match &self.tls {
            None => HttpPeer::new(address, false, String::new()),
            Some(tls) => tls.peer(address),
        };
        peer.group_key = self.group;
        let o = &mut peer.options;
        o.connection_timeout = Some(self.timeouts.connect);
        o.total_connection_timeout = Some(self.timeouts.connect);
        o.read_timeout = Some(self.timeouts.idle.max(self.timeouts.head));
        o.write_timeout = Some(self.timeouts.idle);
        o.idle_timeout = Some(POOLED_FOR);
        if self.http2 {
            o.set_http_version(2, 2);
            o.max_h2_streams = STREAMS;
        }
        let tunnel = To {
            addr: address,
            tls: self.tls.as_ref().map(Tls::tunnel),
            connect: self.timeouts.connect,
            answer: self.timeouts.head,
        };
        Target { peer, tunnel, host: self.host_header.clone() }
    }
}

fn authority(u: &Upstream) -> String {
    let plain = u.port == crate::types::Origin::default_port(u.https);
    if plain { u.host.to_string() } else { format!("{}:{}", u.host, u.port) }
}

/// Set in the group of peers that hand a begun answer to pingora, so that these never meet a pooled connection.
pub const REPLAY_GROUP: u64 = 1 << 63;

const HEALTH_EVERY: Duration = Duration::from_secs(1);
const RESOLVE_EVERY: Duration = Duration::from_secs(30);
/// Below the 60–75 s after which usual servers close an idle connection.
const POOLED_FOR: Duration = Duration::from_secs(50);
/// Requests at a time on one HTTP/2 connection to an upstream.
const STREAMS: usize = 100;

#[cfg(test)]
mod tests;
