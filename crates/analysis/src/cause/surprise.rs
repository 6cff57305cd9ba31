//! How surprising a value is, judged by the history of its own series, and what that is worth as evidence.
//!
//! A deviation is measured in robust scales (median and MAD), then judged by rank among the history's own deviations: a
//! series which jumps now and then needs a larger jump to surprise. Beyond the largest deviation seen, the tail is taken
//! to fall by a power law, so that short histories stay careful. The probability becomes evidence by the bound of Sellke,
//! Bayarri and Berger ("Calibration of p values for testing precise null hypotheses", 2001): no alternative can have a
//! larger likelihood ratio than −1 / (e p ln p).

use super::Config;

/// What a series was expected to be, what it was, and how surprising that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// The history's median.
    pub expected: f64,
    /// The band that holds about 99 of 100 points of a normal series with this median and scale.
    pub low: f64,
    pub high: f64,
    /// The mean over the incident.
    pub observed: f64,
    /// Distance from the median in robust scales, signed.
    pub scales: f64,
    /// Natural logarithm of one over the probability of such a deviation in this direction, by the history alone.
    pub surprise: f64,
}

impl Deviation {
    /// In nats: how much more likely "something is wrong here" has become, at most.
    #[must_use]
    pub fn evidence(&self) -> f64 {
        evidence(self.surprise)
    }

    /// Evidence for a rise; 0 for a fall.
    #[must_use]
    pub fn of_rise(&self) -> f64 {
        if self.scales > 0.0 { self.evidence() } else { 0.0 }
    }

    /// Observed minus expected.
    #[must_use]
    pub fn change(&self) -> f64 {
        self.observed - self.expected
    }
}

/// The largest log likelihood ratio that a tail probability of exp(−`surprise`) can stand for; 0 where it stands for none.
#[must_use]
pub(super) fn evidence(surprise: f64) -> f64 {
    if surprise <= 1.0 { 0.0 } else { surprise - 1.0 - surprise.ln() }
}

/// The surprise at one of two who may be at fault for something, by how likely it is that one.
#[must_use]
pub(super) fn in_part(surprise: f64, share: f64) -> f64 {
    (surprise + share.max(f64::MIN_POSITIVE).ln()).max(0.0)
}

/// The deviation of the incident's mean from the history, or nothing where either has no value.
///
/// `floor` is the least scale, in the unit of the series: a change below it is never of interest.
#[must_use]
pub(super) fn deviation(
    history: &[f64],
    incident: &[f64],
    floor: f64,
    config: &Config,
) -> Option<Deviation> {
    if history.is_empty() || incident.is_empty() {
        return None;
    }
    let observed = incident.iter().sum::<f64>() / incident.len() as f64;
    Some(deviation_of(history, observed, floor, config))
}

/// Like [`deviation`], of a value which the caller has averaged. `history` has at least one value.
#[must_use]
pub(super) fn deviation_of(
    history: &[f64],
    observed: f64,
    floor: f64,
    config: &Config,
) -> Deviation {
    Usual::of(history.to_vec()).deviation(observed, floor, config)
}

/// How a series usually is, for several looks at what it is now.
#[derive(Debug, Clone)]
pub(super) struct Usual {
    values: Vec<f64>,
    median: f64,
    /// The median distance from it.
    distance: f64,
}

impl Usual {
    /// `values`: at least one.
    pub(super) fn of(mut values: Vec<f64>) -> Self {
        let median = self::median(&mut values);
        let mut distances: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
        let distance = self::median(&mut distances);
        Self { values, median, distance }
    }

    pub(super) fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    pub(super) fn deviation(&self, observed: f64, floor: f64, config: &Config) -> Deviation {
        let Self { values, median: expected, distance } = self;
        let expected = *expected;
        let scale = (distance * MAD_TO_SIGMA).max(floor).max(f64::MIN_POSITIVE);
        let scales = (observed - expected) / scale;
        let side = scales.signum();
        let size = scales.abs();
        let (mut larger, mut largest) = (0_usize, 1.0_f64);
        for value in values {
            let distance = side * (value - expected) / scale;
            larger += usize::from(distance >= size);
            largest = largest.max(distance);
        }
        let share = (larger + 1) as f64 / (values.len() + 1) as f64;
        // A scale from few points is uncertain: as Student's distribution, whose tail falls by the degrees of freedom.
        let power = config.tail_power.min((values.len() as f64 - 1.0).max(1.0));
        let beyond =
            if larger > 0 || size <= largest { 0.0 } else { power * (size / largest).ln() };
        Deviation {
            expected,
            low: expected - BAND_SCALES * scale,
            high: expected + BAND_SCALES * scale,
            observed,
            scales,
            surprise: beyond - share.ln(),
        }
    }
}

/// Makes the median absolute deviation of a normal series its standard deviation.
const MAD_TO_SIGMA: f64 = 1.4826;
/// Half the width of the expected band.
const BAND_SCALES: f64 = 2.58;

/// The median; `values` come out in another order. There is at least one, none is NaN.
fn median(values: &mut [f64]) -> f64 {
    let (count, middle) = (values.len(), values.len() / 2);
    let (below, at, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let at = *at;
    if count % 2 == 1 {
        return at;
    }
    let before = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(before, at)
}

/// Surprise that a count is as low as `now` (or as high, by the sign of its distance) when `before` were seen under
/// `exposure` times less opportunity: the tail of the negative binomial which a Poisson count with Jeffreys' prior predicts.
///
/// Counts come in bunches; `bunch` is how many come together, and only so many of them are independent.
#[must_use]
pub(super) fn count_surprise(before: f64, now: f64, exposure: f64, bunch: f64) -> CountSurprise {
    let (before, now) = (before / bunch, now / bunch);
    let shape = before + 0.5;
    let expected = shape * exposure;
    let fell = now < before * exposure;
    let miss = exposure / (1.0 + exposure);
    let tail = if fell {
        negative_binomial_tail(now.floor(), shape, miss, Side::AtMost)
    } else {
        negative_binomial_tail(now.ceil() - 1.0, shape, miss, Side::Above)
    };
    // The sum cannot resolve less; what is this rare needs no finer figure.
    let surprise = -tail.clamp(LEAST_TAIL, 1.0).ln();
    CountSurprise { expected: expected * bunch, fell, surprise }
}

/// What [`count_surprise`] finds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CountSurprise {
    /// How many were to be expected.
    pub(super) expected: f64,
    /// Fewer than that came.
    pub(super) fell: bool,
    /// Natural logarithm of one over the tail's probability.
    pub(super) surprise: f64,
}

const LEAST_TAIL: f64 = 1e-12;

#[derive(Clone, Copy, PartialEq)]
enum Side {
    AtMost,
    Above,
}

/// The probability that the number of successes before `shape` failures is on that side of `most`, success having
/// probability `miss`.
fn negative_binomial_tail(most: f64, shape: f64, miss: f64, side: Side) -> f64 {
    if most < 0.0 {
        return if side == Side::AtMost { 0.0 } else { 1.0 };
    }
    let mean = shape * miss / (1.0 - miss);
    let deviation = (mean / (1.0 - miss)).sqrt();
    if deviation > MOST_DEVIATION {
        // By normal approximation: the counts are large, the tail is smooth, and its terms too many.
        let scales = (most + 0.5 - mean) / deviation;
        return normal_at_most(if side == Side::AtMost { scales } else { -scales });
    }
    let log_term = |count: f64| {
        ln_gamma(count + shape) - ln_gamma(shape) - ln_gamma(count + 1.0)
            + shape * (1.0 - miss).ln()
            + count * miss.ln()
    };
    // The shorter way: away from the mean terms only fall, and few of them matter.
    let below_mean = most < mean;
    let sum = if below_mean {
        let down = |count: f64| count / (miss * (count - 1.0 + shape));
        log_term(most).exp() * sum_of_ratios(most, -1.0, down)
    } else {
        let up = |count: f64| miss * (count + shape) / (count + 1.0);
        log_term(most + 1.0).exp() * sum_of_ratios(most + 1.0, 1.0, up)
    };
    if below_mean == (side == Side::AtMost) { sum } else { 1.0 - sum }
}

/// The sum of terms from `count` on in steps of `step`, down to 0 at most, in units of the first; `ratio` tells each one's next.
fn sum_of_ratios(mut count: f64, step: f64, ratio: impl Fn(f64) -> f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    while term > LEAST_TERM * sum && (step > 0.0 || count > 0.0) {
        term *= ratio(count);
        sum += term;
        count += step;
    }
    sum
}

const MOST_DEVIATION: f64 = 3_000.0;

/// P(X ≤ `scales`) of the standard normal distribution, by the error function's approximation 7.1.26 in Abramowitz and
/// Stegun, "Handbook of Mathematical Functions" (error below 1.5e-7).
fn normal_at_most(scales: f64) -> f64 {
    let x = scales.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let polynomial = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592]
        .iter()
        .fold(0.0, |sum, factor| (sum + factor) * t);
    let upper = 0.5 * polynomial * (-x * x).exp();
    if scales < 0.0 { upper } else { 1.0 - upper }
}

/// A term this much smaller than the sum changes nothing, nor do those after it.
const LEAST_TERM: f64 = 1e-12;

/// Surprise that of `now_of` chances only `now` were taken, when before `before` of `before_of` were: the lower tail of
/// the beta-binomial distribution which Jeffreys' prior predicts.
#[must_use]
pub(super) fn share_fall_surprise(before: f64, before_of: f64, now: f64, now_of: f64) -> f64 {
    if now_of <= 0.0 || before_of <= 0.0 {
        return 0.0;
    }
    let (hits, misses) = (before.min(before_of) + 0.5, (before_of - before).max(0.0) + 0.5);
    let all = now_of.round();
    let most = now.round().min(all);
    let log_term = |count: f64| {
        ln_gamma(all + 1.0) - ln_gamma(count + 1.0) - ln_gamma(all - count + 1.0)
            + ln_beta(hits + count, misses + all - count)
            - ln_beta(hits, misses)
    };
    let down =
        |count: f64| count * (misses + all - count) / ((all - count + 1.0) * (hits + count - 1.0));
    let up = |count: f64| {
        let left = all - count;
        if left > 0.0 {
            left * (hits + count) / ((count + 1.0) * (misses + left - 1.0))
        } else {
            0.0
        }
    };
    let sum = if most < all * hits / (hits + misses) {
        log_term(most).exp() * sum_of_ratios(most, -1.0, down)
    } else if most < all {
        1.0 - log_term(most + 1.0).exp() * sum_of_ratios(most + 1.0, 1.0, up)
    } else {
        1.0
    };
    -sum.clamp(LEAST_TAIL, 1.0).ln()
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// Logarithm of the gamma function for positive `x`, by Stirling's series after shifting `x` above 10 (error below 1e-10).
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 10.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1260.0));
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-6 * right.abs().max(1.0), "{left} is not {right}");
    }

    #[test]
    fn of_two_who_may_be_at_fault_each_is_by_its_share_less_surprising() {
        assert!((in_part(10.0, 0.5) - (10.0 - 2.0_f64.ln())).abs() < 1e-12);
        assert!((in_part(10.0, 1.0) - 10.0).abs() < 1e-12);
        assert_eq!([in_part(10.0, 0.0), in_part(0.5, 0.1)], [0.0, 0.0]);
    }

    #[test]
    fn the_gamma_function_is_right() {
        near(ln_gamma(1.0), 0.0);
        near(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln());
        near(ln_gamma(11.0), 3_628_800_f64.ln());
    }

    #[test]
    fn tails_are_those_of_all_terms_summed_up() {
        let all_terms = |most: f64, shape: f64, miss: f64| {
            let (mut term, mut sum, mut count) = ((1.0 - miss).powf(shape), 0.0, 0.0);
            while count <= most {
                sum += term;
                term *= miss * (count + shape) / (count + 1.0);
                count += 1.0;
            }
            sum
        };
        for (shape, miss) in [(0.5, 0.2), (3.5, 0.5), (40.5, 0.3)] {
            for most in [0.0, 1.0, 5.0, 17.0, 40.0] {
                let sum = all_terms(most, shape, miss);
                let tail = |side| negative_binomial_tail(most, shape, miss, side);
                assert!((tail(Side::AtMost) - sum).abs() < 1e-9, "{most} of {shape}, {miss}");
                assert!((tail(Side::Above) - (1.0 - sum)).abs() < 1e-9, "{most} of {shape}");
            }
        }
        // Of a uniform number of 0 to 9: hits and misses seen once each, less the half that Jeffreys' prior adds.
        for most in 0..10 {
            let tail = (-share_fall_surprise(0.5, 1.0, f64::from(most), 9.0)).exp();
            near(tail, f64::from(most + 1) / 10.0);
        }
    }

    #[test]
    fn a_share_that_always_held_and_now_fails_surprises() {
        // 18 of 18 before, 13 of 18 now.
        let fell = share_fall_surprise(18.0, 18.0, 13.0, 18.0);
        assert!(fell > 3.5 && fell < 6.0, "{fell}");
        assert!(share_fall_surprise(18.0, 18.0, 18.0, 18.0) < 1e-9);
        assert!(share_fall_surprise(180.0, 180.0, 130.0, 180.0) > 25.0);
        assert!(share_fall_surprise(9.0, 18.0, 7.0, 18.0) < 2.0);
    }

    #[test]
    fn a_count_is_judged_by_what_was_seen_before() {
        assert!(count_surprise(35.0, 0.0, 1.0, 1.0).surprise > 15.0);
        assert!(count_surprise(0.0, 20.0, 1.0, 1.0).surprise > 8.0);
        let steady = count_surprise(30.0, 33.0, 1.0, 1.0);
        assert!(steady.surprise < 2.0 && !steady.fell, "{steady:?}");
        assert!(
            count_surprise(35.0, 0.0, 1.0, 2.0).surprise
                < count_surprise(35.0, 0.0, 1.0, 1.0).surprise
        );
        let many = count_surprise(50_000.0, 60_000.0, 1.0, 1.0);
        assert!(many.surprise > 20.0, "{many:?}");
    }

    #[test]
    fn a_series_that_jumps_now_and_then_surprises_less() {
        let config = Config::default();
        let calm: Vec<f64> = (0..60).map(|number| 100.0 + f64::from(number % 5)).collect();
        let mut jumpy = calm.clone();
        jumpy[7] = 180.0;
        jumpy[31] = 190.0;
        let of_calm = deviation_of(&calm, 185.0, 1.0, &config);
        let of_jumpy = deviation_of(&jumpy, 185.0, 1.0, &config);
        assert!(of_calm.evidence() > 6.0, "{of_calm:?}");
        assert!(of_jumpy.evidence() < 2.0, "{of_jumpy:?}");
        assert!(deviation_of(&calm, 102.0, 1.0, &config).evidence() < 0.1);
    }
}
