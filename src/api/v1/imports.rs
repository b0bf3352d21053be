//! `POST /api/v1/imports`: many accounts at once, judged as a whole before any is made.

use super::author::Author;
use super::users::optional_secret;
use crate::account::import::{Mistake, Row};
use crate::api::Desk;
use crate::api::body::Body;
use crate::api::problem::Problem;
use crate::audit;
use crate::disconnect::Caller;
use crate::types::{Object, UserName};
use axum::extract::{DefaultBodyLimit, State};
use axum::{Extension, Json};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::default().routes(routes!(handle)).layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// A batch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Import {
    #[schema(value_type = Vec<ImportedUser>, max_items = 1000)]
    users: Vec<Object<ImportedUser>>,
    /// Judges only.
    #[serde(default)]
    dry_run: bool,
    /// A name that is there already is passed over instead of being a mistake.
    #[serde(default)]
    skip_existing: bool,
}

/// One account of a batch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportedUser {
    /// Where it stands in the caller's file, for the words of a mistake.
    #[serde(default)]
    #[schema(maximum = 4_294_967_295_u64, format = Int64)]
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
    #[schema(value_type = Option<String>, write_only, format = Password)]
    password: Option<SecretString>,
    /// Of another system.
    #[serde(default, deserialize_with = "optional_secret")]
    #[schema(value_type = Option<String>, write_only, format = Password)]
    password_hash: Option<SecretString>,
}

/// What became of a batch; in a dry run nobody is added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportOutcome {
    pub added: Vec<UserName>,
    pub skipped: Vec<UserName>,
    /// Taken by somebody else between judging and making.
    pub failed: Vec<ImportMistake>,
}

/// What is wrong with one account of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportMistake {
    pub line: u32,
    pub problem: String,
}

impl From<Mistake> for ImportMistake {
    fn from(m: Mistake) -> Self {
        ImportMistake { line: m.line, problem: m.what }
    }
}

#[utoipa::path(
    post, path = "", operation_id = "import_users", tag = "users",
    summary = "Add many accounts, all or none",
    description = "Judged as a whole before any is made: `mistakes` of a 422 names all that is wrong. A dry run only judges.",
    request_body = Import,
    responses(
        (status = 200, description = "What became of it.", body = ImportOutcome),
        (status = 409, description = "Accounts changed meanwhile.")
    )
)]
async fn handle(
    State(desk): State<Desk>,
    caller: Extension<Caller>,
    Body(import): Body<Import>,
) -> Result<Json<ImportOutcome>, Problem> {
    if import.users.len() > MOST {
        return Err(Problem::bad_input(format!("{} users; at most {MOST} are taken in one call.", import.users.len())));
    }
    let rows: Vec<Row> = import.users.into_iter().map(|Object(user)| Row::from(user)).collect();
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
