//! `/api/v1/audit`: what the store has of the audit, and what checkpoints are checked with.

mod export;
mod keys;
mod list;

pub use list::{AuditEvents, AuditLine};

use crate::api::Desk;
use crate::api::problem::Problem;
use crate::audit::AuditFilter;
use crate::types::{Timestamp, UserId};
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::default().routes(routes!(list::handle)).routes(routes!(export::handle)).routes(routes!(keys::handle))
}

/// Which events are wanted.
struct Wanted {
    /// Name, e-mail address or id; the id also of an account that is deleted.
    user: Option<String>,
    /// person, app, socket, api, offline, file, gateway.
    actor: Option<String>,
    /// sign_in, challenge, …
    kind: Option<String>,
    /// A date or RFC 3339, UTC.
    from: Option<String>,
    /// The same; not included.
    until: Option<String>,
}

impl Wanted {
    async fn filter(self, desk: &Desk) -> Result<AuditFilter, Problem> {
        let user = match &self.user {
            Some(name) => Some(user(desk, name).await?),
            None => None,
        };
        word("actor", self.actor.as_deref())?;
        word("kind", self.kind.as_deref())?;
        let (from, until) = (time("from", self.from)?, time("until", self.until)?);
        Ok(AuditFilter { user, actor: self.actor, kind: self.kind, from, until })
    }
}

async fn user(desk: &Desk, name: &str) -> Result<UserId, Problem> {
    if let Some(account) = desk.accounts.load_full().show(name).await? {
        return Ok(account.id);
    }
    name.parse().map_err(|_| crate::account::AccountError::NoSuchUser(name.to_owned()).into())
}

/// The record's words for actors and kinds.
fn word(name: &str, given: Option<&str>) -> Result<(), Problem> {
    let is_one = |w: &str| (1..=64).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if given.is_none_or(is_one) {
        return Ok(());
    }
    Err(Problem::bad_input(format!("{name} is no word of the record: write it like sign_in, small letters and _.")))
}

fn time(name: &str, given: Option<String>) -> Result<Option<Timestamp>, Problem> {
    let read = |text: String| text.parse().map_err(|e| Problem::bad_input(format!("{name} is {e}.")));
    given.map(read).transpose()
}

fn unavailable(e: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error = e, "the audit could not be read");
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "The audit cannot be read now",
        "Try again in a moment; /readyz and the log say what is wrong.",
    )
}
