//! The four ways to say from when to when.

use super::asked::Asked;
use crate::{error::ApiError, period::Period};

/// A range of Unix milliseconds, and its minutes.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeRange {
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    pub(super) period: Period,
}

impl TimeRange {
    /// Reads `time-range-type` and what it needs.
    pub(super) fn of(asked: &Asked) -> Result<TimeRange, ApiError> {
        let now_ms = asked.context().now_ms();
        let (from_ms, to_ms) = match asked.param("time-range-type") {
            Some("BEFORE_NOW") => before(now_ms, asked)?,
            Some("BEFORE_TIME") => before(instant(asked, "end-time")?, asked)?,
            Some("AFTER_TIME") => {
                let from = instant(asked, "start-time")?;
                (from, from.saturating_add(duration(asked)?))
            }
            Some("BETWEEN_TIMES") => (instant(asked, "start-time")?, instant(asked, "end-time")?),
            Some(other) => {
                return Err(ApiError::bad(format!(
                    "time-range-type is {other:?}; use BEFORE_NOW, BEFORE_TIME, AFTER_TIME or BETWEEN_TIMES"
                )));
            }
            None => {
                return Err(ApiError::bad(
                    "time-range-type is missing; use BEFORE_NOW or BEFORE_TIME or AFTER_TIME with duration-in-mins, \
                     or BETWEEN_TIMES with start-time and end-time",
                ));
            }
        };
        let period = Period::between(from_ms, to_ms, asked.context().now_minute())?;
        Ok(TimeRange { from_ms, to_ms, period })
    }
}

fn before(end: i64, asked: &Asked) -> Result<(i64, i64), ApiError> {
    Ok((end.saturating_sub(duration(asked)?).max(0), end))
}

/// In milliseconds.
fn duration(asked: &Asked) -> Result<i64, ApiError> {
    match asked.number("duration-in-mins")? {
        Some(minutes) if minutes > 0 => Ok(minutes.saturating_mul(60_000)),
        Some(minutes) => {
            Err(ApiError::bad(format!("duration-in-mins is {minutes}; it has to be above 0")))
        }
        None => Err(ApiError::bad("this time-range-type needs duration-in-mins")),
    }
}

fn instant(asked: &Asked, name: &str) -> Result<i64, ApiError> {
    match asked.number(name)? {
        Some(at) if at >= 0 => Ok(at),
        Some(at) => {
            Err(ApiError::bad(format!("{name} is {at}; it has to be milliseconds since 1970")))
        }
        None => Err(ApiError::bad(format!(
            "this time-range-type needs {name} in milliseconds since 1970"
        ))),
    }
}
