//! Opening the store that the configuration names.

use super::policy::PolicyFile;
use super::wiring::Extras;
use crate::account::{Accounts, PasswordRules};
use crate::config::{Config, StoreSettings};
use crate::crypto::{Cost, KeyRing, Passwords};
use crate::store::Store;
use crate::store::embedded::Embedded;
use crate::store::feed::Feed;
use crate::store::redis::{Redis, RedisSettings};
use crate::sys::lease::Lease;
use anyhow::{Context, bail};
use std::sync::Arc;
use std::time::Duration;

/// A store, how it is followed, and the lease its log gives.
pub struct Opened {
    pub store: Arc<dyn Store>,
    pub feed: Arc<dyn Feed>,
    pub lease: Arc<Lease>,
    pub embedded: bool,
}

pub async fn open(config: &Config) -> anyhow::Result<Opened> {
    match &config.store {
        StoreSettings::Embedded { path } => {
            if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
                std::fs::create_dir_all(dir)
                    .with_context(|| format!("the store's folder {} cannot be made", dir.display()))?;
            }
            let store =
                Embedded::open(path).with_context(|| format!("the store {} cannot be opened", path.display()))?;
            Ok(Opened { feed: store.clone(), store, lease: Lease::always(), embedded: true })
        }
        StoreSettings::Redis(r) => {
            let settings =
                RedisSettings { url: r.url.clone(), prefix: r.prefix.clone(), ca_file: r.ca.clone(), lease: LEASE };
            let store = Redis::connect(settings).await.context("the Redis settings cannot be used")?;
            Ok(Opened { feed: store.clone(), store, lease: Lease::not_yet(), embedded: false })
        }
    }
}

pub fn passwords(keys: &KeyRing) -> Passwords {
    // half of the cores, so that a flood of sign-ins leaves the other half to the proxy; the queue is bounded
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Passwords::new(keys, Cost::default(), (cores / 2).max(1), 64)
}

pub fn accounts(
    config: &Config,
    extras: &Extras,
    store: Arc<dyn Store>,
    passwords: Arc<Passwords>,
    policy: &PolicyFile,
) -> Accounts {
    let rules = PasswordRules { min_length: policy.in_force.load().min_password(), brand: config.brand.name.clone() };
    Accounts::new(store, passwords, extras.entropy.clone(), extras.clock.clone(), rules)
}

/// N of SPEC §9.
pub const LEASE: Duration = Duration::from_secs(1);

/// The accounts of a stopped gateway, by its embedded store.
pub async fn offline_accounts(config: &Config) -> anyhow::Result<Accounts> {
    let StoreSettings::Embedded { .. } = config.store else {
        bail!("--offline opens an embedded store; with Redis, talk to a running gateway instead");
    };
    let opened = open(config).await?;
    let extras = Extras::of_the_system();
    let empty = opened.store.count_accounts().await? == 0;
    let keys = super::keys::load_or_create(config, empty, extras.clock.as_ref(), extras.entropy.as_ref())?;
    let policy = super::policy::PolicyFile::load(config).map_err(|p| super::wiring::problems(&p))?;
    Ok(accounts(config, &extras, opened.store, Arc::new(passwords(&keys)), &policy))
}
