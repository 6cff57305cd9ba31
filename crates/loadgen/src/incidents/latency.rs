//! How long something takes, as mean and variance in seconds, taken for log-normal where its tail matters: response times are
//! skewed, sums of independent parts keep both moments, and a time-out needs the tail.

#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Latency {
    /// Seconds.
    pub(super) mean: f64,
    pub(super) variance: f64,
}

/// What a time-out leaves of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cut {
    /// Of what is waited for, no longer than the limit.
    pub(super) latency: Latency,
    /// Share that is given up.
    pub(super) share: f64,
}

/// Adds up to [`Latency::mixture`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mixture {
    shares: f64,
    mean: f64,
    square: f64,
}

impl Mixture {
    pub(super) fn add(&mut self, share: f64, part: Latency) {
        self.shares += share;
        self.mean += share * part.mean;
        self.square += share * part.square();
    }

    pub(super) fn latency(&self) -> Latency {
        if self.shares <= 0.0 {
            return Latency::default();
        }
        let (mean, square) = (self.mean / self.shares, self.square / self.shares);
        Latency { mean, variance: (square - mean * mean).max(0.0) }
    }
}

impl Latency {
    pub(super) fn fixed(seconds: f64) -> Self {
        Self { mean: seconds, variance: 0.0 }
    }

    /// With so many standard deviations to the mean.
    pub(super) fn spread(mean: f64, ratio: f64) -> Self {
        Self { mean, variance: (mean * ratio).powi(2) }
    }

    /// Exponential, as waiting times nearly are.
    pub(super) fn waiting(mean: f64) -> Self {
        Self::spread(mean, 1.0)
    }

    pub(super) fn then(self, next: Self) -> Self {
        Self { mean: self.mean + next.mean, variance: self.variance + next.variance }
    }

    /// One after the other, `count` times on average: its whole part always, one more with the probability of the rest.
    pub(super) fn repeated(self, count: f64) -> Self {
        let rest = count.fract();
        Self {
            mean: self.mean * count,
            variance: self.variance * count + rest * (1.0 - rest) * self.mean * self.mean,
        }
    }

    /// Only in `share` of the cases, nothing in the others.
    pub(super) fn sometimes(self, share: f64) -> Self {
        Self {
            mean: self.mean * share,
            variance: share * (self.variance + self.mean * self.mean) - (self.mean * share).powi(2),
        }
    }

    /// The longer of two that run side by side: exact for normal ones (C. E. Clark, 1961), near enough for these.
    pub(super) fn beside(self, other: Self) -> Self {
        let apart = (self.variance + other.variance).sqrt();
        if apart < 1e-12 {
            return if self.mean >= other.mean { self } else { other };
        }
        let alpha = (self.mean - other.mean) / apart;
        let (above, density) = (normal_below(alpha), normal_density(alpha));
        let mean = self.mean * above + other.mean * (1.0 - above) + apart * density;
        let square = (self.mean * self.mean + self.variance) * above
            + (other.mean * other.mean + other.variance) * (1.0 - above)
            + (self.mean + other.mean) * apart * density;
        Self { mean, variance: (square - mean * mean).max(0.0) }
    }

    pub(super) fn square(self) -> f64 {
        self.variance + self.mean * self.mean
    }

    /// One of several, with these shares; nothing when all shares are nothing.
    pub(super) fn mixture(parts: impl Iterator<Item = (f64, Self)>) -> Self {
        let mut mixture = Mixture::default();
        parts.for_each(|(share, part)| mixture.add(share, part));
        mixture.latency()
    }

    /// Location and scale of the log-normal with these moments.
    fn log(self) -> (f64, f64) {
        let scale = (1.0 + self.variance / (self.mean * self.mean)).ln();
        (self.mean.ln() - scale / 2.0, scale.sqrt())
    }

    /// The value that `z` standard deviations of the logarithm are above its mean.
    pub(super) fn at(self, z: f64) -> f64 {
        if self.mean <= 0.0 {
            return 0.0;
        }
        let (location, scale) = self.log();
        (location + scale * z).exp()
    }

    /// Waited for no longer than `limit`: the log-normal's partial moments.
    pub(super) fn cut(self, limit: f64) -> Cut {
        let far = self.mean + 12.0 * self.variance.sqrt();
        if far < limit || self.mean <= 0.0 {
            return Cut { latency: self, share: 0.0 };
        }
        if self.variance <= self.mean * self.mean * 1e-6 {
            let given_up = self.mean > limit;
            let latency = if given_up { Self::fixed(limit) } else { self };
            return Cut { latency, share: if given_up { 1.0 } else { 0.0 } };
        }
        let (location, scale) = self.log();
        let z = (limit.ln() - location) / scale;
        let share = 1.0 - normal_below(z);
        let mean = self.mean * normal_below(z - scale) + limit * share;
        let square = self.square() * normal_below(z - 2.0 * scale) + limit * limit * share;
        Cut { latency: Self { mean, variance: (square - mean * mean).max(0.0) }, share }
    }
}

fn normal_density(z: f64) -> f64 {
    (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// Zelen and Severo's approximation (Abramowitz and Stegun 26.2.17), error below 7.5e-8.
pub(super) fn normal_below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let polynomial = t
        * (0.319_381_53
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let above = normal_density(z) * polynomial;
    if z >= 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::super::chance::{Purpose, chance};
    use super::*;

    /// Of draws from the log-normal with these moments.
    fn drawn(latency: Latency, take: impl Fn(f64) -> f64) -> f64 {
        let mut chance = chance(5, Purpose::Jitter, 0, 0);
        let count = 200_000;
        (0..count).map(|_| take(latency.at(chance.normal()))).sum::<f64>() / f64::from(count)
    }

    #[test]
    fn a_time_out_leaves_what_drawing_and_cutting_leaves() {
        let latency = Latency::spread(0.8, 1.2);
        for limit in [0.3, 1.0, 4.0] {
            let cut = latency.cut(limit);
            let share = drawn(latency, |t| if t > limit { 1.0 } else { 0.0 });
            let mean = drawn(latency, |t| t.min(limit));
            let square = drawn(latency, |t| t.min(limit).powi(2));
            assert!((cut.share - share).abs() < 0.01, "{limit}: {} and {share}", cut.share);
            assert!((cut.latency.mean / mean - 1.0).abs() < 0.02, "{limit}: {cut:?} and {mean}");
            assert!((cut.latency.square() / square - 1.0).abs() < 0.05, "{limit}: {square}");
        }
    }

    #[test]
    fn the_longer_of_two_is_longer_than_either_and_shorter_than_both() {
        let (one, other) = (Latency::spread(0.1, 0.5), Latency::spread(0.12, 0.5));
        let both = one.beside(other);
        assert!(both.mean > 0.12 && both.mean < one.mean + other.mean, "{both:?}");
        assert_eq!(Latency::fixed(1.0).beside(Latency::fixed(2.0)), Latency::fixed(2.0));
    }

    #[test]
    fn a_slow_one_among_fast_ones_widens_the_mixture() {
        let (fast, slow) = (Latency::spread(0.01, 0.5), Latency::spread(0.1, 0.5));
        let mixed = Latency::mixture([(3.0, fast), (1.0, slow)].into_iter());
        assert!((mixed.mean - 0.0325).abs() < 1e-9, "{mixed:?}");
        assert!(mixed.variance.sqrt() > mixed.mean, "{mixed:?}");
    }

    #[test]
    fn what_happens_sometimes_keeps_the_moments_of_doing_so() {
        let rare = Latency::fixed(1.0).sometimes(0.25);
        assert_eq!(rare, Latency { mean: 0.25, variance: 0.25 - 0.0625 });
        assert_eq!(Latency::fixed(1.0).repeated(0.25), rare);
    }
}
