//! The data of metrics at a path.

use std::collections::{BTreeMap, BTreeSet};

use alerting::baselines::Key;
use model::{
    figure::{Figure, Scope},
    id::EntityId,
    leaf::{self, Value},
    metric_table::{Kind, MetricTable},
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashMap;
use telemetry_store::reader::{
    Detail, FigureQuery, MetricPoint, MetricQuery, Points, QueryError, Resolution,
};

use super::{
    internal_name,
    load::{self, Level, load},
    path::Pattern,
    place::{Place, Series, Tree},
};
use crate::{
    ask::Asking,
    entities::Entities,
    figures::{Measured, Sums},
    period::Period,
};

/// Metrics that one path may match.
const MAX_METRICS: usize = 1000;

/// Whether a range is answered in its points or in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rollup {
    OnePoint,
    Points,
}

/// Metrics with their data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MetricData {
    pub(crate) metrics: Vec<Metric>,
    pub(crate) resolution: Resolution,
}

/// One metric with its data; no points when nothing was reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metric {
    pub(crate) path: String,
    /// In the internal form.
    pub(crate) name: String,
    pub(crate) unit: String,
    /// What its baselines are of, if it has any: percentiles have none, nor has what a tier's nodes report put together.
    pub(crate) key: Option<Key>,
    pub(crate) points: Vec<Point>,
}

/// A metric in one point of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) at: Minute,
    pub(crate) value: Value,
    /// Points that went into this one.
    pub(crate) occurrences: u32,
}

/// Reads the metrics at a path over a period's complete minutes. Nothing when the path matches more than a thousand.
pub(crate) fn read(
    asking: &mut Asking<'_>,
    entities: Entities,
    application: EntityId,
    pattern: &Pattern,
    period: &Period,
    rollup: Rollup,
) -> Result<Option<MetricData>, QueryError> {
    let tree = load(asking, entities, application, pattern, Level::At, period.complete)?;
    let mut found = tree.find(pattern, MAX_METRICS);
    found.retain(|(_, place)| place.is_leaf());
    if found.len() > MAX_METRICS {
        return Ok(None);
    }
    let wanted = wanted(&found);
    let figures = figures(asking, &tree, &wanted, period)?;
    let reported = match found.iter().any(|(_, place)| matches!(place, Place::ReportedLeaf(_))) {
        true => series(asking, &tree.entities, application, pattern, period)?,
        false => FxHashMap::default(),
    };
    let table = MetricTable::new();
    let metric = |(path, place): (Vec<String>, Place)| {
        let points = match &place {
            Place::ReportedLeaf(series) => {
                let kind = table.kind(&series.path.join("|"), &series.unit);
                measured(&of_nodes(series, &reported), kind, period, rollup)
            }
            _ => counted(&place, &figures, &tree, period, rollup),
        };
        Metric {
            name: internal_name::of(&tree, &path, &place),
            path: path.join("|"),
            key: key(application, &place),
            unit: match &place {
                Place::Leaf(_, leaf) => leaf.unit().to_owned(),
                Place::ReportedLeaf(series) => series.unit.clone(),
                _ => String::new(),
            },
            points,
        }
    };
    let metrics = found.into_iter().map(metric).collect();
    Ok(Some(MetricData { metrics, resolution: period.resolution }))
}

/// What the figures of all leaves are of, and how much is taken of each.
fn wanted(found: &[(Vec<String>, Place)]) -> FxHashMap<Measured, Detail> {
    let mut wanted = FxHashMap::<Measured, Detail>::default();
    for (_, place) in found {
        if let (Place::Leaf(_, leaf), Some(measured)) = (place, source(place)) {
            let detail = wanted.entry(measured).or_insert(Detail::Counts);
            *detail = Detail::for_leaf(*leaf).max(*detail);
        }
    }
    wanted
}

fn key(application: EntityId, place: &Place) -> Option<Key> {
    match place {
        Place::Leaf(measured, leaf) => Key::of_leaf(application, *measured, *leaf),
        Place::ReportedLeaf(series) => series.node.some().map(|node| Key::Series {
            application,
            tier: series.tier,
            node,
            path: series.path.join("|").into(),
        }),
        _ => None,
    }
}

fn source(place: &Place) -> Option<Measured> {
    match *place {
        Place::Leaf(measured, leaf) => leaf::source(measured, leaf),
        _ => None,
    }
}

/// The figures of everything wanted, and when the application reported. One question for each scope, narrowed to one
/// subject where there is only one.
fn figures(
    asking: &mut Asking<'_>,
    tree: &Tree,
    wanted: &FxHashMap<Measured, Detail>,
    period: &Period,
) -> Result<Sums, QueryError> {
    if wanted.is_empty() {
        return Ok(Sums::default());
    }
    let every = Points::Every(period.resolution);
    let mut by_scope: BTreeMap<Scope, Vec<Measured>> = BTreeMap::new();
    for measured in wanted.keys() {
        by_scope.entry(measured.scope()).or_default().push(*measured);
    }
    let detail = |scope| {
        let of_scope = wanted.iter().filter(|(measured, _)| measured.scope() == scope);
        of_scope.map(|(_, detail)| *detail).max().unwrap_or(Detail::Counts)
    };
    let mut sums = Sums::default();
    for (scope, measured) in by_scope {
        let query = asking.query(tree.application, &[scope], period.complete, every);
        let query = FigureQuery {
            detail: detail(scope),
            subject: one(measured.iter().map(|measured| measured.subject())),
            bt: one(measured.iter().map(|measured| measured.bt())),
            ..query
        };
        let of_it = |measured: &Measured| wanted.contains_key(measured);
        asking.over_time(&query, &mut |rows| sums.add(rows, &tree.entities, of_it))?;
    }
    let application = tree.application;
    let range = (period.complete, period.resolution);
    let known = sums.all_points();
    let reported = asking.reported(&tree.entities, application, range, known)?;
    sums.note_reported(application, reported);
    Ok(sums)
}

/// What all agree on, if they do.
fn one(mut values: impl Iterator<Item = Option<EntityId>>) -> Option<EntityId> {
    let first = values.next()??;
    values.all(|value| value == Some(first)).then_some(first)
}

/// The points of a metric made of figures: zero where the application reported and nothing was counted.
fn counted(
    place: &Place,
    figures: &Sums,
    tree: &Tree,
    period: &Period,
    rollup: Rollup,
) -> Vec<Point> {
    let (Place::Leaf(measured, leaf), Some(source)) = (place, source(place)) else {
        return Vec::new();
    };
    let value = |figure: &Figure, minutes: u32| leaf::value(*measured, *leaf, figure, minutes);
    let silent = Figure::default();
    let found = figures.points(source);
    let at = |at: &Minute| found.and_then(|points| points.get(at)).unwrap_or(&silent);
    let reported: BTreeSet<Minute> = figures.reported(tree.application);
    let all: BTreeSet<Minute> = reported
        .into_iter()
        .chain(found.into_iter().flat_map(|points| points.keys().copied()))
        .collect();
    let points: Vec<Point> = all
        .iter()
        .filter_map(|minute| {
            let value = value(at(minute), minutes_in(*minute, period))?;
            Some(Point { at: *minute, value, occurrences: 1 })
        })
        .collect();
    if rollup == Rollup::Points || points.is_empty() {
        return points;
    }
    let mut total = Figure::default();
    all.iter().for_each(|minute| total.merge(at(minute)));
    let Some(whole) = value(&total, period.complete.len()) else { return Vec::new() };
    vec![rolled_up(whole, &points, period)]
}

/// The points behind a series: its own, or each of its tier's nodes'.
enum Reported<'a> {
    Node(&'a [MetricPoint]),
    Nodes(Vec<&'a [MetricPoint]>),
}

fn of_nodes<'a>(
    series: &Series,
    reported: &'a FxHashMap<Series, Vec<MetricPoint>>,
) -> Reported<'a> {
    if series.node.some().is_some() {
        return Reported::Node(reported.get(series).map_or(&[], Vec::as_slice));
    }
    let same = |other: &Series| {
        (other.tier, &other.path, &other.unit) == (series.tier, &series.path, &series.unit)
    };
    let nodes = reported.iter().filter(|(other, _)| same(other));
    Reported::Nodes(nodes.map(|(_, points)| points.as_slice()).collect())
}

/// The points of what agents report, read as its kind says.
fn measured(reported: &Reported<'_>, kind: Kind, period: &Period, rollup: Rollup) -> Vec<Point> {
    let value = |point: &MetricPoint| match kind {
        Kind::PerMinute => leaf::rate(point.sum, minutes_in(point.at, period)),
        Kind::Host | Kind::Average | Kind::Level => point.value(),
    };
    let mut values: BTreeMap<Minute, Value> = BTreeMap::new();
    match reported {
        Reported::Node(points) => {
            values.extend(seen(points).map(|point| (point.at, value(point))));
        }
        Reported::Nodes(nodes) => {
            let mut of_all: BTreeMap<Minute, Vec<Value>> = BTreeMap::new();
            for point in nodes.iter().flat_map(|points| seen(points)) {
                of_all.entry(point.at).or_default().push(value(point));
            }
            values.extend(of_all.iter().map(|(at, nodes)| (*at, leaf::together(nodes, kind))));
        }
    }
    let every: Vec<Point> =
        values.into_iter().map(|(at, value)| Point { at, value, occurrences: 1 }).collect();
    if rollup == Rollup::Points || every.is_empty() {
        return every;
    }
    let sum = every.iter().map(|point| point.value.sum).sum();
    let count: f64 = every.iter().map(|point| point.value.count).sum();
    let whole = match kind {
        Kind::PerMinute => leaf::rate(sum, period.complete.len()),
        _ => Value { value: sum / count, sum, count, ..every[0].value },
    };
    vec![rolled_up(whole, &every, period)]
}

/// Those with a sample.
fn seen(points: &[MetricPoint]) -> impl Iterator<Item = &MetricPoint> {
    points.iter().filter(|point| point.count > 0.0)
}

/// One point for the range: its value over all, the extremes and the last of its points.
fn rolled_up(whole: Value, points: &[Point], period: &Period) -> Point {
    let min = points.iter().map(|point| point.value.min).fold(f64::INFINITY, f64::min);
    let max = points.iter().map(|point| point.value.max).fold(f64::NEG_INFINITY, f64::max);
    let current = points.last().map_or(whole.current, |point| point.value.current);
    Point {
        at: period.complete.start,
        value: Value { min, max, current, ..whole },
        occurrences: u32::try_from(points.len()).unwrap_or(u32::MAX),
    }
}

/// Minutes of a point that lie in the period's complete part.
fn minutes_in(at: Minute, period: &Period) -> u32 {
    let end = Minute((at.0 + period.resolution.minutes()).min(period.complete.end.0));
    MinuteRange { start: at.max(period.complete.start), end }.len().max(1)
}

/// What agents reported at a path, by series.
fn series(
    asking: &mut Asking<'_>,
    entities: &Entities,
    application: EntityId,
    pattern: &Pattern,
    period: &Period,
) -> Result<FxHashMap<Series, Vec<MetricPoint>>, QueryError> {
    let query = load::query(asking, entities, application, pattern.segments(), Level::At);
    let Some(query) = query else { return Ok(FxHashMap::default()) };
    let points = MetricQuery {
        range: period.complete,
        points: Points::Every(period.resolution),
        max_series: MAX_METRICS,
        ..query
    };
    let found = asking.metrics(&points)?.into_iter();
    Ok(found.map(|series| (Series::of(&series), series.points)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A minute with samples of one node.
    fn minute(at: u32, samples: &[f64]) -> MetricPoint {
        MetricPoint {
            at: Minute(at),
            count: samples.len() as f64,
            sum: samples.iter().sum(),
            min: samples.iter().copied().fold(f64::INFINITY, f64::min),
            max: samples.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            last: samples[samples.len() - 1],
            last_at_ms: Minute(at).start_millis(),
        }
    }

    const PERIOD: Period = Period {
        range: MinuteRange { start: Minute(600), end: Minute(610) },
        complete: MinuteRange { start: Minute(600), end: Minute(610) },
        resolution: Resolution::OneMinute,
        filling: None,
    };

    /// The values of the points, and that of the whole range.
    fn values(reported: &Reported<'_>, kind: Kind) -> (Vec<f64>, f64) {
        let values = |rollup| {
            let points = measured(reported, kind, &PERIOD, rollup);
            points.iter().map(|point| point.value.value).collect::<Vec<f64>>()
        };
        (values(Rollup::Points), values(Rollup::OnePoint)[0])
    }

    #[test]
    fn a_node_s_series_is_read_as_its_kind_says() {
        let points = [minute(600, &[1.0, 3.0]), minute(602, &[5.0])];
        let node = || Reported::Node(&points);
        assert_eq!(values(&node(), Kind::Average), (vec![2.0, 5.0], 3.0));
        assert_eq!(values(&node(), Kind::Level), (vec![2.0, 5.0], 3.0));
        // Nine of something in ten minutes.
        assert_eq!(values(&node(), Kind::PerMinute), (vec![4.0, 5.0], 0.9));
    }

    #[test]
    fn a_tier_s_series_is_put_together_from_its_nodes_as_its_kind_says() {
        let one = [minute(600, &[1.0, 3.0]), minute(602, &[5.0])];
        let other = [minute(600, &[6.0])];
        let tier = || Reported::Nodes(vec![&one, &other]);
        assert_eq!(values(&tier(), Kind::Host), (vec![4.0, 5.0], 13.0 / 3.0));
        assert_eq!(values(&tier(), Kind::Average), (vec![10.0 / 3.0, 5.0], 3.75));
        assert_eq!(values(&tier(), Kind::Level), (vec![8.0, 5.0], 6.5));
        assert_eq!(values(&tier(), Kind::PerMinute), (vec![10.0, 5.0], 1.5));
    }

    #[test]
    fn ten_minutes_of_what_happens_are_shown_by_the_minute() {
        let points = [minute(600, &[20.0, 30.0])];
        let period = Period { resolution: Resolution::TenMinutes, ..PERIOD };
        let points = measured(&Reported::Node(&points), Kind::PerMinute, &period, Rollup::Points);
        assert_eq!((points[0].value.value, points[0].value.sum), (5.0, 50.0));
    }
}
