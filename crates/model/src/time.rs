//! Time as telemetry knows it: nanoseconds of Unix time, and the minutes that figures are kept in.

use serde::{Deserialize, Serialize};

/// Nanoseconds in a minute.
pub const MINUTE_NS: u64 = 60 * SECOND_NS;
/// Nanoseconds of a day.
pub const DAY_NS: u64 = 1440 * MINUTE_NS;
/// Nanoseconds in a second.
pub const SECOND_NS: u64 = 1_000_000_000;

/// A minute of Unix time: minutes since 1970-01-01T00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Minute(pub u32);

impl Minute {
    /// The minute that an instant (Unix nanoseconds) falls in.
    pub fn of_ns(ns: u64) -> Minute {
        Minute(u32::try_from(ns / MINUTE_NS).expect("u64 nanoseconds hold fewer than 2^32 minutes"))
    }

    /// The minute that an instant (Unix milliseconds) falls in; before 1970 it is minute 0.
    pub fn of_millis(ms: i64) -> Minute {
        Minute(u32::try_from(ms.max(0) / 60_000).unwrap_or(u32::MAX))
    }

    /// Its first instant in Unix milliseconds.
    pub fn start_millis(self) -> i64 {
        i64::from(self.0) * 60_000
    }

    /// Its first instant in Unix nanoseconds.
    pub fn start_ns(self) -> u64 {
        u64::from(self.0) * MINUTE_NS
    }
}

/// A half-open range of minutes, `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MinuteRange {
    pub start: Minute,
    pub end: Minute,
}

impl MinuteRange {
    /// Whether the minute lies in the range.
    pub fn contains(self, minute: Minute) -> bool {
        self.start <= minute && minute < self.end
    }

    /// How many minutes the range holds.
    pub fn len(self) -> u32 {
        self.end.0.saturating_sub(self.start.0)
    }

    /// Whether the range holds no minute.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}
