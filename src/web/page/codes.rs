//! New backup codes: shown until the person ticks that they are saved, to copy, to print and to download.
//!
//! The page is never stored and the codes stand in no address. The download is an answer to a form of this page.

use super::{Outcome, message, respond};
use crate::gate::flow::change::{CodesPage, Saved, Shown};
use crate::types::ReturnTo;
use crate::web::fault::Failed;
use crate::web::form::Form;
use crate::web::frame::{Frame, set_cookies};
use crate::web::headers;
use crate::web::status::Rejected;
use crate::web::visit::Visit;
use askama::Template;
use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use secrecy::ExposeSecret;

#[derive(Template)]
#[template(path = "page/codes.html")]
pub(in crate::web) struct View<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) name: &'a str,
    pub(in crate::web) codes: Vec<String>,
    pub(in crate::web) to: &'a ReturnTo,
    pub(in crate::web) form_token: &'a str,
    pub(in crate::web) error: Option<String>,
}

pub(in crate::web) async fn show(visit: Visit) -> Response {
    respond(page(&visit, None).await.map(Ok))
}

pub(in crate::web) async fn submit(visit: Visit, form: Form) -> Response {
    respond(match form.field("action") {
        Ok("saved") if form.optional("saved") == "on" => saved(&visit, &form).await,
        Ok("saved") => page(&visit, Some(visit.frame().text("codes-not-ticked"))).await.map(Ok),
        Ok("download") => download(&visit, &form).await,
        Ok(_) => Ok(Err(Rejected(StatusCode::BAD_REQUEST))),
        Err(e) => Ok(Err(e)),
    })
}

async fn page(visit: &Visit, error: Option<String>) -> Result<Response, Failed> {
    let frame = visit.frame();
    Ok(match visit.gate().codes(&visit.inbound).await? {
        CodesPage::Gone => message::gone(&frame, &visit.to()),
        CodesPage::Over => message::codes_over(&frame),
        CodesPage::Show(shown) => {
            let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            let (name, form_token) = (shown.name.as_str(), shown.form_token.as_str());
            let view = View { frame: &frame, name, codes: halves(&shown), to: &shown.to, form_token, error };
            frame.page(status, &view)
        }
    })
}

async fn saved(visit: &Visit, form: &Form) -> Outcome {
    let frame = visit.frame();
    let answer = visit.gate().codes_saved(&visit.inbound, form.optional("form_token")).await?;
    Ok(Ok(match answer {
        Saved::Done { cookies, to } => set_cookies(frame.go(to.as_str()), cookies),
        // a second click, or the back button: they are saved, or there are newer ones
        Saved::Over => message::codes_over(&frame),
        Saved::Gone => message::gone(&frame, &visit.return_to(form.optional("to"))),
        Saved::Forged => return Ok(Err(Rejected(StatusCode::FORBIDDEN))),
    }))
}

async fn download(visit: &Visit, form: &Form) -> Outcome {
    let frame = visit.frame();
    Ok(Ok(match visit.gate().codes(&visit.inbound).await? {
        CodesPage::Show(shown) if shown.form_token == form.optional("form_token") => file(&frame, &shown),
        CodesPage::Show(_) => return Ok(Err(Rejected(StatusCode::FORBIDDEN))),
        CodesPage::Over => message::codes_over(&frame),
        CodesPage::Gone => message::gone(&frame, &visit.return_to(form.optional("to"))),
    }))
}

fn file(frame: &Frame<'_>, shown: &Shown) -> Response {
    let head = frame.with("codes-file", "name", shown.name.as_str());
    let text = format!("{}: {head}\r\n\r\n{}\r\n", frame.brand(), halves(shown).join("\r\n"));
    let mut r = Response::new(Body::from(text));
    headers::private(r.headers_mut(), frame.https());
    r.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    r.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"backup-codes.txt\""));
    r
}

/// In two halves, which are easier to type; the dash is no part of a code.
fn halves(shown: &Shown) -> Vec<String> {
    let half = |c: &str| match c.split_at_checked(c.len() / 2) {
        Some((a, b)) => format!("{a}-{b}"),
        None => c.to_string(),
    };
    shown.codes.iter().map(|c| half(c.expose_secret())).collect()
}
