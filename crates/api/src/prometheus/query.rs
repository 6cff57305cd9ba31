//! Queries: an expression at one instant, or at many.

use axum::{extract::State, response::Response};
use promql::query;

use super::{Asked, answer};
use crate::{auth::Caller, context::Shared, error::ApiError, prometheus::answer::json};

/// Evaluates an expression of PromQL at one instant.
#[utoipa::path(method(get, post), path = "/prometheus/api/v1/query", tag = "prometheus",
    params(
        ("query" = String, Query, description = "An expression of PromQL"),
        ("time" = Option<String>, Query, description = "Unix seconds or RFC 3339; now when not given"),
    ),
    responses((status = 200, body = api_types::PrometheusAnswer), super::status::PrometheusRefusals))]
pub(crate) async fn instant(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Response, ApiError> {
    let text = asked.needed("query")?.to_owned();
    let at_ms = asked.time("time")?.unwrap_or_else(|| context.now_ms());
    let (body, warnings) = context
        .ask_samples(&caller, move |stored, limits| {
            let value = query::instant(stored, limits, &text, at_ms)?;
            Ok(answer::instant(&value, at_ms))
        })
        .await?;
    Ok(json(answer::success(&body, &warnings)))
}

/// Evaluates an expression of PromQL at every step of a range of time, at most 11,000.
#[utoipa::path(method(get, post), path = "/prometheus/api/v1/query_range", tag = "prometheus",
    params(
        ("query" = String, Query, description = "An expression of PromQL"),
        ("start" = String, Query, description = "Unix seconds or RFC 3339"),
        ("end" = String, Query, description = "Unix seconds or RFC 3339, inclusive"),
        ("step" = String, Query, description = "Seconds, or a duration such as 1m"),
    ),
    responses((status = 200, body = api_types::PrometheusAnswer), super::status::PrometheusRefusals))]
pub(crate) async fn range(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Response, ApiError> {
    let text = asked.needed("query")?.to_owned();
    let instant = |name: &str| {
        asked.needed(name)?;
        Ok::<_, ApiError>(asked.time(name)?.unwrap_or_default())
    };
    let steps = query::steps(instant("start")?, instant("end")?, asked.duration("step")?)?;
    let (body, warnings) = context
        .ask_samples(&caller, move |stored, limits| {
            let series = query::range(stored, limits, &text, &steps)?;
            Ok(answer::range(&series, &steps))
        })
        .await?;
    Ok(json(answer::success(&body, &warnings)))
}
