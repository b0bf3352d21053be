//! Configurations in a folder of their own, with a certificate for app.example.com.

mod documents;
mod hooks;
mod mistakes;
mod recipes;
mod reference;
mod values;

use super::Config;
use crate::policy::Problem;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

/// What the gateway needs beside its configuration: `tls.crt` and `tls.key`.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    pair(dir.path(), "tls", &["app.example.com", "wiki.example.com"]);
    dir
}

fn pair(dir: &Path, name: &str, hosts: &[&str]) {
    let made = rcgen::generate_simple_self_signed(hosts.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    put(dir, &format!("{name}.crt"), &made.cert.pem(), 0o644);
    put(dir, &format!("{name}.key"), &made.signing_key.serialize_pem(), 0o600);
}

fn put(dir: &Path, name: &str, text: &str, mode: u32) {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Reads `text` as the folder's portcullis.yaml.
fn parse(dir: &TempDir, text: &str) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    Config::parse("portcullis.yaml", text, dir.path())
}

fn good(dir: &TempDir, text: &str) -> Config {
    let (config, warnings) = parse(dir, text).map_err(|p| lines(dir, &p)).unwrap();
    assert!(warnings.is_empty(), "{}", lines(dir, &warnings));
    config
}

/// Problems as they are printed, the folder's name left out.
fn lines(dir: &TempDir, problems: &[Problem]) -> String {
    let folder = format!("{}/", dir.path().display());
    problems.iter().map(|p| p.to_string().replace(&folder, "")).collect::<Vec<_>>().join("\n")
}

fn mistakes(dir: &TempDir, text: &str) -> String {
    lines(dir, &parse(dir, text).map(|_| ()).unwrap_err())
}

const TLS: &str = "listen: { public: { tls: { certificates: [{ cert: tls.crt, key: tls.key }] } } }\n";
const APP: &str =
    "apps: [{ name: intranet, origins: [https://app.example.com], upstreams: [http://127.0.0.1:9000] }]\n";

/// The smallest configuration, and more.
fn with(more: &str) -> String {
    format!("{TLS}{APP}{more}")
}

/// One app with these keys beside its name and upstream.
fn app(more: &str) -> String {
    format!("{TLS}apps: [{{ name: intranet, upstreams: [http://127.0.0.1:9000], {more} }}]\n")
}
