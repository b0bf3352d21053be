//! The pages, one file each: the view that its template shows, and the handlers.
//!
//! Handlers ask the gate and answer; a good POST ends in a 303 (post, redirect, get), a wrong one shows its form again
//! with 422.

pub(super) mod arrived;
pub(super) mod challenge;
pub(super) mod change;
pub(super) mod codes;
pub(super) mod form;
pub(super) mod index;
pub(super) mod message;
pub(super) mod replace;
pub(super) mod set_up;
pub(super) mod sign_in;
pub(super) mod sign_out;

use super::fault::Failed;
use super::status::Rejected;
use axum::response::{IntoResponse, Response};

/// What a handler ends in: a refusal of the form and a failure of ours stay apart.
pub(super) type Outcome = Result<Result<Response, Rejected>, Failed>;

/// As axum wants it.
pub(super) fn respond(outcome: Outcome) -> Response {
    outcome.into_response()
}
