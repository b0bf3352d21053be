//! Ending the sign-in here or everywhere. Looking at the page ends nothing; its button does.

use super::{Outcome, message, respond};
use crate::gate::{SignedOut, Who};
use crate::types::UserName;
use crate::web::fault::Failed;
use crate::web::form::Form;
use crate::web::frame::{Frame, set_cookies};
use crate::web::status::Rejected;
use crate::web::visit::Visit;
use askama::Template;
use axum::response::Response;
use http::StatusCode;

#[derive(Template)]
#[template(path = "page/sign_out.html")]
pub(in crate::web) struct View<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) name: &'a UserName,
    /// A whole session, which may have others beside it; not a sign-in under way.
    pub(in crate::web) session: bool,
    pub(in crate::web) form_token: &'a str,
}

pub(in crate::web) async fn show(visit: Visit) -> Response {
    respond(page(&visit).await.map(Ok))
}

pub(in crate::web) async fn submit(visit: Visit, form: Form) -> Response {
    respond(ended(&visit, &form).await)
}

async fn page(visit: &Visit) -> Result<Response, Failed> {
    let frame = visit.frame();
    let (name, session, form_token) = match visit.gate().who(&visit.inbound).await? {
        Who::Nobody => return Ok(message::signed_out(&frame)),
        Who::Pending { name, form_token } => (name, false, form_token),
        Who::Session { name, form_token, .. } => (name, true, form_token),
    };
    Ok(frame.page(StatusCode::OK, &View { frame: &frame, name: &name, session, form_token: &form_token }))
}

async fn ended(visit: &Visit, form: &Form) -> Outcome {
    let everywhere = match form.optional("scope") {
        "" | "here" => false,
        "everywhere" => true,
        _ => return Ok(Err(Rejected(StatusCode::BAD_REQUEST))),
    };
    let answer = visit.gate().sign_out(&visit.inbound, form.optional("form_token"), everywhere).await?;
    let frame = visit.frame();
    Ok(match answer {
        SignedOut::Done { cookies } => Ok(set_cookies(frame.go(&frame.own("sign-out")), cookies)),
        SignedOut::Forged => Err(Rejected(StatusCode::FORBIDDEN)),
    })
}
