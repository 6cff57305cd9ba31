//! Levels that add over the processes of a node: threads, memory in use.
//!
//! A row of such a series holds samples of the node's total, so that sum ÷ count is that total however often each process
//! reports. The total at a process's sample is its own value and the last one of every other process that was heard of
//! within two minutes.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::streams::FORGET_MS;

/// The value of a process that is silent for longer no longer counts.
const LIVE_NS: u64 = 120_000_000_000;
/// Series beyond it are not added over processes.
const MAX_SERIES: usize = 200_000;

/// The last values of processes, by series.
#[derive(Debug, Default)]
pub(super) struct Levels {
    series: FxHashMap<u64, Vec<Member>>,
}

/// What outlives the process.
pub(super) type SavedLevels = Vec<(u64, Vec<Member>)>;

/// One process of a series.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Member {
    process: u32,
    value: f64,
    time_ns: u64,
}

impl Levels {
    /// Takes a process's value and returns the total of its series.
    pub(super) fn total(&mut self, series: u64, process: u32, value: f64, time_ns: u64) -> f64 {
        if self.series.len() >= MAX_SERIES && !self.series.contains_key(&series) {
            return value;
        }
        let members = self.series.entry(series).or_insert_with(|| Vec::with_capacity(1));
        members.retain(|member| {
            member.process != process && member.time_ns.saturating_add(LIVE_NS) >= time_ns
        });
        members.push(Member { process, value, time_ns });
        members.iter().map(|member| member.value).sum()
    }

    /// Forgets series that nobody reported for an hour.
    pub(super) fn forget(&mut self, now_ms: i64) {
        let oldest_ns = (now_ms - FORGET_MS).max(0).unsigned_abs().saturating_mul(1_000_000);
        self.series.retain(|_, members| members.iter().any(|member| member.time_ns >= oldest_ns));
    }

    pub(super) fn save(&self) -> SavedLevels {
        self.series.iter().map(|(series, members)| (*series, members.clone())).collect()
    }

    pub(super) fn restore(saved: SavedLevels) -> Levels {
        Levels { series: saved.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn a_level_is_the_sum_of_the_processes_that_live() {
        let mut levels = Levels::default();
        assert_eq!(levels.total(1, 7, 5.0, 10 * SECOND), 5.0);
        assert_eq!(levels.total(1, 8, 7.0, 20 * SECOND), 12.0);
        assert_eq!(levels.total(1, 7, 6.0, 70 * SECOND), 13.0);
        // The second one fell silent.
        assert_eq!(levels.total(1, 7, 6.0, 141 * SECOND), 6.0);
        assert_eq!(levels.total(2, 7, 1.0, 141 * SECOND), 1.0);
    }
}
