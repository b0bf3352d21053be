//! `/metrics`, for Prometheus.

use super::Api;
use super::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};

pub(super) async fn render(State(api): State<Api>) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let text = api.metrics.render().map_err(|cause| {
        tracing::error!(%cause, "the metrics could not be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The metrics could not be written", "The log says why.")
    })?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text))
}
