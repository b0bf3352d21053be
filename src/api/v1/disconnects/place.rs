//! `POST /api/v1/disconnects`: 200 once it is certain on every node; 202 where the caller does not wait.

use super::service;
use crate::api::Desk;
use crate::api::body::Body;
use crate::api::problem::Problem;
use crate::disconnect::{Answer, Ask, Caller, Status};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};

#[utoipa::path(
    post, path = "", operation_id = "disconnect", tag = "disconnects",
    summary = "Disconnect people: certain on every node when it returns confirmed",
    description = "Several selections have to fit together. Repeat with the same `Idempotency-Key` after a 503 or a broken \
        connection: it is carried out once.",
    params(("Idempotency-Key" = Option<String>, Header, nullable = false,
        description = "Your own key for this order, such as a random UUID. The same key with the same body orders once.",
        pattern = "^[!-~]([ -~]*[!-~])?$", max_length = 255)),
    request_body(content = Ask, examples(
        ("sign out" = (summary = "A laptop is stolen", value = json!({
            "select": { "user": "alice" }, "action": "sign_out", "reason": "laptop stolen", "case": "INC-1"
        }))),
        ("ask anew" = (summary = "Phishing: a second factor of a group within 15 minutes", value = json!({
            "select": { "group": "staff" }, "action": "step_up", "within": "15m", "reason": "phishing wave"
        }))),
        ("keep out" = (summary = "An address guesses passwords", value = json!({
            "select": { "network": "203.0.113.0/24" }, "action": "block", "until": "8h", "reason": "password spraying"
        }))),
        ("look first" = (summary = "Whom would it meet?", value = json!({
            "select": { "everyone": true }, "action": "re_enroll", "reason": "rehearsal", "dry_run": true
        })))
    )),
    responses(
        (status = 200, description = "Confirmed, or what a dry run found.", body = Answer, links(
            ("show" = (operation_id = "show_disconnect", parameters(("id" = "$response.body#/id")))),
            ("lift" = (operation_id = "lift_disconnect", parameters(("id" = "$response.body#/id"))))
        )),
        (status = 202, description = "`wait: false`: it is in the log; no node passes anything of it longer than its lease.",
         body = Answer, links(
            ("show" = (operation_id = "show_disconnect", parameters(("id" = "$response.body#/id")))),
            ("lift" = (operation_id = "lift_disconnect", parameters(("id" = "$response.body#/id"))))
        ))
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Body(ask): Body<Ask>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let key = key(&headers)?;
    let answer = service(&desk)?.order(&caller, &ask, key.as_deref()).await?;
    let status = match answer.status {
        Status::Confirmed | Status::DryRun => StatusCode::OK,
        Status::Pending => StatusCode::ACCEPTED,
    };
    Ok((status, Json(answer)))
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all("idempotency-key").iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => match one.to_str() {
            Ok(key) if (1..=LONGEST).contains(&key.len()) && !key.contains('\t') => Ok(Some(key.to_owned())),
            Ok(_) | Err(_) => Err(Problem::bad_input(
                "Idempotency-Key has 1 to 255 ASCII letters, digits and signs; a random UUID is a good one.",
            )),
        },
        (Some(_), Some(_)) => Err(Problem::bad_input("There are several Idempotency-Key headers; give one.")),
    }
}

const LONGEST: usize = 255;
