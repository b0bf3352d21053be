//! The connection that all verbs share: made when needed, checked for fitness and keys, thrown away when it breaks.
//!
//! One attempt serves all who wait, and its failure too for a moment, so that a dead server costs nobody a queue.

use super::call::{Call, Script};
use super::canary::KeyCheck;
use super::error::{breaks_connection, failed};
use super::keys::Keys;
use super::reach::{CONNECTING, Con, Info, RESPONSE, Reach, parse};
use super::{RedisSettings, nanos};
use crate::store::{Result, StoreError};
use crate::sys::lease;
use redis::{FromRedisValue, RedisError};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::Mutex;

pub(super) struct Link {
    reach: Reach,
    pub(super) keys: KeyCheck,
    /// What the server that has the log says of itself.
    info: Script,
    place: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    live: Option<Con>,
    /// Raised with every new connection, so that who saw an older one break does not throw the new one away.
    generation: u64,
    /// Why and when (nanoseconds since boot) the last attempt failed.
    failure: Option<(u64, String, bool)>,
}

impl Link {
    pub(super) fn new(settings: &RedisSettings, keys: &Keys) -> Result<Self> {
        Ok(Link {
            reach: Reach::new(settings)?,
            keys: KeyCheck::new(settings.keys.clone(), keys),
            info: Script::new("return redis.call('INFO')"),
            place: keys.stream(),
            state: Mutex::default(),
        })
    }

    /// Runs a script once: whether it ran is not known where the answer is an error.
    pub(super) async fn run<T: FromRedisValue>(&self, doing: &'static str, call: &Call<'_>) -> Result<T> {
        let (mut con, generation) = self.connection().await?;
        match call.invoke_async(&mut con).await {
            Ok(v) => Ok(v),
            Err(e) => Err(self.broken(doing, e, generation).await),
        }
    }

    /// Runs a script that may as well run twice: a connection that died since the last use is not the caller's trouble.
    pub(super) async fn read<T: FromRedisValue>(&self, doing: &'static str, call: &Call<'_>) -> Result<T> {
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
    pub(super) async fn own(&self, block: Duration) -> Result<Con> {
        self.open(block + RESPONSE).await
    }

    /// Another one where the shared one, in a cluster, may be waiting for a server that has nothing to do with the log.
    pub(super) async fn for_beats(&self, own: &Con) -> Result<Option<Con>> {
        match own {
            Con::One { .. } => Ok(None),
            Con::Cluster(_) => self.open(RESPONSE).await.map(Some),
        }
    }

    /// The next verb opens a connection anew.
    pub(super) async fn leave(&self) {
        self.state.lock().await.live = None;
    }

    pub(super) async fn is_current(&self, con: &Con) -> bool {
        self.reach.is_current(con).await
    }

    /// How long a server that was started or took over is waited with, so that every node has found it.
    pub(super) fn settling(&self, lease: Duration) -> Duration {
        self.reach.settling(lease)
    }

    /// In a cluster, the replication history of each master.
    pub(super) async fn histories(&self) -> Result<BTreeSet<String>> {
        let (mut con, _) = self.connection().await?;
        self.reach.histories(&mut con).await
    }

    /// What made the last attempt fail has changed: the next one is made at once.
    pub(super) async fn try_anew(&self) {
        self.state.lock().await.failure = None;
    }

    /// What an operator should know; looks again whether the server is fit for use.
    pub(super) async fn warnings(&self) -> Result<Vec<String>> {
        let (mut con, generation) = self.connection().await?;
        let looked = async {
            let info = self.ask_info(&mut con).await?;
            self.reach.fitness(&info)?;
            self.reach.doubts(&mut con, &info).await
        };
        let doubts = looked.await;
        if matches!(doubts, Err(StoreError::Unfit(_))) {
            self.throw_away(generation).await; // no verb goes on with it
        }
        doubts
    }

    async fn connection(&self) -> Result<(Con, u64)> {
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

    async fn open(&self, response: Duration) -> Result<Con> {
        let connecting = async {
            let mut con = self.reach.open(response).await?;
            self.reach.fitness(&self.ask_info(&mut con).await?)?;
            self.keys.pass(&mut con).await?;
            Ok(con)
        };
        // a server that hangs accepts connections all the same: the handshake and the first question count too
        tokio::time::timeout(self.reach.patience(), connecting)
            .await
            .map_err(|e| StoreError::unavailable(CONNECTING, e))?
    }

    /// A script, as in a cluster it is the log's slot whose server counts.
    async fn ask_info(&self, con: &mut Con) -> Result<Info> {
        let said = self.info.key(&self.place).invoke_async::<String>(con).await;
        Ok(parse(&said.map_err(|e| failed("asking for INFO", e))?))
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

fn unreachable(why: String) -> StoreError {
    StoreError::unavailable(CONNECTING, why)
}

/// For how long a failed attempt answers for others.
const SHARED_FAILURE: Duration = Duration::from_millis(100);
