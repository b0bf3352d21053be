//! `audit`: the record, from the running gateway's store; or verified, from its files.

mod export;
mod tail;
mod verify;

use super::client::Client;
use super::failure::Failure;
use super::out::Out;
use super::target::Target;
use crate::api::AuditEvents;
use clap::Subcommand;
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The newest events, and with --follow those to come
    Tail(tail::Args),
    /// All events that are wanted, the oldest first
    Export(export::Args),
    /// Whether files of the audit are as they were written
    Verify(verify::Args),
}

/// Which events.
#[derive(Debug, clap::Args)]
struct Wanted {
    /// Of this account: name, e-mail address or id
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Done by: person, app, socket, api, offline, file or gateway
    #[arg(long)]
    actor: Option<String>,
    /// Of this kind, such as sign_in
    #[arg(long)]
    kind: Option<String>,
}

impl Wanted {
    fn query(&self) -> Vec<(&'static str, String)> {
        let all = [("user", &self.user), ("actor", &self.actor), ("kind", &self.kind)];
        all.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

pub async fn run(args: Args, target: Target, out: &Out) -> Result<(), Failure> {
    match args.command {
        Command::Tail(args) => tail::run(args, &target.client(false, out).await?, out).await,
        Command::Export(args) => export::run(args, &target.client(false, out).await?, out).await,
        Command::Verify(args) => verify::run(args, target.config, out),
    }
}

/// One page of events.
async fn page(client: &Client, query: &[(&'static str, String)]) -> Result<AuditEvents, Failure> {
    let pairs = query.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
    client.call(Method::GET, &format!("/api/v1/audit?{}", pairs.collect::<Vec<_>>().join("&")), None).await
}
