//! Distributions, read off an agent's points.

use model::distribution::{Buckets, Distribution};

use crate::otlp::metrics::{ExponentialPoint, HistogramPoint, SummaryPoint};

/// OpenTelemetry's default exponential histogram has 160. The buckets of one with more are not kept.
const MAX_BUCKETS: usize = 320;

/// Reads a histogram with explicit bounds.
pub(super) fn of_histogram(point: &HistogramPoint<'_>) -> Distribution {
    let room = |length: usize| length.min(MAX_BUCKETS + 1);
    let mut bounds = Vec::with_capacity(room(point.explicit_bounds.len()));
    bounds.extend(point.explicit_bounds.doubles().take(MAX_BUCKETS + 1));
    let mut counts = Vec::with_capacity(room(point.bucket_counts.len()));
    counts.extend(point.bucket_counts.iter().take(MAX_BUCKETS + 1));
    let usable = !bounds.is_empty()
        && counts.len() == bounds.len() + 1
        && counts.len() <= MAX_BUCKETS
        && bounds.is_sorted();
    let buckets = if usable { Buckets::Explicit { bounds, counts } } else { Buckets::None };
    Distribution { count: point.count, sum: point.sum, min: point.min, max: point.max, buckets }
}

/// Reads an exponential histogram. With negative values in it there are no percentiles.
pub(super) fn of_exponential(point: &ExponentialPoint<'_>) -> Distribution {
    let counts: Vec<(i32, u64)> = (point.positive.offset..)
        .zip(point.positive.counts.iter())
        .filter(|(_, count)| *count > 0)
        .take(MAX_BUCKETS + 1)
        .collect();
    let negative = point.negative.counts.iter().any(|count| count > 0);
    // Beyond these scales a bucket's bounds are no longer numbers.
    let usable = !negative && counts.len() <= MAX_BUCKETS && (-10..=20).contains(&point.scale);
    let buckets = if usable {
        Buckets::Exponential { scale: point.scale, zero: point.zero_count, counts }
    } else {
        Buckets::None
    };
    Distribution { count: point.count, sum: point.sum, min: point.min, max: point.max, buckets }
}

/// Reads a summary; its quantiles are the agent's own.
pub(super) fn of_summary(point: &SummaryPoint<'_>) -> Distribution {
    Distribution { count: point.count, sum: Some(point.sum), ..Distribution::default() }
}
