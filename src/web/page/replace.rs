//! Another authenticator in the place of the one that is there: a fresh proof first, then the new key and its first code.

use super::challenge::wrong;
use super::set_up::{finished, key_page};
use super::{Outcome, change, respond};
use crate::gate::Answer;
use crate::gate::flow::change::Change;
use crate::types::ReturnTo;
use crate::web::fault::Failed;
use crate::web::form::Form;
use crate::web::visit::Visit;
use axum::response::Response;

pub(in crate::web) async fn show(visit: Visit) -> Response {
    respond(page(&visit, None).await.map(Ok))
}

pub(in crate::web) async fn submit(visit: Visit, form: Form) -> Response {
    respond(match form.optional("action") {
        "confirm" => confirmed(&visit, &form).await,
        _ => change::changed(&visit, Change::Replace, &form).await,
    })
}

/// The new key where its owner has given the proof, else the form that asks for it.
async fn page(visit: &Visit, wrong: Option<String>) -> Result<Response, Failed> {
    match visit.gate().replacing(&visit.inbound).await? {
        Some(state) => Ok(key_page(&visit.frame(), (&ReturnTo::root(), "replace"), state, wrong)),
        None => change::page(visit, Change::Replace, wrong).await,
    }
}

async fn confirmed(visit: &Visit, form: &Form) -> Outcome {
    let code = match form.field("code") {
        Ok(code) => code,
        Err(e) => return Ok(Err(e)),
    };
    let frame = visit.frame();
    let answer = visit.gate().confirm(&visit.inbound, form.optional("form_token"), code).await?;
    Ok(match answer {
        Answer::Wrong { left, hint } => Ok(page(visit, Some(wrong(&frame, left, hint))).await?),
        other => finished(visit, &ReturnTo::root(), other),
    })
}
