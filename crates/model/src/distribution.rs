//! Histograms of either kind: what came in between two exports, its mean, extremes and percentiles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Values counted by size.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    pub count: u64,
    /// Nothing where the agent sent none: values may be negative.
    pub sum: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub buckets: Buckets,
}

/// How many values lie where.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Buckets {
    /// Not known.
    #[default]
    None,
    /// `counts[i]` values lie above `bounds[i - 1]` and at or below `bounds[i]`.
    Explicit { bounds: Vec<f64>, counts: Vec<u64> },
    /// `(i, n)`: n values lie in `(base^i, base^(i+1)]`, base = 2^(2^-scale).
    Exponential { scale: i32, zero: u64, counts: Vec<(i32, u64)> },
}

impl Distribution {
    /// What was added to `before`; nothing where this is no continuation of it. Extremes of the time between are not known.
    pub fn since(&self, before: &Distribution) -> Option<Distribution> {
        let count = self.count.checked_sub(before.count)?;
        let sum = self.sum.zip(before.sum).map(|(sum, before)| sum - before);
        Some(Distribution {
            count,
            sum,
            min: None,
            max: None,
            buckets: self.buckets.since(&before.buckets),
        })
    }

    /// Both together. Buckets of different bounds cannot be put together: then there are none.
    #[must_use]
    pub fn plus(&self, other: &Distribution) -> Distribution {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other.clone() } else { self.clone() };
        }
        let both = |a: Option<f64>, b: Option<f64>, of: fn(f64, f64) -> f64| {
            a.zip(b).map(|(a, b)| of(a, b))
        };
        Distribution {
            count: self.count.saturating_add(other.count),
            sum: both(self.sum, other.sum, |a, b| a + b),
            min: both(self.min, other.min, f64::min),
            max: both(self.max, other.max, f64::max),
            buckets: self.buckets.plus(&other.buckets),
        }
    }

    /// The mean of its values.
    pub fn mean(&self) -> Option<f64> {
        let sum = self.sum?;
        (self.count > 0).then(|| sum / self.count as f64)
    }

    /// The smallest and the largest value: as sent, or the bounds of the buckets they lie in, or the mean.
    pub fn extremes(&self) -> Option<(f64, f64)> {
        let mean = self.mean()?;
        let (lowest, highest) = self.buckets.ends();
        let min = self.min.or(lowest).unwrap_or(mean).min(mean);
        let max = self.max.or(highest).unwrap_or(mean).max(mean);
        Some((min, max))
    }

    /// The sum of its values' squares, each value taken to be its bucket's middle: never less than values that are all the
    /// mean would have.
    pub fn squares(&self) -> Option<f64> {
        let least = self.mean()? * self.sum?;
        Some(self.buckets.squares().map_or(least, |squares| squares.max(least)))
    }

    /// The value below which the share `quantile` of the values lies, as finely as the buckets tell.
    pub fn quantile(&self, quantile: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let value = match &self.buckets {
            Buckets::None => return None,
            Buckets::Explicit { bounds, counts } => explicit_quantile(bounds, counts, quantile)?,
            Buckets::Exponential { scale, zero, counts } => {
                exponential_quantile(*scale, *zero, counts, quantile)?
            }
        };
        Some(value.max(self.min.unwrap_or(value)).min(self.max.unwrap_or(f64::INFINITY)))
    }
}

impl Buckets {
    /// About how much memory they take besides themselves, in bytes.
    pub fn memory(&self) -> usize {
        match self {
            Buckets::None => 0,
            Buckets::Explicit { bounds, counts } => (bounds.len() + counts.len()) * 8,
            Buckets::Exponential { counts, .. } => counts.len() * size_of::<(i32, u64)>(),
        }
    }

    fn plus(&self, other: &Buckets) -> Buckets {
        match (self, other) {
            (
                Buckets::Explicit { bounds, counts },
                Buckets::Explicit { bounds: other_bounds, counts: others },
            ) if bounds == other_bounds => {
                let counts = counts.iter().zip(others).map(|(a, b)| a.saturating_add(*b));
                Buckets::Explicit { bounds: bounds.clone(), counts: counts.collect() }
            }
            (
                Buckets::Exponential { scale, zero, counts },
                Buckets::Exponential { scale: other_scale, zero: other_zero, counts: others },
            ) => {
                let coarsest = *scale.min(other_scale);
                let mut all = BTreeMap::<i32, u64>::new();
                for (scale, counts) in [(scale, counts), (other_scale, others)] {
                    for (index, count) in counts {
                        // As in `without`.
                        *all.entry(index >> (scale - coarsest).min(31)).or_default() += count;
                    }
                }
                let zero = zero.saturating_add(*other_zero);
                Buckets::Exponential { scale: coarsest, zero, counts: all.into_iter().collect() }
            }
            _ => Buckets::None,
        }
    }

    fn since(&self, before: &Buckets) -> Buckets {
        match (self, before) {
            (
                Buckets::Explicit { bounds, counts },
                Buckets::Explicit { bounds: old_bounds, counts: old },
            ) if bounds == old_bounds => {
                let counts = counts.iter().zip(old).map(|(new, old)| new.saturating_sub(*old));
                Buckets::Explicit { bounds: bounds.clone(), counts: counts.collect() }
            }
            (
                Buckets::Exponential { scale, zero, counts },
                Buckets::Exponential { scale: old_scale, zero: old_zero, counts: old },
            ) if scale <= old_scale => Buckets::Exponential {
                scale: *scale,
                zero: zero.saturating_sub(*old_zero),
                counts: without(counts, old, old_scale - scale),
            },
            _ => Buckets::None,
        }
    }

    /// As [`Distribution::squares`]; beyond the last bound there is only that bound.
    fn squares(&self) -> Option<f64> {
        let of = |value: f64, count: u64| value * value * count as f64;
        match self {
            Buckets::None => None,
            Buckets::Explicit { bounds, counts } => {
                let last = *bounds.last()?;
                let bucket = |(at, count): (usize, &u64)| {
                    let upper = bounds.get(at).copied().unwrap_or(last);
                    let lower = at.checked_sub(1).map_or(upper.min(0.0), |at| bounds[at]);
                    of((lower + upper) / 2.0, *count)
                };
                Some(counts.iter().take(bounds.len() + 1).enumerate().map(bucket).sum())
            }
            Buckets::Exponential { scale, counts, .. } => {
                let middle = |index: i32| {
                    exponential_bound(*scale, index) * exponential_bound(*scale, index + 1)
                };
                Some(counts.iter().map(|(index, count)| of(middle(*index).sqrt(), *count)).sum())
            }
        }
    }

    /// The lower bound of the first and the upper bound of the last bucket with a value in it.
    fn ends(&self) -> (Option<f64>, Option<f64>) {
        match self {
            Buckets::None => (None, None),
            Buckets::Explicit { bounds, counts } => {
                let first = counts.iter().position(|count| *count > 0);
                let last = counts.iter().rposition(|count| *count > 0);
                // The first bucket has no lower bound; positive values begin at 0.
                let lower = |at: usize| match at.checked_sub(1) {
                    Some(before) => bounds.get(before).copied(),
                    None => bounds.first().map(|bound| bound.min(0.0)),
                };
                (first.and_then(lower), last.and_then(|at| bounds.get(at)).copied())
            }
            Buckets::Exponential { scale, zero, counts } => {
                let counted = || counts.iter().filter(|(_, count)| *count > 0);
                let lower = counted().next().map(|(index, _)| exponential_bound(*scale, *index));
                let upper =
                    counted().next_back().map(|(index, _)| exponential_bound(*scale, index + 1));
                (if *zero > 0 { Some(0.0) } else { lower }, upper)
            }
        }
    }
}

/// `counts` less `old`, whose buckets are 2^`finer` times as fine.
fn without(counts: &[(i32, u64)], old: &[(i32, u64)], finer: i32) -> Vec<(i32, u64)> {
    let mut left = counts.to_vec();
    for (index, count) in old {
        // A shift of 31 puts every index into the bucket of its sign.
        let index = index >> finer.min(31);
        if let Ok(at) = left.binary_search_by_key(&index, |(index, _)| *index) {
            left[at].1 = left[at].1.saturating_sub(*count);
        }
    }
    left
}

/// The lower bound of an exponential bucket.
pub fn exponential_bound(scale: i32, index: i32) -> f64 {
    (f64::from(index) * f64::from(-scale).exp2()).exp2()
}

/// Between a bucket's bounds values are taken to lie evenly; beyond the last bound there is only that bound.
fn explicit_quantile(bounds: &[f64], counts: &[u64], quantile: f64) -> Option<f64> {
    let total: u64 = counts.iter().sum();
    let rank = quantile * total as f64;
    let mut seen = 0.0;
    for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let before = seen;
        seen += *count as f64;
        if seen < rank {
            continue;
        }
        let Some(&upper) = bounds.get(at) else { break };
        let lower = if at == 0 { upper.min(0.0) } else { bounds[at - 1] };
        return Some(lower + (upper - lower) * (rank - before) / *count as f64);
    }
    if total == 0 { None } else { bounds.last().copied() }
}

/// The geometric middle of the bucket that holds the rank.
fn exponential_quantile(
    scale: i32,
    zero: u64,
    counts: &[(i32, u64)],
    quantile: f64,
) -> Option<f64> {
    let total = zero + counts.iter().map(|(_, count)| count).sum::<u64>();
    if total == 0 {
        return None;
    }
    let rank = quantile * total as f64;
    let mut seen = zero as f64;
    if zero > 0 && seen >= rank {
        return Some(0.0);
    }
    let mut last = 0.0;
    for (index, count) in counts.iter().filter(|(_, count)| *count > 0) {
        seen += *count as f64;
        last = (exponential_bound(scale, *index) * exponential_bound(scale, index + 1)).sqrt();
        if seen >= rank {
            break;
        }
    }
    Some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explicit(count: u64, sum: f64, bounds: &[f64], counts: &[u64]) -> Distribution {
        let buckets = Buckets::Explicit { bounds: bounds.to_vec(), counts: counts.to_vec() };
        Distribution { count, sum: Some(sum), min: None, max: None, buckets }
    }

    #[test]
    fn between_two_exports_only_what_was_added_counts() {
        let before = explicit(10, 100.0, &[10.0, 20.0], &[10, 0, 0]);
        let after = explicit(14, 164.0, &[10.0, 20.0], &[10, 4, 0]);
        let added = after.since(&before).unwrap();
        assert_eq!((added.count, added.mean()), (4, Some(16.0)));
        assert_eq!(added.extremes(), Some((10.0, 20.0)));
        assert_eq!(before.extremes(), Some((0.0, 10.0)));
        assert_eq!(added.quantile(0.5), Some(15.0));
        assert_eq!(before.since(&after), None);
    }

    #[test]
    fn two_are_put_together_by_the_coarser_of_their_buckets() {
        let one = explicit(3, 30.0, &[10.0], &[2, 1]);
        let two = one.plus(&explicit(2, 40.0, &[10.0], &[0, 2]));
        assert_eq!(two, explicit(5, 70.0, &[10.0], &[2, 3]));
        assert_eq!(one.plus(&Distribution::default()), one);
        assert_eq!(one.plus(&explicit(1, 1.0, &[5.0], &[1, 0])).buckets, Buckets::None);
        let fine = |scale, counts| Distribution {
            count: 2,
            buckets: Buckets::Exponential { scale, zero: 1, counts },
            ..Distribution::default()
        };
        let Buckets::Exponential { scale, zero, counts } =
            fine(1, vec![(-1, 1)]).plus(&fine(0, vec![(-1, 1), (3, 2)])).buckets
        else {
            panic!("both are exponential")
        };
        assert_eq!((scale, zero, counts), (0, 2, vec![(-1, 2), (3, 2)]));
    }

    #[test]
    fn squares_come_from_the_buckets_and_are_never_less_than_the_mean_s() {
        let two_buckets = explicit(4, 60.0, &[10.0, 20.0], &[2, 2, 0]);
        // Two of 5 and two of 15, were it not for the sum.
        assert_eq!(two_buckets.squares(), Some(900.0));
        let wide = explicit(4, 40.0, &[10.0, 20.0], &[2, 2, 0]);
        assert_eq!(wide.squares(), Some(2.0 * 25.0 + 2.0 * 225.0));
        let without = Distribution { buckets: Buckets::None, ..wide };
        assert_eq!(without.squares(), Some(400.0));
    }

    #[test]
    fn a_percentile_beyond_the_last_bound_is_that_bound() {
        assert_eq!(explicit(4, 400.0, &[10.0], &[0, 4]).quantile(0.95), Some(10.0));
        assert_eq!(explicit(0, 0.0, &[10.0], &[0, 0]).quantile(0.95), None);
    }

    #[test]
    fn a_coarser_exponential_histogram_continues_a_finer_one() {
        let exponential = |scale, counts: &[(i32, u64)]| Distribution {
            count: counts.iter().map(|(_, count)| count).sum(),
            sum: Some(0.0),
            buckets: Buckets::Exponential { scale, zero: 0, counts: counts.to_vec() },
            ..Distribution::default()
        };
        // Scale 0: bucket 3 is (8, 16]. Scale 1: its halves are 6 and 7.
        let before = exponential(1, &[(6, 2), (7, 1)]);
        let after = exponential(0, &[(3, 5), (6, 1)]);
        let added = after.since(&before).unwrap();
        assert_eq!(added.buckets, exponential(0, &[(3, 2), (6, 1)]).buckets);
        let middle = added.quantile(0.5).unwrap();
        assert!((8.0..=16.0).contains(&middle), "{middle}");
        assert!((64.0..=128.0).contains(&added.quantile(1.0).unwrap()));
    }
}
