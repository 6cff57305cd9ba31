//! What metrics are: their kind and unit. Help texts are not kept.

use axum::{extract::State, response::Response};
use serde_json::{Map, json};
use telemetry_store::reader::{Instrument, SampledMetric};

use super::{Asked, answer, answer::json as body};
use crate::{auth::Caller, context::Shared, error::ApiError};

const DAY_MS: i64 = 24 * 3_600_000;

/// Kinds and units of the metrics of the last 24 hours.
#[utoipa::path(get, path = "/prometheus/api/v1/metadata", tag = "prometheus",
    params(
        ("metric" = Option<String>, Query, description = "Only this metric"),
        ("limit" = Option<u32>, Query, description = "At most so many"),
    ),
    responses((status = 200, body = api_types::PrometheusAnswer), super::status::PrometheusRefusals))]
pub(crate) async fn list(
    State(context): State<Shared>,
    caller: Caller,
    asked: Asked,
) -> Result<Response, ApiError> {
    let limit = asked.limit()?.unwrap_or(usize::MAX);
    let only = asked.text("metric").map(str::to_owned);
    let now_ms = context.now_ms();
    let (data, warnings) = context
        .ask_samples(&caller, move |stored, _| {
            let mut all = Map::new();
            for (name, metric) in stored.names(now_ms - DAY_MS, now_ms)? {
                let family = family(&name, &metric);
                let wanted = only.as_ref().is_none_or(|only| only == family);
                if wanted && all.len() < limit && !all.contains_key(family) {
                    let what = json!({"type": kind(&metric), "help": "", "unit": metric.unit});
                    all.insert(family.to_owned(), json!([what]));
                }
            }
            Ok(serde_json::Value::from(all).to_string())
        })
        .await?;
    Ok(body(answer::success(&data, &warnings)))
}

/// Without the suffix of one of its parts.
fn family<'n>(name: &'n str, metric: &SampledMetric) -> &'n str {
    let parts = ["_bucket", "_sum", "_count"];
    match metric.instrument {
        Instrument::Gauge | Instrument::Counter | Instrument::UpDownCounter => name,
        _ => parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name),
    }
}

fn kind(metric: &SampledMetric) -> &'static str {
    match metric.instrument {
        Instrument::Gauge | Instrument::UpDownCounter => "gauge",
        Instrument::Counter => "counter",
        Instrument::Histogram | Instrument::ExponentialHistogram => "histogram",
        Instrument::Summary => "summary",
    }
}
