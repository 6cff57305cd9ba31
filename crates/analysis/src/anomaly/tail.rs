//! How surprising a deviation is for *this* series: the tail of its own recent deviations.
//!
//! Each side of each measure has a quantile that is exceeded once in [`EXCEEDED`]⁻¹ points, tracked by stochastic
//! approximation (Robbins & Monro 1951, <https://doi.org/10.1214/aoms/1177729586>), and the mean logarithm of how far it was
//! exceeded, which is Hill's estimate of a power law's index (<https://doi.org/10.1214/aos/1176343247>). Beyond the quantile
//! P(deviation > z) = EXCEEDED × (z ÷ quantile)^(−1/index), and the surprise is −log₁₀ of it. A power law errs on the
//! quiet side where the true tail is lighter, which is what an operator wants.

use super::math::{exp2, log2};

/// How often a side's quantile is exceeded.
pub(super) const EXCEEDED: f32 = 0.02;
/// −log₁₀ of [`EXCEEDED`]: the surprise at the quantile.
pub(super) const AT_QUANTILE: f32 = 1.698_97;
/// Bounds of the index: about a normal law's where it is judged, and a law without a mean.
const INDEX: std::ops::RangeInclusive<f32> = 0.08..=1.5;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tail {
    /// Exceeded once in [`EXCEEDED`]⁻¹ points, in units of the series' scale.
    pub(super) quantile: f32,
    /// Mean ln(z ÷ quantile) of what exceeds it.
    pub(super) index: f32,
}

/// Tails of a series: each measure's upper side, then its lower one.
pub(super) const TAILS: usize = 8;
/// A value for each of them.
pub(super) type Each = [f32; TAILS];

/// All tails of a series, one cache line: the usual point, that exceeds none, is learnt by all of them at once.
#[derive(Clone, Debug, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Tails {
    pub(super) quantiles: Each,
    pub(super) indices: Each,
}

impl Tails {
    pub(super) const fn new(quantile: f32, index: f32) -> Tails {
        Tails { quantiles: [quantile; TAILS], indices: [index; TAILS] }
    }

    pub(super) fn at(&self, place: usize) -> Tail {
        Tail { quantile: self.quantiles[place], index: self.indices[place] }
    }

    /// Whether no tail is exceeded.
    pub(super) fn are_usual(&self, z: &Each) -> bool {
        // Without a branch for each, for all are looked at at once.
        self.quantiles.iter().zip(z).fold(true, |all, (quantile, z)| all & (z <= quantile))
    }

    /// Learns a point that exceeds none of them; as [`Tail::learn`] of each.
    pub(super) fn learn_usual(&mut self, rates: Rates, least: &Each) {
        for ((quantile, index), least) in self.quantiles.iter_mut().zip(&self.indices).zip(least) {
            *quantile = lowered(*quantile, *index, rates).max(*least);
        }
    }

    /// Learns a deviation of one side; one to the other side is `z` ≤ 0.
    pub(super) fn learn(&mut self, place: usize, z: f32, rates: Rates, least: f32) {
        let mut tail = self.at(place);
        tail.learn(z, rates, least);
        self.quantiles[place] = tail.quantile;
        self.indices[place] = tail.index;
    }
}

/// A power law's quantile moves by its index over the count, in logarithms.
fn step(index: f32) -> f32 {
    index.max(0.2)
}

/// The quantile after a point that did not exceed it.
fn lowered(quantile: f32, index: f32, rates: Rates) -> f32 {
    quantile * (1.0 - (rates.quantile * step(index)).min(0.02))
}

/// How fast a tail learns at this point of the series' life.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// One over the points that the quantile remembers.
    pub(super) quantile: f32,
    /// Weight of one exceedance in the index.
    pub(super) index: f32,
}

impl Rates {
    pub(super) fn slower(self, share: f32) -> Rates {
        Rates { quantile: share * self.quantile, index: share * self.index }
    }
}

impl Tail {
    /// −log₁₀ of how often this side deviates further than `z`; 0 where it is usual.
    pub(super) fn surprise(&self, z: f32) -> f32 {
        if z <= self.quantile {
            return 0.0;
        }
        AT_QUANTILE + log2(z / self.quantile) * std::f32::consts::LOG10_2 / self.index
    }

    /// The deviation that is this surprising.
    pub(super) fn deviation_at(&self, surprise: f32) -> f32 {
        let beyond = (surprise - AT_QUANTILE).max(0.0) * std::f32::consts::LOG2_10;
        self.quantile * exp2((beyond * self.index).min(60.0))
    }

    /// Learns a deviation of this side; one to the other side is `z` ≤ 0. The quantile is never
    /// below `least`.
    pub(super) fn learn(&mut self, z: f32, rates: Rates, least: f32) {
        if z <= self.quantile {
            self.quantile = lowered(self.quantile, self.index, rates).max(least);
            return;
        }
        let step = step(self.index);
        let beyond = log2(z / self.quantile) * std::f32::consts::LN_2;
        self.quantile *= 1.0 + (rates.quantile * step * (1.0 / EXCEEDED - 1.0)).min(0.4);
        // One wild point moves the index no further than four usual ones.
        let counted = beyond.min(4.0 * self.index);
        self.index += rates.index * (counted - self.index);
        self.index = self.index.clamp(*INDEX.start(), *INDEX.end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repeatable uniform draw in (0, 1).
    fn uniform(state: &mut u64) -> f32 {
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((*state >> 40) as f32 + 0.5) / (1u64 << 24) as f32
    }

    #[test]
    fn a_power_laws_index_and_quantile_are_found_and_surprise_counts_its_decades() {
        let (mut tail, mut state) = (Tail { quantile: 1.0, index: 0.35 }, 7);
        let rates = Rates { quantile: 0.0005, index: 0.005 };
        for _ in 0..400_000 {
            // P(z > x) = x^-2.
            tail.learn(uniform(&mut state).powf(-0.5), rates, 0.05);
        }
        assert!((tail.index - 0.5).abs() < 0.1, "{tail:?}");
        assert!((tail.quantile / 7.07 - 1.0).abs() < 0.2, "{tail:?}");
        // 31.6 is exceeded once in a thousand draws.
        assert!((tail.surprise(31.6) - 3.0).abs() < 0.3, "{}", tail.surprise(31.6));
        assert!((tail.deviation_at(tail.surprise(31.6)) / 31.6 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn all_tails_learn_a_usual_point_as_each_alone() {
        let rates = Rates { quantile: 0.01, index: 0.005 };
        let mut together = Tails::new(2.0, 0.3);
        together.indices[3] = 1.2;
        together.quantiles[5] = 0.25;
        let z = [0.1, -0.1, 1.9, -1.9, 0.0, 0.2, 2.0, -2.0];
        assert!(together.are_usual(&z));
        let least = [1.0, 1.0, 1.0, 1.0, 0.25, 0.25, 0.25, 0.25];
        let mut alone = together.clone();
        together.learn_usual(rates, &least);
        for (place, z) in z.into_iter().enumerate() {
            alone.learn(place, z, rates, least[place]);
        }
        assert_eq!(together, alone);
        assert!(!together.are_usual(&[0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]));
    }

    #[test]
    fn what_is_usual_does_not_surprise() {
        assert_eq!(Tail { quantile: 2.0, index: 0.3 }.surprise(1.9), 0.0);
        assert!(Tail { quantile: 2.0, index: 0.3 }.surprise(2.1) > AT_QUANTILE);
    }
}
