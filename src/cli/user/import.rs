//! `user import`: reads the file, has all of it judged, and only then has accounts made, some at a time.

use crate::account::import::{Format, Mistake, Row, doubles, read};
use crate::api::{ImportMistake, ImportOutcome};
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::out::Out;
use http::{Method, StatusCode};
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file; `-` is the standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How it is written [default: by the file's name]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Form>,
    /// Tell what is wrong and what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Pass over names that are there already, as after an import that broke off
    #[arg(long)]
    skip_existing: bool,
    /// A group that everybody in the file gets; may be given several times
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Form {
    /// users: with a list of name, email, groups, locale, disabled, password_hash
    Yaml,
    /// the same as columns, named by the first line
    Csv,
    /// Apache's name:hash
    Htpasswd,
    /// the users database of Authelia
    Authelia,
}

pub async fn run(args: Args, client: &Client, out: &Out) -> Result<(), Failure> {
    let format = format_of(&args)?;
    let text = text_of(&args.file)?;
    let found = read(format, &text);
    let mut rows = found.rows;
    rows.iter_mut().for_each(|r| r.groups.extend(args.groups.iter().cloned()));
    let mut mistakes = [found.mistakes, doubles(&rows)].concat();
    if rows.is_empty() && mistakes.is_empty() {
        return Err(Failure::refused(format!("{}: no user is in it", args.file.display())));
    }
    let judging = Batches { client, skip_existing: args.skip_existing, dry_run: true };
    let judged = judging.go(&rows, bar("judging", rows.len()), JUDGED_AT_ONCE).await?;
    mistakes.extend(judged.mistakes);
    if !mistakes.is_empty() {
        return Err(Failure::refused(listed(&args.file, mistakes)));
    }
    let done = if args.dry_run {
        judged.outcome
    } else {
        let making = Batches { dry_run: false, ..judging };
        making.go(&rows, bar("importing", rows.len()), MADE_AT_ONCE).await?.into_outcome(&args.file)?
    };
    let (added, skipped) = (done.added.len(), done.skipped.len());
    let text = match args.dry_run {
        true => format!("{} accounts would be added, {skipped} are there already", rows.len() - skipped),
        false => format!("{added} accounts added, {skipped} were there already"),
    };
    out.result(&text, &json!({ "added": done.added, "skipped": done.skipped, "dry_run": args.dry_run }));
    Ok(())
}

fn format_of(args: &Args) -> Result<Format, Failure> {
    let name = args.file.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_ascii_lowercase();
    match args.format {
        Some(Form::Yaml) => Ok(Format::Yaml),
        Some(Form::Csv) => Ok(Format::Csv),
        Some(Form::Htpasswd) => Ok(Format::Htpasswd),
        Some(Form::Authelia) => Ok(Format::Authelia),
        None if name.ends_with(".yaml") || name.ends_with(".yml") => Ok(Format::Yaml),
        None if name.ends_with(".csv") => Ok(Format::Csv),
        None if name.ends_with("htpasswd") => Ok(Format::Htpasswd),
        None => Err(Failure::Usage(format!(
            "{}: the name does not tell how it is written: give --format yaml, csv, htpasswd or authelia",
            args.file.display()
        ))),
    }
}

fn text_of(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(file)
    };
    text.map(Zeroizing::new).map_err(|e| Failure::refused(format!("{}: cannot be read: {e}", file.display())))
}

/// `FILE:LINE: what`, one a line, in the file's order.
fn listed(file: &Path, mistakes: Vec<Mistake>) -> String {
    let all: BTreeSet<Mistake> = mistakes.into_iter().collect();
    let lines = all.iter().map(|m| format!("{}:{}: {}", file.display(), m.line, m.what));
    let count = if all.len() == 1 { "1 mistake".into() } else { format!("{} mistakes", all.len()) };
    lines.chain([format!("{count}; nothing was imported")]).collect::<Vec<_>>().join("\n")
}

/// Calls with some rows each.
#[derive(Clone, Copy)]
struct Batches<'a> {
    client: &'a Client,
    skip_existing: bool,
    dry_run: bool,
}

#[derive(Default)]
struct Total {
    outcome: ImportOutcome,
    mistakes: Vec<Mistake>,
    /// The call that broke off.
    broken: Option<Failure>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    mistakes: Vec<ImportMistake>,
}

impl Batches<'_> {
    async fn go(self, rows: &[Row], bar: ProgressBar, at_once: usize) -> Result<Total, Failure> {
        let mut total = Total::default();
        for some in rows.chunks(at_once) {
            let body = json!({
                "users": some.iter().map(sent).collect::<Vec<_>>(),
                "dry_run": self.dry_run, "skip_existing": self.skip_existing,
            });
            match self.client.attempt(Method::POST, "/api/v1/imports", &body).await {
                Ok((status, answer)) if status == StatusCode::UNPROCESSABLE_ENTITY => {
                    let problem: Problem =
                        serde_json::from_value(answer.clone()).unwrap_or(Problem { mistakes: vec![] });
                    if problem.mistakes.is_empty() {
                        return Err(Failure::refused(answer.to_string()));
                    }
                    total.mistakes.extend(problem.mistakes.into_iter().map(mistake));
                }
                Ok((_, answer)) => total.take(serde_json::from_value(answer).unwrap_or_default()),
                Err(failure) if self.dry_run => return Err(failure),
                Err(failure) => {
                    total.broken = Some(failure);
                    break;
                }
            }
            bar.inc(u64::try_from(some.len()).unwrap_or_default());
        }
        bar.finish_and_clear();
        Ok(total)
    }
}

impl Total {
    fn take(&mut self, outcome: ImportOutcome) {
        self.outcome.added.extend(outcome.added);
        self.outcome.skipped.extend(outcome.skipped);
        self.mistakes.extend(outcome.failed.into_iter().map(mistake));
    }

    /// Where accounts were to be made and something came in between, that, and how far it came.
    fn into_outcome(self, file: &Path) -> Result<ImportOutcome, Failure> {
        let so_far = format!(
            "{} accounts were added before; the same command with --skip-existing goes on from there",
            self.outcome.added.len()
        );
        match self.broken {
            Some(Failure::Unreachable(why)) => Err(Failure::Unreachable(format!("{why}\n{so_far}"))),
            Some(other) => Err(Failure::refused(format!("{other}\n{so_far}"))),
            None if self.mistakes.is_empty() => Ok(self.outcome),
            None => {
                let lines = self.mistakes.iter().map(|m| format!("{}:{}: {}", file.display(), m.line, m.what));
                let lines = lines.collect::<Vec<_>>().join("\n");
                Err(Failure::refused(format!("{lines}\nsomebody else took these meanwhile; {so_far}")))
            }
        }
    }
}

fn mistake(m: ImportMistake) -> Mistake {
    Mistake::new(m.line, m.problem)
}

fn sent(r: &Row) -> Value {
    json!({
        "line": r.line, "name": r.name, "email": r.email, "groups": r.groups, "locale": r.locale, "disabled": r.disabled,
        "password": r.password.as_ref().map(|p| p.expose_secret()),
        "password_hash": r.password_hash.as_ref().map(|p| p.expose_secret()),
    })
}

/// On a terminal; elsewhere it stays unseen.
fn bar(doing: &'static str, rows: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len}, {eta} left");
    let bar = ProgressBar::new(u64::try_from(rows).unwrap_or(u64::MAX)).with_message(doing);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A call judges so many quickly; one that hashes passwords takes its time.
const JUDGED_AT_ONCE: usize = 500;
const MADE_AT_ONCE: usize = 50;
