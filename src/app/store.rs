//! Opening the store that the configuration names.

use super::keys::{load_or_create, to_compare};
use super::policy::PolicyFile;
use super::record::{Record, stamp};
use super::wiring::Extras;
use crate::account::{Accounts, PasswordRules};
use crate::audit::Metrics;
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

/// With the keys of this very store: a key file of another one is refused, by the embedded store at start, by Redis
/// before every connection, as it may be away now or replaced later.
pub async fn open(config: &Config, extras: &Extras) -> anyhow::Result<(Opened, Arc<KeyRing>)> {
    let load = |may_create| load_or_create(config, may_create, extras.clock.as_ref(), extras.entropy.as_ref());
    match &config.store {
        StoreSettings::Embedded { path } => {
            if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
                std::fs::create_dir_all(dir)
                    .with_context(|| format!("the store's folder {} cannot be made", dir.display()))?;
            }
            let cannot = || format!("the store {} cannot be opened", path.display());
            let store = Embedded::open(path).with_context(cannot)?;
            let empty = store.count_accounts().await? == 0;
            let keys = load(empty)?;
            if empty {
                store.forget_unused_canaries().await?;
            }
            store.know_keys(&to_compare(&config.keys.path, &keys.keys())).await.with_context(cannot)?;
            let opened = Opened { feed: store.clone(), store, lease: Lease::always(), embedded: true };
            Ok((opened, Arc::new(keys)))
        }
        StoreSettings::Redis(r) => {
            let keys = load(false)?;
            let settings = RedisSettings {
                url: r.url.clone(),
                mode: r.mode.clone(),
                prefix: r.prefix.clone(),
                ca_file: r.ca.clone(),
                lease: LEASE,
                keys: to_compare(&config.keys.path, &keys.keys()),
            };
            let store = Redis::connect(settings).await.context("the Redis settings cannot be used")?;
            let opened = Opened { feed: store.clone(), store, lease: Lease::not_yet(), embedded: false };
            Ok((opened, Arc::new(keys)))
        }
    }
}

fn passwords(keys: &KeyRing) -> anyhow::Result<Passwords> {
    // half of the cores, so that a flood of sign-ins leaves the other half to the proxy; the queue is bounded
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Passwords::new(keys, Cost::default(), (cores / 2).max(1), 64).context("the threads that hash passwords")
}

pub fn accounts(
    config: &Config,
    extras: &Extras,
    store: Arc<dyn Store>,
    keys: Arc<KeyRing>,
    policy: &PolicyFile,
) -> anyhow::Result<Accounts> {
    let rules = PasswordRules { min_length: policy.in_force.load().min_password(), brand: config.brand.name.clone() };
    Ok(Accounts {
        store,
        passwords: Arc::new(passwords(&keys)?),
        keys,
        policy: policy.in_force.clone(),
        entropy: extras.entropy.clone(),
        clock: extras.clock.clone(),
        rules,
        guard: Arc::default(),
    })
}

/// N of SPEC §9.
pub const LEASE: Duration = Duration::from_secs(1);

/// What a command works with while no gateway runs.
pub struct Offline {
    pub accounts: Accounts,
    /// To be ended after the last change.
    pub record: Record,
}

/// The accounts of a stopped gateway, by its embedded store.
pub async fn offline_accounts(config: &Config) -> anyhow::Result<Offline> {
    let StoreSettings::Embedded { .. } = config.store else {
        bail!("--offline opens an embedded store; with Redis, talk to a running gateway instead");
    };
    let extras = Extras::of_the_system();
    let (opened, keys) = open(config, &extras).await?;
    let policy = super::policy::PolicyFile::load(config).map_err(|p| super::wiring::problems(&p))?;
    let record = Record::begin(config, &extras, &opened, &keys, Arc::new(Metrics::new()?))?;
    record.audit.policy_is(stamp(&policy.in_force.load()));
    let accounts = accounts(config, &extras, opened.store, keys, &policy)?;
    Ok(Offline { accounts, record })
}
