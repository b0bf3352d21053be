//! The servers: one, the master that Sentinels name, or the masters of a cluster. Opens connections and knows what an
//! operator has to mend; which connection serves whom is not its business.

use super::RedisSettings;
use super::sentinel::Sentinels;
use crate::store::{Result, StoreError};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, Pipeline, RedisFuture,
    TlsCertificates, Value,
};
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Which servers there are.
#[derive(Clone, Debug, Default)]
pub enum RedisMode {
    /// The one of the URL.
    #[default]
    Single,
    /// Of the URL only TLS, user and database count.
    Sentinel(SentinelSettings),
    /// Redis Cluster, found by the server of the URL or by one of these.
    Cluster { seeds: Vec<HostPort> },
}

/// A server's name or address, and its port.
pub type HostPort = (String, u16);

#[derive(Clone, Debug)]
pub struct SentinelSettings {
    pub hosts: Vec<HostPort>,
    /// What they call the master.
    pub master: String,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    pub tls: bool,
    /// PEM of the authority that signed their certificates; `None`: the system's authorities.
    pub ca_file: Option<PathBuf>,
}

pub(super) struct Reach {
    /// Of the one server, or of any with another address in it.
    info: ConnectionInfo,
    ca: Option<Vec<u8>>,
    way: Way,
}

enum Way {
    Single,
    Sentinel(Sentinels),
    Cluster(Vec<HostPort>),
}

/// A connection that may be shared.
#[derive(Clone)]
pub(super) enum Con {
    One {
        con: MultiplexedConnection,
        /// Where it leads, when Sentinels said so.
        master: Option<HostPort>,
    },
    Cluster(ClusterConnection),
}

impl ConnectionLike for Con {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Con::One { con, .. } => con.req_packed_command(cmd),
            Con::Cluster(con) => con.req_packed_command(cmd),
        }
    }
    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Con::One { con, .. } => con.req_packed_commands(pipeline, offset, count),
            Con::Cluster(con) => con.req_packed_commands(pipeline, offset, count),
        }
    }
    fn get_db(&self) -> i64 {
        match self {
            Con::One { con, .. } => con.get_db(),
            Con::Cluster(con) => con.get_db(),
        }
    }
}

/// What `INFO` says.
pub(super) type Info = HashMap<String, String>;

impl Reach {
    pub(super) fn new(settings: &RedisSettings) -> Result<Self> {
        // the client's own error text could hold the password
        let bad = |_| StoreError::Unfit("the store's URL is not redis://host:port/db or rediss://host:port/db".into());
        let info = settings.url.expose_secret().into_connection_info().map_err(bad)?.set_tcp_settings(tcp());
        let tls = is_tls(&info);
        let ca = settings.ca_file.as_deref().filter(|_| tls).map(read_ca).transpose()?;
        if tls {
            choose_crypto();
        }
        let way = match &settings.mode {
            RedisMode::Single => Way::Single,
            RedisMode::Sentinel(s) => {
                choose_crypto();
                Way::Sentinel(Sentinels::new(s)?)
            }
            RedisMode::Cluster { .. } if info.redis_settings().db() != 0 => {
                return Err(StoreError::Unfit(
                    "a cluster has database 0 alone: leave /N out of the store's URL".into(),
                ));
            }
            RedisMode::Cluster { seeds } => Way::Cluster(seeds.clone()),
        };
        let reach = Reach { info, ca, way };
        match &reach.way {
            Way::Single | Way::Sentinel(_) => reach.client(&reach.info).map(drop)?,
            Way::Cluster(seeds) => reach.cluster(seeds, RESPONSE).map(drop)?,
        }
        Ok(reach)
    }

    /// `response`: for how long an answer is waited for.
    pub(super) async fn open(&self, response: Duration) -> Result<Con> {
        let failed = |e| StoreError::unavailable(CONNECTING, e);
        let master = match &self.way {
            Way::Cluster(seeds) => {
                let con = self.cluster(seeds, response)?.get_async_connection().await.map_err(failed)?;
                return Ok(Con::Cluster(con));
            }
            Way::Single => None,
            Way::Sentinel(sentinels) => Some(sentinels.master().await?),
        };
        let info = match &master {
            Some(at) => self.at(at),
            None => self.info.clone(),
        };
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(response));
        let con = self.client(&info)?.get_multiplexed_async_connection_with_config(&config).await.map_err(failed)?;
        Ok(Con::One { con, master })
    }

    /// How long an opening may take in all: a server that hangs accepts connections too.
    pub(super) fn patience(&self) -> Duration {
        match &self.way {
            Way::Single => CONNECT + RESPONSE,
            Way::Sentinel(_) => CONNECT + RESPONSE + super::sentinel::ASKING,
            // of its servers some may hang
            Way::Cluster(_) => (CONNECT + RESPONSE) * 2,
        }
    }

    /// How long nodes may be apart in finding a server that was started or took over, at a lease of this length.
    pub(super) fn settling(&self, lease: Duration) -> Duration {
        match &self.way {
            Way::Single => lease,
            // a node may try the old one once more
            Way::Sentinel(_) | Way::Cluster(_) => lease * 2,
        }
    }

    /// False where the Sentinels name another master by now.
    pub(super) async fn is_current(&self, con: &Con) -> bool {
        match (&self.way, con) {
            (Way::Sentinel(s), Con::One { master, .. }) => match s.master().await {
                Ok(now) => master.as_ref() == Some(&now),
                Err(_) => true, // nobody says otherwise
            },
            (Way::Single | Way::Cluster(_), Con::One { .. }) | (_, Con::Cluster(_)) => true,
        }
    }

    /// The replication history of every master of a cluster: a new one has taken over from another. None elsewhere.
    pub(super) async fn histories(&self, con: &mut Con) -> Result<BTreeSet<String>> {
        if matches!(con, Con::One { .. }) {
            return Ok(BTreeSet::new());
        }
        let mut cmd = redis::cmd("INFO");
        cmd.arg("replication");
        let all: HashMap<String, String> = cmd.query_async(con).await.map_err(|e| super::error::failed(ASKING, e))?;
        Ok(all.values().filter_map(|text| parse(text).remove("master_replid")).collect())
    }

    /// What must be right of the server that has the log.
    pub(super) fn fitness(&self, info: &Info) -> Result<()> {
        fitness(info)?;
        match (&self.way, value(info, "cluster_enabled") == "1") {
            (Way::Single | Way::Sentinel(_), true) => {
                Err(StoreError::Unfit("the server is one of a cluster: set store.redis.mode to cluster".into()))
            }
            (Way::Cluster(_), false) => {
                Err(StoreError::Unfit("the server is none of a cluster: set store.redis.mode to single".into()))
            }
            (Way::Single | Way::Sentinel(_), false) | (Way::Cluster(_), true) => Ok(()),
        }
    }

    /// What must be right of every other master of a cluster, and what an operator should know.
    pub(super) async fn doubts(&self, con: &mut Con, info: &Info) -> Result<Vec<String>> {
        match &self.way {
            Way::Single => Ok(doubts(info)),
            Way::Sentinel(_) => Ok(doubts(info).into_iter().chain(without_replica(info)).collect()),
            Way::Cluster(_) => {
                let asked = redis::cmd("INFO").query_async(con).await;
                let all: HashMap<String, String> = asked.map_err(|e| super::error::failed(ASKING, e))?;
                let mut found = BTreeSet::new();
                for (server, text) in all {
                    let info = parse(&text);
                    fitness(&info)?;
                    // a cluster's own timeout bounds what a master that was cut off may still accept
                    let doubts = doubts_of_file(&info).into_iter().chain(without_replica(&info));
                    found.extend(doubts.map(|d| format!("{server}: {d}")));
                }
                Ok(found.into_iter().collect())
            }
        }
    }

    fn at(&self, (host, port): &HostPort) -> ConnectionInfo {
        self.info.clone().set_addr(address(host, *port, is_tls(&self.info)))
    }

    fn client(&self, info: &ConnectionInfo) -> Result<Client> {
        client(info.clone(), self.ca.as_ref())
    }

    fn cluster(&self, seeds: &[HostPort], response: Duration) -> Result<redis::cluster::ClusterClient> {
        let all = std::iter::once(self.info.clone()).chain(seeds.iter().map(|s| self.at(s)));
        let mut builder = redis::cluster::ClusterClientBuilder::new(all)
            .connection_timeout(CONNECT)
            .response_timeout(response)
            // also for a call that goes on to another server
            .overall_response_timeout(Some(response + RESPONSE))
            .retries(RETRIES)
            .min_retry_wait(20)
            .max_retry_wait(100)
            .tcp_settings(tcp());
        if is_tls(&self.info) {
            builder = builder.certs(TlsCertificates { client_tls: None, root_cert: self.ca.clone() });
        }
        builder.build().map_err(|e| StoreError::Unfit(format!("the settings of the store's cluster: {e}")))
    }
}

pub(super) fn client(info: ConnectionInfo, ca: Option<&Vec<u8>>) -> Result<Client> {
    let made = if is_tls(&info) {
        Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: ca.cloned() })
    } else {
        Client::open(info)
    };
    made.map_err(|e| StoreError::Unfit(format!("the store's TLS settings cannot be used: {e}")))
}

pub(super) fn address(host: &str, port: u16, tls: bool) -> ConnectionAddr {
    let host = host.to_owned();
    if tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    }
}

pub(super) fn tcp() -> TcpSettings {
    TcpSettings::default().set_nodelay(true).set_user_timeout(Duration::from_secs(2))
}

pub(super) fn read_ca(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| StoreError::Unfit(format!("the store's CA file {}: {e}", path.display())))
}

fn is_tls(info: &ConnectionInfo) -> bool {
    matches!(info.addr(), ConnectionAddr::TcpTls { .. })
}

fn choose_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // an error means that another thread was faster
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

pub(super) fn parse(info: &str) -> Info {
    info.lines().filter_map(|l| l.split_once(':')).map(|(k, v)| (k.to_owned(), v.trim().to_owned())).collect()
}

fn value<'a>(info: &'a Info, key: &str) -> &'a str {
    info.get(key).map_or("", String::as_str)
}

/// What makes a server unfit: with an old one scripts fail, with eviction a lost record would look like *not enrolled*.
fn fitness(info: &Info) -> Result<()> {
    let version = value(info, "redis_version");
    if version.split('.').next().and_then(|v| v.parse::<u32>().ok()).is_none_or(|major| major < 7) {
        return Err(StoreError::Unfit(format!("Redis 7 or newer, or Valkey, is needed; the server says {version:?}")));
    }
    if value(info, "loading") == "1" {
        return Err(StoreError::unavailable(CONNECTING, "the server is loading its data"));
    }
    if value(info, "role") != "master" {
        return Err(StoreError::unavailable(CONNECTING, "the server is a replica"));
    }
    let policy = value(info, "maxmemory_policy");
    if policy != "noeviction" {
        return Err(StoreError::Unfit(format!(
            "the server's maxmemory-policy is {policy:?}: set it to noeviction, else accounts and factors get lost"
        )));
    }
    Ok(())
}

fn doubts(info: &Info) -> Vec<String> {
    let mut found = doubts_of_file(info);
    if !info.contains_key("min_slaves_good_slaves") {
        found.push("min-replicas-to-write is not set: a failover can lose what was written last".into());
    }
    found
}

fn doubts_of_file(info: &Info) -> Vec<String> {
    let none = info.get("aof_enabled").is_none_or(|v| v != "1");
    let told = "the server keeps no append-only file (appendonly yes): a restart loses what was written last";
    none.then(|| told.into()).into_iter().collect()
}

fn without_replica(info: &Info) -> Option<String> {
    let alone = value(info, "connected_slaves") == "0";
    alone.then(|| "the master has no replica: nobody takes over when it fails".into())
}

pub(super) const CONNECTING: &str = "connecting to the store";
const ASKING: &str = "asking the store's servers for INFO";
pub(super) const CONNECT: Duration = Duration::from_millis(300);
pub(super) const RESPONSE: Duration = Duration::from_millis(500);
/// How often a call follows a slot that moves, or tries again where a cluster is just sorting itself out. A script whose
/// answer was lost may run twice by that: each is such that the second run refuses or changes nothing.
const RETRIES: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn server(changes: &[(&str, &str)]) -> Info {
        let mut info: Info = [
            ("redis_version", "7.0.15"),
            ("loading", "0"),
            ("role", "master"),
            ("maxmemory_policy", "noeviction"),
            ("aof_enabled", "1"),
            ("min_slaves_good_slaves", "1"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
        for (k, v) in changes {
            info.insert((*k).into(), (*v).into());
        }
        info
    }

    #[test]
    fn a_server_that_forgets_or_is_too_old_is_refused_and_one_that_may_lose_is_warned_about() {
        assert!(fitness(&server(&[])).is_ok());
        assert!(fitness(&server(&[("redis_version", "8.1.0")])).is_ok());
        for change in [("maxmemory_policy", "allkeys-lru"), ("redis_version", "6.2.1"), ("redis_version", "")] {
            assert!(matches!(fitness(&server(&[change])), Err(StoreError::Unfit(_))), "{change:?}");
        }
        for change in [("role", "slave"), ("loading", "1")] {
            assert!(matches!(fitness(&server(&[change])), Err(StoreError::Unavailable { .. })), "{change:?}");
        }
        assert!(doubts(&server(&[])).is_empty());
        assert_eq!(doubts(&server(&[("aof_enabled", "0")])).len(), 1);
        assert_eq!(doubts(&Info::new()).len(), 2);
        assert!(without_replica(&server(&[("connected_slaves", "0")])).is_some());
        assert_eq!(without_replica(&server(&[("connected_slaves", "2")])), None);
    }

    fn reach(url: &str, mode: RedisMode) -> Result<Reach> {
        Reach::new(&RedisSettings { mode, ..RedisSettings::new(url.to_owned().into()) })
    }

    #[test]
    fn a_mode_that_does_not_fit_the_server_is_refused_and_says_which_does() {
        let told = |mode, enabled: &str| {
            let said = reach("redis://127.0.0.1:1", mode).unwrap().fitness(&server(&[("cluster_enabled", enabled)]));
            said.err().map(|e| e.to_string())
        };
        let cluster = || RedisMode::Cluster { seeds: Vec::new() };
        assert_eq!((told(RedisMode::Single, "0"), told(cluster(), "1")), (None, None));
        assert!(told(RedisMode::Single, "1").unwrap().contains("mode to cluster"));
        assert!(told(cluster(), "0").unwrap().contains("mode to single"));
        let numbered = reach("redis://127.0.0.1:1/3", cluster()).err().unwrap().to_string();
        assert!(numbered.contains("database 0"), "{numbered}");
    }
}
