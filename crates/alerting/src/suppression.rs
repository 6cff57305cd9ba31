//! Suppressions: when nobody wants to be told, and about what.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Weekday, tz::TimeZone};
use metadata_store::Event;
use serde::{Deserialize, Serialize};

use crate::policy::{EntitySelector, Lineage, concerned};

/// A suppression, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    pub enabled: bool,
    pub window: Window,
    /// Names of the health rules whose violations are not told; empty: nothing is.
    #[serde(default)]
    pub rules: BTreeSet<String>,
    /// Empty: whatever an event affects.
    #[serde(default)]
    pub entities: Vec<EntitySelector>,
    /// The document by which a script made it, as long as nobody else has changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<serde_json::Value>,
}

/// When it is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Window {
    /// From one moment to another, Unix milliseconds, half open.
    OneTime { from_ms: i64, until_ms: i64 },
    /// On these days, from a time of the clock to another, which is on the next day when it is not later.
    Recurring {
        /// On which it begins, 1 for Monday to 7 for Sunday; empty: each day.
        #[serde(default)]
        days: BTreeSet<u8>,
        /// Days of the month on which it begins, 1 to 31; empty: each.
        #[serde(default)]
        month_days: BTreeSet<u8>,
        /// Minutes since midnight.
        from_minute: u16,
        until_minute: u16,
        /// `Europe/Berlin`.
        zone: String,
    },
}

/// Minutes of a day.
const DAY: u16 = 24 * 60;

impl Window {
    /// What is wrong with it, in a sentence.
    ///
    /// # Errors
    /// When it is never on, or names a zone that there is not.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::OneTime { from_ms, until_ms } if until_ms <= from_ms => {
                Err("a window has to end after it begins".to_owned())
            }
            Self::OneTime { from_ms, until_ms } => {
                let known = Timestamp::from_millisecond(*from_ms)
                    .and(Timestamp::from_millisecond(*until_ms));
                known.map(drop).map_err(|_| "a window's moments are out of range".to_owned())
            }
            Self::Recurring { days, month_days, from_minute, until_minute, zone } => {
                if *from_minute >= DAY || *until_minute > DAY {
                    return Err("a window's times have to be between 00:00 and 24:00".to_owned());
                }
                if days.iter().any(|day| !(1..=7).contains(day))
                    || month_days.iter().any(|day| !(1..=31).contains(day))
                {
                    return Err(
                        "weekdays are 1 to 7 from Monday on, days of a month 1 to 31".to_owned()
                    );
                }
                TimeZone::get(zone).map(drop).map_err(|_| {
                    format!("there is no time zone {zone:?}; use a name such as Europe/Berlin")
                })
            }
        }
    }

    /// Whether it is on.
    pub fn is_on(&self, at_ms: i64) -> bool {
        match self {
            Self::OneTime { from_ms, until_ms } => (*from_ms..*until_ms).contains(&at_ms),
            Self::Recurring { from_minute, until_minute, zone, .. } => {
                let (Ok(zone), Ok(at)) = (TimeZone::get(zone), Timestamp::from_millisecond(at_ms))
                else {
                    return false;
                };
                let now = at.to_zoned(zone);
                let minute = u16::try_from(i32::from(now.hour()) * 60 + i32::from(now.minute()))
                    .unwrap_or(0);
                if from_minute < until_minute {
                    return self.begins_on(now.date())
                        && (*from_minute..*until_minute).contains(&minute);
                }
                let began_today = minute >= *from_minute && self.begins_on(now.date());
                let began_yesterday = minute < *until_minute
                    && now.date().yesterday().is_ok_and(|day| self.begins_on(day));
                began_today || began_yesterday
            }
        }
    }

    fn begins_on(&self, day: jiff::civil::Date) -> bool {
        let Self::Recurring { days, month_days, .. } = self else { return false };
        let weekday = u8::try_from(Weekday::to_monday_one_offset(day.weekday())).unwrap_or(0);
        let of_month = u8::try_from(day.day()).unwrap_or(0);
        (days.is_empty() || days.contains(&weekday))
            && (month_days.is_empty() || month_days.contains(&of_month))
    }

    /// The stretches of time in which it is on between two moments, Unix milliseconds, to the minute: at most 500. For
    /// pictures.
    pub fn stretches(&self, from_ms: i64, until_ms: i64) -> Vec<(i64, i64)> {
        if let Self::OneTime { from_ms: begins, until_ms: ends } = self {
            let (begins, ends) = ((*begins).max(from_ms), (*ends).min(until_ms));
            return if begins < ends { vec![(begins, ends)] } else { Vec::new() };
        }
        let mut found: Vec<(i64, i64)> = Vec::new();
        let mut on_since = None;
        let mut at = from_ms - from_ms.rem_euclid(STEP_MS);
        while at < until_ms && found.len() < 500 {
            match (self.is_on(at), on_since) {
                (true, None) => on_since = Some(at.max(from_ms)),
                (false, Some(since)) => {
                    found.push((since, at));
                    on_since = None;
                }
                _ => (),
            }
            at += STEP_MS;
        }
        found.extend(on_since.map(|since| (since, until_ms)));
        found
    }
}

/// A moment that a script wrote: Unix milliseconds, with an offset (`2026-11-28T22:00:00Z`), or by the clock of a zone
/// (`2026-11-28T22:00:00`, `2026-11-28 22:00:00`).
///
/// # Errors
/// A sentence about what cannot be read.
pub fn moment(text: &str, zone: &str) -> Result<i64, String> {
    let text = text.trim();
    if let Ok(ms) = text.parse::<i64>() {
        return Ok(ms);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.as_millisecond());
    }
    let wrong = || format!("{text:?} is no moment such as 2026-11-28T22:00:00");
    let civil: jiff::civil::DateTime = text.replacen(' ', "T", 1).parse().map_err(|_| wrong())?;
    let zone = TimeZone::get(zone).map_err(|_| format!("there is no time zone {zone:?}"))?;
    let at = civil.to_zoned(zone).map_err(|_| wrong())?;
    Ok(at.timestamp().as_millisecond())
}

/// Windows begin and end on whole five minutes in pictures.
const STEP_MS: i64 = 300_000;

impl Suppression {
    /// Whether an event of its account and application is not to be told.
    pub fn hides(&self, event: &Event, at_ms: i64, lineage: Lineage<'_>) -> bool {
        if !self.enabled || !self.window.is_on(at_ms) {
            return false;
        }
        if !self.rules.is_empty() {
            let rule = event.triggered.as_ref().map(|rule| rule.name.as_str());
            if !rule.is_some_and(|rule| self.rules.contains(rule)) {
                return false;
            }
        }
        if self.entities.is_empty() {
            return true;
        }
        let concerned = concerned(event, lineage);
        self.entities.iter().any(|selector| selector.selects(&concerned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn nightly(days: &[u8], zone: &str) -> Window {
        Window::Recurring {
            days: days.iter().copied().collect(),
            month_days: BTreeSet::new(),
            from_minute: 22 * 60,
            until_minute: 6 * 60,
            zone: zone.to_owned(),
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        // 27 November 2026 is a Friday.
        let friday = nightly(&[5], "UTC");
        assert!(!friday.is_on(ms("2026-11-27T03:00:00Z")), "Thursday's night");
        assert!(!friday.is_on(ms("2026-11-27T21:59:59Z")));
        assert!(friday.is_on(ms("2026-11-27T22:00:00Z")));
        assert!(friday.is_on(ms("2026-11-28T05:59:59Z")), "Saturday morning");
        assert!(!friday.is_on(ms("2026-11-28T06:00:00Z")));
        assert!(!friday.is_on(ms("2026-11-28T23:00:00Z")), "Saturday's own night");
    }

    #[test]
    fn a_clock_that_is_changed_moves_the_window_with_it() {
        // Berlin goes from UTC+2 to UTC+1 on 25 October 2026.
        let night = nightly(&[], "Europe/Berlin");
        assert!(night.is_on(ms("2026-10-24T20:00:00Z")), "22:00 in summer");
        assert!(!night.is_on(ms("2026-10-25T20:59:00Z")), "21:59 in winter");
        assert!(night.is_on(ms("2026-10-25T21:00:00Z")), "22:00 in winter");
        assert!(night.is_on(ms("2026-10-25T04:59:00Z")), "05:59 of the longer night");
        assert!(!night.is_on(ms("2026-10-25T05:00:00Z")));
    }

    #[test]
    fn stretches_are_what_is_on() {
        let night = nightly(&[], "UTC");
        let (from, until) = (ms("2026-11-27T00:00:00Z"), ms("2026-11-28T00:00:00Z"));
        let expected = [(from, ms("2026-11-27T06:00:00Z")), (ms("2026-11-27T22:00:00Z"), until)];
        assert_eq!(night.stretches(from, until), expected);
        let once = Window::OneTime { from_ms: from - 5, until_ms: from + 7 };
        assert_eq!(once.stretches(from, until), [(from, from + 7)]);
        assert!(once.is_on(from + 6) && !once.is_on(from + 7));
    }

    #[test]
    fn a_script_may_write_a_moment_in_several_ways() {
        let at = ms("2026-11-28T21:00:00Z");
        for text in ["2026-11-28T22:00:00", "2026-11-28 22:00:00", "2026-11-28T21:00:00Z"] {
            assert_eq!(moment(text, "Europe/Berlin").unwrap(), at, "{text}");
        }
        assert_eq!(moment(&at.to_string(), "").unwrap(), at);
        assert!(moment("tomorrow", "UTC").is_err() && moment("2026-11-28T22:00:00", "x").is_err());
    }

    #[test]
    fn windows_that_are_never_on_are_refused() {
        assert!(Window::OneTime { from_ms: 5, until_ms: 5 }.check().is_err());
        assert!(nightly(&[8], "UTC").check().is_err());
        let refused = nightly(&[], "Europe/Bielefeld").check().unwrap_err();
        assert!(refused.contains("Europe/Bielefeld"), "{refused}");
        assert!(nightly(&[1], "Europe/Berlin").check().is_ok());
    }
}
