//! What a test's gateway is told: its configuration and policy, written out as an operator would.

use super::certificate::Certificate;
use super::fleet::Fleet;
use super::gateway::Gateway;
use super::process::{free_port, local};
use super::redis::Redis;
use super::upstream::Upstream;
use std::path::Path;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    Embedded,
    Redis,
}

pub struct Plan {
    pub(super) store: Store,
    pub(super) redis: Option<Arc<Redis>>,
    pub(super) redis_url: Option<String>,
    pub(super) fleet: Option<Arc<Fleet>>,
    pub(super) policy: String,
    pub(super) certificates: Vec<Certificate>,
    pub(super) waits: bool,
    port: u16,
    origins: Vec<String>,
    upstreams: Vec<String>,
    app: Vec<String>,
    top: Vec<String>,
    listen: Vec<String>,
    public: Vec<String>,
    more_apps: Vec<String>,
    admin: u16,
    admin_keys: Vec<String>,
    pub(super) files: Vec<(String, String)>,
}

impl Plan {
    pub fn on(store: Store) -> Plan {
        Plan {
            store,
            redis: None,
            redis_url: None,
            fleet: None,
            policy: "version: 1\n".into(),
            certificates: Vec::new(),
            waits: true,
            port: free_port(),
            origins: Vec::new(),
            upstreams: Vec::new(),
            app: Vec::new(),
            top: Vec::new(),
            listen: Vec::new(),
            public: Vec::new(),
            more_apps: Vec::new(),
            admin: free_port(),
            admin_keys: Vec::new(),
            files: Vec::new(),
        }
    }
    pub fn policy(mut self, yaml: &str) -> Plan {
        self.policy = yaml.into();
        self
    }
    /// One more line of the app.
    pub fn app(mut self, line: &str) -> Plan {
        self.app.push(line.into());
        self
    }
    /// One more line at the top level.
    pub fn top(mut self, line: &str) -> Plan {
        self.top.push(line.into());
        self
    }
    /// One more line of `listen`.
    pub fn listen(mut self, line: &str) -> Plan {
        self.listen.push(line.into());
        self
    }
    /// One more key of `listen.public`.
    pub fn public(mut self, pair: &str) -> Plan {
        self.public.push(format!(", {pair}"));
        self
    }
    /// One more key of `listen.admin`.
    pub fn admin(mut self, pair: &str) -> Plan {
        self.admin_keys.push(format!(", {pair}"));
        self
    }
    /// Beside the configuration; its owner alone may read it.
    pub fn file(mut self, name: &str, text: &str) -> Plan {
        self.files.push((name.into(), text.into()));
        self
    }
    /// One more item of `apps`.
    pub fn another_app(mut self, item: &str) -> Plan {
        self.more_apps.push(item.into());
        self
    }
    /// Instead of the recording upstream.
    pub fn upstream(mut self, url: &str) -> Plan {
        self.upstreams.push(url.into());
        self
    }
    /// Instead of `http://localhost:PORT`.
    pub fn origin(mut self, origin: &str) -> Plan {
        self.origins.push(origin.into());
        self
    }
    /// Shows this certificate to who asks for its name.
    pub fn certificate(mut self, certificate: Certificate) -> Plan {
        self.certificates.push(certificate);
        self
    }
    /// This Redis instead of one of its own.
    pub fn redis(mut self, redis: Arc<Redis>) -> Plan {
        self.redis = Some(redis);
        self
    }
    /// Reaches Redis here, through a wire.
    pub fn redis_at(mut self, url: &str) -> Plan {
        self.redis_url = Some(url.into());
        self
    }
    /// Sentinels or a cluster in place of one Redis.
    pub fn fleet(mut self, fleet: Arc<Fleet>) -> Plan {
        self.fleet = Some(fleet);
        self
    }
    /// Does not wait until it is ready, only until it answers.
    pub fn not_ready(mut self) -> Plan {
        self.waits = false;
        self
    }
    pub async fn start(self) -> Gateway {
        Gateway::start(self).await
    }

    /// Of the public listener.
    pub fn port(&self) -> u16 {
        self.port
    }
    pub(super) fn address(&self) -> std::net::SocketAddr {
        local(self.port)
    }
    pub(super) fn admin_address(&self) -> std::net::SocketAddr {
        local(self.admin)
    }
    /// The admin listener speaks TLS.
    pub(super) fn has_admin_tls(&self) -> bool {
        self.admin_keys.iter().any(|k| k.contains("tls"))
    }
    pub(super) fn first_origin(&self) -> String {
        self.origins.first().cloned().unwrap_or_else(|| format!("http://localhost:{}", self.port))
    }
    /// A second node: the same origins, its own listeners.
    pub(super) fn twin(&self) -> (u16, u16) {
        (free_port(), free_port())
    }

    /// The configuration file of the node that listens on these ports.
    pub(super) fn yaml(&self, dir: &Path, node: &str, ports: (u16, u16), recorder: &Upstream) -> String {
        let dir = dir.display();
        let tls =
            self.certificates.iter().enumerate().map(|(n, _)| format!("{{ cert: {dir}/{n}.crt, key: {dir}/{n}.key }}"));
        let tls = tls.collect::<Vec<_>>().join(", ");
        let tls = if tls.is_empty() { tls } else { format!(", tls: {{ certificates: [{tls}] }}") };
        let public = self.public.concat();
        let origins = if self.origins.is_empty() { self.first_origin() } else { self.origins.join(", ") };
        let recorder = format!("http://{}", recorder.address);
        let upstreams = if self.upstreams.is_empty() { recorder } else { self.upstreams.join(", ") };
        let headers = "user: X-Auth-User, groups: X-Auth-Groups, email: X-Auth-Email, assertion: X-Auth-Assertion";
        [
            format!("listen:\n  public: {{ address: 127.0.0.1:{}{tls}{public} }}", ports.0),
            format!(
                "  admin: {{ address: 127.0.0.1:{}, socket: {dir}/{node}.sock{} }}",
                ports.1,
                self.admin_keys.concat()
            ),
            indented(&self.listen, "  "),
            format!("apps:\n  - name: app\n    origins: [{origins}]\n    upstreams: [{upstreams}]"),
            format!("    identity_headers: {{ {headers} }}"),
            indented(&self.app, "    "),
            indented(&self.more_apps, ""),
            format!("store: {{ {} }}", self.store_yaml(&dir.to_string())),
            format!("keys: {{ file: {dir}/keys.yaml }}\npolicy: {{ file: {dir}/policy.yaml }}"),
            indented(&self.top, ""),
        ]
        .iter()
        .filter(|part| !part.is_empty())
        .map(|part| format!("{part}\n"))
        .collect()
    }
    fn store_yaml(&self, dir: &str) -> String {
        if let Some(fleet) = &self.fleet {
            return fleet.yaml();
        }
        match (self.store, &self.redis_url, &self.redis) {
            (Store::Embedded, ..) => format!("embedded: {{ path: {dir}/portcullis.db }}"),
            (Store::Redis, Some(url), _) => format!("redis: {{ url: {url} }}"),
            (Store::Redis, None, redis) => {
                format!("redis: {{ url: {} }}", redis.as_ref().expect("a Redis").url())
            }
        }
    }
}

fn indented(lines: &[String], by: &str) -> String {
    lines.iter().map(|line| format!("{by}{line}")).collect::<Vec<_>>().join("\n")
}
