//! `POST /api/v1/disconnects`: 200 once it is certain on every node; 202 where the caller does not wait.

use super::service;
use crate::api::Desk;
use crate::api::problem::Problem;
use crate::disconnect::{Answer, Ask, Caller, Status};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};

pub(super) async fn handle(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Result<Json<Ask>, JsonRejection>,
) -> Result<(StatusCode, Json<Answer>), Problem> {
    let key = key(&headers)?;
    let Json(ask) = body?;
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
            Ok(key) if (1..=LONGEST).contains(&key.len()) => Ok(Some(key.to_owned())),
            Ok(_) | Err(_) => {
                Err(Problem::bad_input("Idempotency-Key has 1 to 255 letters; a random UUID is a good one."))
            }
        },
        (Some(_), Some(_)) => Err(Problem::bad_input("There are several Idempotency-Key headers; give one.")),
    }
}

const LONGEST: usize = 255;
