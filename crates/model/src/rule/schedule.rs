//! When a rule holds: schedules in a time zone of their own.
//!
//! A schedule is asked about an instant: the clock and calendar of its zone at that instant decide. So an hour that a
//! change of daylight saving repeats holds twice, and one that it skips never comes. Time zone rules are compiled in.

mod cron;

use std::str::FromStr as _;

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use self::cron::Cron;
use super::{ALWAYS, RuleError, sound_name};

/// When rules of an application hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Unique within the application: 1 to 255 characters, none of them a control character. Not `Always`.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 255))]
    pub name: String,
    #[cfg_attr(feature = "schema", schema(max_length = 1000))]
    pub description: String,
    /// An IANA name: `Europe/Berlin`.
    #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 64))]
    pub timezone: String,
    pub times: Times,
}

/// The times themselves. A span whose end is not after its start ends on the day after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Times {
    /// Once. Dates are `2026-12-24` or `12/24/2026`, times `18:30`.
    OneTime {
        start_date: String,
        start_time: String,
        end_date: String,
        end_time: String,
    },
    Daily {
        start_time: String,
        end_time: String,
    },
    /// On these days of the week.
    Weekly {
        #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 7))]
        days: Vec<Weekday>,
        start_time: String,
        end_time: String,
    },
    /// Each month, from a day of the month to another; one that a month does not have is its last.
    MonthlyDate {
        #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 31))]
        start_day: u8,
        start_time: String,
        #[cfg_attr(feature = "schema", schema(minimum = 1, maximum = 31))]
        end_day: u8,
        end_time: String,
    },
    /// Each month, on its first, second, … day of the week.
    MonthlyDay {
        which: WhichDay,
        day: Weekday,
        start_time: String,
        end_time: String,
    },
    /// From each time at which the first expression fires to the next at which the other does: six fields, seconds first,
    /// as in Quartz (`0 0 9 ? * 2-6`: nine o'clock, Monday to Friday).
    Custom {
        start_cron: String,
        end_cron: String,
    },
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Which of a month's days of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WhichDay {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

impl Weekday {
    pub const WORKDAYS: [Weekday; 5] =
        [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];

    fn is(self, date: Date) -> bool {
        date.weekday().to_monday_zero_offset() == self as i8
    }
}

/// What is asked of a schedule, read once.
enum Read {
    Between(DateTime, DateTime),
    OnDays(OnDays, Time, Time),
    InMonth { start: (i8, Time), end: (i8, Time) },
    Cron(Box<(Cron, Cron)>),
}

/// Days on which a span begins.
enum OnDays {
    All,
    OfWeek(Vec<Weekday>),
    OfMonth(WhichDay, Weekday),
}

impl Schedule {
    /// Whether the schedule is sound.
    ///
    /// # Errors
    /// A sentence that says what to change.
    pub fn check(&self) -> Result<(), RuleError> {
        sound_name("name", &self.name)?;
        if self.name == ALWAYS {
            return Err(RuleError::new("the schedule Always is there anyway; choose another name"));
        }
        if self.description.chars().count() > 1000 {
            return Err(RuleError::new("description has to have at most 1000 characters"));
        }
        self.zone()?;
        self.read().map(drop).map_err(|error| error.within("times"))
    }

    fn zone(&self) -> Result<TimeZone, RuleError> {
        TimeZone::get(&self.timezone).map_err(|_| {
            RuleError::new(format!(
                "timezone is {:?}; use an IANA name like Europe/Berlin or UTC",
                self.timezone
            ))
        })
    }

    /// Whether it is on at an instant (Unix milliseconds). One that is not sound is on: a rule must not fall silent.
    pub fn is_on(&self, at_ms: i64) -> bool {
        let (Ok(zone), Ok(read), Ok(at)) =
            (self.zone(), self.read(), Timestamp::from_millisecond(at_ms))
        else {
            return true;
        };
        let local = at.to_zoned(zone).datetime();
        match read {
            Read::Between(start, end) => start <= local && local < end,
            Read::OnDays(days, start, end) => {
                let (date, time) = (local.date(), local.time());
                match start < end {
                    true => days.have(date) && start <= time && time < end,
                    false => {
                        let before = date.yesterday().is_ok_and(|before| days.have(before));
                        days.have(date) && time >= start || before && time < end
                    }
                }
            }
            Read::InMonth { start, end } => {
                let last = local.date().days_in_month();
                let now = (local.day(), local.time());
                let (start, end) = ((start.0.min(last), start.1), (end.0.min(last), end.1));
                if start < end { start <= now && now < end } else { start <= now || now < end }
            }
            Read::Cron(both) => cron::is_between(&both.0, &both.1, local),
        }
    }

    fn read(&self) -> Result<Read, RuleError> {
        Ok(match &self.times {
            Times::OneTime { start_date, start_time, end_date, end_time } => {
                let start =
                    date("start_date", start_date)?.to_datetime(time("start_time", start_time)?);
                let end = date("end_date", end_date)?.to_datetime(time("end_time", end_time)?);
                if start >= end {
                    return Err(RuleError::new("the end has to lie after the start"));
                }
                Read::Between(start, end)
            }
            Times::Daily { start_time, end_time } => on_days(OnDays::All, start_time, end_time)?,
            Times::Weekly { days, start_time, end_time } => {
                if days.is_empty() || days.len() > 7 {
                    return Err(RuleError::new("days has to list 1 to 7 days of the week"));
                }
                on_days(OnDays::OfWeek(days.clone()), start_time, end_time)?
            }
            Times::MonthlyDay { which, day, start_time, end_time } => {
                on_days(OnDays::OfMonth(*which, *day), start_time, end_time)?
            }
            Times::MonthlyDate { start_day, start_time, end_day, end_time } => {
                let day = |what: &str, day: u8| match i8::try_from(day) {
                    Ok(day @ 1..=31) => Ok(day),
                    _ => Err(RuleError::new(format!("{what} has to be 1 to 31"))),
                };
                Read::InMonth {
                    start: (day("start_day", *start_day)?, time("start_time", start_time)?),
                    end: (day("end_day", *end_day)?, time("end_time", end_time)?),
                }
            }
            Times::Custom { start_cron, end_cron } => {
                let read =
                    |what: &str, text: &str| Cron::parse(text).map_err(|error| error.within(what));
                Read::Cron(Box::new((read("start_cron", start_cron)?, read("end_cron", end_cron)?)))
            }
        })
    }
}

impl OnDays {
    fn have(&self, date: Date) -> bool {
        match self {
            OnDays::All => true,
            OnDays::OfWeek(days) => days.iter().any(|day| day.is(date)),
            OnDays::OfMonth(which, day) => {
                let week = (date.day() - 1) / 7;
                let is_that = match which {
                    WhichDay::First => week == 0,
                    WhichDay::Second => week == 1,
                    WhichDay::Third => week == 2,
                    WhichDay::Fourth => week == 3,
                    WhichDay::Last => date.day() + 7 > date.days_in_month(),
                };
                day.is(date) && is_that
            }
        }
    }
}

fn on_days(days: OnDays, start: &str, end: &str) -> Result<Read, RuleError> {
    Ok(Read::OnDays(days, time("start_time", start)?, time("end_time", end)?))
}

/// `18:30`; `24:00` is midnight.
fn time(what: &str, text: &str) -> Result<Time, RuleError> {
    let parsed = text.split_once(':').and_then(|(hours, minutes)| {
        let both = |text: &str| (1..=2).contains(&text.len()).then(|| i8::from_str(text).ok())?;
        let (hours, minutes) = (both(hours)?, both(minutes)?);
        let hours = if (hours, minutes) == (24, 0) { 0 } else { hours };
        Time::new(hours, minutes, 0, 0).ok()
    });
    parsed
        .ok_or_else(|| RuleError::new(format!("{what} is {text:?}; use hours and minutes: 18:30")))
}

/// `2026-12-24` or `12/24/2026`.
fn date(what: &str, text: &str) -> Result<Date, RuleError> {
    let parsed = match text.contains('/') {
        true => Date::strptime("%m/%d/%Y", text),
        false => Date::from_str(text),
    };
    parsed.map_err(|_| RuleError::new(format!("{what} is {text:?}; use a date: 2026-12-24")))
}
