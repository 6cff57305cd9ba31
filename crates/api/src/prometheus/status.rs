//! What is asked to find out whom one talks to, and the refusals of all routes.

use api_types::PrometheusError;
use axum::{extract::State, response::Response};
use serde_json::json;
use utoipa::IntoResponses;

use super::{answer, answer::json as body};
use crate::{auth::Caller, context::Shared};

/// The version whose language and API are spoken.
const SPOKEN: &str = "2.42.0";

/// The version of Prometheus that this API is that of; `revision` is Vedette's own.
#[utoipa::path(get, path = "/prometheus/api/v1/status/buildinfo", tag = "prometheus",
    responses((status = 200, body = api_types::PrometheusAnswer), PrometheusRefusals))]
pub(crate) async fn build_info(State(context): State<Shared>, _: Caller) -> Response {
    let info = json!({
        "application": "Vedette",
        "version": SPOKEN,
        "revision": context.status.version(),
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    });
    body(answer::success(&info.to_string(), &[]))
}

/// Alike for every route under `/prometheus`.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its shape is read, by the document")]
pub(crate) enum PrometheusRefusals {
    /// A parameter is missing or wrong, or the expression is none.
    #[response(status = 400)]
    BadData(PrometheusError),
    /// Not signed in, or a wrong password.
    #[response(status = 401)]
    Unauthorized(PrometheusError),
    /// The expression cannot be evaluated over what there is, or takes too much.
    #[response(status = 422)]
    Execution(PrometheusError),
    /// Too busy, the answer took too long, or the store cannot be read.
    #[response(status = 503)]
    Unavailable(PrometheusError),
}
