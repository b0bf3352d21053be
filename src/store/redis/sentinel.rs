//! Asking Sentinels which server is the master.
//!
//! All are asked at once and a majority is waited for: one that was cut off names a master of yesterday. Of their answers
//! the one of the latest configuration counts.

use super::reach::{CONNECT, CONNECTING, HostPort};
use super::reach::{SentinelSettings, address, client, read_ca, tcp};
use crate::store::{Result, StoreError};
use crate::sys::lock;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, IntoConnectionInfo, RedisConnectionInfo, RedisError};
use secrecy::ExposeSecret;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

pub(super) struct Sentinels {
    all: Vec<Sentinel>,
    master: String,
}

struct Sentinel {
    at: HostPort,
    client: Client,
    live: Mutex<Option<MultiplexedConnection>>,
}

/// What one of them says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    epoch: u64,
    master: HostPort,
}

impl Sentinels {
    pub(super) fn new(settings: &SentinelSettings) -> Result<Self> {
        if settings.hosts.is_empty() {
            return Err(StoreError::Unfit("no Sentinel is named: list them under store.redis.sentinels".into()));
        }
        let ca = settings.ca_file.as_deref().filter(|_| settings.tls).map(read_ca).transpose()?;
        let mut login = RedisConnectionInfo::default();
        if let Some(user) = &settings.user {
            login = login.set_username(user);
        }
        if let Some(password) = &settings.password {
            login = login.set_password(password.expose_secret());
        }
        let sentinel = |at: &HostPort| {
            let bad = |e: RedisError| StoreError::Unfit(format!("the Sentinel {}:{}: {e}", at.0, at.1));
            let info = address(&at.0, at.1, settings.tls).into_connection_info().map_err(bad)?;
            let info = info.set_redis_settings(login.clone()).set_tcp_settings(tcp());
            Ok(Sentinel { at: at.clone(), client: client(info, ca.as_ref())?, live: Mutex::default() })
        };
        let all = settings.hosts.iter().map(sentinel).collect::<Result<_>>()?;
        Ok(Sentinels { all, master: settings.master.clone() })
    }

    /// Where the master is, as most of them see it.
    pub(super) async fn master(&self) -> Result<HostPort> {
        let mut asked: FuturesUnordered<_> = self.all.iter().map(|s| s.ask(&self.master)).collect();
        let (mut said, mut silent) = (Vec::new(), Vec::new());
        while let Some(answer) = asked.next().await {
            match answer {
                Ok(answer) => said.push(answer),
                Err(why) => silent.push(why),
            }
            if said.len() * 2 > self.all.len() {
                break;
            }
        }
        match said.into_iter().max_by_key(|s| s.epoch) {
            Some(latest) => Ok(latest.master),
            None => Err(StoreError::unavailable(
                CONNECTING,
                format!("no Sentinel names the master {:?} ({})", self.master, silent.join("; ")),
            )),
        }
    }
}

impl Sentinel {
    async fn ask(&self, master: &str) -> std::result::Result<Said, String> {
        let answer = match tokio::time::timeout(ASKING, self.question(master)).await {
            Ok(Ok(facts)) => read(&facts).ok_or_else(|| "an answer without ip, port and config-epoch".to_owned()),
            Ok(Err(e)) => Err(e.to_string()),
            Err(_) => Err("no answer".into()),
        };
        answer.map_err(|why| {
            self.keep(None);
            format!("{}:{}: {why}", self.at.0, self.at.1)
        })
    }

    async fn question(&self, master: &str) -> std::result::Result<HashMap<String, String>, RedisError> {
        let kept = lock(&self.live).clone();
        let mut con = match kept {
            Some(con) => con,
            None => {
                let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT));
                let con = self.client.get_multiplexed_async_connection_with_config(&config).await?;
                self.keep(Some(con.clone()));
                con
            }
        };
        Cmd::new().arg(&QUESTION).arg(master).query_async(&mut con).await
    }

    fn keep(&self, con: Option<MultiplexedConnection>) {
        *lock(&self.live) = con;
    }
}

fn read(facts: &HashMap<String, String>) -> Option<Said> {
    let epoch = facts.get("config-epoch")?.parse().ok()?;
    Some(Said { epoch, master: (facts.get("ip")?.clone(), facts.get("port")?.parse().ok()?) })
}

const QUESTION: [&str; 2] = ["SENTINEL", "MASTER"];
/// How long one of them is waited for.
pub(super) const ASKING: Duration = Duration::from_millis(400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_or_is_none() {
        let facts = |epoch: &str| {
            [("ip", "10.0.0.1"), ("port", "6379"), ("config-epoch", epoch)].map(|(k, v)| (k.into(), v.into())).into()
        };
        assert_eq!(read(&facts("7")), Some(Said { epoch: 7, master: ("10.0.0.1".into(), 6379) }));
        assert_eq!(read(&facts("")), None);
        assert_eq!(read(&HashMap::new()), None);
    }

    #[tokio::test]
    async fn without_any_that_answers_each_is_named() {
        let hosts = vec![("127.0.0.1".to_owned(), 1), ("127.0.0.1".to_owned(), 2)];
        let settings =
            SentinelSettings { hosts, master: "main".into(), user: None, password: None, tls: false, ca_file: None };
        let told = Sentinels::new(&settings).unwrap().master().await.unwrap_err();
        let StoreError::Unavailable { cause, .. } = told else { panic!("{told}") };
        let cause = cause.to_string();
        for part in ["main", "127.0.0.1:1: ", "127.0.0.1:2: "] {
            assert!(cause.contains(part), "{part:?} is not in {cause}");
        }
    }
}
