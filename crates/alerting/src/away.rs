//! Minutes in which nobody could report, for Vedette itself did not run: it was stopped, or suspended with its machine, or nothing
//! on it ran. What was counted in them is no measure of anything, and nobody was silent in them.

use std::collections::BTreeMap;

use daemon::{absence::Absence, clock::UnixNanos};
use model::time::{Minute, MinuteRange};

const MINUTE_NANOS: u64 = 60_000_000_000;
/// What may be missing of a minute that still counts as one in which Vedette ran.
const MISSED_NANOS: u64 = MINUTE_NANOS / 2;

/// The minutes of a stop that ends now, before anybody can report again: those behind the last one in which anybody was heard of, or
/// that was judged, up to the one that runs. None before anything was judged.
pub fn stop(heard_ms: Option<i64>, judged: Option<u32>, now_ms: i64) -> Option<Absence> {
    let began = Minute::of_millis(now_ms).0;
    let last = Minute::of_millis(heard_ms?).0.min(began).max(judged?);
    let (from, to) = (UnixNanos::from_minute(last + 1), UnixNanos::from_minute(began + 1));
    (from < to).then_some(Absence { from, to })
}

/// Such minutes, as ranges that neither touch nor overlap, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Away {
    ranges: Vec<MinuteRange>,
}

impl Away {
    /// Minutes of which half or more was missed, however many absences that were.
    pub(crate) fn of(absences: &[Absence]) -> Away {
        let mut whole = Vec::new();
        let mut partly: BTreeMap<u32, u64> = BTreeMap::new();
        for Absence { from, to } in absences {
            let (first, last) = (from.minute(), to.minute());
            let into = |nanos: u64| nanos % MINUTE_NANOS;
            if first == last {
                *partly.entry(first).or_default() += to.0 - from.0;
                continue;
            }
            *partly.entry(first).or_default() += MINUTE_NANOS - into(from.0);
            *partly.entry(last).or_default() += into(to.0);
            whole.push(MinuteRange { start: Minute(first + 1), end: Minute(last) });
        }
        let missed = partly.into_iter().filter(|(_, missed)| *missed >= MISSED_NANOS);
        whole.extend(missed.map(|(at, _)| MinuteRange { start: Minute(at), end: Minute(at + 1) }));
        Away { ranges: joined(whole) }
    }

    pub(crate) fn contains(&self, minute: Minute) -> bool {
        self.ranges.iter().any(|range| range.contains(minute))
    }

    /// The minute, or the next one after it in which Vedette ran.
    pub(crate) fn present_from(&self, minute: Minute) -> Minute {
        self.ranges.iter().find(|range| range.contains(minute)).map_or(minute, |range| range.end)
    }

    /// How many there are in a range.
    pub(crate) fn count_in(&self, within: MinuteRange) -> u32 {
        let both = self.ranges.iter().map(|range| {
            let start = range.start.max(within.start);
            range.end.min(within.end).0.saturating_sub(start.0)
        });
        both.sum()
    }
}

/// The same minutes, in order, each once.
fn joined(mut ranges: Vec<MinuteRange>) -> Vec<MinuteRange> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<MinuteRange> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u32, end: u32) -> MinuteRange {
        MinuteRange { start: Minute(start), end: Minute(end) }
    }

    /// Absences in seconds, and the minutes that they make.
    fn check(absences: &[(u64, u64)], expected: &[MinuteRange]) {
        let absence = |(from, to): &(u64, u64)| Absence {
            from: UnixNanos::from_secs(*from),
            to: UnixNanos::from_secs(*to),
        };
        let absences: Vec<Absence> = absences.iter().map(absence).collect();
        assert_eq!(Away::of(&absences).ranges, expected, "{absences:?}");
    }

    #[test]
    fn a_minute_of_which_half_was_missed_is_away() {
        check(&[], &[]);
        check(&[(605, 634)], &[]);
        check(&[(605, 635)], &[range(10, 11)]);
        // Bit by bit.
        check(&[(601, 611), (620, 630), (640, 650)], &[range(10, 11)]);
        // From the last third of minute 10 to the first third of minute 13; from the first of 10 to the last of 13.
        check(&[(640, 800)], &[range(11, 13)]);
        check(&[(620, 820)], &[range(10, 14)]);
        check(&[(630, 660)], &[range(10, 11)]);
        // Neighbours are one range.
        check(&[(600, 660), (665, 715)], &[range(10, 12)]);
    }

    #[test]
    fn a_stop_is_what_lies_behind_whatever_was_heard_of_or_judged_last() {
        let minute = |at: u32| Minute(at).start_millis() + 20_000;
        let check =
            |heard: Option<u32>, judged: Option<u32>, now: u32, expected: &[MinuteRange]| {
                let stop = stop(heard.map(minute), judged, minute(now));
                let away = Away::of(&Vec::from_iter(stop));
                assert_eq!(away.ranges, expected, "{heard:?} {judged:?} {now}");
            };
        check(Some(11), Some(9), 40, &[range(12, 41)]);
        check(Some(11), Some(30), 40, &[range(31, 41)]);
        check(Some(40), Some(38), 40, &[]);
        // A clock that was set back.
        check(Some(50), Some(38), 40, &[]);
        check(None, Some(38), 40, &[]);
        check(Some(11), None, 40, &[]);
    }

    #[test]
    fn minutes_are_counted_and_passed_over() {
        let absence = |from: u64, to: u64| Absence {
            from: UnixNanos::from_minute(u32::try_from(from).unwrap()),
            to: UnixNanos::from_minute(u32::try_from(to).unwrap()),
        };
        let away = Away::of(&[absence(10, 15), absence(20, 30)]);
        assert_eq!(away.ranges, [range(10, 15), range(20, 30)]);
        assert_eq!(
            [9, 10, 14, 15, 29].map(|at| away.present_from(Minute(at)).0),
            [9, 15, 15, 15, 30]
        );
        assert!(away.contains(Minute(29)) && !away.contains(Minute(15)));
        assert_eq!(away.count_in(range(12, 25)), 8);
        assert_eq!(away.count_in(range(0, 100)), 15);
        assert_eq!(away.count_in(range(15, 20)), 0);
    }
}
