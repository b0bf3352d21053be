//! `audit tail`.

use super::{Wanted, page};
use crate::api::AuditLine;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use serde_json::{Map, Value};
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Go on with those that come
    #[arg(long, short)]
    follow: bool,
    /// How many of those that are there
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    lines: u16,
    #[command(flatten)]
    wanted: Wanted,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let mut query = args.wanted.query();
    query.push(("limit", args.lines.to_string()));
    let mut newest = page(client, &query).await?.events;
    newest.reverse();
    // nothing there yet: whatever comes is new
    let mut after = newest.last().map_or_else(|| "0-0".to_owned(), |l| l.place.clone());
    if !shown(&newest, out) {
        return Ok(());
    }
    if !args.follow {
        return Ok(());
    }
    loop {
        let mut query = args.wanted.query();
        query.push(("after", after.clone()));
        let found = page(client, &query).await?;
        let place = found.events.last().map(|l| l.place.clone());
        if !shown(&found.events, out) {
            return Ok(());
        }
        let more = found.next.is_some();
        after = found.next.or(place).unwrap_or(after);
        if !more {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// False where the reader went away.
fn shown(events: &[AuditLine], out: &Out) -> bool {
    events.iter().all(|l| out.piece(&if out.json() { format!("{}\n", l.event.get()) } else { line(l.event.get()) }))
}

/// For people: when, what, how it ended, then everything else that is said.
fn line(event: &str) -> String {
    let fields: Map<String, Value> = serde_json::from_str(event).unwrap_or_default();
    let text = |name: &str| fields.get(name).map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned));
    let first = ["at", "event", "outcome", "change"].into_iter().filter_map(text);
    let rest = fields.keys().filter(|k| !HEAD.contains(&k.as_str()) && !CHAIN.contains(&k.as_str()));
    let rest = rest.filter_map(|k| Some(format!("{k}={}", text(k)?)));
    format!("{}\n", first.chain(rest).collect::<Vec<_>>().join(" "))
}

const HEAD: [&str; 4] = ["at", "event", "outcome", "change"];
/// Of interest to `audit verify` only.
const CHAIN: [&str; 6] = ["node", "seq", "prev", "sig", "policy", "policy_version"];
const LOOK_EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_for_people() {
        let event = r#"{"seq":7,"at":"2024-02-29T23:59:59.007Z","node":"n","event":"sign_in","outcome":"passed","user":"u","count":2,"prev":"00"}"#;
        assert_eq!(line(event), "2024-02-29T23:59:59.007Z sign_in passed count=2 user=u\n");
    }
}
