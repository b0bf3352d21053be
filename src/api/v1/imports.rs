//! `POST /api/v1/imports`: many accounts at once, judged as a whole before any is made.

use super::author::Author;
use super::users::optional_secret;
use crate::account::import::{Mistake, Row};
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use crate::types::UserName;
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

pub(super) fn router() -> Router<Desk> {
    Router::new().route("/", post(handle)).layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// A batch.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    users: Vec<ImportedUser>,
    /// Judges only.
    #[serde(default)]
    dry_run: bool,
    /// A name that is there already is passed over instead of being a mistake.
    #[serde(default)]
    skip_existing: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedUser {
    /// Where it stands in the caller's file, for the words of a mistake.
    #[serde(default)]
    line: u32,
    name: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    locale: Option<String>,
    #[serde(default)]
    disabled: bool,
    #[serde(default, deserialize_with = "optional_secret")]
    password: Option<SecretString>,
    /// Of another system.
    #[serde(default, deserialize_with = "optional_secret")]
    password_hash: Option<SecretString>,
}

/// What became of a batch; in a dry run nobody is added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOutcome {
    pub added: Vec<UserName>,
    pub skipped: Vec<UserName>,
    /// Taken by somebody else between judging and making.
    pub failed: Vec<ImportMistake>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportMistake {
    pub line: u32,
    pub problem: String,
}

impl From<Mistake> for ImportMistake {
    fn from(m: Mistake) -> Self {
        ImportMistake { line: m.line, problem: m.what }
    }
}

async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    body: Result<Json<Import>, JsonRejection>,
) -> Result<Json<ImportOutcome>, Problem> {
    let Json(import) = body?;
    if import.users.len() > MOST {
        return Err(Problem::bad_input(format!("{} users; at most {MOST} are taken in one call.", import.users.len())));
    }
    let rows: Vec<Row> = import.users.into_iter().map(Row::from).collect();
    let accounts = desk.accounts.load_full();
    let judged = accounts.judge_import(&rows, import.skip_existing).await?;
    if !judged.mistakes.is_empty() {
        return Err(Problem::mistakes(judged.mistakes.into_iter().map(ImportMistake::from).collect()));
    }
    if import.dry_run {
        return Ok(Json(ImportOutcome { skipped: judged.skipped, ..ImportOutcome::default() }));
    }
    let done = accounts.import(judged).await?;
    let author = Author::new(caller, None);
    for account in &done.added {
        author.record(&desk, account, audit::Account::Imported);
    }
    Ok(Json(ImportOutcome {
        added: done.added.into_iter().map(|a| a.name).collect(),
        skipped: done.skipped,
        failed: done.failed.into_iter().map(ImportMistake::from).collect(),
    }))
}

impl From<ImportedUser> for Row {
    fn from(u: ImportedUser) -> Self {
        let ImportedUser { line, name, email, groups, locale, disabled, password, password_hash } = u;
        Row { line, name, email, groups, locale, disabled, password, password_hash }
    }
}

/// Users in one call.
const MOST: usize = 1000;
/// Bytes of a body: a thousand users with long names and hashes.
const BODY_LIMIT: usize = 4 * 1024 * 1024;
