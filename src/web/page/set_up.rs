//! Enrolling an authenticator app: the password where it is asked again, then QR code, key and the confirming code.
//!
//! The secret stands in the page only, never in an address of ours, and the page is never stored.

use super::challenge::{after, wrong};
use super::{Outcome, message, respond};
use crate::gate::flow::{AskAgain, SetUpKey};
use crate::gate::{Answer, SetUpPage};
use crate::types::{ReturnTo, UserName};
use crate::web::fault::Failed;
use crate::web::form::Form;
use crate::web::frame::{Frame, set_cookies};
use crate::web::qr;
use crate::web::status::Rejected;
use crate::web::visit::Visit;
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use secrecy::ExposeSecret;

/// Asks the password on this very form.
#[derive(Template)]
#[template(path = "page/set_up_password.html")]
pub(in crate::web) struct PasswordView<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) to: &'a ReturnTo,
    pub(in crate::web) name: &'a UserName,
    pub(in crate::web) form_token: &'a str,
    pub(in crate::web) error: Option<String>,
}

/// Asks the code that an administrator gave.
#[derive(Template)]
#[template(path = "page/set_up_code.html")]
pub(in crate::web) struct CodeView<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) to: &'a ReturnTo,
    pub(in crate::web) name: &'a UserName,
    pub(in crate::web) form_token: &'a str,
    pub(in crate::web) error: Option<String>,
}

/// Shows the secret and asks a code of it.
#[derive(Template)]
#[template(path = "page/set_up.html")]
pub(in crate::web) struct KeyView<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) to: &'a ReturnTo,
    pub(in crate::web) name: &'a UserName,
    pub(in crate::web) key: &'a SetUpKey,
    pub(in crate::web) digits: u32,
    /// The page that takes the code.
    pub(in crate::web) action: &'static str,
    /// It takes the place of an authenticator that is there.
    pub(in crate::web) replaces: bool,
    pub(in crate::web) form_token: &'a str,
    pub(in crate::web) error: Option<String>,
}

impl KeyView<'_> {
    fn heading(&self) -> String {
        if self.replaces { self.frame.text("replace-title") } else { self.frame.text("set-up-title") }
    }
    fn qr(&self) -> Option<String> {
        qr::svg(self.uri())
    }
    fn uri(&self) -> &str {
        self.key.uri.expose_secret()
    }
    /// The key in groups of four. They are set apart by style alone, so that what is copied has no spaces.
    fn groups(&self) -> Vec<String> {
        let letters: Vec<char> = self.key.base32.expose_secret().chars().collect();
        letters.chunks(4).map(|c| c.iter().collect()).collect()
    }
}

pub(in crate::web) async fn show(visit: Visit) -> Response {
    let to = visit.to();
    respond(page(&visit, &to, None).await.map(Ok))
}

pub(in crate::web) async fn submit(visit: Visit, form: Form) -> Response {
    let to = visit.return_to(form.optional("to"));
    respond(match form.field("action") {
        Ok("password") => password(&visit, &form, &to).await,
        Ok("code") => enrolment_code(&visit, &form, &to).await,
        Ok("confirm") => confirmed(&visit, &form, &to).await,
        Ok(_) => Ok(Err(Rejected(StatusCode::BAD_REQUEST))),
        Err(e) => Ok(Err(e)),
    })
}

/// The page as the gate has it now; `wrong` is what was wrong with the code before.
async fn page(visit: &Visit, to: &ReturnTo, wrong: Option<String>) -> Result<Response, Failed> {
    let state = visit.gate().set_up(&visit.inbound, to).await?;
    Ok(shown(&visit.frame(), to, state, wrong))
}

fn shown(frame: &Frame<'_>, to: &ReturnTo, state: SetUpPage, error: Option<String>) -> Response {
    match state {
        SetUpPage::Gone => message::gone(frame, to),
        SetUpPage::AlreadyOn { to } => message::already_on(frame, &to),
        SetUpPage::NotOffered { to } => message::not_offered(frame, &to),
        SetUpPage::Held(held) => message::held(frame, held, &frame.site.own_to("set-up", to)),
        SetUpPage::AskPassword(AskAgain { name, form_token, cookies, wrong }) => {
            let error = wrong.then(|| frame.text("set-up-password-wrong"));
            let view = PasswordView { frame, to, name: &name, form_token: &form_token, error };
            set_cookies(frame.page(status(wrong), &view), cookies)
        }
        SetUpPage::AskEnrolmentCode(AskAgain { name, form_token, cookies, wrong }) => {
            let error = wrong.then(|| frame.text("enrol-code-wrong"));
            let view = CodeView { frame, to, name: &name, form_token: &form_token, error };
            set_cookies(frame.page(status(wrong), &view), cookies)
        }
        key @ SetUpPage::Show { .. } => key_page(frame, (to, "set-up"), key, error),
    }
}

/// The key, on the page whose form takes its first code; anything else is over.
pub(in crate::web) fn key_page(
    frame: &Frame<'_>,
    (to, action): (&ReturnTo, &'static str),
    state: SetUpPage,
    error: Option<String>,
) -> Response {
    let SetUpPage::Show { name, key, digits, form_token, cookies } = state else { return message::gone(frame, to) };
    let (wrong, replaces) = (error.is_some(), action == "replace");
    let view = KeyView { frame, to, name: &name, key: &key, digits, action, replaces, form_token: &form_token, error };
    set_cookies(frame.page(status(wrong), &view), cookies)
}

fn status(wrong: bool) -> StatusCode {
    if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

async fn password(visit: &Visit, form: &Form, to: &ReturnTo) -> Outcome {
    let frame = visit.frame();
    let state = match form.password() {
        Err(e) => return Ok(Err(e)),
        Ok(Some(p)) => visit.gate().set_up_password(&visit.inbound, form.optional("form_token"), &p).await?,
        // too long to be anybody's: the form again, as after a wrong one
        Ok(None) => match visit.gate().set_up(&visit.inbound, to).await? {
            SetUpPage::AskPassword(ask) => SetUpPage::AskPassword(AskAgain { wrong: true, ..ask }),
            other => other,
        },
    };
    Ok(Ok(gone_on(visit, &frame, to, state)))
}

async fn enrolment_code(visit: &Visit, form: &Form, to: &ReturnTo) -> Outcome {
    let code = match form.field("code") {
        Ok(code) => code,
        Err(e) => return Ok(Err(e)),
    };
    let state = visit.gate().set_up_code(&visit.inbound, form.optional("form_token"), code).await?;
    Ok(Ok(gone_on(visit, &visit.frame(), to, state)))
}

/// After a step that was right the page is asked for anew.
fn gone_on(visit: &Visit, frame: &Frame<'_>, to: &ReturnTo, state: SetUpPage) -> Response {
    match state {
        SetUpPage::AskPassword(AskAgain { wrong: false, cookies, .. })
        | SetUpPage::AskEnrolmentCode(AskAgain { wrong: false, cookies, .. })
        | SetUpPage::Show { cookies, .. } => set_cookies(frame.go(&visit.own_to("set-up", to)), cookies),
        other => shown(frame, to, other, None),
    }
}

async fn confirmed(visit: &Visit, form: &Form, to: &ReturnTo) -> Outcome {
    let code = match form.field("code") {
        Ok(code) => code,
        Err(e) => return Ok(Err(e)),
    };
    let frame = visit.frame();
    let answer = visit.gate().confirm(&visit.inbound, form.optional("form_token"), code).await?;
    Ok(Ok(match answer {
        Answer::Wrong { left, hint } => page(visit, to, Some(wrong(&frame, left, hint))).await?,
        Answer::Used { left } => page(visit, to, Some(frame.with("code-used", "left", left))).await?,
        other => return Ok(finished(visit, to, other)),
    }))
}

/// What a first code came to, where the form is not shown again.
pub(in crate::web) fn finished(visit: &Visit, to: &ReturnTo, answer: Answer) -> Result<Response, Rejected> {
    let frame = visit.frame();
    Ok(match answer {
        Answer::Done { cookies, next } => set_cookies(frame.go(&after(visit, &next)), cookies),
        Answer::Held(held) => message::held(&frame, held, &visit.own_to("set-up", to)),
        Answer::Ended { cookies } => set_cookies(message::ended(&frame, to), cookies),
        Answer::Gone | Answer::Wrong { .. } | Answer::Used { .. } => message::gone(&frame, to),
        Answer::Forged => return Err(Rejected(StatusCode::FORBIDDEN)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::tests::Sample;

    #[test]
    fn the_key_comes_in_groups_of_four_that_copy_without_spaces() {
        let s = Sample::new("en");
        s.key_view(&s.frame(), None, |v| {
            assert_eq!(v.groups().concat(), v.key.base32.expose_secret());
            assert!(v.groups().iter().all(|g| g.len() == 4));
            let html = v.render().unwrap();
            let run = v.groups().iter().map(|g| format!("<span>{g}</span>")).collect::<String>();
            assert!(html.contains(&run), "groups stand side by side");
        });
    }
}
