//! The metric tree and its data.

use api_types::{MetricData, MetricLevel, MetricName, MetricPoint, MetricSeries};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Refusals;
use crate::{
    auth::Caller,
    context::Shared,
    error::ApiError,
    extract::{Params, PathId, Range, RangeParams},
    metric_tree::{self, Level, Metric, Pattern, Rollup},
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
    let entities = context.entities(caller.account);
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

/// Which metrics.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DataParams {
    /// Segments joined by `|`; `*` stands for any one segment.
    #[param(pattern = r"^(\s*\|*\s*|\s*[^|]*[^|\s][^|]*(\|[^|]*[^|\s][^|]*){0,23}\|*\s*)$")]
    path: String,
}

/// The metrics at a path over time. Points in which nothing was reported are absent.
#[utoipa::path(get, path = "/api/v1/applications/{id}/metric-data", tag = "metrics",
    params(("id" = u32, Path), DataParams, RangeParams), responses((status = 200, body = MetricData), Refusals))]
pub(crate) async fn data(
    State(context): State<Shared>,
    caller: Caller,
    PathId(id): PathId,
    Params(wanted): Params<DataParams>,
    Range { period, .. }: Range,
) -> Result<Json<MetricData>, ApiError> {
    let entities = context.entities(caller.account);
    entities.application(id)?;
    let pattern = Pattern::read(&wanted.path)?;
    let told = context.queries.ask(caller.account, move |asking| {
        metric_tree::read(asking, entities, id, &pattern, &period, Rollup::Points)
    });
    let told = told.await?;
    let data = told.value.ok_or_else(metric_tree::too_many)?;
    Ok(Json(MetricData {
        items: data.metrics.into_iter().map(body).collect(),
        partial: told.partial,
    }))
}

fn body(metric: Metric) -> MetricSeries {
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
    }
}
