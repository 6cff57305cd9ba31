//! What load explains: a response time or an error share against the logarithm of the calls that it came with.
//!
//! A running regression (<https://en.wikipedia.org/wiki/Simple_linear_regression>) with the level's memory. It counts
//! only as far as it has proven itself: by the share of the variance that it explains.

use super::math::ln;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    /// Of ln(1 + calls): its mean and variance.
    pub(super) mean: f32,
    pub(super) variance: f32,
    /// Of it with the value's deviation from its level.
    pub(super) covariance: f32,
}

/// Correlation from which load explains something, and from which it explains all that the regression says.
const EXPLAINS: (f32, f32) = (0.3, 0.6);

impl Load {
    pub(super) const fn new() -> Load {
        Load { mean: 0.0, variance: 0.0, covariance: 0.0 }
    }

    /// What the load adds to the value, `scale` being its mean deviation.
    pub(super) fn adds(&self, calls: Option<f32>, scale: f32) -> f32 {
        let Some(calls) = calls else { return 0.0 };
        if self.variance <= 1e-4 || scale <= 0.0 {
            return 0.0;
        }
        let spread = self.variance.sqrt();
        // A mean deviation is 0.8 of a standard deviation, about.
        let correlation = (self.covariance / (spread * scale * 1.25)).clamp(-1.0, 1.0);
        let trust = ((correlation.abs() - EXPLAINS.0) / (EXPLAINS.1 - EXPLAINS.0)).clamp(0.0, 1.0);
        // Nothing is known of loads further out than three deviations.
        let off = (ln(1.0 + calls.max(0.0)) - self.mean).clamp(-3.0 * spread, 3.0 * spread);
        trust * self.covariance / self.variance * off
    }

    /// By how much the noise of this value exceeds the usual, for it is the mean of fewer calls than usual.
    pub(super) fn noise(&self, calls: Option<f32>) -> f32 {
        let Some(calls) = calls else { return 1.0 };
        let lacking = self.mean - ln(1.0 + calls.max(0.0));
        if lacking <= 0.0 { 1.0 } else { super::math::exp2(lacking * 0.721_35).min(30.0) }
    }

    /// Learns the load and how far the value was from its level then.
    pub(super) fn learn(&mut self, calls: Option<f32>, deviation: f32, weight: f32) {
        let Some(calls) = calls else { return };
        let off = ln(1.0 + calls.max(0.0)) - self.mean;
        self.mean += weight * off;
        self.variance += weight * (off * off - self.variance);
        self.covariance += weight * (off * deviation - self.covariance);
    }
}
