//! Straight lines through samples, by least squares, and smoothing.

use super::{over_time::Sum, selector::Window};
use crate::Error;

/// How much a gauge changes a second.
pub(super) fn deriv(window: &Window<'_>) -> Option<f64> {
    let [first, _, ..] = window.samples else { return None };
    Some(line(window.samples, first.0).0)
}

/// What a gauge will be so many seconds after the step.
pub(super) fn predict(window: &Window<'_>, seconds: f64) -> Option<f64> {
    if window.samples.len() < 2 {
        return None;
    }
    let (slope, now) = line(window.samples, window.at_ms);
    Some(slope * seconds + now)
}

/// Slope a second, and the value at `zero_ms`, of the line nearest to the samples.
fn line(samples: &[(i64, f64)], zero_ms: i64) -> (f64, f64) {
    let first = samples[0].1;
    if samples.iter().all(|(_, value)| *value == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let [mut x, mut y, mut xy, mut xx] = [Sum::default(); 4];
    for &(time, value) in samples {
        let seconds = (time - zero_ms) as f64 / 1000.0;
        x.add(seconds);
        y.add(value);
        xy.add(seconds * value);
        xx.add(seconds * seconds);
    }
    let count = samples.len() as f64;
    let [x, y, xy, xx] = [x, y, xy, xx].map(Sum::value);
    let slope = (xy - x * y / count) / (xx - x * x / count);
    (slope, y / count - slope * x / count)
}

/// The two factors of smoothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smoothing {
    level: f64,
    trend: f64,
}

impl Smoothing {
    /// Both have to lie between 0 and 1.
    pub(super) fn new(level: f64, trend: f64) -> Result<Smoothing, Error> {
        for (what, factor) in [("smoothing", level), ("trend", trend)] {
            if !(factor > 0.0 && factor < 1.0) {
                return Err(Error::execution(format!(
                    "invalid {what} factor. Expected: 0 < factor < 1, got: {factor}"
                )));
            }
        }
        Ok(Smoothing { level, trend })
    }

    /// The last value, smoothed twice exponentially (after Holt and Winters).
    pub(super) fn smooth(&self, window: &Window<'_>) -> Option<f64> {
        let [first, second, ..] = window.samples else { return None };
        let mut trend = second.1 - first.1;
        let mut before = first.1;
        let mut smoothed = self.level * second.1 + (1.0 - self.level) * (before + trend);
        for (_, value) in &window.samples[2..] {
            trend = self.trend * (smoothed - before) + (1.0 - self.trend) * trend;
            before = smoothed;
            smoothed = self.level * value + (1.0 - self.level) * (before + trend);
        }
        Some(smoothed)
    }
}
