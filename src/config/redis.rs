//! `store.redis`: one server, Sentinels, or a cluster.

use super::RedisSettings;
use super::files::Files;
use crate::policy::read::{Field, Section};
use crate::store::redis::{HostPort, RedisMode, SentinelSettings};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub fn settings(s: &Section<'_>, files: &Files<'_>) -> RedisSettings {
    let url = s.required("url", "Write `url: rediss://redis.example.com:6379/0`.").and_then(|f| redis_url(&f));
    let secret = s.field("password_file").and_then(|f| files.secret(&f));
    let ca = s.field("ca");
    if let (Some(url), Some(ca)) = (&url, &ca)
        && url.scheme() == "redis"
    {
        ca.problem("the URL says redis://, which speaks no TLS", "Write rediss://, or leave `ca` out.");
    }
    let mode = mode(s, files, url.as_ref());
    let prefix = s.field("prefix").and_then(|f| f.parse(prefix, "Write 1 to 32 letters, digits, `-` or `_`."));
    RedisSettings {
        url: with_password(url, secret.as_ref()),
        mode,
        prefix: prefix.unwrap_or_else(|| "pc".to_string()),
        ca: ca.and_then(|f| files.certificates(&f).and(files.path(&f))),
    }
}

fn redis_url(f: &Field<'_>) -> Option<Url> {
    let text = f.text()?;
    let remedy = "Write `redis://host:6379/0`, or `rediss://…` for TLS.";
    // the text may hold a password, so it is not shown
    let Some(url) = Url::parse(text).ok().filter(|u| matches!(u.scheme(), "redis" | "rediss") && u.has_host()) else {
        f.problem("not the URL of a Redis server", remedy);
        return None;
    };
    if url.password().is_some() || url.query().is_some() {
        f.problem(
            "a password does not belong into this file",
            "Put it alone in a file and write `password_file: NAME`.",
        );
    }
    Some(url)
}

fn with_password(url: Option<Url>, password: Option<&SecretString>) -> SecretString {
    let Some(mut url) = url else { return SecretString::from("") };
    if let Some(password) = password {
        // fails only for URLs without a host, and this one has one
        let _ = url.set_password(Some(password.expose_secret()));
    }
    SecretString::from(String::from(url))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Single,
    Sentinel,
    Cluster,
}

fn mode(s: &Section<'_>, files: &Files<'_>, url: Option<&Url>) -> RedisMode {
    let words = [("single", Mode::Single), ("sentinel", Mode::Sentinel), ("cluster", Mode::Cluster)];
    let mode = s.field("mode").and_then(|f| f.choice(&words)).unwrap_or(Mode::Single);
    belongs(s, mode, Mode::Cluster, &["seeds"], "`mode: cluster`");
    belongs(s, mode, Mode::Sentinel, &OF_SENTINELS, "`mode: sentinel`");
    match mode {
        Mode::Single => RedisMode::Single,
        Mode::Sentinel => RedisMode::Sentinel(sentinels(s, files, url)),
        Mode::Cluster => {
            if url.is_some_and(|u| !matches!(u.path(), "" | "/" | "/0"))
                && let Some(f) = s.field("url")
            {
                f.problem("a cluster has database 0 alone", "Leave the number at the URL's end out.");
            }
            RedisMode::Cluster { seeds: hosts(s, "seeds", 6379) }
        }
    }
}

fn belongs(s: &Section<'_>, mode: Mode, to: Mode, keys: &[&str], named: &str) {
    for f in keys.iter().filter_map(|key| s.field(key)).filter(|_| mode != to) {
        f.problem(format!("this counts under {named} alone"), format!("Write {named}, or leave it out."));
    }
}

fn sentinels(s: &Section<'_>, files: &Files<'_>, url: Option<&Url>) -> SentinelSettings {
    let _ = s.required("sentinels", "Write `sentinels: [sentinel-1:26379, sentinel-2:26379, sentinel-3:26379]`.");
    let master = s.required("master_name", "Write the name that `sentinel monitor` gives the master.");
    let tls_of_url = url.is_some_and(|u| u.scheme() == "rediss");
    let tls = s.field("sentinel_tls").and_then(|f| f.switch()).unwrap_or(tls_of_url);
    let own = s.field("sentinel_ca");
    if let Some(f) = own.filter(|_| !tls) {
        f.problem("the Sentinels are spoken to without TLS", "Write `sentinel_tls: on`, or leave it out.");
    }
    let ca = own.or_else(|| s.field("ca")).filter(|_| tls);
    SentinelSettings {
        hosts: hosts(s, "sentinels", 26379),
        master: master.and_then(|f| f.text()).unwrap_or_default().to_owned(),
        user: s.field("sentinel_user").and_then(|f| f.text()).map(str::to_owned),
        password: s.field("sentinel_password_file").and_then(|f| files.secret(&f)),
        tls,
        ca_file: ca.and_then(|f| files.certificates(&f).and(files.path(&f))),
    }
}

fn hosts(s: &Section<'_>, key: &str, port: u16) -> Vec<HostPort> {
    let remedy = format!("Write `host:{port}`, or `[::1]:{port}`.");
    s.field(key).map(|f| f.parse_all(|text| host(text, port), &remedy)).unwrap_or_default()
}

/// A name or address, with or without a port.
fn host(text: &str, port: u16) -> Result<HostPort, &'static str> {
    let url = Url::parse(&format!("redis://{text}")).map_err(|_| NO_SERVER)?;
    let bare = url.username().is_empty() && url.password().is_none() && matches!(url.path(), "" | "/");
    let name = url.host_str().map(|h| h.trim_matches(['[', ']'])).filter(|h| !h.is_empty() && bare);
    match name.filter(|_| url.query().is_none() && url.fragment().is_none()) {
        Some(name) => Ok((name.to_owned(), url.port().unwrap_or(port))),
        None => Err(NO_SERVER),
    }
}

const NO_SERVER: &str = "not a server's name or address with its port";
const OF_SENTINELS: [&str; 6] =
    ["sentinels", "master_name", "sentinel_user", "sentinel_password_file", "sentinel_tls", "sentinel_ca"];

fn prefix(s: &str) -> Result<String, &'static str> {
    let sound = (1..=32).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if sound { Ok(s.to_string()) } else { Err("not a prefix") }
}
