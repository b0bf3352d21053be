//! Enrolling an authenticator app: the password where it is asked again, then QR code, key and the confirming code.
//!
//! The secret stands in the page only, never in an address of ours, and the page is never stored.

use super::{Outcome, message, respond};
use crate::gate::flow::SetUpKey;
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

/// Shows the secret and asks a code of it.
#[derive(Template)]
#[template(path = "page/set_up.html")]
pub(in crate::web) struct KeyView<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) to: &'a ReturnTo,
    pub(in crate::web) name: &'a UserName,
    pub(in crate::web) key: &'a SetUpKey,
    pub(in crate::web) digits: u32,
    pub(in crate::web) form_token: &'a str,
    pub(in crate::web) error: Option<String>,
}

impl KeyView<'_> {
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
    let status = |wrong: bool| if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    match state {
        SetUpPage::Gone => message::gone(frame, to),
        SetUpPage::AlreadyOn { to } => message::already_on(frame, &to),
        SetUpPage::NotOffered { to } => message::not_offered(frame, &to),
        SetUpPage::AskPassword { name, form_token, cookies, wrong } => {
            let error = wrong.then(|| frame.text("set-up-password-wrong"));
            let view = PasswordView { frame, to, name: &name, form_token: &form_token, error };
            set_cookies(frame.page(status(wrong), &view), cookies)
        }
        SetUpPage::Show { name, key, digits, form_token, cookies } => {
            let wrong = error.is_some();
            let view = KeyView { frame, to, name: &name, key: &key, digits, form_token: &form_token, error };
            set_cookies(frame.page(status(wrong), &view), cookies)
        }
    }
}

async fn password(visit: &Visit, form: &Form, to: &ReturnTo) -> Outcome {
    let frame = visit.frame();
    let state = match form.password() {
        Err(e) => return Ok(Err(e)),
        Ok(Some(p)) => visit.gate().set_up_password(&visit.inbound, form.optional("form_token"), &p).await?,
        // too long to be anybody's: the form again, as after a wrong one
        Ok(None) => match visit.gate().set_up(&visit.inbound, to).await? {
            SetUpPage::AskPassword { name, form_token, cookies, wrong: _ } => {
                SetUpPage::AskPassword { name, form_token, cookies, wrong: true }
            }
            other => other,
        },
    };
    Ok(Ok(match state {
        SetUpPage::Show { cookies, .. } => set_cookies(frame.go(&visit.own_to("set-up", to)), cookies),
        other => shown(&frame, to, other, None),
    }))
}

async fn confirmed(visit: &Visit, form: &Form, to: &ReturnTo) -> Outcome {
    let code = match form.field("code") {
        Ok(code) => code,
        Err(e) => return Ok(Err(e)),
    };
    let frame = visit.frame();
    let answer = visit.gate().confirm(&visit.inbound, form.optional("form_token"), code).await?;
    Ok(Ok(match answer {
        Answer::Done { cookies, to } => set_cookies(frame.go(to.as_str()), cookies),
        Answer::Wrong { left } => page(visit, to, Some(frame.with("code-wrong", "left", left))).await?,
        Answer::Used { left } => page(visit, to, Some(frame.with("code-used", "left", left))).await?,
        Answer::Ended { cookies } => set_cookies(message::ended(&frame, to), cookies),
        Answer::Gone => message::gone(&frame, to),
        Answer::Forged => return Ok(Err(Rejected(StatusCode::FORBIDDEN))),
    }))
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
