//! Raw series as a chart draws them.

use api_types::{RawDistribution, RawPoint, RawSeries, RawSeriesPoints};
use axum::{Json, extract::State};
use model::distribution::Distribution;
use serde::Deserialize;
use telemetry_store::reader::{SampleQuery, SeriesFilter, SeriesQuery, SeriesSamples};
use utoipa::IntoParams;

use super::{
    Refusals,
    metric_series::{body, series_id},
};
use crate::{
    auth::Caller,
    context::Shared,
    error::ApiError,
    extract::{Params, Range, RangeParams},
    raw_series::{Point, points, step_ms},
};

/// Series of one chart.
const MOST: usize = 8;
/// Samples of all of them.
const MAX_SAMPLES: usize = 100_000;
/// How long before the range the sample may lie that its first one grew from, milliseconds.
const BEFORE_MS: i64 = 120_000;

/// Which series.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedParams {
    /// Ids of series, up to eight, joined by commas.
    #[param(example = "5b8efff798038103", pattern = "^[0-9a-fA-F]{16}(,[0-9a-fA-F]{16}){0,7}$")]
    ids: String,
}

/// Up to eight raw series as a chart draws them: each sample, or where there are many what came in each of at most 720 steps.
#[utoipa::path(get, path = "/api/v1/metric-series/points", tag = "metrics", params(WantedParams, RangeParams),
    responses((status = 200, body = RawSeries), Refusals))]
pub(crate) async fn read(
    State(context): State<Shared>,
    caller: Caller,
    range: Range,
    Params(wanted): Params<WantedParams>,
) -> Result<Json<RawSeries>, ApiError> {
    let ids: Vec<u64> = wanted.ids.split(',').map(series_id).collect::<Result<_, _>>()?;
    if ids.len() > MOST {
        return Err(ApiError::bad(format!("ids are more than {MOST}; ask for some of them")));
    }
    let (from_ns, to_ns) = range.nanos();
    let known = SeriesQuery {
        account: caller.account,
        application: None,
        tier: None,
        node: None,
        name: None,
        only: SeriesFilter { ids: ids.clone(), ..SeriesFilter::default() },
        from_ns,
        to_ns,
        after: None,
        limit: MOST,
    };
    let samples = SampleQuery {
        account: caller.account,
        series: ids.clone(),
        from_ms: range.from_ms.saturating_sub(BEFORE_MS),
        to_ms: range.to_ms,
        max_samples: MAX_SAMPLES,
    };
    let told = context
        .queries
        .ask(&caller, move |asking| Ok((asking.series(&known)?.rows, asking.samples(&samples)?)));
    let told = told.await?;
    let (known, samples) = told.value;
    let entities = context.entities(&caller);
    let step_ms = step_ms(&samples, range.to_ms.saturating_sub(range.from_ms));
    let none = SeriesSamples::default();
    let mut items = Vec::with_capacity(known.len());
    for id in ids {
        let Some(series) = known.iter().find(|series| series.id == id) else { continue };
        let of = samples.iter().find(|samples| samples.series == id).unwrap_or(&none);
        let mut points = points(series, of, step_ms);
        points.retain(|point| point.at_ms >= range.from_ms);
        let points = points.iter().map(point).collect();
        items.push(RawSeriesPoints { series: body(&entities, series), points });
    }
    Ok(Json(RawSeries { items, step_ms, partial: told.partial }))
}

fn point(point: &Point) -> RawPoint {
    let (min, max) = point.ends.unzip();
    RawPoint {
        at: point.at_ms,
        samples: point.samples,
        value: point.value,
        min,
        max,
        per_second: point.per_second,
        came: point.distribution.as_ref().map(distribution),
    }
}

fn distribution(came: &Distribution) -> RawDistribution {
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let percentile = |share| finite(came.quantile(share));
    RawDistribution {
        count: came.count,
        mean: finite(came.mean()),
        p50: percentile(0.5),
        p90: percentile(0.9),
        p95: percentile(0.95),
        p99: percentile(0.99),
    }
}
