//! Raw series as they are drawn: what agents sent, at its own times where there are few samples, else put together in steps.
//!
//! A counter is shown by what it grew by a second, a histogram by the values that came since the point before: totals since a
//! process began say nothing of when. Pure.

use model::distribution::Distribution;
use telemetry_store::reader::{Instrument, Series, SeriesSamples};

/// Points of one series.
const MAX_POINTS: usize = 720;
/// Widths that steps have, milliseconds.
const STEPS_MS: [i64; 14] = [
    1_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
    10_800_000, 43_200_000, 86_400_000,
];

/// What was measured in one step, or by one sample.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    /// Unix milliseconds: of the sample, or of the step's last one.
    pub(crate) at_ms: i64,
    pub(crate) samples: u32,
    /// The last value as it was sent; of a counter that sends what was added, all that was added.
    pub(crate) value: Option<f64>,
    /// The extremes of the values as they were sent.
    pub(crate) ends: Option<(f64, f64)>,
    /// What a counter, or the number of a histogram's values, grew by a second since the point before.
    pub(crate) per_second: Option<f64>,
    /// The values of a histogram that came since the point before.
    pub(crate) distribution: Option<Distribution>,
}

/// The width of steps in which a range of this many milliseconds has not more than the most points; nothing where a series'
/// samples are few enough to be points of their own.
pub(crate) fn step_ms(samples: &[SeriesSamples], range_ms: i64) -> Option<i64> {
    let most = samples.iter().map(|of| of.numbers.len() + of.distributions.len()).max()?;
    if most <= MAX_POINTS {
        return None;
    }
    let least = range_ms / MAX_POINTS as i64 + 1;
    let day = STEPS_MS[STEPS_MS.len() - 1];
    let wide_enough = STEPS_MS.into_iter().find(|step| *step >= least);
    Some(wide_enough.unwrap_or_else(|| (least + day - 1) / day * day))
}

/// The points of one series by time.
pub(crate) fn points(series: &Series, samples: &SeriesSamples, step_ms: Option<i64>) -> Vec<Point> {
    let slot = |at_ms: i64| step_ms.map_or(at_ms, |step| at_ms.div_euclid(step));
    let mut numbers = Numbers { series, before: None };
    let mut points: Vec<Point> = samples
        .numbers
        .chunk_by(|a, b| slot(a.0) == slot(b.0))
        .map(|of_step| numbers.point(of_step))
        .collect();
    let mut distributions = Distributions { series, before: None };
    let of_steps = samples.distributions.chunk_by(|a, b| slot(a.0) == slot(b.0));
    points.extend(of_steps.map(|of_step| distributions.point(of_step)));
    points
}

/// What came in `ms` milliseconds, by the second.
fn per_second(grown: f64, ms: i64) -> Option<f64> {
    (ms > 0).then(|| grown / (ms as f64 / 1000.0)).filter(|rate| rate.is_finite())
}

struct Numbers<'a> {
    series: &'a Series,
    /// The sample before, and its time.
    before: Option<(i64, f64)>,
}

impl Numbers<'_> {
    /// Of samples of which there is at least one.
    fn point(&mut self, samples: &[(i64, f64)]) -> Point {
        let (at_ms, last) = samples[samples.len() - 1];
        let since = self.before;
        let is_counter = self.series.instrument == Instrument::Counter;
        let sums = self.series.is_delta && is_counter;
        let grown: f64 = match self.series.is_delta {
            true => samples.iter().map(|(_, value)| value).sum(),
            false => samples.iter().map(|(at, value)| self.grown(*at, *value)).sum(),
        };
        self.before = Some((at_ms, last));
        let finite = || samples.iter().map(|(_, value)| *value).filter(|value| value.is_finite());
        let ends = finite().next().map(|_| {
            (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max))
        });
        Point {
            at_ms,
            samples: u32::try_from(samples.len()).unwrap_or(u32::MAX),
            value: Some(if sums { grown } else { last }).filter(|value| value.is_finite()),
            ends,
            per_second: since
                .filter(|_| is_counter)
                .and_then(|(since_ms, _)| per_second(grown, at_ms - since_ms)),
            distribution: None,
        }
    }

    /// By how much a total is above the one before; one that begins anew counts from zero.
    fn grown(&mut self, at_ms: i64, value: f64) -> f64 {
        let grown = match self.before {
            Some((_, before)) if value >= before => value - before,
            Some(_) => value,
            None => 0.0,
        };
        self.before = Some((at_ms, value));
        grown
    }
}

struct Distributions<'a> {
    series: &'a Series,
    before: Option<&'a (i64, Distribution)>,
}

impl<'a> Distributions<'a> {
    /// Of samples of which there is at least one.
    fn point(&mut self, samples: &'a [(i64, Distribution)]) -> Point {
        let since_ms = self.before.map(|(at_ms, _)| *at_ms);
        let mut came: Option<Distribution> = None;
        for sample in samples {
            if let Some(added) = self.added(&sample.1) {
                came = Some(came.map_or_else(|| added.clone(), |so_far| so_far.plus(&added)));
            }
            self.before = Some(sample);
        }
        let (at_ms, _) = samples[samples.len() - 1];
        let count = came.as_ref().map_or(0.0, |came| came.count as f64);
        Point {
            at_ms,
            samples: u32::try_from(samples.len()).unwrap_or(u32::MAX),
            value: None,
            ends: None,
            per_second: since_ms.and_then(|since_ms| per_second(count, at_ms - since_ms)),
            distribution: came,
        }
    }

    /// What came since the sample before; nothing before the first total.
    fn added(&self, sample: &Distribution) -> Option<Distribution> {
        if self.series.is_delta {
            return Some(sample.clone());
        }
        let (_, before) = self.before?;
        Some(sample.since(before).unwrap_or_else(|| sample.clone()))
    }
}

#[cfg(test)]
mod tests;
