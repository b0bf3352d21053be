//! From settings to a running gateway, and its end.

use super::access_log::Requests;
use super::admin_tls;
use super::assertion::Assertions;
use super::follower::Node;
use super::key_watch::KeyWatch;
use super::policy::PolicyFile;
use super::readiness::NodeState;
use super::record::{Record, stamp};
use super::store::{LEASE, Opened, open};
use super::tasks;
use crate::account::{Accounts, PasswordRules};
use crate::api::hooks::Hook;
use crate::api::{Api, Client, listen};
use crate::audit::{Audit, Event, Metrics, PolicyChange, Reporter};
use crate::config::Config;
use crate::crypto::{KeyRing, Signer};
use crate::disconnect::{self, Acknowledger, Acks, Cutter, Orders, Service};
use crate::factor::first::Local;
use crate::gate::Gate;
use crate::gate::service::{GateApp, Parts};
use crate::live::Registry;
use crate::policy::Problem;
use crate::proxy::local::Malformed;
use crate::proxy::server;
use crate::session::{CookieNames, Sessions};
use crate::store::Store;
use crate::sys::{Clock, Entropy, SystemClock, SystemEntropy, lock};
use crate::types::with_causes;
use crate::web::{self, Web};
use anyhow::{Context, anyhow};
use arc_swap::ArcSwap;
use axum::middleware;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What a start needs besides the configuration.
pub struct Extras {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

impl Extras {
    /// The system's clock and randomness.
    pub fn of_the_system() -> Self {
        Extras { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) }
    }
}

/// A gateway that accepts connections.
pub struct Running {
    pub admin: Option<SocketAddr>,
    pub accounts: Arc<ArcSwap<Accounts>>,
    pub store: Arc<dyn Store>,
    pub keys: Arc<KeyRing>,
    stop: CancellationToken,
    shutdown: watch::Sender<bool>,
    tasks: TaskTracker,
    drain: Duration,
    record: Record,
}

/// Starts everything; returns once connections are accepted.
pub async fn start(config: Config, extras: Extras) -> anyhow::Result<Running> {
    super::telemetry::init(&config.log);
    let policy = Arc::new(PolicyFile::load(&config).map_err(|p| problems(&p))?);
    let (opened, keys) = open(&config, &extras).await?;
    let metrics = Arc::new(Metrics::new()?);
    let record = Record::begin(&config, &extras, &opened, &keys, metrics.clone())?;
    record.started(&policy.in_force.load());
    let node = Parted::build(&config, &extras, (&opened, &keys), &policy, (record.audit.clone(), metrics))?;
    let (shutdown, watch) = watch::channel(false);
    let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
    node.spawn(&tracker, &stop, &opened, &policy);
    let key_watch = Arc::new(node.key_watch(&config, &opened, &keys));
    tracker.spawn(key_watch.clone().watch(stop.clone()));
    tracker.spawn(key_watch.clone().reseal(stop.clone()));

    let brand = super::brand::load(&config.brand)?;
    let jwks = {
        let signer = node.signer.clone();
        Arc::new(move || signer.jwks())
    };
    let web = web::router(Arc::new(Web::new(node.gate.clone(), brand, jwks)));
    let web = web.layer(middleware::map_request(proxy_fault_as_page));
    let settings = Arc::new(config.proxy);
    let drain = settings.drain;
    let names = settings.apps.iter().map(|a| &a.name);
    let log = Requests::new(&config.log, names, node.metrics.clone(), extras.clock.clone())?;
    let parts = server::Parts {
        settings,
        gate: node.gate.clone(),
        live: node.live.clone(),
        lease: opened.lease.clone(),
        local: web,
        signer: node.assertions.clone(),
        entropy: extras.entropy.clone(),
        log: Arc::new(log),
    };
    let bound = server::bind(parts).await.context("the public listener")?;
    let public = bound.local_addr();
    tracker.spawn(bound.serve(watch.clone()));

    let router = crate::api::router(node.api(&opened, &policy, key_watch, &config.admin.clients));
    let tcp = TcpListener::bind(config.admin.address)
        .await
        .with_context(|| format!("the admin listener {} (listen.admin.address)", config.admin.address))?;
    let admin = tcp.local_addr().ok();
    let tls = config.admin.tls.as_ref().map(admin_tls::load).transpose().context("listen.admin.tls")?;
    if let (Some(files), Some(used)) = (&config.admin.tls, &tls) {
        tracker.spawn(admin_tls::watch(files.clone(), used.clone(), stop.clone()));
    }
    tracker.spawn(listen::serve_tcp(tcp, tls, router.clone(), stop.clone().cancelled_owned()));
    let socket = listen::Socket::bind(&config.admin.socket).await.context("the admin socket (listen.admin.socket)")?;
    tracker.spawn(listen::serve_unix(socket, router, stop.clone().cancelled_owned()));
    tracker.close();
    let accounts = node.accounts.clone();
    tracing::info!(%public, admin = ?admin, socket = %config.admin.socket.display(), "accepting connections");
    Ok(Running { admin, accounts, store: opened.store, keys, stop, shutdown, tasks: tracker, drain, record })
}

impl Running {
    /// Runs until SIGTERM or SIGINT, then drains: open requests end, WebSockets are told to go (1001).
    pub async fn wait_for_shutdown(self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tracing::info!("draining");
        self.end().await;
        Ok(())
    }

    async fn end(self) {
        let _ = self.shutdown.send(true);
        self.stop.cancel();
        // the listeners keep their own deadline; this one only guards against a task that hangs
        let _ = tokio::time::timeout(self.drain + Duration::from_secs(5), self.tasks.wait()).await;
        self.record.stopped().await;
    }
}

/// The parts of a node, built but not yet running.
struct Parted {
    gate: Arc<Gate>,
    live: Arc<Registry>,
    sessions: Arc<Sessions>,
    accounts: Arc<ArcSwap<Accounts>>,
    audit: Arc<Audit>,
    metrics: Arc<Metrics>,
    signer: Arc<Signer>,
    assertions: Arc<Assertions>,
    clock: Arc<dyn Clock>,
    orders: Arc<Orders>,
    acks: Arc<Acks>,
    disconnect: Arc<Service>,
    hooks: Arc<[Hook]>,
    writer: std::sync::Mutex<Option<crate::session::lookup::ActivityWriter>>,
}

impl Parted {
    fn build(
        config: &Config,
        extras: &Extras,
        (opened, keys): (&Opened, &Arc<KeyRing>),
        policy: &Arc<PolicyFile>,
        (audit, metrics): (Arc<Audit>, Arc<Metrics>),
    ) -> anyhow::Result<Self> {
        let (clock, entropy) = (extras.clock.clone(), extras.entropy.clone());
        let store = opened.store.clone();
        let (orders, acks) = (Arc::new(Orders::default()), Arc::new(Acks::default()));
        let (sessions, writer) =
            Sessions::new(store.clone(), opened.lease.clone(), orders.clone(), clock.clone(), CACHED_SESSIONS);
        let disconnect = Arc::new(Service::new(disconnect::Parts {
            store: store.clone(),
            orders: orders.clone(),
            acks: acks.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            audit: audit.clone(),
            metrics: metrics.clone(),
            apps: origins(config),
            admins: {
                let policy = policy.in_force.clone();
                Arc::new(move || policy.load().admin_groups().clone())
            },
            lease: LEASE,
        }));
        let accounts = super::store::accounts(config, extras, store.clone(), keys.clone(), policy)?;
        let passwords = accounts.passwords.clone();
        let accounts = Arc::new(ArcSwap::from_pointee(accounts));
        let gate = Arc::new(Gate::new(Parts {
            policy: policy.in_force.clone(),
            sessions: sessions.clone(),
            store: store.clone(),
            first: Local::new(store, passwords.clone(), entropy.clone()),
            passwords,
            keys: keys.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            audit: audit.clone(),
            apps: apps(config),
            own_prefix: config.proxy.own_prefix.clone(),
        }));
        let signer = Arc::new(Signer::new(keys));
        let assertions = Arc::new(Assertions::new(signer.clone(), clock.clone(), entropy));
        let live = Registry::new();
        let writer = std::sync::Mutex::new(Some(writer));
        Ok(Parted {
            gate,
            live,
            sessions,
            accounts,
            audit,
            metrics,
            signer,
            assertions,
            clock,
            orders,
            acks,
            disconnect,
            hooks: config.hooks.clone().into(),
            writer,
        })
    }

    fn api(&self, opened: &Opened, policy: &Arc<PolicyFile>, keys: Arc<KeyWatch>, clients: &[Client]) -> Api {
        Api {
            accounts: self.accounts.clone(),
            audit: self.audit.clone(),
            metrics: self.metrics.clone(),
            readiness: Arc::new(NodeState {
                store: opened.store.clone(),
                lease: opened.lease.clone(),
                policy: policy.clone(),
                keys,
                accounts: self.accounts.clone(),
                audit: self.audit.clone(),
            }),
            disconnect: self.disconnect.clone(),
            hooks: self.hooks.clone(),
            clients: clients.into(),
        }
    }

    fn key_watch(&self, config: &Config, opened: &Opened, keys: &Arc<KeyRing>) -> KeyWatch {
        KeyWatch {
            path: config.keys.path.clone(),
            ring: keys.clone(),
            store: opened.store.clone(),
            accounts: self.accounts.clone(),
            audit: self.audit.clone(),
            clock: self.clock.clone(),
            rejected: std::sync::Mutex::default(),
            changed: tokio::sync::Notify::new(),
        }
    }

    fn spawn(&self, tracker: &TaskTracker, stop: &CancellationToken, opened: &Opened, policy: &Arc<PolicyFile>) {
        let (orders, acknowledger) =
            Cutter::new(self.orders.clone(), self.live.clone(), self.sessions.clone(), self.clock.clone());
        let applied = Arc::new(AtomicU64::new(0));
        let follower = Arc::new(Node {
            sessions: self.sessions.clone(),
            live: self.live.clone(),
            orders,
            applied: applied.clone(),
            store: opened.store.clone(),
            clock: self.clock.clone(),
            metrics: self.metrics.clone(),
            runtime: tokio::runtime::Handle::current(),
        });
        self.spawn_orders(tracker, stop, opened, (acknowledger, applied));
        let (feed, lease, ends) = (opened.feed.clone(), opened.lease.clone(), stop.clone());
        tracker.spawn(async move {
            if let Err(e) = feed.follow(follower, lease, ends).await {
                tracing::error!(error = %with_causes(&e), "the log cannot be followed; no session is served");
            }
        });
        if !opened.embedded {
            let (lease, live, ends) = (opened.lease.clone(), self.live.clone(), stop.clone());
            tracker.spawn(async move {
                let cut = || {
                    let n = live.cut_everything();
                    tracing::warn!(cut = n, "without a lease for too long: live exchanges cut");
                };
                tokio::select! {
                    () = lease.watch(WITHOUT_LEASE, cut) => {}
                    () = ends.cancelled() => {}
                }
            });
        }
        if let Some(writer) = lock(&self.writer).take() {
            tracker.spawn(writer.run(stop.clone()));
        }
        let (sessions, clock) = (self.sessions.clone(), self.clock.clone());
        tracker.spawn(tasks::every(Duration::from_secs(60), stop.clone(), async move || {
            sessions.cache.sweep(tasks::is_live(&clock));
            let now = clock.now();
            sessions.cache.each(|c| c.forget_told(now));
        }));
        let (metrics, live, lease) = (self.metrics.clone(), self.live.clone(), opened.lease.clone());
        let accounts = self.accounts.clone();
        tracker.spawn(tasks::every(Duration::from_secs(1), stop.clone(), async move || {
            metrics.exchanges(live.count());
            metrics.password_checks(accounts.load().passwords.under_way());
            metrics.lease(lease.held(), lease.left().map_or(Duration::ZERO, |left| LEASE.saturating_sub(left)));
        }));
        tracker.spawn(policy.clone().watch(stop.clone(), self.policy_changed(policy)));
    }

    /// What tells and hears acknowledgements, what ends streams by time, and how far the log is followed.
    fn spawn_orders(
        &self,
        tracker: &TaskTracker,
        stop: &CancellationToken,
        opened: &Opened,
        (acknowledger, applied): (Acknowledger, Arc<AtomicU64>),
    ) {
        tracker.spawn(acknowledger.run(opened.feed.node(), opened.store.clone(), stop.clone()));
        let (acks, heard, ends) = (self.acks.clone(), opened.feed.acks(), stop.clone());
        tracker.spawn(async move { acks.listen(heard, ends).await });
        let (live, store, clock) = (self.live.clone(), opened.store.clone(), self.clock.clone());
        let (metrics, orders) = (self.metrics.clone(), self.orders.clone());
        tracker.spawn(tasks::every(Duration::from_secs(1), stop.clone(), async move || {
            super::ends::cut_the_due(&live, &*store, &*clock, &metrics).await;
            metrics.orders(orders.count());
            if let Ok(head) = store.head().await {
                metrics.log(applied.load(Ordering::Relaxed), head.seq.0);
            }
        }));
    }

    /// What a new policy means for the parts, and for the record.
    fn policy_changed(&self, policy: &Arc<PolicyFile>) -> impl Fn(bool) + Send + use<> {
        let (metrics, accounts, in_force) = (self.metrics.clone(), self.accounts.clone(), policy.in_force.clone());
        let (audit, clock, file) = (self.audit.clone(), self.clock.clone(), policy.clone());
        move |ok: bool| {
            let change = if ok { PolicyChange::Loaded } else { PolicyChange::Rejected };
            if ok {
                audit.policy_is(stamp(&in_force.load()));
            }
            audit.record(&Event::Policy { by: Reporter::File, change, reason: file.rejected() }, clock.now());
            if !ok {
                return metrics.policy_rejected();
            }
            metrics.policy_reloaded();
            let now = accounts.load();
            let rules = PasswordRules { min_length: in_force.load().min_password(), ..now.rules.clone() };
            accounts.store(Arc::new(now.under(rules)));
        }
    }
}

fn apps(config: &Config) -> BTreeMap<crate::types::AppName, GateApp> {
    let app = |a: &Arc<crate::proxy::settings::App>| {
        let origins = a.origins.iter().map(|o| (o.clone(), CookieNames::of(o))).collect();
        (a.name.clone(), GateApp { origins, sign_out: a.sign_out.clone() })
    };
    config.proxy.apps.iter().map(app).collect()
}

fn origins(config: &Config) -> HashMap<crate::types::Origin, crate::types::AppName> {
    let of = |a: &Arc<crate::proxy::settings::App>| {
        let name = a.name.clone();
        a.origins.iter().map(move |o| ((**o).clone(), name.clone())).collect::<Vec<_>>()
    };
    config.proxy.apps.iter().flat_map(of).collect()
}

/// What the proxy could not do is told by our pages in the visitor's language; neither of the two knows the other.
async fn proxy_fault_as_page(mut request: axum::extract::Request) -> axum::extract::Request {
    if let Some(m) = request.extensions().get::<Malformed>().copied() {
        request.extensions_mut().insert(m.status);
    }
    request
}

/// All mistakes of a file as one error.
pub(super) fn problems(all: &[Problem]) -> anyhow::Error {
    anyhow!("{}", all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// Under a kibibyte each (SPEC §15).
const CACHED_SESSIONS: usize = 200_000;
/// How long streams stand still before they are cut (SPEC §9).
const WITHOUT_LEASE: Duration = Duration::from_secs(30);
