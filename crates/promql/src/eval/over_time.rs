//! What the values of a range come to: sums, means, extremes, spread.

use super::{quantile::quantile, selector::Window};

/// A sum that keeps what rounding would lose (after Kahan and Neumaier).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    pub(super) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.lost += if !sum.is_finite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            (self.sum - sum) + value
        } else {
            (value - sum) + self.sum
        };
        self.sum = sum;
    }

    pub(super) fn value(self) -> f64 {
        self.sum + self.lost
    }
}

fn values<'w>(window: &Window<'w>) -> impl Iterator<Item = f64> + Clone + use<'w> {
    window.samples.iter().map(|(_, value)| *value)
}

pub(super) fn sum(window: &Window<'_>) -> f64 {
    let mut sum = Sum::default();
    values(window).for_each(|value| sum.add(value));
    sum.value()
}

pub(super) fn count(window: &Window<'_>) -> f64 {
    window.samples.len() as f64
}

pub(super) fn mean(window: &Window<'_>) -> f64 {
    mean_of(values(window))
}

/// The mean of some values; finite where they are, even if their sum is not.
pub(super) fn mean_of(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (mut sum, mut count) = (Sum::default(), 0.0);
    for value in values.clone() {
        sum.add(value);
        count += 1.0;
    }
    let mean = sum.value() / count;
    if mean.is_finite() || !values.clone().all(f64::is_finite) {
        return mean;
    }
    values.fold(0.0, |mean, value| mean + value / count)
}

/// The least value; NaN only where there is no other.
pub(super) fn min(window: &Window<'_>) -> f64 {
    values(window).fold(f64::NAN, f64::min)
}

/// The greatest value; NaN only where there is no other.
pub(super) fn max(window: &Window<'_>) -> f64 {
    values(window).fold(f64::NAN, f64::max)
}

pub(super) fn first(window: &Window<'_>) -> f64 {
    window.samples[0].1
}

pub(super) fn last(window: &Window<'_>) -> f64 {
    window.samples[window.samples.len() - 1].1
}

/// The population's variance.
pub(super) fn variance(window: &Window<'_>) -> f64 {
    variance_of(values(window))
}

/// Twice over the values: the mean first, so that nothing is lost of values far from 0.
pub(super) fn variance_of(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let mean = mean_of(values.clone());
    let (mut squares, mut count) = (Sum::default(), 0.0);
    for value in values {
        squares.add((value - mean) * (value - mean));
        count += 1.0;
    }
    squares.value() / count
}

pub(super) fn quantile_of(window: &Window<'_>, share: f64) -> f64 {
    quantile(share, &mut values(window).collect::<Vec<f64>>())
}
