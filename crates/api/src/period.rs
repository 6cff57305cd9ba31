//! The minutes that a request is about, and which of them are complete.
//!
//! A range covers every minute it touches. The minute that the clock is in, and later ones, are filling: counted,
//! but outside averages and rates. Ranges that are answered in points of 10 or 60 minutes are widened to whole points.

use model::time::{Minute, MinuteRange};
use telemetry_store::reader::Resolution;

use crate::error::ApiError;

/// How far ahead of the clock telemetry is taken.
const AHEAD: u32 = 11;
/// The coarsest figures are kept for 400 days.
const LONGEST: u32 = 401 * 24 * 60;

/// A range of minutes as of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) range: MinuteRange,
    /// The part of it that averages are made of; may be empty.
    pub(crate) complete: MinuteRange,
    /// What the range is answered in.
    pub(crate) resolution: Resolution,
    /// The first point that is still filling, where the range reaches it.
    pub(crate) filling: Option<Minute>,
}

impl Period {
    /// The period from one instant to another (Unix milliseconds), seen in the minute `now`.
    pub(crate) fn between(from_ms: i64, to_ms: i64, now: Minute) -> Result<Period, ApiError> {
        if from_ms < 0 || to_ms <= from_ms {
            return Err(ApiError::bad(
                "the range is empty: its end has to lie after its start, both in milliseconds since 1970",
            ));
        }
        let newest = Minute(now.0.saturating_add(AHEAD));
        let end = Minute::of_millis(to_ms.saturating_add(59_999)).min(newest);
        let start = Minute::of_millis(from_ms).min(end);
        let asked = MinuteRange { start, end };
        if asked.len() > LONGEST {
            return Err(ApiError::bad(
                "the range is longer than 401 days, the oldest figures kept",
            ));
        }
        // By its length, not by the minutes it touches: the last 1459 minutes touch one more.
        let minutes =
            u32::try_from((to_ms - from_ms).unsigned_abs().div_ceil(60_000)).unwrap_or(u32::MAX);
        let resolution = Resolution::for_range(asked.len().min(minutes));
        let range = MinuteRange { start: resolution.floor(start), end: ceil(resolution, end) };
        let complete_end = range.end.min(now).max(range.start);
        Ok(Period {
            range,
            complete: MinuteRange { start: range.start, end: complete_end },
            resolution,
            filling: (range.end > now).then(|| resolution.floor(now).max(range.start)),
        })
    }
}

fn ceil(resolution: Resolution, minute: Minute) -> Minute {
    Minute(minute.0.div_ceil(resolution.minutes()) * resolution.minutes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Minute = Minute(100_000);
    const MINUTE: i64 = 60_000;

    fn last(minutes: i64) -> Period {
        let now_ms = NOW.start_millis() + 20_000;
        Period::between(now_ms - minutes * MINUTE, now_ms, NOW).unwrap()
    }

    #[test]
    fn the_last_hour_has_sixty_complete_minutes_and_the_one_that_fills() {
        let period = last(60);
        assert_eq!((period.complete.len(), period.range.len()), (60, 61));
        assert_eq!(period.filling, Some(NOW));
    }

    #[test]
    fn a_past_hour_is_complete() {
        let start = NOW.start_millis() - 120 * MINUTE;
        let period = Period::between(start, start + 60 * MINUTE, NOW).unwrap();
        assert_eq!((period.complete.len(), period.range.len(), period.filling), (60, 60, None));
    }

    #[test]
    fn a_longer_range_is_widened_to_whole_points() {
        let period = last(2000);
        assert_eq!(period.resolution, Resolution::TenMinutes);
        assert_eq!((period.range.start.0 % 10, period.range.end.0 % 10), (0, 0));
        assert_eq!(period.complete.end, NOW);
        assert_eq!(last(1459).resolution, Resolution::OneMinute);
        assert_eq!(last(1460).resolution, Resolution::TenMinutes);
        assert_eq!(last(2940).resolution, Resolution::TenMinutes);
        assert_eq!(last(2941).resolution, Resolution::OneHour);
    }

    #[test]
    fn a_range_in_the_future_holds_nothing_complete() {
        let from = NOW.start_millis() + 60 * MINUTE;
        let period = Period::between(from, from + MINUTE, NOW).unwrap();
        assert!(period.complete.is_empty());
        let near = Period::between(NOW.start_millis() + MINUTE, from, NOW).unwrap();
        assert!(near.complete.is_empty());
        assert_eq!(near.filling, Some(Minute(NOW.0 + 1)));
    }

    #[test]
    fn an_empty_or_endless_range_is_refused() {
        assert!(Period::between(5, 5, NOW).is_err());
        assert!(Period::between(-1, 5, NOW).is_err());
        let late = Minute(10_000_000);
        assert!(Period::between(0, late.start_millis(), late).is_err());
        assert!(Period::between(i64::MAX - 1, i64::MAX, NOW).is_ok());
    }
}
