//! `portcullis.yaml` → the settings of every part, all mistakes in one run.
//!
//! Reads the files that the configuration names as far as they must be right at start (certificates, keys' modes, the
//! policy); opens no socket, no store and no key.

mod admin;
mod apps;
mod audit;
mod files;
pub use files::is_open_to_others;
mod headers;
mod hooks;
mod keys;
mod listen;
mod origins;
mod policy;
mod redis;
pub use policy::load as load_policy;
mod rest;
mod upstreams;

#[cfg(test)]
mod tests;

use crate::api::hooks::Hook;
use crate::policy::raw;
use crate::policy::read::{Reader, Section};
use crate::policy::{Problem, Warning};
use crate::proxy::settings::Settings;
use crate::store::redis::RedisMode;
use files::Files;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What the gateway is told.
#[derive(Debug)]
pub struct Config {
    pub proxy: Settings,
    pub admin: AdminSettings,
    /// Who may order without a header of ours.
    pub hooks: Vec<Hook>,
    pub store: StoreSettings,
    pub keys: KeysFile,
    /// `None`: the defaults hold (`Policy::parse` of an empty text).
    pub policy: Option<PathBuf>,
    pub audit: crate::audit::Settings,
    pub brand: Brand,
    pub log: LogSettings,
}

/// `listen.admin`: API, health, metrics; loopback only where it speaks no TLS.
#[derive(Debug)]
pub struct AdminSettings {
    pub address: SocketAddr,
    pub socket: PathBuf,
    pub tls: Option<AdminTls>,
    /// Callers with certificates.
    pub clients: Vec<crate::api::Client>,
}

/// Files, read anew when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminTls {
    pub cert: PathBuf,
    pub key: PathBuf,
    /// PEM of the authorities that sign callers' certificates; `None`: callers need a token.
    pub client_ca: Option<PathBuf>,
}

#[derive(Debug)]
pub enum StoreSettings {
    /// One node, one file; its folder is made where it is missing.
    Embedded {
        path: PathBuf,
    },
    Redis(RedisSettings),
}

#[derive(Debug)]
pub struct RedisSettings {
    /// With the password in it.
    pub url: SecretString,
    pub mode: RedisMode,
    /// What every key begins with.
    pub prefix: String,
    /// PEM of the authority that signed the server's certificate; `None`: the system's roots.
    pub ca: Option<PathBuf>,
}

/// `keys.file`.
#[derive(Debug)]
pub struct KeysFile {
    pub path: PathBuf,
    /// A missing file may be made at the first start: the store is embedded. Whether it is still empty, the store knows.
    pub may_create: bool,
}

/// How the pages look to belong to the one who runs the gateway.
#[derive(Debug, Clone)]
pub struct Brand {
    pub name: String,
    /// An svg, png, jpg or webp that can be read.
    pub logo: Option<PathBuf>,
    /// `#rgb` or `#rrggbb`, lower case.
    pub colour: String,
    pub support: Option<String>,
}

#[derive(Debug, Clone, Copy)]
pub struct LogSettings {
    pub format: LogFormat,
    pub level: tracing::Level,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Text,
}

/// Own pages live below it, on every origin.
const OWN_PREFIX: &str = "/.portcullis/";
/// How long open requests may go on after SIGTERM.
const DRAIN: Duration = Duration::from_secs(30);

impl Config {
    /// Reads a configuration and the policy it names. Either both are without mistake, or every mistake is told:
    /// the configuration's in file order, then the policy's.
    pub fn load(path: &Path) -> Result<(Config, Vec<Warning>), Vec<Problem>> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&file, &text, path.parent().unwrap_or(Path::new(""))),
            Err(e) => Err(vec![files::unreadable(&file, &e)]),
        }
    }
    /// The same for a text; `base` is where relative file names begin.
    pub fn parse(file: &str, text: &str, base: &Path) -> Result<(Config, Vec<Warning>), Vec<Problem>> {
        let reader = Reader::new(file, keys::KEYS);
        let tree = raw::parse(&reader.file, text).map_err(|p| vec![p])?;
        let config = read(&reader, &reader.root(&tree), &Files { base });
        let policy = load_policy(config.policy.as_deref(), &config.proxy.apps);
        let (mut problems, mut warnings) = reader.finish();
        match policy {
            Ok(policy) => warnings.extend_from_slice(policy.warnings()),
            Err(more) => problems.extend(more),
        }
        if problems.is_empty() { Ok((config, warnings)) } else { Err(problems) }
    }
}

/// Reads every section, with stand-ins where something is wrong: what comes out is used only if nothing was.
fn read(reader: &Reader, root: &Section<'_>, files: &Files<'_>) -> Config {
    let listen = root.section("listen");
    let trusted_proxies = root.field("trusted_proxies").map(|f| listen::trusted(&f)).unwrap_or_default();
    let public = listen::public(&listen.section("public"), files, &trusted_proxies);
    let redirect = listen.field("redirect").map(|f| listen::redirect(&f.section(), files));
    let apps = apps::apps(root, files);
    let admin = admin::admin(&listen.section("admin"), files, &apps);
    let ends_tls = origins::EndsTls { here: public.listen.tls.is_some(), before_us: !trusted_proxies.is_empty() };
    origins::check(reader, &apps, ends_tls);
    public.warn_of_uncovered(&apps);
    let store = rest::store(&root.section("store"), files);
    let keys = rest::keys(root, files, matches!(store, StoreSettings::Embedded { .. }));
    Config {
        admin,
        hooks: hooks::hooks(root, files, &apps),
        keys,
        audit: audit::audit(&root.section("audit"), files, &store),
        store,
        policy: root.section("policy").field("file").and_then(|f| files.existing(&f)),
        brand: rest::brand(&root.section("brand"), files),
        log: rest::log(&root.section("log")),
        proxy: Settings {
            public: public.listen,
            proxy_protocol: public.proxy_protocol,
            redirect,
            trusted_proxies,
            apps: apps.into_iter().map(|a| Arc::new(a.app)).collect(),
            own_prefix: OWN_PREFIX.to_string(),
            limits: rest::limits(&root.section("limits")),
            drain: DRAIN,
        },
    }
}
