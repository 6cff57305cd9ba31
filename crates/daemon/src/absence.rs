//! When this process did not run although it had not ended: the machine was suspended or moved, the process stopped, or everything
//! waited for the processor.
//!
//! A beat is taken each second on the runtime that also answers agents, so that what keeps the one from running keeps the other
//! from being answered. Two beats far apart enclose an absence, by wall time: a machine's monotonic clock stands still while it is
//! suspended. A wall clock that is set ahead looks the same, and rightly so: nobody reported in time that never was.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use parking_lot::Mutex;

use crate::{
    clock::{SharedClock, UnixNanos},
    tasks::Task,
};

const BEAT: Duration = Duration::from_secs(1);
/// Beats that are not further apart are late, and nothing else: agents wait that long for an answer.
const LATE: Duration = Duration::from_secs(5);
/// Absences that ended before are forgotten.
const KEPT: Duration = Duration::from_secs(48 * 3600);
/// The longest list; the oldest are forgotten first.
const MOST: usize = 10_000;

/// A time in which the process did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    /// When it was last known to run before.
    pub from: UnixNanos,
    /// When it ran again.
    pub to: UnixNanos,
}

impl Absence {
    pub fn duration(&self) -> Duration {
        self.to.since(self.from)
    }
}

/// The absences of a process, and those before it that it was told of. See the module's documentation.
#[derive(Debug)]
pub struct Absences {
    clock: SharedClock,
    beats: Mutex<Beats>,
}

#[derive(Debug)]
struct Beats {
    last: UnixNanos,
    /// In order.
    absences: VecDeque<Absence>,
}

impl Beats {
    fn take(&mut self, now: UnixNanos) {
        // A clock that was set back begins anew.
        let absence = Absence { from: self.last, to: now };
        if absence.duration() > LATE {
            self.absences.push_back(absence);
        }
        self.last = now;
        let is_old = |absence: &Absence| now.since(absence.to) > KEPT;
        while self.absences.len() > MOST || self.absences.front().is_some_and(is_old) {
            self.absences.pop_front();
        }
    }
}

impl Absences {
    /// Of a process that runs now.
    pub fn new(clock: SharedClock) -> Absences {
        let beats = Beats { last: clock.now(), absences: VecDeque::new() };
        Absences { clock, beats: Mutex::new(beats) }
    }

    /// Takes over what was known before this process, and that it did not run until now.
    pub fn remember(&self, past: &[Absence]) {
        let mut beats = self.beats.lock();
        beats.absences.extend(past.iter().filter(|one| one.from < one.to));
        beats.absences.make_contiguous().sort_by_key(|one| (one.from, one.to));
        let now = self.clock.now();
        beats.take(now);
    }

    /// All of the last two days, in order. One that ends just now is among them, though its beat may not have been taken: who
    /// wakes first does not know less than who wakes last.
    pub fn known(&self) -> Vec<Absence> {
        let mut beats = self.beats.lock();
        beats.take(self.clock.now());
        beats.absences.iter().copied().collect()
    }

    /// The task that takes the beats.
    pub fn task(self: Arc<Self>) -> Task {
        Task::new("beat", BEAT, move || {
            let absences = Arc::clone(&self);
            async move {
                absences.beats.lock().take(absences.clock.now());
                Ok(None)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn two_beats_far_apart_enclose_an_absence() {
        let clock = ManualClock::new(UnixNanos::from_secs(1_000));
        let absences = Absences::new(clock.shared());
        for _ in 0..60 {
            clock.advance(BEAT);
            absences.beats.lock().take(absences.clock.now());
        }
        clock.advance(Duration::from_secs(4));
        assert_eq!(absences.known(), [], "late is not absent");
        clock.advance(Duration::from_secs(300));
        // Whoever asks first after it knows of it, and it stays known.
        let absence =
            Absence { from: UnixNanos::from_secs(1_064), to: UnixNanos::from_secs(1_364) };
        assert_eq!(absences.known(), [absence]);
        clock.advance(BEAT);
        assert_eq!(absences.known(), [absence]);
        assert_eq!(absence.duration(), Duration::from_secs(300));
        clock.advance(Duration::from_secs(1));
        absences.beats.lock().take(absences.clock.now());
        clock.set(UnixNanos::from_secs(1_000_000));
        assert_eq!(absences.known().len(), 1, "the old one is forgotten, the new one is known");
    }

    #[test]
    fn what_was_known_before_a_restart_is_known_after_it_for_as_long() {
        let absence = |from: u64, to: u64| Absence {
            from: UnixNanos::from_secs(from),
            to: UnixNanos::from_secs(to),
        };
        let clock = ManualClock::new(UnixNanos::from_secs(200_000));
        let absences = Absences::new(clock.shared());
        clock.advance(Duration::from_secs(60));
        // One that is long over, one that goes on to the end of this minute, and no time at all.
        let past = [
            absence(199_000, 200_040),
            absence(100, 200),
            absence(150_000, 150_100),
            absence(7, 7),
        ];
        absences.remember(&past);
        let known =
            [absence(150_000, 150_100), absence(199_000, 200_040), absence(200_000, 200_060)];
        assert_eq!(absences.known(), known);
        clock.set(UnixNanos::from_secs(150_100 + 48 * 3600 + 1));
        assert_eq!(absences.known()[..2], known[1..]);
    }

    #[test]
    fn a_suspended_machine_is_absent_though_its_monotonic_clock_stood_and_a_clock_set_back_is_not()
    {
        let clock = ManualClock::new(UnixNanos::from_secs(10_000));
        let absences = Absences::new(clock.shared());
        clock.set(UnixNanos::from_secs(10_900));
        assert_eq!(absences.known()[0].duration(), Duration::from_secs(900));
        clock.set(UnixNanos::from_secs(9_000));
        assert_eq!(absences.known().len(), 1);
        clock.set(UnixNanos::from_secs(9_001));
        assert_eq!(absences.known().len(), 1);
    }
}
