//! Minutes that are due to be judged, by health rules as by detection: one after the other, each once everything of it has
//! been counted, not too many in one run.

use std::{error::Error, fmt, time::Duration};

/// How often it is looked whether a minute is due.
pub(crate) const PERIOD: Duration = Duration::from_secs(5);
/// Minutes that are judged in one run, so that a stop does not wait for all that was missed.
const AT_A_TIME: usize = 30;

/// When a minute may be begun, as whoever runs the jobs knows it.
pub struct Pace {
    /// Whether everything that was accepted before now minus a minute has been counted. While it has not, minutes wait.
    pub is_caught_up: Box<dyn Fn() -> bool + Send>,
    /// Whether the server was asked to stop: what is half done is finished, and nothing more begun.
    pub is_stopping: Box<dyn Fn() -> bool + Send>,
}

impl Pace {
    pub(crate) fn is_stopping(&self) -> bool {
        (self.is_stopping)()
    }

    /// Whether another minute may be begun.
    pub(crate) fn may_begin(&self) -> bool {
        !self.is_stopping() && (self.is_caught_up)()
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").field("may_begin", &self.may_begin()).finish_non_exhaustive()
    }
}

/// Why a step failed.
pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Takes `step` until it finds no minute due, `may_begin` says no, or for as many minutes as one run may; returns what each
/// came to.
pub(crate) fn judge<J>(
    may_begin: &dyn Fn() -> bool,
    mut step: impl FnMut() -> Result<Option<J>, Failed>,
) -> Result<Vec<J>, Failed> {
    let mut judged = Vec::new();
    while judged.len() < AT_A_TIME && may_begin() {
        let Some(minute) = step()? else { break };
        judged.push(minute);
    }
    Ok(judged)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn minutes_are_judged_as_far_as_they_are_due_and_counted() {
        let check = |due: usize, counted: usize, expected: usize| {
            let (asked, taken) = (Cell::new(0), Cell::new(0));
            let may_begin = || asked.replace(asked.get() + 1) < counted;
            let step = || {
                let one = taken.replace(taken.get() + 1);
                Ok((one < due).then_some(one))
            };
            let judged = judge(&may_begin, step).unwrap();
            assert_eq!(judged, (0..expected).collect::<Vec<_>>(), "{due} {counted}");
        };
        check(0, 100, 0);
        check(3, 100, 3);
        check(3, 2, 2);
        check(100, 100, AT_A_TIME);
        let failed = judge(&|| true, || Err::<Option<()>, _>("no".into()));
        assert_eq!(failed.unwrap_err().to_string(), "no");
    }
}
