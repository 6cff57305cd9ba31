//! Figures as the API's bodies have them.

use std::collections::BTreeSet;

use api_types::{Figures, Series, SeriesPoint};
use model::{
    figure::Figure,
    time::{Minute, MinuteRange},
};
use telemetry_store::reader::Resolution;

use super::sums::{Points, Total};
use crate::period::Period;

/// Points of a sparkline at most.
const SPARKLINE: u32 = 30;
const PERCENTILE: f64 = 0.95;

/// Totals of a range with `minutes` complete minutes: counts include the filling minute; rates, times and the error
/// percentage do not. Where nothing but the filling minute has calls, times and that percentage are of it.
pub(crate) fn figures(total: &Total, minutes: u32) -> Figures {
    let Total { all, complete } = total;
    let figure = if complete.calls > 0.0 { complete } else { all };
    let per_minute = |total: f64| if minutes == 0 { 0.0 } else { total / f64::from(minutes) };
    Figures {
        calls: all.calls,
        errors: all.errors,
        calls_per_minute: per_minute(complete.calls),
        errors_per_minute: per_minute(complete.errors),
        error_percent: share(figure.errors, figure.calls).unwrap_or(0.0),
        average_ms: figure.average_micros().map(millis),
        min_ms: figure.min.map(millis),
        max_ms: figure.max.map(millis),
        p95_ms: figure.quantile_micros(PERCENTILE).map(millis),
        slow: all.slow,
        very_slow: all.very_slow,
        stall: all.stall,
        sampled_percent: share(all.spans, all.calls).filter(|_| all.spans < all.calls),
        deviation: None,
    }
}

/// A series: a point wherever the application reported or something was counted.
pub(crate) fn series(
    points: &Points,
    reported: &BTreeSet<Minute>,
    period: &Period,
    total: &Total,
) -> Series {
    let silent = Figure::default();
    let all: BTreeSet<Minute> = reported.iter().chain(points.keys()).copied().collect();
    let point = |at: &Minute| series_point(*at, points.get(at).unwrap_or(&silent));
    Series {
        minutes_per_point: period.resolution.minutes(),
        points: all.iter().map(point).collect(),
        filling_from: period.filling.map(Minute::start_millis),
        totals: figures(total, period.complete.len()),
        bands: None,
        partial: None,
    }
}

fn series_point(at: Minute, figure: &Figure) -> SeriesPoint {
    SeriesPoint {
        at: at.start_millis(),
        calls: figure.calls,
        errors: figure.errors,
        average_ms: figure.average_micros().map(millis),
        p95_ms: figure.quantile_micros(PERCENTILE).map(millis),
        min_ms: figure.min.map(millis),
        max_ms: figure.max.map(millis),
        slow: figure.slow,
        very_slow: figure.very_slow,
        stall: figure.stall,
    }
}

/// How fine the figures behind a sparkline need to be.
pub(crate) fn sparkline_resolution(minutes: u32) -> Resolution {
    match minutes {
        0..=150 => Resolution::OneMinute,
        151..=1500 => Resolution::TenMinutes,
        _ => Resolution::OneHour,
    }
}

/// Calls per minute over the complete minutes, in at most 30 buckets; nothing where the application reported nothing.
/// `points` and `reported` are of [`sparkline_resolution`].
pub(crate) fn sparkline(
    points: Option<&Points>,
    reported: &BTreeSet<Minute>,
    complete: MinuteRange,
) -> Vec<Option<f64>> {
    let step = sparkline_resolution(complete.len()).minutes();
    let width = complete.len().div_ceil(SPARKLINE).next_multiple_of(step);
    let mut line = Vec::new();
    let mut start = complete.start;
    while start < complete.end {
        // A point belongs to the bucket that its first minute lies in; the first point may begin before the range.
        let from = if start == complete.start { Minute(0) } else { start };
        let end = Minute((start.0 + width).min(complete.end.0));
        line.push(bucket(points, reported, from..end, end.0 - start.0));
        start = end;
    }
    line
}

fn bucket(
    points: Option<&Points>,
    reported: &BTreeSet<Minute>,
    range: std::ops::Range<Minute>,
    minutes: u32,
) -> Option<f64> {
    let calls: Vec<f64> = points
        .into_iter()
        .flat_map(|points| points.range(range.clone()))
        .map(|(_, figure)| figure.calls)
        .collect();
    let silent = calls.is_empty() && reported.range(range).next().is_none();
    (!silent).then(|| calls.iter().sum::<f64>() / f64::from(minutes))
}

/// `part` of `whole` in percent; nothing of nothing.
fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| 100.0 * part / whole)
}

fn millis(micros: f64) -> f64 {
    micros / 1000.0
}
