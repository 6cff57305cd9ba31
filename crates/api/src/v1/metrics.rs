//! The metric tree and its data.

use api_types::{
    HourBand, MetricData, MetricLevel, MetricName, MetricPath, MetricPoint, MetricSeries, Page,
};
use axum::{Json, extract::State};
use serde::Deserialize;
use telemetry_store::reader::Resolution;
use utoipa::IntoParams;

use super::Refusals;
use crate::{
    auth::Caller,
    context::Shared,
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    judge::{BaselineParams, Wanted},
    metric_tree::{self, Level, Metric, Pattern, Rollup, Search},
    paging::{PageParams, Slice},
    period::Period,
};

/// Which level.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LevelParams {
    /// Path of a folder, at most 24 segments joined by `|`; empty is the root.
    #[serde(default)]
    #[param(pattern = r"^(\s*\|*\s*|\s*[^|]*[^|\s][^|]*(\|[^|]*[^|\s][^|]*){0,23}\|*\s*)$")]
    prefix: String,
}

/// One level of an application's metric tree.
#[utoipa::path(get, path = "/api/v1/applications/{id}/metrics", tag = "metrics",
    params(("id" = u32, Path), LevelParams), responses((status = 200, body = MetricLevel), Refusals))]
pub(crate) async fn level(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Params(wanted): Params<LevelParams>,
) -> Result<Json<MetricLevel>, ApiError> {
    let entities = context.entities(&caller);
    entities.application(id)?;
    let pattern = Pattern::read(&wanted.prefix)?;
    let range = metric_tree::last_day(context.now_minute());
    let told = context.queries.ask(caller.account, move |asking| {
        let tree = metric_tree::load(asking, entities, id, &pattern, Level::Below, range)?;
        Ok(tree.level(&pattern))
    });
    let told = told.await?;
    let items = told.value.into_iter().map(|(name, leaf)| MetricName { name, leaf }).collect();
    Ok(Json(MetricLevel { items, partial: told.partial }))
}

/// Metrics that a search finds at most.
const MAX_FOUND: usize = 10_000;

/// What metric paths are to hold.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchParams {
    /// Words that stand in a path, each in any of its segments; or, joined by `|`, parts of segments that follow each other
    /// in this order. `*` stands for any run of characters within a segment; the case of letters does not count. At most
    /// 256 characters.
    #[param(example = "cart 95th", min_length = 1, max_length = 256)]
    text: String,
}

/// The metrics of an application whose paths hold a text, in the order of the tree as it was over the last day. At most
/// 10,000 are found; where there are more, the answer says so.
#[utoipa::path(get, path = "/api/v1/applications/{id}/metrics/search", tag = "metrics",
    params(("id" = u32, Path), SearchParams, PageParams),
    responses((status = 200, body = Page<MetricPath>), Refusals))]
pub(crate) async fn search(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Params(wanted): Params<SearchParams>,
    slice: Slice,
) -> Result<Json<Page<MetricPath>>, ApiError> {
    let entities = context.entities(&caller);
    entities.application(id)?;
    let wanted = Search::read(&wanted.text)?;
    let range = metric_tree::last_day(context.now_minute());
    let told = context.queries.ask(caller.account, move |asking| {
        let tree = metric_tree::load_all(asking, entities, id, range)?;
        let found = metric_tree::search(&tree, &wanted, MAX_FOUND);
        if found.more {
            asking
                .lacks("more metrics may match than were looked at; further words find the others");
        }
        Ok(found.metrics)
    });
    let told = told.await?;
    Ok(Json(slice.page(told.value, told.partial, |(path, unit)| MetricPath { path, unit })))
}

/// Which metrics.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DataParams {
    /// Segments joined by `|`; `*` stands for any one segment.
    #[param(pattern = r"^(\s*\|*\s*|\s*[^|]*[^|\s][^|]*(\|[^|]*[^|\s][^|]*){0,23}\|*\s*)$")]
    path: String,
}

/// The metrics at a path over time. Points in which nothing was reported are absent; a minute that is filling is there with
/// what came so far. What a baseline expects is told of 32 metrics at most.
#[utoipa::path(get, path = "/api/v1/applications/{id}/metric-data", tag = "metrics",
    params(("id" = u32, Path), DataParams, BaselineParams, RangeParams), responses((status = 200, body = MetricData), Refusals))]
pub(crate) async fn data(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Params(wanted): Params<DataParams>,
    Params(baseline): Params<BaselineParams>,
    Range { period, .. }: Range,
) -> Result<Json<MetricData>, ApiError> {
    let entities = context.entities(&caller);
    entities.application(id)?;
    let pattern = Pattern::read(&wanted.path)?;
    let shown = with_filling_minute(period);
    let judge = context.judge(caller.account, id, baseline.read(Wanted::Nothing)?).await?;
    let told = context.queries.ask(caller.account, move |asking| {
        let data = metric_tree::read(asking, entities, id, &pattern, &shown, Rollup::Points)?;
        let Some(data) = data else { return Ok(None) };
        let keys: Vec<_> = data.metrics.iter().map(|metric| metric.key.clone()).collect();
        let bands = judge.bands_of_metrics(asking, id, &period, &keys);
        Ok(Some((data.metrics, bands)))
    });
    let told = told.await?;
    let (metrics, bands) = told.value.ok_or_else(metric_tree::too_many)?;
    let (baseline, expected) = bands.map_or((None, Vec::new()), |(by, of)| (Some(by), of));
    let expected = expected.into_iter().chain(std::iter::repeat(None));
    Ok(Json(MetricData {
        items: metrics.into_iter().zip(expected).map(|(metric, of)| body(metric, of)).collect(),
        minutes_per_point: period.resolution.minutes(),
        filling_from: period.filling.map(|minute| minute.start_millis()),
        baseline,
        partial: told.partial,
    }))
}

/// Points of one minute show the minute that fills too. A wider one is a rate or average of its complete minutes.
fn with_filling_minute(period: Period) -> Period {
    match period.resolution {
        Resolution::OneMinute => Period { complete: period.range, ..period },
        _ => period,
    }
}

fn body(metric: Metric, expected: Option<Vec<HourBand>>) -> MetricSeries {
    let point = |point: &metric_tree::Point| MetricPoint {
        at: point.at.start_millis(),
        value: point.value.value,
        min: point.value.min,
        max: point.value.max,
        sum: point.value.sum,
        count: point.value.count,
    };
    MetricSeries {
        path: metric.path,
        unit: metric.unit,
        points: metric.points.iter().map(point).collect(),
        expected,
    }
}
