//! `audit export`.

use super::{Wanted, page};
use crate::audit::export::Format;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// From this time on: a date, or RFC 3339 in UTC
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// The lines as they are, a table, or events of OCSF 1.8
    #[arg(long, default_value = "jsonl", value_parser = clap::builder::PossibleValuesParser::new(["jsonl", "csv", "ocsf"]))]
    format: String,
    #[command(flatten)]
    wanted: Wanted,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let format = Format::ALL.iter().find(|(name, _)| *name == args.format).map_or(Format::Jsonl, |(_, f)| *f);
    let mut wanted = args.wanted.query();
    wanted.extend([("from", args.from), ("until", args.until)].into_iter().filter_map(|(n, v)| Some((n, v?))));
    wanted.push(("limit", "1000".into()));
    if !out.piece(&format.head()) {
        return Ok(());
    }
    let mut after = Some("0-0".to_owned());
    while let Some(place) = after {
        let mut query = wanted.clone();
        query.push(("after", place));
        let found = page(client, &query).await?;
        let text: String = found.events.iter().map(|l| format.written(l.event.get())).collect();
        if !out.piece(&text) {
            return Ok(());
        }
        after = found.next;
    }
    Ok(())
}
