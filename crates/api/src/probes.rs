//! What monitors and agents' machines fetch: health, readiness, own metrics, the CA's certificate.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use crate::{context::Shared, error::ApiError, exposition};

/// The process lives and answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct ReadinessBody {
    ready: bool,
    reasons: Vec<String>,
}

/// Whether it serves; 503 while it does not. What still goes on is in the body either way.
pub(crate) async fn readyz(State(context): State<Shared>) -> Response {
    let readiness = context.status.readiness();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = ReadinessBody { ready: readiness.ready, reasons: readiness.reasons };
    (status, Json(body)).into_response()
}

/// The process's own metrics, in format 0.0.4 unless OpenMetrics is asked for.
pub(crate) async fn metrics(State(context): State<Shared>, headers: HeaderMap) -> Response {
    let text = context.status.metrics_text();
    let (format, text) = match exposition::wants_openmetrics(&headers) {
        true => (exposition::OPENMETRICS, text),
        false => (exposition::PROMETHEUS, exposition::prometheus_text(&text)),
    };
    ([(header::CONTENT_TYPE, format), (header::VARY, "accept")], text).into_response()
}

/// The CA's certificate; a server with a certificate of its own has none to give.
pub(crate) async fn ca_pem(State(context): State<Shared>) -> Result<Response, ApiError> {
    let ca_pem = context.status.certificate().ca_pem;
    if ca_pem.is_empty() {
        return Err(ApiError::NotFound(
            "this server uses a certificate that was given to it; trust the authority that issued it".to_owned(),
        ));
    }
    let headers = [
        (header::CONTENT_TYPE, "application/x-pem-file"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"vedette-ca.pem\""),
    ];
    Ok((headers, ca_pem).into_response())
}
