//! Random numbers by key: what is drawn for one entity in one minute does not depend on what was drawn for others, so that a
//! run with a fault and its twin without one have the same noise.

use crate::draws::Draws;

/// What is drawn for; keeps the streams of one entity and minute apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Build = 1,
    Plan,
    Load,
    Counts,
    Nodes,
    Jitter,
    Series,
    Logs,
    Traces,
    Ids,
}

/// The stream of `purpose` for `entity` in `minute`.
pub(super) fn chance(seed: u64, purpose: Purpose, entity: usize, minute: u64) -> Chance {
    let mut key = seed;
    for part in [purpose as u64, entity as u64, minute] {
        key = Draws::new(key ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93), 0).next();
    }
    Chance { draws: Draws::new(key, 1) }
}

#[derive(Debug, Clone)]
pub(super) struct Chance {
    draws: Draws,
}

impl Chance {
    pub(super) fn next(&mut self) -> u64 {
        self.draws.next()
    }

    /// In (0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        ((self.draws.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub(super) fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Between two positive numbers, each factor alike.
    pub(super) fn within_log(&mut self, low: f64, high: f64) -> f64 {
        self.within(low.ln(), high.ln()).exp()
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.draws.below(bound)
    }

    /// `low` to `high`, both included.
    pub(super) fn whole(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub(super) fn is(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Standard normal, by Box and Muller.
    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Log-normal with median 1.
    pub(super) fn jitter(&mut self, sigma: f64) -> f64 {
        (sigma * self.normal()).exp()
    }

    /// Knuth's product of uniforms below 30, the normal approximation above.
    pub(super) fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 {
            return 0;
        }
        if mean >= 30.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (floor, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > floor {
            product *= self.unit();
            count += 1;
        }
        count
    }

    /// By trial up to 16, by inversion while the mean is small, the normal approximation above.
    pub(super) fn binomial(&mut self, trials: u64, share: f64) -> u64 {
        if trials == 0 || share <= 0.0 {
            return 0;
        }
        if share >= 1.0 {
            return trials;
        }
        if share > 0.5 {
            return trials - self.binomial(trials, 1.0 - share);
        }
        let mean = trials as f64 * share;
        if trials <= 16 {
            return (0..trials).filter(|_| self.unit() < share).count() as u64;
        }
        if mean > 12.0 {
            let drawn = mean + (mean * (1.0 - share)).sqrt() * self.normal();
            return (drawn.round().max(0.0) as u64).min(trials);
        }
        let odds = share / (1.0 - share);
        let mut probability = (trials as f64 * (1.0 - share).ln()).exp();
        let (mut left, mut count) = (self.unit(), 0);
        while left > probability && count < trials {
            left -= probability;
            probability *= odds * (trials - count) as f64 / (count + 1) as f64;
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_variance(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let drawn: Vec<f64> = (0..40_000).map(|_| draw()).collect();
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
        (mean, variance)
    }

    #[test]
    fn counts_have_the_mean_and_variance_of_their_distribution() {
        let mut chance = chance(3, Purpose::Counts, 1, 2);
        for expected in [0.2, 4.0, 29.0, 31.0, 4000.0] {
            let (mean, variance) = mean_and_variance(|| chance.poisson(expected) as f64);
            assert!((mean / expected - 1.0).abs() < 0.05, "Poisson {expected}: mean {mean}");
            assert!((variance / expected - 1.0).abs() < 0.08, "Poisson {expected}: {variance}");
        }
        for (trials, share) in [(5, 0.3), (200, 0.01), (200, 0.5), (1000, 0.97), (40, 0.2)] {
            let (mean, variance) = mean_and_variance(|| chance.binomial(trials, share) as f64);
            let expected = trials as f64 * share;
            assert!((mean / expected - 1.0).abs() < 0.05, "{trials} × {share}: mean {mean}");
            let spread = expected * (1.0 - share);
            assert!((variance / spread - 1.0).abs() < 0.08, "{trials} × {share}: {variance}");
        }
    }

    #[test]
    fn a_key_gives_one_stream_and_another_key_another() {
        let first = |entity, minute| chance(9, Purpose::Counts, entity, minute).next();
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(2, 1));
        assert_ne!(first(1, 2), chance(9, Purpose::Nodes, 1, 2).next());
    }
}
