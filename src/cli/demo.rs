//! `demo`: a gateway in front of a small app, with two accounts, in a temporary folder. Nothing of it stays.
//!
//! It is the gateway as it is served, with a configuration written for the occasion; only its secrets are shown.

mod accounts;
mod announce;
mod files;
mod legacy_app;

use super::failure::Failure;
use super::out::Out;
use super::settings;
use crate::account::{NewToken, Tokens};
use crate::app;
use crate::sys::{SystemEntropy, random};
use crate::types::{Scopes, TokenName};
use announce::Ready;
use data_encoding::BASE32_NOPAD;
use files::{Folder, Site};
use secrecy::SecretString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Give both accounts an authenticator app that is set up already
    #[arg(long)]
    enrolled: bool,
    /// Where to listen [default: 127.0.0.1:8080, or the next free port]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// An empty store to use, such as redis://127.0.0.1:6379 [default: an embedded one]
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

pub async fn run(args: Args, out: &Out) -> Result<(), Failure> {
    let folder = Folder::make(&SystemEntropy)?;
    // the gateway takes the signals once it stands; until then they would leave the folder behind
    let running = tokio::select! {
        biased;
        stop = stopped() => return stop,
        running = start(args, &folder, out) => running?,
    };
    running.wait_for_shutdown().await?;
    Ok(())
}

async fn start(args: Args, folder: &Folder, out: &Out) -> Result<app::Running, Failure> {
    let store = args.store.map(redis_url).transpose()?;
    let listen = free_address(args.listen)?;
    let site = Site { listen, upstream: legacy_app::start().await?, store };
    let file = folder.furnish(&site)?;
    let config = settings::load(Some(file.clone()), out)?;

    let running = app::start(config, app::Extras::of_the_system()).await?;
    let admin_token = admin_token(&running).await?;
    let accounts = accounts::create(&running, &site.url(), args.enrolled).await?;
    let admin_url = running.admin.map(|a| format!("http://{a}"));
    announce::ready(&Ready { url: site.url(), admin_url, admin_token, accounts, config: file }, out);
    Ok(running)
}

/// With every right, for this demo.
async fn admin_token(running: &app::Running) -> Result<SecretString, Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::refused(format!("cannot make the demo's token: {e}"));
    let new = NewToken {
        name: TokenName::parse("demo").map_err(|e| failed(&e))?,
        scopes: Scopes::all(),
        ends: None,
        networks: Vec::new(),
        apps: Default::default(),
        users_per_hour: None,
        by: "demo".into(),
    };
    let made = Tokens::of(&running.accounts.load()).create(new).await;
    made.map(|(_, secret)| secret).map_err(|e| failed(&e))
}

/// SIGINT or SIGTERM.
async fn stopped() -> Result<(), Failure> {
    let failed = |e| Failure::refused(format!("cannot wait for signals: {e}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn redis_url(url: String) -> Result<String, Failure> {
    if url.starts_with("redis://") || url.starts_with("rediss://") {
        return Ok(url);
    }
    Err(Failure::Usage(format!("--store {url}: redis://HOST:PORT expected; leave it out for an embedded store")))
}

/// The address that was asked for, with a free port in the place of 0; else the first free one from 8080.
fn free_address(asked: Option<SocketAddr>) -> Result<SocketAddr, Failure> {
    let free = |a: SocketAddr| TcpListener::bind(a).and_then(|l| l.local_addr());
    match asked {
        Some(a) if !a.ip().is_loopback() => Err(Failure::Usage(format!(
            "--listen {a}: the demo's secrets are on the screen, so it listens on 127.0.0.1 or [::1] only"
        ))),
        Some(a) => {
            free(a).map_err(|e| Failure::refused(format!("--listen {a}: cannot listen there: {e}; give another port")))
        }
        None => {
            (8080..8180).find_map(|port| free((IpAddr::V4(Ipv4Addr::LOCALHOST), port).into()).ok()).ok_or_else(|| {
                Failure::refused("no port from 8080 to 8179 is free: give one with --listen 127.0.0.1:PORT")
            })
        }
    }
}

/// 120 random bits that can be typed; long enough for any password rule.
fn random_words() -> SecretString {
    BASE32_NOPAD.encode(&random::<15>(&SystemEntropy)).to_ascii_lowercase().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_stays_on_this_machine() {
        let asked = Some(([0, 0, 0, 0], 0).into());
        assert!(matches!(free_address(asked), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_taken_port_is_reported_and_port_0_is_any() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(matches!(free_address(taken.local_addr().ok()), Err(Failure::Refused(_))));
        assert!(free_address(Some(([127, 0, 0, 1], 0).into())).is_ok_and(|a| a.port() != 0));
    }
}
