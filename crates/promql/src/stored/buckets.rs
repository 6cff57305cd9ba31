//! Distributions as a classic histogram's buckets: how many values lie at or below each bound.
//!
//! Explicit bounds are what they are. An exponential histogram's change from sample to sample, and a bucket that is not
//! there in one would be a series that begins late; so all samples of a range get the bounds that any of them has, in the
//! coarsest scale among them.

use std::collections::{BTreeMap, BTreeSet};

use model::distribution::{Buckets, Distribution, exponential_bound};

/// A bound, in the order of numbers.
#[derive(Clone, Copy, PartialEq)]
struct Bound(f64);

impl Eq for Bound {}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Bound) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bound {
    fn cmp(&self, other: &Bound) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Counts at or below each bound, by time. The last bound is infinite.
pub(super) fn cumulative(samples: &[(i64, Distribution)]) -> Vec<(f64, Vec<(i64, f64)>)> {
    let mut all: BTreeMap<Bound, Vec<(i64, f64)>> = BTreeMap::new();
    let shape = Exponential::of(samples);
    for (at_ms, sample) in samples {
        let mut put = |bound: f64, count: u64| {
            all.entry(Bound(bound)).or_default().push((*at_ms, count as f64));
        };
        match &sample.buckets {
            Buckets::None => {}
            Buckets::Explicit { bounds, counts } => {
                let mut below = 0;
                for (bound, count) in bounds.iter().zip(counts) {
                    below += count;
                    if bound.is_finite() {
                        put(*bound, below);
                    }
                }
            }
            Buckets::Exponential { scale, zero, counts } => {
                if let Some(shape) = &shape {
                    shape.put(*scale, *zero, counts, put);
                }
            }
        }
        all.entry(Bound(f64::INFINITY)).or_default().push((*at_ms, sample.count as f64));
    }
    all.into_iter().map(|(Bound(bound), counts)| (bound, counts)).collect()
}

/// The bounds that the exponential histograms of a range get.
struct Exponential {
    scale: i32,
    has_zeros: bool,
    indices: BTreeSet<i32>,
}

impl Exponential {
    fn of(samples: &[(i64, Distribution)]) -> Option<Exponential> {
        let exponential = || {
            samples.iter().filter_map(|(_, sample)| match &sample.buckets {
                Buckets::Exponential { scale, zero, counts } => Some((*scale, *zero, counts)),
                _ => None,
            })
        };
        let scale = exponential().map(|(scale, ..)| scale).min()?;
        let indices = exponential()
            .flat_map(|(of, _, counts)| counts.iter().map(move |(at, _)| coarser(*at, of, scale)));
        Some(Exponential {
            scale,
            has_zeros: exponential().any(|(_, zero, _)| zero > 0),
            indices: indices.collect(),
        })
    }

    fn put(&self, scale: i32, zero: u64, counts: &[(i32, u64)], mut put: impl FnMut(f64, u64)) {
        let mut below = zero;
        if self.has_zeros {
            put(0.0, below);
        }
        let mut counts = counts.iter().peekable();
        for &index in &self.indices {
            while let Some((_, count)) =
                counts.next_if(|(at, _)| coarser(*at, scale, self.scale) <= index)
            {
                below += count;
            }
            put(exponential_bound(self.scale, index.saturating_add(1)), below);
        }
    }
}

/// The bucket of a coarser scale that a bucket lies in.
fn coarser(index: i32, from: i32, to: i32) -> i32 {
    // A shift of 31 puts every index into the bucket of its sign.
    index >> from.saturating_sub(to).clamp(0, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponential(scale: i32, zero: u64, counts: &[(i32, u64)]) -> Distribution {
        Distribution {
            count: zero + counts.iter().map(|(_, count)| count).sum::<u64>(),
            buckets: Buckets::Exponential { scale, zero, counts: counts.to_vec() },
            ..Distribution::default()
        }
    }

    #[test]
    fn explicit_buckets_add_up_to_all() {
        let buckets = Buckets::Explicit { bounds: vec![1.0, 2.0], counts: vec![3, 4, 5] };
        let sample = Distribution { count: 12, buckets, ..Distribution::default() };
        let expected = [(1.0, 3.0), (2.0, 7.0), (f64::INFINITY, 12.0)];
        let expected = expected.map(|(bound, count)| (bound, vec![(10, count)]));
        assert_eq!(cumulative(&[(10, sample)]), expected);
    }

    #[test]
    fn exponential_buckets_have_the_same_bounds_in_all_samples() {
        // Scale 0: bucket 3 is (8, 16]. Scale 1: its halves are 6 and 7.
        let samples = [
            (10, exponential(1, 0, &[(6, 2), (7, 1)])),
            (20, exponential(0, 1, &[(3, 5), (5, 2)])),
        ];
        let expected = [
            (0.0, vec![(10, 0.0), (20, 1.0)]),
            (16.0, vec![(10, 3.0), (20, 6.0)]),
            (64.0, vec![(10, 3.0), (20, 8.0)]),
            (f64::INFINITY, vec![(10, 3.0), (20, 8.0)]),
        ];
        assert_eq!(cumulative(&samples), expected);
    }
}
