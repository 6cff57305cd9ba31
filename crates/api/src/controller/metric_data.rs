//! Metrics over time.

use model::id::EntityId;
use telemetry_store::reader::Resolution;
use twox_hash::XxHash3_64;

use super::{
    asked::Asked,
    document::{Document, Shape},
    time_range::TimeRange,
};
use crate::{
    error::ApiError,
    metric_tree::{self, Metric, Pattern, Point, Rollup},
};

pub(crate) async fn read(asked: Asked) -> Result<Document, ApiError> {
    let app = asked.application()?.id;
    let path = asked.param("metric-path");
    let path =
        path.ok_or_else(|| ApiError::bad("metric-path is missing; GET …/metrics lists paths"))?;
    let pattern = Pattern::read(path)?;
    let period = TimeRange::of(&asked)?.period;
    let rollup = match asked.flag("rollup")?.unwrap_or(true) {
        true => Rollup::OnePoint,
        false => Rollup::Points,
    };
    let entities = asked.entities();
    let wanted = pattern.clone();
    let told = asked.context().queries.ask(asked.caller.account, move |asking| {
        metric_tree::read(asking, entities, app, &wanted, &period, rollup)
    });
    let told = told.await?;
    let data = told.value.ok_or_else(metric_tree::too_many)?;
    let mut metrics = data.metrics;
    // The answer is never an empty list: what has no data in the range, a pattern that means nothing included, is told so.
    if metrics.is_empty() {
        metrics.push(Metric {
            key: None,
            path: pattern.text(),
            name: String::new(),
            unit: String::new(),
            points: Vec::new(),
        });
    }
    let items = metrics.iter().map(|metric| shape(app, metric, data.resolution)).collect();
    Ok(asked.partial_list("metric-datas", "metric-data", items, told.partial))
}

fn shape(app: EntityId, metric: &Metric, resolution: Resolution) -> Shape {
    let found = !metric.points.is_empty();
    let name = if found { metric.name.as_str() } else { "METRIC DATA NOT FOUND" };
    let id = if found { metric_id(app, &metric.path) } else { 0 };
    Shape::Object(vec![
        ("frequency", frequency(resolution).into()),
        ("metricId", id.into()),
        ("metricName", name.into()),
        ("metricPath", metric.path.as_str().into()),
        ("metricValues", Shape::List("metric-value", metric.points.iter().map(value).collect())),
    ])
}

fn value(point: &Point) -> Shape {
    let value = &point.value;
    Shape::Object(vec![
        ("count", whole(value.count).into()),
        ("current", whole(value.current).into()),
        ("max", whole(value.max).into()),
        ("min", whole(value.min).into()),
        ("occurrences", point.occurrences.into()),
        ("standardDeviation", 0.into()),
        ("startTimeInMillis", point.at.start_millis().into()),
        ("sum", whole(value.sum).into()),
        ("useRange", false.into()),
        ("value", whole(value.value).into()),
    ])
}

/// Values are whole numbers in this API.
fn whole(value: f64) -> i64 {
    value.round() as i64
}

fn frequency(resolution: Resolution) -> &'static str {
    match resolution {
        Resolution::OneMinute => "ONE_MIN",
        Resolution::TenMinutes => "TEN_MIN",
        Resolution::OneHour => "SIXTY_MIN",
    }
}

/// The same for the same path for ever; above 0, and within what clients keep in 32 bits.
fn metric_id(app: EntityId, path: &str) -> u32 {
    let hash = XxHash3_64::oneshot_with_seed(u64::from(app.0), path.as_bytes());
    let id = hash % (i32::MAX as u64 - 1) + 1;
    u32::try_from(id).expect("the remainder of a 32-bit number")
}
