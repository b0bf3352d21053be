//! Name and password.
//!
//! A stranger's page: shows nothing of who exists, and one answer to everything that is wrong.

use super::{Outcome, message, respond};
use crate::gate::flow::Next;
use crate::gate::{SignIn, Who};
use crate::types::ReturnTo;
use crate::web::fault::Failed;
use crate::web::form::Form;
use crate::web::frame::{Frame, set_cookies};
use crate::web::visit::Visit;
use askama::Template;
use axum::response::Response;
use http::StatusCode;

/// A name or address longer than this is nobody's, and is not shown again.
const LONGEST_LOGIN: usize = 320;

#[derive(Template)]
#[template(path = "page/sign_in.html")]
pub(in crate::web) struct View<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) to: &'a ReturnTo,
    /// As it was typed.
    pub(in crate::web) login: &'a str,
    pub(in crate::web) error: Option<String>,
}

pub(in crate::web) async fn show(visit: Visit) -> Response {
    respond(page(&visit).await.map(Ok))
}

pub(in crate::web) async fn submit(visit: Visit, form: Form) -> Response {
    respond(signed_in(&visit, &form).await)
}

async fn page(visit: &Visit) -> Result<Response, Failed> {
    let (frame, to) = (visit.frame(), visit.to());
    Ok(match visit.gate().who(&visit.inbound).await? {
        Who::Session { .. } => frame.go(to.as_str()),
        Who::Nobody | Who::Pending { .. } => {
            frame.page(StatusCode::OK, &View { frame: &frame, to: &to, login: "", error: None })
        }
    })
}

async fn signed_in(visit: &Visit, form: &Form) -> Outcome {
    let (login, password) = match (form.field("username"), form.password()) {
        (Ok(login), Ok(password)) => (login, password),
        (Err(e), _) | (_, Err(e)) => return Ok(Err(e)),
    };
    let to = visit.return_to(form.optional("to"));
    let answer = match password {
        Some(password) => visit.gate().sign_in(&visit.inbound, login, &password, &to).await?,
        None => SignIn::Refused,
    };
    let frame = visit.frame();
    Ok(Ok(match answer {
        SignIn::Held(held) => message::held(&frame, held, &visit.own_to("sign-in", &to)),
        SignIn::Refused => {
            let login = if login.len() <= LONGEST_LOGIN { login } else { "" };
            let error = Some(frame.text("sign-in-wrong"));
            frame.page(StatusCode::UNPROCESSABLE_ENTITY, &View { frame: &frame, to: &to, login, error })
        }
        SignIn::Next { cookies, next } => {
            let next = match next {
                Next::Arrived(to) => visit.own_to("arrived", &to),
                Next::Challenge(to) => visit.own_to("challenge", &to),
                Next::SetUp(to) => visit.own_to("set-up", &to),
            };
            set_cookies(frame.go(&next), cookies)
        }
    }))
}
