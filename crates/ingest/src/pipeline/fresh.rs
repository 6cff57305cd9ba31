//! Traces that were decided by a fresh address: one learnt so lately that their spans alone do not tell whether it was
//! known when they were counted.
//!
//! A trace that is read from the store again must be decided as it was when it was counted. For nearly all of them that
//! follows from their spans (`settled_ms` in [`super::close`]); of the others the time of the decision is kept here, for as
//! long as a late span can open them.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::traces::TraceKey;

/// Spans that are older than this are refused, milliseconds.
const REMEMBER_MS: i64 = 8 * 86_400_000;
/// Further ones wait until their addresses are no longer fresh: they count as calls of a backend.
const MAX_TRACES: usize = 200_000;

/// When each of these traces was decided last, Unix milliseconds.
#[derive(Debug, Default)]
pub(super) struct FreshlyDecided {
    times: FxHashMap<TraceKey, i64>,
    /// Oldest first; one whose time is not that of the trace is out of date.
    order: VecDeque<(i64, TraceKey)>,
}

/// What outlives the process, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct SavedDecisions(Vec<(i64, TraceKey)>);

impl FreshlyDecided {
    /// When a trace was decided, if it was by a fresh address.
    pub(super) fn decided_ms(&self, trace: TraceKey) -> Option<i64> {
        self.times.get(&trace).copied()
    }

    /// Whether another trace may be decided by a fresh address.
    pub(super) fn has_room(&self, trace: TraceKey) -> bool {
        self.times.len() < MAX_TRACES || self.times.contains_key(&trace)
    }

    /// Notes how a trace was decided at this time.
    pub(super) fn note(&mut self, trace: TraceKey, by_a_fresh_address: bool, now_ms: i64) {
        if by_a_fresh_address {
            self.times.insert(trace, now_ms);
            self.order.push_back((now_ms, trace));
        } else if !self.times.is_empty() {
            self.times.remove(&trace);
        }
        while let Some(&(at_ms, oldest)) = self.order.front() {
            let is_current = self.times.get(&oldest) == Some(&at_ms);
            if is_current && at_ms + REMEMBER_MS > now_ms {
                return;
            }
            self.order.pop_front();
            if is_current {
                self.times.remove(&oldest);
            }
        }
    }

    pub(super) fn save(&self) -> SavedDecisions {
        let is_current = |(at_ms, trace): &&(i64, TraceKey)| self.times.get(trace) == Some(at_ms);
        SavedDecisions(self.order.iter().filter(is_current).copied().collect())
    }

    pub(super) fn restore(saved: SavedDecisions) -> FreshlyDecided {
        let times = saved.0.iter().map(|(at_ms, trace)| (*trace, *at_ms)).collect();
        FreshlyDecided { times, order: saved.0.into() }
    }
}

#[cfg(test)]
mod tests {
    use model::id::{AccountId, TraceId};

    use super::*;

    fn trace(n: u8) -> TraceKey {
        (AccountId::FIRST, TraceId([n; 16]))
    }

    #[test]
    fn the_last_decision_counts_and_is_forgotten_after_eight_days() {
        let mut fresh = FreshlyDecided::default();
        fresh.note(trace(1), true, 100);
        fresh.note(trace(2), true, 200);
        fresh.note(trace(1), true, 300);
        fresh.note(trace(2), false, 400);
        let mut fresh = FreshlyDecided::restore(fresh.save());
        assert_eq!(fresh.decided_ms(trace(1)), Some(300));
        assert_eq!(fresh.decided_ms(trace(2)), None);
        fresh.note(trace(3), true, 300 + REMEMBER_MS);
        assert_eq!(fresh.decided_ms(trace(1)), None);
        assert_eq!(fresh.decided_ms(trace(3)), Some(300 + REMEMBER_MS));
        assert_eq!((fresh.times.len(), fresh.order.len()), (1, 1));
    }
}
