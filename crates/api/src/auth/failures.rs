//! How many failed sign-ins are written into the audit log: all of them, up to so many a minute. A flood of them must not fill
//! the database; how many are not listed is said by the next one that is.

use daemon::clock::SharedClock;
use parking_lot::Mutex;

const A_MINUTE: u32 = 120;

#[derive(Debug)]
pub(super) struct Failures {
    clock: SharedClock,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    /// Whole minutes of monotonic time.
    minute: u64,
    written: u32,
    missed: u64,
}

impl Failures {
    pub(super) fn new(clock: SharedClock) -> Failures {
        Failures { clock, counted: Mutex::default() }
    }

    /// Whether one more may be written, and how many were not since the last that was.
    pub(super) fn admit(&self) -> Option<u64> {
        let minute = self.clock.monotonic().as_secs() / 60;
        let mut counted = self.counted.lock();
        if counted.minute != minute {
            (counted.minute, counted.written) = (minute, 0);
        }
        if counted.written >= A_MINUTE {
            counted.missed += 1;
            return None;
        }
        counted.written += 1;
        Some(std::mem::take(&mut counted.missed))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use daemon::clock::{ManualClock, UnixNanos};

    use super::*;

    #[test]
    fn a_flood_is_counted_and_told_by_the_next_entry() {
        let clock = ManualClock::new(UnixNanos::from_secs(5));
        let failures = Failures::new(clock.shared());
        let admitted = (0..A_MINUTE + 7).filter(|_| failures.admit() == Some(0)).count();
        assert_eq!(admitted, A_MINUTE as usize);
        clock.advance(Duration::from_secs(60));
        assert_eq!(failures.admit(), Some(7));
        assert_eq!(failures.admit(), Some(0));
    }
}
