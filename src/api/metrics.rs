//! `/metrics`, for Prometheus.

use super::Api;
use super::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};

#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "gateway", security(()),
    summary = "Metrics for Prometheus",
    responses(
        (status = 200, description = "Prometheus' text format.", body = String, content_type = "text/plain"),
        (status = 500, description = "They could not be written; the log says why.")
    )
)]
pub(super) async fn render(State(api): State<Api>) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let text = api.metrics.render().map_err(|cause| {
        tracing::error!(%cause, "the metrics could not be written");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The metrics could not be written", "The log says why.")
    })?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text))
}
