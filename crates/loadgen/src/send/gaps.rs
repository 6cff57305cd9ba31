//! How long no sender was told that anything is accepted.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest time between two acknowledgements, whoever got them.
#[derive(Debug)]
pub(crate) struct Gaps {
    /// The last acknowledgement, and the longest time before one.
    state: Mutex<(Instant, Duration)>,
}

impl Gaps {
    /// The first one counts from `started`.
    pub(crate) fn since(started: Instant) -> Self {
        Self { state: Mutex::new((started, Duration::ZERO)) }
    }

    /// Something was acknowledged.
    pub(crate) fn note(&self, at: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, longest) = *state;
        *state = (last.max(at), longest.max(at.saturating_duration_since(last)));
    }

    pub(crate) fn longest(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wall;

    #[test]
    fn the_longest_gap_is_found_whoever_ends_it_and_in_whatever_order_they_tell() {
        let started = wall::instant();
        let gaps = Gaps::since(started);
        assert_eq!(gaps.longest(), Duration::ZERO);
        for ms in [10, 30, 25, 31, 90, 91] {
            gaps.note(started + Duration::from_millis(ms));
        }
        assert_eq!(gaps.longest(), Duration::from_millis(59));
    }
}
