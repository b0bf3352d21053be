//! One form for each change of the second factor: it says what happens next and asks a fresh code, or the password.

use super::{Outcome, message, respond};
use crate::gate::Fresh;
use crate::gate::flow::change::{AskChange, Change, ChangePage, Changed, ProofAsked};
use crate::types::ReturnTo;
use crate::web::fault::Failed;
use crate::web::form::Form;
use crate::web::frame::{Frame, set_cookies};
use crate::web::status::Rejected;
use crate::web::visit::Visit;
use askama::Template;
use axum::response::Response;
use http::StatusCode;

#[derive(Template)]
#[template(path = "page/change.html")]
pub(in crate::web) struct View<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) what: Change,
    pub(in crate::web) name: &'a str,
    pub(in crate::web) asked: &'a AskChange,
    pub(in crate::web) form_token: &'a str,
    pub(in crate::web) error: Option<String>,
}

impl View<'_> {
    fn heading(&self) -> String {
        match self.what {
            Change::Codes => self.frame.text("new-codes-title"),
            Change::Replace => self.frame.text("replace-title"),
            Change::Disable => self.frame.text("disable-title"),
        }
    }
    fn action(&self) -> String {
        self.frame.own(page_of(self.what))
    }
    fn code_digits(&self) -> Option<u32> {
        match self.asked.by {
            ProofAsked::Code { digits } => Some(digits),
            ProofAsked::Password | ProofAsked::Nothing(_) => None,
        }
    }
    /// Why the button is dead.
    fn why_not(&self) -> Option<String> {
        match self.asked.by {
            ProofAsked::Nothing(why) => Some(message::why_not(self.frame, why)),
            ProofAsked::Password | ProofAsked::Code { .. } => None,
        }
    }
}

pub(in crate::web) fn page_of(what: Change) -> &'static str {
    match what {
        Change::Codes => "codes/new",
        Change::Replace => "replace",
        Change::Disable => "disable",
    }
}

pub(in crate::web) async fn show_codes(visit: Visit) -> Response {
    respond(page(&visit, Change::Codes, None).await.map(Ok))
}

pub(in crate::web) async fn submit_codes(visit: Visit, form: Form) -> Response {
    respond(changed(&visit, Change::Codes, &form).await)
}

pub(in crate::web) async fn show_disable(visit: Visit) -> Response {
    respond(page(&visit, Change::Disable, None).await.map(Ok))
}

pub(in crate::web) async fn submit_disable(visit: Visit, form: Form) -> Response {
    respond(changed(&visit, Change::Disable, &form).await)
}

/// The form as the gate has it now; `wrong` is what was wrong before.
pub(in crate::web) async fn page(visit: &Visit, what: Change, wrong: Option<String>) -> Result<Response, Failed> {
    let frame = visit.frame();
    Ok(match visit.gate().change_page(&visit.inbound, what).await? {
        ChangePage::Gone => message::gone(&frame, &ReturnTo::root()),
        ChangePage::NotOn => message::not_on(&frame),
        ChangePage::Ask(asked) => {
            let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            let (name, form_token) = (asked.name.as_str(), asked.form_token.as_str());
            frame.page(status, &View { frame: &frame, what, name, asked: &asked, form_token, error: wrong })
        }
    })
}

pub(in crate::web) async fn changed(visit: &Visit, what: Change, form: &Form) -> Outcome {
    let frame = visit.frame();
    let password = form.password().ok();
    let fresh = match (&password, form.field("code")) {
        (None, Ok(code)) => Fresh::Code(code),
        (Some(Some(password)), Err(_)) => Fresh::Password(password),
        // too long to be anybody's
        (Some(None), Err(_)) => return Ok(Ok(page(visit, what, Some(frame.text("set-up-password-wrong"))).await?)),
        (None, Err(e)) => return Ok(Err(e)),
        (Some(_), Ok(_)) => return Ok(Err(Rejected(StatusCode::BAD_REQUEST))),
    };
    let wrong = match fresh {
        Fresh::Code(_) => frame.text("change-code-wrong"),
        Fresh::Password(_) => frame.text("set-up-password-wrong"),
    };
    let answer = visit.gate().change(&visit.inbound, what, form.optional("form_token"), fresh).await?;
    Ok(Ok(match answer {
        Changed::Done { cookies } => set_cookies(frame.go(&frame.own(next(what))), cookies),
        Changed::Wrong => page(visit, what, Some(wrong)).await?,
        Changed::Used => page(visit, what, Some(frame.text("change-code-used"))).await?,
        Changed::Held(held) => message::held(&frame, held, &frame.own(page_of(what))),
        Changed::NotOn => message::not_on(&frame),
        Changed::Refused(why) => message::refused(&frame, why),
        Changed::Gone => message::gone(&frame, &ReturnTo::root()),
        Changed::Forged => return Ok(Err(Rejected(StatusCode::FORBIDDEN))),
    }))
}

/// The page after it.
fn next(what: Change) -> &'static str {
    match what {
        Change::Codes => "codes",
        Change::Replace => "replace",
        Change::Disable => "",
    }
}
