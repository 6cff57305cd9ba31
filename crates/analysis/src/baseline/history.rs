//! What a series was in the hours of the past, put together to what is expected of it.

use model::time::{Minute, MinuteRange};

use super::{
    Values,
    calendar::{Slots, hour_of},
    expected::{Basis, Expected, Noise},
};

/// From so many minutes' values on, an hour of the season has a baseline.
pub const MIN_MINUTES: f64 = 30.0;
/// They have to be of so many hours: one strange day alone is no season.
pub const MIN_HOURS: u32 = 2;
/// Until then it is judged by the 24 hours before, whatever hours of the season those were, if there are so many minutes'
/// values: from two hours after a start on.
pub const MIN_MINUTES_OF_ANY_HOUR: f64 = 120.0;
/// How far back that goes, minutes.
const ANY_HOUR: u32 = 24 * 60;

/// How values of a series come about, which tells how hours are put together and how much chance there is in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The mean of single calls: the mean of all calls is expected, and few calls tell little.
    MeanOfCalls,
    /// So many in a minute: minutes of an hour in which nothing was counted are zero.
    Count,
    /// Anything else, each minute by itself.
    Value,
}

/// What a series was in one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hour {
    /// Of its minutes. Of [`Kind::MeanOfCalls`] each minute's mean.
    pub minutes: Values,
    /// Of the single calls behind [`Kind::MeanOfCalls`]; else nothing.
    pub calls: Values,
}

/// Hours of one series, put together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gathered {
    kind: Kind,
    minutes: Values,
    calls: Values,
    hours: u32,
}

impl Gathered {
    /// No hour yet.
    pub fn of(kind: Kind) -> Gathered {
        Gathered { kind, minutes: Values::default(), calls: Values::default(), hours: 0 }
    }

    /// Adds an hour in which something was measured, later than those before. Hours without anything are not added: they say
    /// nothing. In the first one the series may have begun, so that its minutes count as they are; of a later one those
    /// without a count are zeros.
    pub fn add(&mut self, hour: &Hour) {
        let is_whole = self.kind == Kind::Count && self.hours > 0;
        let minutes = if is_whole { hour.minutes.among(60.0) } else { hour.minutes };
        self.minutes = self.minutes.with(minutes);
        self.calls = self.calls.with(hour.calls);
        self.hours += 1;
    }

    /// What is expected of an hour that is alike, where there is enough to say.
    pub fn of_season(&self) -> Option<Expected> {
        let enough = self.minutes.count >= MIN_MINUTES && self.hours >= MIN_HOURS;
        enough.then(|| self.expected(Basis::Season))
    }

    /// What is expected of any hour, where there is enough to say.
    pub fn of_any_hour(&self) -> Option<Expected> {
        (self.minutes.count >= MIN_MINUTES_OF_ANY_HOUR).then(|| self.expected(Basis::LastDay))
    }

    fn expected(&self, basis: Basis) -> Expected {
        let sample = self.minutes.count / (self.minutes.count - 1.0).max(1.0);
        let mean = match self.kind {
            Kind::MeanOfCalls if self.calls.count > 0.0 => self.calls.mean(),
            _ => self.minutes.mean(),
        };
        Expected {
            mean,
            deviation: (self.minutes.variance_about(mean) * sample).sqrt(),
            noise: match self.kind {
                Kind::MeanOfCalls => Noise::OfCalls(self.calls.deviation()),
                Kind::Count => Noise::OfCounting,
                Kind::Value => Noise::None,
            },
            minutes: self.minutes.count as u32,
            hours: self.hours,
            basis,
        }
    }
}

/// The hours in which a series may be judged by others: those before `at`'s own hour, which is never part of its own
/// baseline.
pub fn any_hour_before(at: Minute) -> MinuteRange {
    let end = hour_of(at);
    MinuteRange { start: Minute(end.0.saturating_sub(ANY_HOUR)), end }
}

/// What is expected of a series in the hour of `at`, of all that is known of it: `hours` by rising first minute, each
/// once. `window` is what its season is learnt from; what of it is not before that hour is left out.
pub fn expected(
    kind: Kind,
    slots: &Slots<'_>,
    window: MinuteRange,
    hours: &[(Minute, Hour)],
    at: Minute,
) -> Option<Expected> {
    let slot = slots.of(at);
    gathered(kind, before(window, at), hours, |hour| slots.of(hour) == slot)
        .of_season()
        .or_else(|| gathered(kind, any_hour_before(at), hours, |_| true).of_any_hour())
}

fn gathered(
    kind: Kind,
    window: MinuteRange,
    hours: &[(Minute, Hour)],
    takes: impl Fn(Minute) -> bool,
) -> Gathered {
    let from = hours.partition_point(|(at, _)| *at < window.start);
    let to = hours.partition_point(|(at, _)| at.0 + 60 <= window.end.0);
    let mut gathered = Gathered::of(kind);
    let inside = hours.get(from..to).unwrap_or_default();
    inside.iter().filter(|(at, _)| takes(*at)).for_each(|(_, hour)| gathered.add(hour));
    gathered
}

/// What of a range lies before the hour of a minute.
pub fn before(range: MinuteRange, at: Minute) -> MinuteRange {
    MinuteRange { start: range.start, end: range.end.min(hour_of(at)) }
}

#[cfg(test)]
mod tests;
