//! The second factor's code: one thing, in one field.

use super::{Outcome, message, respond};
use crate::gate::flow::{After, Asked, Given, Held, Hint, Method};
use crate::gate::{Answer, ChallengePage, Errand};
use crate::types::ReturnTo;
use crate::web::fault::Failed;
use crate::web::form::Form;
use crate::web::frame::{Frame, set_cookies};
use crate::web::status::Rejected;
use crate::web::visit::Visit;
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

#[derive(Template)]
#[template(path = "page/challenge.html")]
pub(in crate::web) struct View<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) to: &'a ReturnTo,
    /// What the page was opened for, where that was no GET of `to`.
    pub(in crate::web) for_request: &'a str,
    pub(in crate::web) name: &'a str,
    pub(in crate::web) asked: &'a Asked,
    pub(in crate::web) form_token: &'a str,
    pub(in crate::web) error: Option<String>,
}

impl View<'_> {
    fn by_backup_code(&self) -> bool {
        self.asked.method == Method::BackupCode
    }
    fn heading(&self) -> String {
        match self.asked.method {
            Method::Totp => self.frame.text("challenge-title"),
            Method::BackupCode => self.frame.text("challenge-backup-title"),
        }
    }
    fn with_method(&self, method: &str) -> String {
        let errand = Errand::parse(self.to.clone(), self.for_request, self.frame.site.prefix());
        format!("{}&method={method}", self.frame.site.challenge(&errand))
    }
}

pub(in crate::web) async fn show(visit: Visit) -> Response {
    let errand = visit.errand(&visit.asked("to"), &visit.asked("for"));
    let method = method(&visit.asked("method"));
    respond(page(&visit, &errand, method, None).await.map(Ok))
}

pub(in crate::web) async fn submit(visit: Visit, form: Form) -> Response {
    respond(answered(&visit, &form).await)
}

/// What is not known here is as if it were not said.
fn method(name: &str) -> Option<Method> {
    match name {
        "totp" => Some(Method::Totp),
        "backup_code" => Some(Method::BackupCode),
        _ => None,
    }
}

/// The page as the gate has it now; `wrong` is what was wrong with the code before.
async fn page(
    visit: &Visit,
    errand: &Errand,
    method: Option<Method>,
    wrong: Option<String>,
) -> Result<Response, Failed> {
    let (frame, to) = (visit.frame(), &errand.to);
    Ok(match visit.gate().challenge(&visit.inbound, errand, method).await? {
        ChallengePage::Gone => message::gone(&frame, to),
        ChallengePage::Met(to) => frame.go(to.as_str()),
        ChallengePage::SetUp(to) => frame.go(&visit.own_to("set-up", &to)),
        ChallengePage::NoMethod => message::no_method(&frame),
        ChallengePage::Ask(mut asked) => {
            let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            let cookies = std::mem::take(&mut asked.cookies);
            let view = View {
                frame: &frame,
                to,
                for_request: &errand.for_request(),
                name: asked.name.as_str(),
                asked: &asked,
                form_token: &asked.form_token,
                error: wrong,
            };
            set_cookies(frame.page(status, &view), cookies)
        }
    })
}

async fn answered(visit: &Visit, form: &Form) -> Outcome {
    let code = match form.field("code") {
        Ok(code) => code,
        Err(e) => return Ok(Err(e)),
    };
    let errand = visit.errand(form.optional("to"), form.optional("for"));
    let frame = visit.frame();
    let method = method(form.optional("method")).unwrap_or(Method::Totp);
    let given = Given { method, code, remember: form.optional("remember") == "on" };
    let answer = visit.gate().answer(&visit.inbound, form.optional("form_token"), given, &errand).await?;
    Ok(Ok(match answer {
        Answer::Done { cookies, next } => set_cookies(frame.go(&after(visit, &next)), cookies),
        Answer::Wrong { left, hint } => page(visit, &errand, Some(method), Some(wrong(&frame, left, hint))).await?,
        Answer::Used { left } => {
            page(visit, &errand, Some(method), Some(frame.with("code-used", "left", left))).await?
        }
        Answer::Held(held) => {
            let r = message::held(&frame, held, &frame.site.challenge(&errand));
            limited(r, held, visit.gate().free_codes())
        }
        Answer::Ended { cookies } => set_cookies(message::ended(&frame, &errand.to), cookies),
        Answer::Gone => message::gone(&frame, &errand.to),
        Answer::Forged => return Ok(Err(Rejected(StatusCode::FORBIDDEN))),
    }))
}

/// The limit in the terms of programs (draft-ietf-httpapi-ratelimit-headers). Here alone: what an account's limits are at is
/// told to nobody who has not given its password.
fn limited(mut r: Response, held: Held, free: u32) -> Response {
    let Held::For(wait) = held else { return r };
    let said = [
        ("ratelimit-policy", format!("\"codes\";q={free}")),
        ("ratelimit", format!("\"codes\";r=0;t={}", message::seconds(wait))),
    ];
    let said = said.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(&value)));
    r.headers_mut().extend(said.into_iter().filter_map(|(name, value)| Some((name, value.ok()?))));
    r
}

/// Where a right code leads.
pub(in crate::web) fn after(visit: &Visit, next: &After) -> String {
    match next {
        After::To(to) => to.to_string(),
        After::Codes(to) => visit.own_to("codes", to),
        After::Account(to) => visit.own_to("", to),
    }
}

/// That the code is wrong, and what may be the reason.
pub(in crate::web) fn wrong(frame: &Frame<'_>, left: u32, hint: Option<Hint>) -> String {
    let text = frame.with("code-wrong", "left", left);
    match hint {
        None => text,
        Some(Hint::Clock { seconds }) => {
            let minutes = (seconds.unsigned_abs().saturating_add(30) / 60).max(1);
            let off = match seconds < 0 {
                true => frame.with("hint-clock-behind", "minutes", minutes),
                false => frame.with("hint-clock-ahead", "minutes", minutes),
            };
            format!("{text} {off}")
        }
        Some(Hint::Parameters { algorithm, digits, period }) => {
            let asked = format!("{algorithm}, {digits}, {period} s");
            format!("{text} {}", frame.with("hint-parameters", "asked", asked))
        }
    }
}
