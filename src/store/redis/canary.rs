//! Canaries of keys: one hash, without a TTL.

use super::Redis;
use super::call::{Call, Script};
use super::error::failed;
use super::keys::Keys;
use crate::store::{Canary, KeyFile, Result};
use arc_swap::ArcSwap;
use redis::aio::ConnectionLike;
use std::collections::HashMap;
use std::sync::Arc;

/// Stands before every new connection: with a wrong key file there is none, and so nobody gets in and nothing is written.
pub(super) struct KeyCheck {
    ours: ArcSwap<KeyFile>,
    script: Script,
    at: String,
}

impl KeyCheck {
    pub(super) fn new(ours: KeyFile, keys: &Keys) -> Self {
        KeyCheck {
            ours: ArcSwap::from_pointee(ours),
            script: Script::new(include_str!("lua/canaries.lua")),
            at: keys.canaries(),
        }
    }

    pub(super) async fn pass(&self, con: &mut impl ConnectionLike) -> Result<()> {
        let ours = self.ours.load_full();
        let kept = self.keep(&ours.canaries).invoke_async(con).await;
        ours.opens(&read(kept.map_err(|e| failed("comparing keys with the store's", e))?))
    }

    /// From now on connections are judged by this file; gives back the one before.
    pub(super) fn replace(&self, ours: Arc<KeyFile>) -> Arc<KeyFile> {
        self.ours.swap(ours)
    }

    pub(super) fn keep(&self, mine: &[Canary]) -> Call<'_> {
        let mut call = self.script.key(&self.at);
        for c in mine {
            call.arg(&c.key).arg(&c.value);
        }
        call
    }
}

impl Redis {
    pub(super) async fn learn_keys(&self, file: &KeyFile) -> Result<()> {
        // first, for without the right keys there may be no connection to ask over
        let before = self.link.keys.replace(Arc::new(file.clone()));
        self.link.try_anew().await;
        let kept = self.link.run("keeping canaries", &self.link.keys.keep(&file.canaries)).await.map(read);
        let judged = kept.and_then(|kept| file.opens(&kept));
        if judged.is_err() {
            self.link.keys.replace(before);
        }
        judged
    }

    pub(super) async fn forget_key(&self, key: &str) -> Result<()> {
        let mut cmd = redis::cmd("HDEL");
        cmd.arg(self.keys.canaries()).arg(key);
        self.link.query::<u64>("forgetting a key", &cmd).await.map(drop)
    }
}

pub(super) fn read(kept: HashMap<String, Vec<u8>>) -> Vec<Canary> {
    let mut all: Vec<_> = kept.into_iter().map(|(key, value)| Canary { key, value }).collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}
