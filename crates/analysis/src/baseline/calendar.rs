//! Which hours are alike: seasons in a time zone, across changes of daylight-saving time.
//!
//! Hours are those of the roll-ups, whole hours of UTC. Such an hour belongs to the local hour in which it begins, so
//! that where clocks are half an hour off (India, Lord Howe Island) each hour still belongs to exactly one. In spring the hour
//! that is left out has no hour of roll-ups on that day; in autumn two of them belong to the hour that comes twice.

use std::fmt;

use jiff::{Timestamp, civil, tz::TimeZone, tz::TimeZoneDatabase};
use model::time::{Minute, MinuteRange};

/// After how long a series repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Season {
    /// All hours are alike.
    None,
    /// Hours of the day: 24 kinds.
    Day,
    /// Hours of the week: hour and weekday, 168 kinds.
    Week,
    /// Hours of the month: hour and day of the month, 744 kinds.
    Month,
}

/// A time zone of the bundled tz database, <https://www.iana.org/time-zones>.
#[derive(Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
}

/// There is no such time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no time zone {0:?}; names are those of the tz database, such as Europe/Berlin or UTC"
)]
pub struct UnknownZone(pub String);

impl Calendar {
    /// The calendar without daylight-saving time.
    pub fn utc() -> Calendar {
        Calendar { zone: TimeZone::UTC }
    }

    /// The calendar of a place.
    ///
    /// # Errors
    /// When the tz database does not know the name.
    pub fn of(name: &str) -> Result<Calendar, UnknownZone> {
        let zone = TimeZoneDatabase::bundled().get(name);
        zone.map(|zone| Calendar { zone }).map_err(|_| UnknownZone(name.to_owned()))
    }

    /// All names that there are, sorted.
    pub fn names() -> Vec<String> {
        let database = TimeZoneDatabase::bundled();
        let mut names: Vec<String> = database.available().map(|name| name.to_string()).collect();
        names.sort_unstable();
        names
    }

    /// The name of the zone, `Europe/Berlin`.
    pub fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// Which of the season's hours the hour of a minute is: from 0, Monday and the first of the month being first.
    pub fn slot(&self, season: Season, minute: Minute) -> u16 {
        if season == Season::None {
            return 0;
        }
        let local = self.local(hour_of(minute));
        let hour = local.hour().unsigned_abs().into();
        match season {
            Season::None => 0,
            Season::Day => hour,
            Season::Week => {
                u16::from(local.weekday().to_monday_zero_offset().unsigned_abs()) * 24 + hour
            }
            Season::Month => (u16::from(local.day().unsigned_abs()) - 1) * 24 + hour,
        }
    }

    /// How many slots a season has.
    pub fn slots(season: Season) -> u16 {
        match season {
            Season::None => 1,
            Season::Day => 24,
            Season::Week => 7 * 24,
            Season::Month => 31 * 24,
        }
    }

    /// The hours (their first minutes) in `window` that lie in the season as the hour of `at` does, oldest first. The window
    /// is cut to whole hours that lie in it.
    pub fn like(&self, season: Season, at: Minute, window: MinuteRange) -> Vec<Minute> {
        let slot = self.slot(season, at);
        hours_in(window).filter(|hour| self.slot(season, *hour) == slot).collect()
    }

    /// The first minute of the day that a minute lies in. Where a day begins at one o'clock, since its midnight was left out, that.
    pub fn midnight(&self, minute: Minute) -> Minute {
        let began = self.local(minute).date().to_zoned(self.zone.clone());
        let began = began.ok().and_then(|at| u32::try_from(at.timestamp().as_second() / 60).ok());
        began.map_or(minute, Minute)
    }

    fn local(&self, minute: Minute) -> civil::DateTime {
        let at = Timestamp::from_second(i64::from(minute.0) * 60).unwrap_or(Timestamp::MAX);
        self.zone.to_datetime(at)
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Calendar").field(&self.name()).finish()
    }
}

/// Slots of many hours, looked up once.
#[derive(Debug)]
pub struct Slots<'c> {
    calendar: &'c Calendar,
    season: Season,
    /// The first hour, in hours since 1970, and the slots from it on.
    first: u32,
    slots: Vec<u16>,
}

impl<'c> Slots<'c> {
    /// Those of a range; others are looked up when they are asked for.
    pub fn of_hours(calendar: &'c Calendar, season: Season, range: MinuteRange) -> Slots<'c> {
        let slots = hours_in(range).map(|hour| calendar.slot(season, hour)).collect();
        Slots { calendar, season, first: range.start.0.div_ceil(60), slots }
    }

    /// The slot of a minute's hour.
    pub fn of(&self, minute: Minute) -> u16 {
        let place = (minute.0 / 60).checked_sub(self.first);
        let known = place.and_then(|place| self.slots.get(place as usize)).copied();
        known.unwrap_or_else(|| self.calendar.slot(self.season, minute))
    }
}

/// The first minute of the hour that a minute lies in.
pub fn hour_of(minute: Minute) -> Minute {
    Minute(minute.0 - minute.0 % 60)
}

/// The whole hours of a range, by their first minutes.
pub fn hours_in(window: MinuteRange) -> impl Iterator<Item = Minute> {
    let first = window.start.0.div_ceil(60);
    (first..(window.end.0 / 60).max(first)).map(|hour| Minute(hour * 60))
}

#[cfg(test)]
mod tests;
