//! The time that retention is judged by: a clock that jumps ahead deletes nothing before somebody had time to set it right.
//!
//! It goes on with the monotonic clock. Where the wall clock is ahead of that, it is believed only after it has been so for
//! an hour: NTP or an operator has set it right by then, or it is right. A clock that is set back is believed at once, since
//! too late is better than too early. After a start it begins where the store's newest segment was written, so that a jump
//! across a restart is no other than one while the process runs.

/// A clock that is ahead by less is drifting, or was off by a leap second, milliseconds.
const DRIFT_MS: i64 = 60_000;
/// One that is ahead for so long is right, milliseconds.
const BELIEVE_AFTER_MS: i64 = 3_600_000;

/// See the module's documentation.
#[derive(Debug)]
pub struct TrustedTime {
    trusted_ms: i64,
    /// When it was looked at last, and since when the wall clock is ahead, by the monotonic clock.
    looked_ms: i64,
    ahead_since_ms: Option<i64>,
}

impl TrustedTime {
    /// Begins at the time when the newest segment was written; a store without any has nothing to lose.
    pub fn new(newest_ms: Option<i64>, monotonic_ms: i64) -> TrustedTime {
        let trusted_ms = newest_ms.unwrap_or(i64::MAX);
        TrustedTime { trusted_ms, looked_ms: monotonic_ms, ahead_since_ms: None }
    }

    /// The time that retention is judged by, Unix milliseconds; never ahead of the wall clock.
    pub fn at(&mut self, wall_ms: i64, monotonic_ms: i64) -> i64 {
        let passed_ms = monotonic_ms.saturating_sub(self.looked_ms).max(0);
        self.looked_ms = monotonic_ms;
        self.trusted_ms = self.trusted_ms.saturating_add(passed_ms);
        if wall_ms <= self.trusted_ms.saturating_add(DRIFT_MS) {
            self.ahead_since_ms = None;
            self.trusted_ms = wall_ms;
        } else {
            let since_ms = *self.ahead_since_ms.get_or_insert(monotonic_ms);
            if monotonic_ms - since_ms >= BELIEVE_AFTER_MS {
                self.ahead_since_ms = None;
                self.trusted_ms = wall_ms;
            }
        }
        self.trusted_ms
    }

    /// Whether the wall clock is ahead and not believed yet.
    pub fn is_doubtful(&self) -> bool {
        self.ahead_since_ms.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;
    const NOON: i64 = 1_800_000_000_000;

    #[test]
    fn time_that_passes_is_believed() {
        let mut time = TrustedTime::new(Some(NOON), 0);
        for minute in 0..100 {
            let passed = minute * 60_000;
            assert_eq!(time.at(NOON + passed, passed), NOON + passed);
        }
        assert!(!time.is_doubtful());
    }

    #[test]
    fn a_jump_ahead_is_not_believed_for_an_hour_and_forgotten_when_it_is_set_right() {
        for jump in [2 * 60_000, HOUR, 365 * 24 * HOUR] {
            let mut time = TrustedTime::new(Some(NOON), 0);
            assert_eq!(time.at(NOON + jump, 0), NOON);
            assert!(time.is_doubtful());
            assert_eq!(time.at(NOON + jump + HOUR - 1, HOUR - 1), NOON + HOUR - 1);
            // Set right in time: nothing was judged by it.
            assert_eq!(time.at(NOON + HOUR, HOUR), NOON + HOUR);
            assert!(!time.is_doubtful());
            // Ahead for an hour: it is right.
            assert_eq!(time.at(NOON + HOUR + jump, HOUR), NOON + HOUR);
            assert_eq!(time.at(NOON + 2 * HOUR + jump, 2 * HOUR), NOON + 2 * HOUR + jump);
            assert_eq!(time.at(NOON + 3 * HOUR + jump, 3 * HOUR), NOON + 3 * HOUR + jump);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_is_believed_at_once() {
        let mut time = TrustedTime::new(Some(NOON), 0);
        assert_eq!(time.at(NOON - HOUR, 0), NOON - HOUR);
        assert_eq!(time.at(NOON - HOUR + 5, 5), NOON - HOUR + 5);
        // And what follows is a jump ahead as any other.
        assert_eq!(time.at(NOON + 10, 10), NOON - HOUR + 10);
    }

    #[test]
    fn a_jump_across_a_restart_is_one() {
        let mut time = TrustedTime::new(Some(NOON), 7);
        assert_eq!(time.at(NOON + 24 * HOUR, 7), NOON);
        assert_eq!(time.at(NOON + 25 * HOUR, 7 + HOUR), NOON + 25 * HOUR);
        let mut empty = TrustedTime::new(None, 7);
        assert_eq!(empty.at(NOON, 7), NOON);
    }
}
