//! Percentiles of times measured one by one.

use std::fmt::{Display, Formatter};

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Times {
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
    pub(crate) max_ms: f64,
}

impl Times {
    /// None of no times.
    pub(crate) fn of(mut times_ms: Vec<f64>) -> Option<Self> {
        times_ms.sort_by(f64::total_cmp);
        let max_ms = *times_ms.last()?;
        Some(Self { p50_ms: at_rank(&times_ms, 50), p95_ms: at_rank(&times_ms, 95), max_ms })
    }
}

/// Nearest rank: the smallest value that at least `percent` of all do not exceed.
fn at_rank(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

impl Display for Times {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "p50 {:.1}, p95 {:.1}, max {:.1} ms", self.p50_ms, self.p95_ms, self.max_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(times: impl IntoIterator<Item = u32>, p50_ms: f64, p95_ms: f64, max_ms: f64) {
        let times = times.into_iter().map(f64::from).collect();
        assert_eq!(Times::of(times), Some(Times { p50_ms, p95_ms, max_ms }));
    }

    #[test]
    fn a_percentile_is_the_smallest_time_that_so_many_do_not_exceed() {
        check((1..=200).rev(), 100.0, 190.0, 200.0);
        check(1..=20, 10.0, 19.0, 20.0);
        check([7, 9, 8], 8.0, 9.0, 9.0);
        check([5], 5.0, 5.0, 5.0);
    }

    #[test]
    fn no_times_have_no_percentiles() {
        assert_eq!(Times::of(Vec::new()), None);
    }
}
