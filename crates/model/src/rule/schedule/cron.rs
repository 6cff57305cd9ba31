//! Cron expressions of six or seven fields as Quartz has them: second, minute, hour, day of month, month, day of week
//! (1 is Sunday) and perhaps year. Lists, ranges, steps, names, `*` and `?`; seconds count as their minute.
//! (<https://www.quartz-scheduler.org/documentation/quartz-2.3.0/tutorials/crontrigger.html>)

use jiff::civil::DateTime;

use crate::rule::RuleError;

/// How far back the last firing is looked for: beyond a month and a day nothing monthly is missed.
const DAYS_BACK: i32 = 33;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// When something fires, to the minute.
#[derive(Debug)]
pub(super) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
}

impl Cron {
    pub(super) fn parse(text: &str) -> Result<Cron, RuleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if text.len() > 200 || !(6..=7).contains(&fields.len()) {
            return Err(RuleError::new(
                "it has to have six fields: second, minute, hour, day of month, month, day of week",
            ));
        }
        field("second", fields[0], 0, 59, &[])?;
        if fields.get(6).is_some_and(|year| *year != "*") {
            return Err(RuleError::new("the year has to be * or left out"));
        }
        Ok(Cron {
            minutes: field("minute", fields[1], 0, 59, &[])?,
            hours: field("hour", fields[2], 0, 23, &[])?,
            days: field("day of month", fields[3], 1, 31, &[])?,
            months: field("month", fields[4], 1, 12, &MONTHS)?,
            weekdays: field("day of week", fields[5], 1, 7, &DAYS)?,
        })
    }

    fn fires_on(&self, at: DateTime) -> bool {
        let weekday = at.weekday().to_sunday_zero_offset() + 1;
        has(self.days, at.day()) && has(self.months, at.month()) && has(self.weekdays, weekday)
    }

    /// The last minute of a day, up to `until`, at which it fires; counted from midnight.
    fn last_of_day(&self, until: i32) -> Option<i32> {
        (0..=until)
            .rev()
            .find(|at| has(self.hours, (at / 60) as i8) && has(self.minutes, (at % 60) as i8))
    }
}

fn has(set: u64, number: i8) -> bool {
    set >> number & 1 == 1
}

/// Whether `start` fired, at `now` or before it, later than `end` did.
pub(super) fn is_between(start: &Cron, end: &Cron, now: DateTime) -> bool {
    let mut until = i32::from(now.hour()) * 60 + i32::from(now.minute());
    for back in 0..DAYS_BACK {
        let Ok(day) = now.checked_sub(jiff::Span::new().days(back)) else { return false };
        let fired = |cron: &Cron| cron.fires_on(day).then(|| cron.last_of_day(until)).flatten();
        match (fired(start), fired(end)) {
            (None, None) => until = 24 * 60 - 1,
            (started, ended) => return started > ended,
        }
    }
    false
}

/// The numbers that a field stands for, as bits.
fn field(what: &str, text: &str, low: u8, high: u8, names: &[&str]) -> Result<u64, RuleError> {
    let wrong = || {
        RuleError::new(format!(
            "the field for the {what} is {text:?}; use numbers {low} to {high}, lists, ranges, steps, * or ?"
        ))
    };
    let number = |text: &str| -> Option<u8> {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = named.map(|at| at as u8 + low).or_else(|| text.parse().ok())?;
        (low..=high).contains(&number).then_some(number)
    };
    let mut set = 0u64;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u8>().ok().filter(|step| *step > 0)),
            None => (part, Some(1)),
        };
        let step = step.ok_or_else(wrong)?;
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (low, high),
            Some((from, to)) => (number(from).ok_or_else(wrong)?, number(to).ok_or_else(wrong)?),
            None => {
                let from = number(range).ok_or_else(wrong)?;
                (from, if part.contains('/') { high } else { from })
            }
        };
        if from <= to {
            (from..=to).step_by(step.into()).for_each(|one| set |= 1 << one);
        } else {
            // FRI-MON goes over the end of the week.
            (from..=high).chain(low..=to).step_by(step.into()).for_each(|one| set |= 1 << one);
        }
    }
    Ok(set)
}
