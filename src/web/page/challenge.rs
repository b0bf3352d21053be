//! The second factor's code: one field.

use super::{Outcome, message, respond};
use crate::gate::{Answer, ChallengePage};
use crate::types::{ReturnTo, UserName};
use crate::web::fault::Failed;
use crate::web::form::Form;
use crate::web::frame::{Frame, set_cookies};
use crate::web::status::Rejected;
use crate::web::visit::Visit;
use askama::Template;
use axum::response::Response;
use http::StatusCode;

#[derive(Template)]
#[template(path = "page/challenge.html")]
pub(in crate::web) struct View<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) to: &'a ReturnTo,
    pub(in crate::web) name: &'a UserName,
    pub(in crate::web) digits: u32,
    pub(in crate::web) form_token: &'a str,
    pub(in crate::web) error: Option<String>,
}

pub(in crate::web) async fn show(visit: Visit) -> Response {
    let to = visit.to();
    respond(page(&visit, &to, None).await.map(Ok))
}

pub(in crate::web) async fn submit(visit: Visit, form: Form) -> Response {
    respond(answered(&visit, &form).await)
}

/// The page as the gate has it now; `wrong` is what was wrong with the code before.
async fn page(visit: &Visit, to: &ReturnTo, wrong: Option<String>) -> Result<Response, Failed> {
    let frame = visit.frame();
    Ok(match visit.gate().challenge(&visit.inbound, to).await? {
        ChallengePage::Gone => message::gone(&frame, to),
        ChallengePage::Met(to) => frame.go(to.as_str()),
        ChallengePage::SetUp(to) => frame.go(&visit.own_to("set-up", &to)),
        ChallengePage::Ask { name, digits, form_token, cookies } => {
            let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            let view = View { frame: &frame, to, name: &name, digits, form_token: &form_token, error: wrong };
            set_cookies(frame.page(status, &view), cookies)
        }
    })
}

async fn answered(visit: &Visit, form: &Form) -> Outcome {
    let code = match form.field("code") {
        Ok(code) => code,
        Err(e) => return Ok(Err(e)),
    };
    let to = visit.return_to(form.optional("to"));
    let frame = visit.frame();
    let answer = visit.gate().answer(&visit.inbound, form.optional("form_token"), code).await?;
    Ok(Ok(match answer {
        Answer::Done { cookies, to } => set_cookies(frame.go(to.as_str()), cookies),
        Answer::Wrong { left } => page(visit, &to, Some(frame.with("code-wrong", "left", left))).await?,
        Answer::Used { left } => page(visit, &to, Some(frame.with("code-used", "left", left))).await?,
        Answer::Ended { cookies } => set_cookies(message::ended(&frame, &to), cookies),
        Answer::Gone => message::gone(&frame, &to),
        Answer::Forged => return Ok(Err(Rejected(StatusCode::FORBIDDEN))),
    }))
}
