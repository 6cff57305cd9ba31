//! Quantiles of classic histograms: series with a label `le` that count the values up to it.
//!
//! [histogram_quantile](https://prometheus.io/docs/prometheus/2.42/querying/functions/#histogram_quantile).

use rustc_hash::FxHashMap;

use crate::{
    labels::{BOUND, Labels, NAME},
    number,
    value::{ABSENT, Stepped, Steps, is_absent},
};

/// The buckets of one histogram: upper bounds, ascending, and their series.
struct Histogram {
    labels: Labels,
    buckets: Vec<(f64, Stepped)>,
}

/// The value below which a share of the values lies, for each histogram and step.
pub(super) fn quantiles(shares: &[f64], series: Vec<Stepped>, steps: &Steps) -> Vec<Stepped> {
    let mut buckets = Vec::new();
    let of_histogram = |Histogram { labels, buckets: of }| {
        let value = |step: usize| {
            buckets.clear();
            let here = of.iter().map(|(bound, one): &(f64, Stepped)| (*bound, one.values[step]));
            buckets.extend(here.filter(|(_, count)| !is_absent(*count)));
            if buckets.is_empty() { ABSENT } else { quantile(shares[step], &mut buckets) }
        };
        Stepped { values: (0..steps.count).map(value).collect(), labels }
    };
    histograms(series).into_iter().map(of_histogram).collect()
}

fn histograms(series: Vec<Stepped>) -> Vec<Histogram> {
    let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
    let mut all: Vec<Histogram> = Vec::new();
    for one in series {
        let Some(bound) = number::read(one.labels.get(BOUND)) else { continue };
        let labels = one.labels.only(|name| name != NAME && name != BOUND);
        match places.get(&labels) {
            Some(&at) => all[at].buckets.push((bound, one)),
            None => {
                places.insert(labels.clone(), all.len());
                all.push(Histogram { labels, buckets: vec![(bound, one)] });
            }
        }
    }
    all.iter_mut().for_each(|one| one.buckets.sort_by(|a, b| a.0.total_cmp(&b.0)));
    all
}

/// Between the bounds of a bucket values are taken to lie evenly.
fn quantile(share: f64, buckets: &mut Vec<(f64, f64)>) -> f64 {
    if share.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&share) {
        return if share < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    if buckets.last().is_none_or(|(bound, _)| *bound != f64::INFINITY) {
        return f64::NAN;
    }
    make_cumulative(buckets);
    let (last, all) = (buckets.len() - 1, buckets[buckets.len() - 1].1);
    if last == 0 || all == 0.0 || all.is_nan() {
        return f64::NAN;
    }
    let rank = share * all;
    let at = buckets[..last].partition_point(|(_, count)| *count < rank);
    let (bound, count) = buckets[at];
    match at.checked_sub(1).map(|before| buckets[before]) {
        // Beyond the last bound nothing is known.
        Some((before, _)) if at == last => before,
        Some((lower, before)) => lower + (bound - lower) * ((rank - before) / (count - before)),
        None if bound <= 0.0 => bound,
        None => bound * (rank / count),
    }
}

/// Adds those of the same bound; counts that fall, as they may between two scrapes, stay at what they were.
fn make_cumulative(buckets: &mut Vec<(f64, f64)>) {
    buckets.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    let mut most = buckets[0].1;
    for (_, count) in buckets {
        most = if *count > most { *count } else { most };
        *count = most;
    }
}

#[cfg(test)]
mod tests {
    use super::quantile;

    fn check(share: f64, buckets: &[(f64, f64)], expected: f64) {
        let found = quantile(share, &mut buckets.to_vec());
        assert!(found == expected || found.is_nan() && expected.is_nan(), "{found} != {expected}");
    }

    #[test]
    fn values_lie_evenly_in_their_bucket() {
        let buckets = [(0.1, 10.0), (0.2, 30.0), (f64::INFINITY, 40.0)];
        check(0.0, &buckets, 0.0);
        check(0.125, &buckets, 0.05);
        check(0.5, &buckets, 0.15000000000000002);
        check(0.9, &buckets, 0.2);
        check(1.5, &buckets, f64::INFINITY);
    }

    #[test]
    fn a_histogram_needs_a_bucket_without_a_bound_and_values() {
        check(0.5, &[(0.1, 10.0), (0.2, 30.0)], f64::NAN);
        check(0.5, &[(f64::INFINITY, 30.0)], f64::NAN);
        check(0.5, &[(0.1, 0.0), (f64::INFINITY, 0.0)], f64::NAN);
        check(0.5, &[(-1.0, 10.0), (f64::INFINITY, 10.0)], -1.0);
    }

    #[test]
    fn counts_that_fall_and_bounds_that_repeat_do_no_harm() {
        check(0.5, &[(1.0, 5.0), (1.0, 5.0), (2.0, 8.0), (f64::INFINITY, 20.0)], 1.0);
    }
}
