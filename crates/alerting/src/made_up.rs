//! What nodes reported and what calls there were, made up for tests of whoever judges minutes.

use std::collections::BTreeMap;

use model::{
    figure::{Call, Figure},
    id::EntityId,
    span::Outcome,
    time::Minute,
};
use telemetry_store::reader::{MetricPoint, MetricSeries};

/// Calls in a minute, so many of which failed, of so many ms each.
pub(crate) fn figure(at: Minute, (calls, errors, millis): (u32, u32, f64)) -> Figure {
    let mut figure = Figure::default();
    for call in 0..calls {
        figure.add(&Call {
            micros: millis * 1000.0,
            weight: 1.0,
            failed: call < errors,
            http_error: false,
            outcome: Outcome::Normal,
            long_lived: false,
            at_ms: at.start_millis(),
        });
    }
    figure
}

/// A value that a node of a tier reported in a minute under a path.
pub(crate) type Reported = (Minute, EntityId, EntityId, String);

/// Series of percents, with one sample in each minute that something was reported in.
pub(crate) fn metrics<'r>(
    application: EntityId,
    reported: impl Iterator<Item = (&'r Reported, &'r f64)>,
) -> Vec<MetricSeries> {
    let mut found: BTreeMap<(EntityId, EntityId, &str), Vec<MetricPoint>> = BTreeMap::new();
    for ((at, tier, node, path), value) in reported {
        let point = MetricPoint {
            at: *at,
            count: 1.0,
            sum: *value,
            min: *value,
            max: *value,
            last: *value,
            last_at_ms: at.start_millis(),
        };
        found.entry((*tier, *node, path)).or_default().push(point);
    }
    let series = found.into_iter().map(|((tier, node, path), points)| MetricSeries {
        id: 0,
        application,
        tier,
        node,
        path: path.to_owned(),
        unit: "%".to_owned(),
        points,
    });
    series.collect()
}
