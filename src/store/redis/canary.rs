//! Canaries of keys: one hash, without a TTL.

use super::error::failed;
use super::keys::Keys;
use crate::store::{Canary, KeyFile, Result};
use redis::aio::ConnectionLike;
use redis::{Script, ScriptInvocation};
use std::collections::HashMap;

/// Stands before every new connection: with a wrong key file there is none, and so nobody gets in and nothing is written.
pub(super) struct KeyCheck {
    ours: KeyFile,
    script: Script,
    at: String,
}

impl KeyCheck {
    pub(super) fn new(ours: KeyFile, keys: &Keys) -> Self {
        KeyCheck { ours, script: Script::new(include_str!("lua/canaries.lua")), at: keys.canaries() }
    }

    pub(super) async fn pass(&self, con: &mut impl ConnectionLike) -> Result<()> {
        let kept = self.keep(&self.ours.canaries).invoke_async(con).await;
        self.ours.opens(&read(kept.map_err(|e| failed("comparing keys with the store's", e))?))
    }

    pub(super) fn keep(&self, mine: &[Canary]) -> ScriptInvocation<'_> {
        let mut call = self.script.key(&self.at);
        for c in mine {
            call.arg(&c.key).arg(&c.value);
        }
        call
    }
}

pub(super) fn read(kept: HashMap<String, Vec<u8>>) -> Vec<Canary> {
    let mut all: Vec<_> = kept.into_iter().map(|(key, value)| Canary { key, value }).collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    all
}
