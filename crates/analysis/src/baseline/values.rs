//! Values of minutes as sums: how many there were, what they add up to, and their squares.

/// How values spread, as far as a baseline needs to know. Adding two is putting their values together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Values {
    pub count: f64,
    pub sum: f64,
    pub squares: f64,
}

/// Below this share of the mean's square a variance is what rounding leaves of none.
const ROUNDING: f64 = 1e-12;

impl Values {
    /// One value.
    pub fn one(value: f64) -> Values {
        Values { count: 1.0, sum: value, squares: value * value }
    }

    /// So many values with this mean and variance.
    pub fn of(count: f64, mean: f64, variance: f64) -> Values {
        Values { count, sum: count * mean, squares: count * (variance + mean * mean) }
    }

    /// The same and `others` besides.
    pub fn with(self, other: Values) -> Values {
        Values {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }

    /// As values of so many minutes, of which those that are missing are zero. Never fewer than there are.
    pub fn among(self, minutes: f64) -> Values {
        Values { count: self.count.max(minutes), ..self }
    }

    /// Their mean; 0 of none.
    pub fn mean(&self) -> f64 {
        if self.count > 0.0 { self.sum / self.count } else { 0.0 }
    }

    /// Their mean squared distance from their mean.
    pub fn variance(&self) -> f64 {
        self.variance_about(self.mean())
    }

    /// Their mean squared distance from some value; 0 of none.
    pub fn variance_about(&self, value: f64) -> f64 {
        if self.count <= 0.0 {
            return 0.0;
        }
        let squares = self.squares / self.count;
        let variance = squares - 2.0 * value * self.mean() + value * value;
        if variance > ROUNDING * squares.max(value * value) { variance } else { 0.0 }
    }

    /// The standard deviation of what they are a sample of: with n − 1, since the mean is their own.
    pub fn deviation(&self) -> f64 {
        if self.count > 1.0 {
            (self.variance() * self.count / (self.count - 1.0)).sqrt()
        } else {
            0.0
        }
    }

    /// The values of a sum: each minute's value is that of all `parts` together. Parts are taken for independent within an
    /// hour (nodes that share a load are), since what one was while another was that is not kept. All have as many values.
    pub fn summed(self, other: Values) -> Values {
        let count = self.count.max(other.count);
        let (one, two) = (self.among(count), other.among(count));
        Values::of(count, one.mean() + two.mean(), one.variance() + two.variance())
    }
}

/// An average over parts, each with its weight: each minute's value is the weighted mean of its parts', which are taken for
/// independent as in [`Values::summed`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weighted {
    count: f64,
    weight: f64,
    means: f64,
    variances: f64,
}

impl Weighted {
    /// Adds a part. One without weight or values says nothing.
    pub fn add(&mut self, part: Values, weight: f64) {
        if weight > 0.0 && part.count > 0.0 {
            self.count = self.count.max(part.count);
            self.weight += weight;
            self.means += weight * part.mean();
            self.variances += weight * weight * part.variance();
        }
    }

    /// Of all parts together.
    pub fn values(&self) -> Values {
        if self.weight <= 0.0 {
            return Values::default();
        }
        let variance = self.variances / (self.weight * self.weight);
        Values::of(self.count, self.means / self.weight, variance)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(all: &[f64]) -> Values {
        all.iter().fold(Values::default(), |sum, value| sum.with(Values::one(*value)))
    }

    #[track_caller]
    fn close(found: f64, expected: f64) {
        let within = 1e-6 * expected.abs().max(1e-3);
        assert!((found - expected).abs() <= within, "{found} is not {expected}");
    }

    #[test]
    fn mean_and_deviation_are_those_of_the_values() {
        // The example of <https://en.wikipedia.org/wiki/Standard_deviation#Basic_examples>.
        let eight = values(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((eight.mean(), eight.variance()), (5.0, 4.0));
        close(eight.deviation(), (32.0f64 / 7.0).sqrt());
        assert_eq!((Values::default().mean(), Values::one(3.0).deviation()), (0.0, 0.0));
    }

    #[test]
    fn minutes_without_a_value_are_zeros_of_a_count() {
        let sparse = values(&[6.0, 6.0]).among(4.0);
        assert_eq!((sparse.mean(), sparse.variance()), (3.0, 9.0));
        assert_eq!(values(&[6.0, 6.0]).among(1.0), values(&[6.0, 6.0]));
    }

    #[test]
    fn a_constant_has_no_deviation_however_large_it_is() {
        let same = values(&[123_456.789; 60]);
        assert_eq!(same.deviation(), 0.0);
    }

    #[test]
    fn an_average_of_one_part_is_that_part_and_a_silent_part_says_nothing() {
        let of = |parts: &[(Values, f64)]| {
            let mut all = Weighted::default();
            parts.iter().for_each(|(part, weight)| all.add(*part, *weight));
            let all = all.values();
            [all.count, all.mean(), all.variance()]
        };
        let one = values(&[1.0, 3.0]);
        assert_eq!(of(&[(one, 5.0)]), [2.0, 2.0, 1.0]);
        assert_eq!(of(&[(one, 5.0), (Values::default(), 0.0)]), [2.0, 2.0, 1.0]);
        assert_eq!(of(&[]), [0.0; 3]);
        let two = [(Values::of(60.0, 10.0, 4.0), 3.0), (Values::of(60.0, 20.0, 4.0), 1.0)];
        let [count, mean, variance] = of(&two);
        assert_eq!(count, 60.0);
        close(mean, 12.5);
        close(variance, 4.0 * (9.0 + 1.0) / 16.0);
    }

    proptest! {
        #[test]
        fn putting_together_is_the_same_in_any_order(
            one in proptest::collection::vec(0.0f64..1e5, 1..40),
            two in proptest::collection::vec(0.0f64..1e5, 1..40),
        ) {
            let together = values(&one).with(values(&two));
            let all: Vec<f64> = two.iter().chain(&one).copied().collect();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let variance = all.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / all.len() as f64;
            close(together.mean(), mean);
            prop_assert!((together.variance() - variance).abs() <= 1e-6 * (mean * mean).max(1.0));
            prop_assert!(together.variance() >= 0.0);
        }

        #[test]
        fn a_sum_has_the_means_and_variances_of_its_parts(
            a in 0.0f64..1e3, b in 0.0f64..1e3, va in 0.0f64..1e3, vb in 0.0f64..1e3,
        ) {
            let sum = Values::of(60.0, a, va).summed(Values::of(60.0, b, vb));
            prop_assert!((sum.mean() - a - b).abs() < 1e-6);
            prop_assert!((sum.variance() - va - vb).abs() < 1e-3);
        }
    }
}
