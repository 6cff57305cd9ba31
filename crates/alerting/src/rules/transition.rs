//! What a verdict changes for a violation: pure.
//!
//! It opens, gets worse or better and closes in the minute in which that is seen. What goes on is said again every so many
//! minutes (the rule's wait time). While nothing can be told it stays as it is; when that lasts an hour beyond the wait
//! time, nobody can say any more, and it is canceled.

use model::{rule::Level, time::Minute};

use super::evaluate::Verdict;

/// Minutes for which an open violation outlives its data.
const UNKNOWN_FOR: u32 = 60;

/// A violation that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) id: u32,
    pub(super) level: Level,
    /// In which minute it opened.
    pub(super) since: Minute,
    /// When it was last said that it is there.
    pub(super) told: Minute,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    /// The level it has now, or had until it was closed.
    pub level: Level,
}

/// What kind of change; the numbers are persisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ChangeKind {
    Opened = 1,
    Continued = 2,
    Upgraded = 3,
    Downgraded = 4,
    Closed = 5,
    Canceled = 6,
}

impl ChangeKind {
    /// Reads the persisted number.
    pub fn from_number(number: u8) -> Option<ChangeKind> {
        use ChangeKind::*;
        [Opened, Continued, Upgraded, Downgraded, Closed, Canceled]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

impl Change {
    pub(super) fn canceled(open: &Open) -> Change {
        Change { kind: ChangeKind::Canceled, level: open.level }
    }

    /// The kind of event that tells of it.
    pub fn event_kind(self) -> &'static str {
        use ChangeKind::*;
        match (self.kind, self.level) {
            (Opened, Level::Warning) => "POLICY_OPEN_WARNING",
            (Opened, Level::Critical) => "POLICY_OPEN_CRITICAL",
            (Continued, Level::Warning) => "POLICY_CONTINUES_WARNING",
            (Continued, Level::Critical) => "POLICY_CONTINUES_CRITICAL",
            (Upgraded, _) => "POLICY_UPGRADED",
            (Downgraded, _) => "POLICY_DOWNGRADED",
            (Closed, Level::Warning) => "POLICY_CLOSE_WARNING",
            (Closed, Level::Critical) => "POLICY_CLOSE_CRITICAL",
            (Canceled, Level::Warning) => "POLICY_CANCELED_WARNING",
            (Canceled, Level::Critical) => "POLICY_CANCELED_CRITICAL",
        }
    }
}

/// What a minute's verdict changes; `wait` is the rule's, in minutes.
pub(super) fn step(open: Option<&Open>, verdict: Verdict, at: Minute, wait: u16) -> Option<Change> {
    let change = |kind, level| Some(Change { kind, level });
    match (open, verdict) {
        (None, Verdict::Broken(level)) => change(ChangeKind::Opened, level),
        (None, _) => None,
        (Some(open), Verdict::Broken(level)) if level > open.level => {
            change(ChangeKind::Upgraded, level)
        }
        (Some(open), Verdict::Broken(level)) if level < open.level => {
            change(ChangeKind::Downgraded, level)
        }
        (Some(open), Verdict::Broken(level)) => {
            let is_due = at.0 >= open.told.0 + u32::from(wait);
            if is_due { change(ChangeKind::Continued, level) } else { None }
        }
        (Some(open), Verdict::Sound) => change(ChangeKind::Closed, open.level),
        (Some(open), Verdict::Unknown) => {
            let is_lost = at.0 >= open.told.0 + u32::from(wait) + UNKNOWN_FOR;
            if is_lost { Some(Change::canceled(open)) } else { None }
        }
    }
}
