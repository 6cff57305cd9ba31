//! Bodies that were sent twice: an agent that got no answer sends the same bytes again, and they count once.
//!
//! A body is known by its fingerprint and partition for fifteen minutes, in which a minute without any body counts as one
//! however long it was: neither a quiet hour nor a clock that jumps ahead makes what is sent again count twice. Within an open trace, span ids are compared as
//! well; this is for what has been closed, and for metrics and logs.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// So long a body is remembered, nanoseconds.
const REMEMBER_NS: u64 = 900 * 1_000_000_000;
/// Longer times between two bodies count as this, nanoseconds.
const LONGEST_PAUSE_NS: u64 = 60 * 1_000_000_000;
/// So many bodies are remembered at most; the oldest go first.
const MAX_BODIES: usize = 500_000;

/// The bodies seen of late.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    seen: FxHashMap<u64, u32>,
    /// By time of arrival, as it is counted here.
    oldest: VecDeque<(u64, u64)>,
    /// The time of arrival of the newest body, as it is counted here and by the clock of then.
    newest_ns: u64,
    arrived_ns: Option<u64>,
}

/// What a checkpoint keeps: fingerprint, partitions, time of arrival.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SavedDuplicates(Vec<(u64, u32, u64)>);

impl Duplicates {
    /// Whether a record is here for the first time; remembers it.
    pub(super) fn is_new(&mut self, fingerprint: u64, partition: u16, received_ns: u64) -> bool {
        let since_last = received_ns.saturating_sub(self.arrived_ns.unwrap_or(received_ns));
        self.arrived_ns = Some(received_ns);
        self.newest_ns += since_last.min(LONGEST_PAUSE_NS);
        let bit = 1u32 << (partition % 32);
        match self.seen.get_mut(&fingerprint) {
            Some(partitions) if *partitions & bit != 0 => false,
            Some(partitions) => {
                *partitions |= bit;
                true
            }
            None => {
                self.seen.insert(fingerprint, bit);
                self.oldest.push_back((self.newest_ns, fingerprint));
                self.forget(self.newest_ns);
                true
            }
        }
    }

    fn forget(&mut self, now_ns: u64) {
        while let Some(&(received_ns, fingerprint)) = self.oldest.front() {
            if received_ns + REMEMBER_NS > now_ns && self.oldest.len() <= MAX_BODIES {
                return;
            }
            self.oldest.pop_front();
            self.seen.remove(&fingerprint);
        }
    }

    pub(super) fn save(&self) -> SavedDuplicates {
        SavedDuplicates(
            self.oldest
                .iter()
                .map(|&(received_ns, fingerprint)| {
                    (fingerprint, self.seen[&fingerprint], received_ns)
                })
                .collect(),
        )
    }

    pub(super) fn restore(saved: SavedDuplicates) -> Duplicates {
        let mut duplicates = Duplicates::default();
        for (fingerprint, partitions, received_ns) in saved.0 {
            duplicates.seen.insert(fingerprint, partitions);
            duplicates.oldest.push_back((received_ns, fingerprint));
            duplicates.newest_ns = duplicates.newest_ns.max(received_ns);
        }
        duplicates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_counts_once_a_partition_for_fifteen_minutes() {
        let mut duplicates = Duplicates::default();
        assert!(duplicates.is_new(5, 0, 0));
        assert!(duplicates.is_new(5, 31, 0));
        let mut duplicates = Duplicates::restore(duplicates.save());
        assert!(!duplicates.is_new(5, 0, 1_000));
        for minute in 1..=15 {
            assert!(!duplicates.is_new(5, 0, minute * LONGEST_PAUSE_NS));
        }
        assert!(duplicates.is_new(6, 0, 15 * LONGEST_PAUSE_NS + 1_001));
        assert!(duplicates.is_new(5, 0, 15 * LONGEST_PAUSE_NS + 1_002));
    }

    #[test]
    fn a_clock_that_jumps_makes_no_body_new() {
        const HOUR_NS: u64 = 3_600_000_000_000;
        let mut duplicates = Duplicates::default();
        assert!(duplicates.is_new(5, 0, 10 * HOUR_NS));
        for jumped in [11, 9, 200, 1] {
            assert!(!duplicates.is_new(5, 0, jumped * HOUR_NS), "{jumped}");
        }
        assert!(duplicates.is_new(6, 0, 12 * HOUR_NS));
        assert!(!duplicates.is_new(5, 0, 12 * HOUR_NS + 1));
    }
}
