//! The connection that all verbs share: made when needed, checked for fitness and keys, thrown away when it breaks.
//!
//! One attempt serves all who wait, and its failure too for a moment, so that a dead server costs nobody a queue.

use super::canary::KeyCheck;
use super::error::{breaks_connection, failed};
use super::keys::Keys;
use super::{RedisSettings, nanos};
use crate::store::{Result, StoreError};
use crate::sys::lease;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, IntoConnectionInfo, RedisError, ScriptInvocation};
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::Mutex;

pub(super) struct Link {
    client: Client,
    pub(super) keys: KeyCheck,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    live: Option<MultiplexedConnection>,
    /// Raised with every new connection, so that who saw an older one break does not throw the new one away.
    generation: u64,
    /// Why and when (nanoseconds since boot) the last attempt failed.
    failure: Option<(u64, String, bool)>,
}

impl Link {
    pub(super) fn new(settings: &RedisSettings, keys: &Keys) -> Result<Self> {
        // the client's own error text could hold the password
        let bad = |_| StoreError::Unfit("the store's URL is not redis://host:port/db or rediss://host:port/db".into());
        let info = settings.url.expose_secret().into_connection_info().map_err(bad)?;
        let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(Duration::from_secs(2));
        let info = info.set_tcp_settings(tcp);
        let tls = matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. });
        let client = if tls {
            if rustls::crypto::CryptoProvider::get_default().is_none() {
                // an error means that another thread was faster
                let _ = rustls::crypto::ring::default_provider().install_default();
            }
            let root_cert = settings.ca_file.as_deref().map(read_ca).transpose()?;
            Client::build_with_tls(info, redis::TlsCertificates { client_tls: None, root_cert })
                .map_err(|e| StoreError::Unfit(format!("the store's TLS settings cannot be used: {e}")))?
        } else {
            Client::open(info).map_err(bad)?
        };
        Ok(Link { client, keys: KeyCheck::new(settings.keys.clone(), keys), state: Mutex::default() })
    }

    /// Runs a script once: whether it ran is not known where the answer is an error.
    pub(super) async fn run<T: FromRedisValue>(&self, doing: &'static str, call: &ScriptInvocation<'_>) -> Result<T> {
        let (mut con, generation) = self.connection().await?;
        match call.invoke_async(&mut con).await {
            Ok(v) => Ok(v),
            Err(e) => Err(self.broken(doing, e, generation).await),
        }
    }

    /// Runs a script that may as well run twice: a connection that died since the last use is not the caller's trouble.
    pub(super) async fn read<T: FromRedisValue>(&self, doing: &'static str, call: &ScriptInvocation<'_>) -> Result<T> {
        let (mut con, generation) = self.connection().await?;
        match call.invoke_async(&mut con).await {
            Ok(v) => Ok(v),
            Err(e) if e.is_connection_dropped() => {
                let _ = self.broken(doing, e, generation).await;
                self.run(doing, call).await
            }
            Err(e) => Err(self.broken(doing, e, generation).await),
        }
    }

    pub(super) async fn query<T: FromRedisValue>(&self, doing: &'static str, cmd: &redis::Cmd) -> Result<T> {
        let (mut con, generation) = self.connection().await?;
        match cmd.query_async(&mut con).await {
            Ok(v) => Ok(v),
            Err(e) => Err(self.broken(doing, e, generation).await),
        }
    }

    /// A connection of one's own, for blocking reads of up to `block`.
    pub(super) async fn own(&self, block: Duration) -> Result<MultiplexedConnection> {
        self.open(block + RESPONSE).await
    }

    /// What made the last attempt fail has changed: the next one is made at once.
    pub(super) async fn try_anew(&self) {
        self.state.lock().await.failure = None;
    }

    /// What an operator should know; looks again whether the server is fit for use.
    pub(super) async fn warnings(&self) -> Result<Vec<String>> {
        let (mut con, generation) = self.connection().await?;
        let info = info(&mut con).await?;
        if let Err(unfit) = fitness(&info) {
            self.throw_away(generation).await; // no verb goes on with it
            return Err(unfit);
        }
        Ok(doubts(&info))
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64)> {
        let mut state = self.state.lock().await;
        if let Some(live) = &state.live {
            return Ok((live.clone(), state.generation));
        }
        if let Some((at, why, unfit)) = &state.failure
            && lease::now() < at + nanos(SHARED_FAILURE)
        {
            return Err(if *unfit { StoreError::Unfit(why.clone()) } else { unreachable(why.clone()) });
        }
        match self.open(RESPONSE).await {
            Ok(con) => {
                state.generation += 1;
                state.failure = None;
                state.live = Some(con.clone());
                Ok((con, state.generation))
            }
            Err(e) => {
                let told = match &e {
                    StoreError::Unfit(why) => (why.clone(), true),
                    StoreError::Unavailable { cause, .. } | StoreError::Corrupt { cause, .. } => {
                        (cause.to_string(), false)
                    }
                };
                let news = state.failure.as_ref().is_none_or(|(_, why, _)| *why != told.0);
                if told.1 && news {
                    tracing::error!(error = %e, "nobody is served until this is mended");
                }
                state.failure = Some((lease::now(), told.0, told.1));
                Err(e)
            }
        }
    }

    async fn open(&self, response: Duration) -> Result<MultiplexedConnection> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(response));
        let connecting = async {
            let mut con = self
                .client
                .get_multiplexed_async_connection_with_config(&config)
                .await
                .map_err(|e| StoreError::unavailable(CONNECTING, e))?;
            fitness(&info(&mut con).await?)?;
            self.keys.pass(&mut con).await?;
            Ok(con)
        };
        // a server that hangs accepts connections all the same: the handshake and the first question count too
        tokio::time::timeout(CONNECT + RESPONSE, connecting)
            .await
            .map_err(|e| StoreError::unavailable(CONNECTING, e))?
    }

    async fn broken(&self, doing: &'static str, e: RedisError, generation: u64) -> StoreError {
        if breaks_connection(&e) {
            self.throw_away(generation).await;
        }
        failed(doing, e)
    }

    async fn throw_away(&self, generation: u64) {
        let mut state = self.state.lock().await;
        if state.generation == generation {
            state.live = None;
        }
    }
}

fn read_ca(path: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| StoreError::Unfit(format!("the store's CA file {}: {e}", path.display())))
}

fn unreachable(why: String) -> StoreError {
    StoreError::unavailable(CONNECTING, why)
}

async fn info(con: &mut impl ConnectionLike) -> Result<HashMap<String, String>> {
    let text: String =
        redis::cmd("INFO").query_async(con).await.map_err(|e| StoreError::unavailable("asking for INFO", e))?;
    Ok(text.lines().filter_map(|l| l.split_once(':')).map(|(k, v)| (k.to_owned(), v.trim().to_owned())).collect())
}

/// What makes a server unfit: with an old one scripts fail, with eviction a lost record would look like *not enrolled*.
fn fitness(info: &HashMap<String, String>) -> Result<()> {
    let value = |k: &str| info.get(k).map_or("", String::as_str);
    let version = value("redis_version");
    if version.split('.').next().and_then(|v| v.parse::<u32>().ok()).is_none_or(|major| major < 7) {
        return Err(StoreError::Unfit(format!("Redis 7 or newer, or Valkey, is needed; the server says {version:?}")));
    }
    if value("loading") == "1" {
        return Err(unreachable("the server is loading its data".into()));
    }
    if value("role") != "master" {
        return Err(unreachable("the server is a replica".into()));
    }
    let policy = value("maxmemory_policy");
    if policy != "noeviction" {
        return Err(StoreError::Unfit(format!(
            "the server's maxmemory-policy is {policy:?}: set it to noeviction, else accounts and factors get lost"
        )));
    }
    Ok(())
}

fn doubts(info: &HashMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    if info.get("aof_enabled").is_none_or(|v| v != "1") {
        found.push(
            "the server keeps no append-only file (appendonly yes): a restart loses what was written last".into(),
        );
    }
    if !info.contains_key("min_slaves_good_slaves") {
        found.push("min-replicas-to-write is not set: a failover can lose what was written last".into());
    }
    found
}

const CONNECTING: &str = "connecting to the store";
const CONNECT: Duration = Duration::from_millis(300);
const RESPONSE: Duration = Duration::from_millis(500);
/// For how long a failed attempt answers for others.
const SHARED_FAILURE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    fn server(changes: &[(&str, &str)]) -> HashMap<String, String> {
        let mut info: HashMap<String, String> = [
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
        assert_eq!(doubts(&HashMap::new()).len(), 2);
    }
}
