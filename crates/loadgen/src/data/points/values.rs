//! The values of one node's series, moved on by one sample at a time: counters rise by whole numbers, gauges walk
//! at random in hundredths, histograms collect observations.

use super::catalogue::Kind;
use super::encoding::{BOUNDS, BUCKETS};
use crate::draws::Draws;

/// Largest step of a gauge, in hundredths.
const LARGEST_STEP: usize = 200;
/// Where gauges begin, in hundredths: from 10.00 to 1000.00.
const LOWEST_BEGIN: usize = 1_000;
const HIGHEST_BEGIN: usize = 100_000;
/// Busy counters rise by up to this many a sample, most by far less.
const LARGEST_INCREASE: usize = 500;
const MOST_OBSERVATIONS: usize = 20;

#[derive(Debug, Clone)]
pub(crate) enum Series {
    Counter { total: u64, largest_increase: usize },
    Hundredths(i64),
    Histogram { buckets: [u64; BUCKETS], sum_hundredths: u64 },
}

impl Series {
    pub(crate) fn begin(kind: Kind, draws: &mut Draws) -> Self {
        match kind {
            Kind::Counter => {
                let busiest = draws.below(LARGEST_INCREASE) + 1;
                Self::Counter { total: 0, largest_increase: draws.below(busiest) + 1 }
            }
            Kind::Gauge => {
                let begin = LOWEST_BEGIN + draws.below(HIGHEST_BEGIN - LOWEST_BEGIN);
                Self::Hundredths(begin as i64)
            }
            Kind::Histogram => Self::Histogram { buckets: [0; BUCKETS], sum_hundredths: 0 },
        }
    }

    /// Its value, where that is a number.
    pub(crate) fn number(&self) -> f64 {
        match self {
            Self::Counter { total, .. } => *total as f64,
            Self::Hundredths(value) => *value as f64 / 100.0,
            Self::Histogram { buckets, .. } => buckets.iter().sum::<u64>() as f64,
        }
    }

    /// Its value one interval later.
    pub(crate) fn advance(&mut self, draws: &mut Draws) {
        match self {
            Self::Counter { total, largest_increase } => {
                *total += draws.below(*largest_increase + 1) as u64;
            }
            // Never below zero, as levels are.
            Self::Hundredths(value) => {
                let step = draws.below(2 * LARGEST_STEP + 1) as i64 - LARGEST_STEP as i64;
                *value = (*value + step).abs();
            }
            Self::Histogram { buckets, sum_hundredths } => {
                for _ in 0..draws.below(MOST_OBSERVATIONS + 1) {
                    let hundredths = observation(draws);
                    buckets[bucket_of(hundredths as f64 / 100.0)] += 1;
                    *sum_hundredths += hundredths;
                }
            }
        }
    }
}

/// A time in hundredths of a millisecond: most are short and a few are long.
fn observation(draws: &mut Draws) -> u64 {
    let magnitude = draws.below(4) as u32;
    (draws.below(600) as u64 + 1) * 10_u64.pow(magnitude)
}

/// Bounds belong to the bucket below them.
fn bucket_of(value: f64) -> usize {
    BOUNDS.partition_point(|bound| *bound < value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it() {
        assert_eq!([0.5, 1.0, 1.01, 5000.0, 5000.01].map(bucket_of), [0, 0, 1, 14, 15]);
    }

    #[test]
    fn counters_never_fall_and_gauges_never_leave_their_hundredths() {
        let mut draws = Draws::new(7, 1);
        let mut counter = Series::begin(Kind::Counter, &mut draws);
        let mut gauge = Series::begin(Kind::Gauge, &mut draws);
        let (mut last, mut seen) = (0, std::collections::BTreeSet::new());
        for _ in 0..500 {
            counter.advance(&mut draws);
            gauge.advance(&mut draws);
            let (Series::Counter { total, .. }, Series::Hundredths(value)) = (&counter, &gauge)
            else {
                unreachable!("a series keeps its kind")
            };
            assert!(*total >= last && *value >= 0);
            last = *total;
            seen.insert(*value);
        }
        assert!(last > 0 && seen.len() > 100, "{last} {}", seen.len());
    }
}
