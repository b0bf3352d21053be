//! `POST /api/v1/disconnects`: 200 once it is certain on every node; 202 where the caller does not wait.

use super::{caller, service};
use crate::api::body::Body;
use crate::api::problem::Problem;
use crate::api::{Desk, Via};
use crate::disconnect::{Answer, Ask, Status};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};

#[utoipa::path(
    post, path = "", operation_id = "disconnect", tag = "disconnects",
    summary = "Disconnect people: certain on every node when it returns confirmed",
    description = "Several selections have to fit together. Repeat with the same `Idempotency-Key` after a 503 or a broken \
        connection: it is carried out once.",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Your own key for this order, such as a random UUID. The same key with the same body orders once.",
        pattern = "^[!-~]([ -~]*[!-~])?$", max_length = 255)),
    request_body = Ask,
    responses(
        (status = 200, description = "Confirmed, or what a dry run found.", body = Answer),
        (status = 202, description = "`wait: false`: in the log, and no node passes anything of it after its lease.",
         body = Answer)
    )
)]
pub(super) async fn handle(
    State(desk): State<Desk>,
    via: Option<Extension<Via>>,
    headers: HeaderMap,
    Body(ask): Body<Ask>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let key = key(&headers)?;
    let answer = service(&desk)?.order(&caller(via.map(|v| v.0)), &ask, key.as_deref()).await?;
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
            Ok(key) if (1..=LONGEST).contains(&key.len()) => Ok(Some(key.to_owned())),
            Ok(_) | Err(_) => {
                Err(Problem::bad_input("Idempotency-Key has 1 to 255 letters; a random UUID is a good one."))
            }
        },
        (Some(_), Some(_)) => Err(Problem::bad_input("There are several Idempotency-Key headers; give one.")),
    }
}

const LONGEST: usize = 255;
