//! Rates: how fast counters rise and gauges change.
//!
//! [rate](https://prometheus.io/docs/prometheus/2.42/querying/functions/#rate) and its relatives: a counter that falls was
//! reset and began again at 0. The change between the first and the last sample of a range is extended to the range's
//! ends where samples come often enough to tell that the series went on, else by half of what lies between two samples;
//! a counter is never extended to before it was 0.

use super::selector::Window;

/// Samples have to begin, or end, within so many of their usual distances from the range's end to be extended up to it.
const NEAR: f64 = 1.1;

/// How much a counter rose in a range.
pub(super) fn increase(window: &Window<'_>) -> Option<f64> {
    let (first, last) = ends(window)?;
    let risen = risen(window.samples);
    let seconds = (last.0 - first.0) as f64 / 1000.0;
    // When it was 0, if it had always risen as it did in the range.
    let was_zero = (risen > 0.0 && first.1 >= 0.0).then(|| seconds * (first.1 / risen));
    Some(risen * extension(window, was_zero)?)
}

/// How much a counter rose a second.
pub(super) fn rate(window: &Window<'_>) -> Option<f64> {
    Some(increase(window)? / seconds_of(window))
}

/// How much a gauge changed in a range.
pub(super) fn delta(window: &Window<'_>) -> Option<f64> {
    let (first, last) = ends(window)?;
    Some((last.1 - first.1) * extension(window, None)?)
}

/// How fast a counter rose at last: between the last two samples.
pub(super) fn irate(window: &Window<'_>) -> Option<f64> {
    let (before, last) = last_two(window)?;
    let risen = if last.1 < before.1 { last.1 } else { last.1 - before.1 };
    Some(risen / ((last.0 - before.0) as f64 / 1000.0))
}

/// How a gauge changed at last.
pub(super) fn idelta(window: &Window<'_>) -> Option<f64> {
    let (before, last) = last_two(window)?;
    Some(last.1 - before.1)
}

/// How often a counter was reset.
pub(super) fn resets(window: &Window<'_>) -> f64 {
    pairs(window).filter(|(before, after)| after < before).count() as f64
}

/// How often a value changed.
pub(super) fn changes(window: &Window<'_>) -> f64 {
    let differ =
        |(before, after): &(f64, f64)| after != before && !(after.is_nan() && before.is_nan());
    pairs(window).filter(differ).count() as f64
}

fn pairs(window: &Window<'_>) -> impl Iterator<Item = (f64, f64)> {
    window.samples.windows(2).map(|pair| (pair[0].1, pair[1].1))
}

/// Last less first, and what was lost by resets.
fn risen(samples: &[(i64, f64)]) -> f64 {
    let (first, last) = (samples[0].1, samples[samples.len() - 1].1);
    let mut lost = 0.0;
    let mut before = first;
    for &(_, value) in samples {
        if value < before {
            lost += before;
        }
        before = value;
    }
    last - first + lost
}

type Sample = (i64, f64);

fn ends(window: &Window<'_>) -> Option<(Sample, Sample)> {
    match window.samples {
        [first, .., last] => Some((*first, *last)),
        _ => None,
    }
}

fn last_two(window: &Window<'_>) -> Option<(Sample, Sample)> {
    match window.samples {
        [.., before, last] => Some((*before, *last)),
        _ => None,
    }
}

fn seconds_of(window: &Window<'_>) -> f64 {
    (window.end_ms - window.start_ms) as f64 / 1000.0
}

/// By what the change between the first and the last sample is multiplied. `was_zero`: how long before the first one a
/// counter was 0, seconds.
fn extension(window: &Window<'_>, was_zero: Option<f64>) -> Option<f64> {
    let (first, last) = ends(window)?;
    let seconds = |from: i64, to: i64| (to - from) as f64 / 1000.0;
    let sampled = seconds(first.0, last.0);
    let usual = sampled / (window.samples.len() - 1) as f64;
    let before = seconds(window.start_ms, first.0);
    let before = was_zero.map_or(before, |zero| if zero < before { zero } else { before });
    let after = seconds(last.0, window.end_ms);
    let extended = |gap: f64| if gap < usual * NEAR { gap } else { usual / 2.0 };
    Some((sampled + extended(before) + extended(after)) / sampled)
}
