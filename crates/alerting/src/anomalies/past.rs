//! A series over stored minutes, learnt from some time before on: what it would have said, and why. Nothing is stored.
//!
//! It is the same `analysis::anomaly::Series` that the engine feeds, in the same order, so that the past reads as it was
//! judged as far as stored minutes and settings are the same.

use analysis::{
    anomaly::{Change, Config, Explanation, Moment, Reading, Series, State},
    baseline::{Calendar, Season},
};
use model::{
    anomaly::{AnomalySensitivity, AnomalySettings, AnomalyState},
    entity::EntityKind,
    id::{AccountId, EntityId},
    rule::Level,
    time::{Minute, MinuteRange},
};
use telemetry_store::reader::{Answer, QueryError};

use super::{
    readings::{self, Observed},
    watched::{SeriesKey, What, measured_of, sensitivity_at, unit_of},
    words::figure,
};

/// Which series, when, and how it is watched.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    pub account: AccountId,
    pub application: EntityId,
    pub key: SeriesKey,
    pub kind: EntityKind,
    /// From when on it is learnt from; not after `range` begins.
    pub learnt_from: Minute,
    /// The minutes that are wanted.
    pub range: MinuteRange,
    pub settings: &'a AnomalySettings,
    pub wanted: AnomalySensitivity,
    pub calendar: &'a Calendar,
}

/// A minute of a series. Values are in the unit that the series is shown in.
#[derive(Clone, Debug, PartialEq)]
pub struct PastPoint {
    pub at: Minute,
    pub value: Option<f64>,
    pub expected: Option<f64>,
    /// Between these nothing is said; none where that side is not judged.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub state: AnomalyState,
    /// log₁₀ of the minutes in which one such episode is expected; 0 for what is usual.
    pub rarity: f64,
    /// The mean deviation that is usual at this hour.
    pub usual: f64,
    /// What load adds to what is expected.
    pub by_load: f64,
    /// Why it is or is not anomalous, in a sentence.
    pub why: String,
}

/// A time in which a series deviates.
#[derive(Clone, Debug, PartialEq)]
pub struct PastEpisode {
    /// The worst that was reached.
    pub level: Level,
    pub onset: Minute,
    pub opened: Minute,
    /// None: it was not over at the range's end.
    pub closed: Option<Minute>,
    /// At its worst minute.
    pub observed: f64,
    pub expected: f64,
    pub deviation: f64,
    pub shift: bool,
}

/// A series over the past.
#[derive(Clone, Debug)]
pub struct PastSeries {
    pub points: Vec<PastPoint>,
    pub episodes: Vec<PastEpisode>,
    /// The first minute that it was learnt from.
    pub first: Option<Minute>,
    /// As it is at the range's end.
    pub series: Series,
}

/// Runs a series over the past.
///
/// # Errors
/// When the store cannot be read, or the answer would be over its limit.
pub fn replay(
    telemetry: &(impl Observed + ?Sized),
    past: &Past<'_>,
) -> Result<Answer<PastSeries>, QueryError> {
    let config = Config::default();
    let Some(measured) = measured_of(past.key.entity, past.kind) else {
        let series = Series::new(past.key.what.kind(), &config);
        let empty = PastSeries { points: Vec::new(), episodes: Vec::new(), first: None, series };
        return Ok(Answer { value: empty, partial: Vec::new() });
    };
    let range = MinuteRange { start: past.learnt_from.min(past.range.start), end: past.range.end };
    let answer =
        readings::of_series(telemetry, past.account, past.application, past.key, measured, range)?;
    let mut run = Run {
        past,
        config,
        series: Series::new(past.key.what.kind(), &config),
        points: Vec::new(),
        episodes: Vec::new(),
        open: None,
        worst: 0.0,
    };
    let first = answer.value.first().map(|(minute, _)| *minute);
    let mut readings = answer.value.into_iter().peekable();
    for minute in (range.start.0..range.end.0).map(Minute) {
        let reading = readings.next_if(|(at, _)| *at == minute).map(|(_, reading)| reading);
        run.take(minute, reading);
    }
    let Run { series, points, episodes, open, .. } = run;
    let episodes = episodes.into_iter().chain(open).collect();
    Ok(Answer { value: PastSeries { points, episodes, first, series }, partial: answer.partial })
}

struct Run<'a> {
    past: &'a Past<'a>,
    config: Config,
    series: Series,
    points: Vec<PastPoint>,
    episodes: Vec<PastEpisode>,
    open: Option<PastEpisode>,
    /// The rarity of the open episode's worst minute.
    worst: f32,
}

impl Run<'_> {
    fn take(&mut self, minute: Minute, reading: Option<Reading>) {
        let what = self.past.key.what;
        let moment = Moment {
            minute: minute.0,
            hour_of_week: self.past.calendar.slot(Season::Week, minute),
        };
        let calls = reading.and_then(|reading| reading.calls);
        let (settings, wanted) = (self.past.settings, self.past.wanted);
        let sensitivity =
            sensitivity_at(settings, wanted, what, &self.series, &self.config, moment, calls);
        let known = self.series.last().is_some();
        let band = known.then(|| self.series.explain(&self.config, &sensitivity, moment, calls));
        let verdict =
            reading.map(|reading| self.series.observe(&self.config, &sensitivity, moment, reading));
        let is_wanted = self.past.range.contains(minute);
        if let (Some(verdict), Some(reading)) = (&verdict, reading) {
            self.follow(minute, verdict, reading);
        }
        if !is_wanted {
            return;
        }
        let state = match &verdict {
            Some(verdict) => verdict.state,
            None => self.series.state_at(&self.config, minute.0),
        };
        let value = reading.map(|reading| reading.value * what.shown());
        let rarity = verdict.as_ref().map_or(0.0, |verdict| f64::from(verdict.rarity));
        self.points.push(point(what, minute, value, band, shown(state), rarity));
    }

    /// Episodes that end before the range begins are none of it.
    fn follow(&mut self, minute: Minute, verdict: &analysis::anomaly::Verdict, reading: Reading) {
        let shown = self.past.key.what.shown();
        if let Some(Change::Opened { onset } | Change::Reopened { onset }) = verdict.change {
            self.worst = 0.0;
            self.open = Some(PastEpisode {
                level: Level::Warning,
                onset: Minute(onset),
                opened: minute,
                closed: None,
                observed: reading.value * shown,
                expected: f64::from(verdict.expected) * shown,
                deviation: 0.0,
                shift: false,
            });
        }
        if let Some(open) = &mut self.open {
            if verdict.state == State::Critical {
                open.level = Level::Critical;
            }
            open.shift |= verdict.shift;
            if let Some(deviation) = verdict.deviation.filter(|_| verdict.rarity > self.worst) {
                self.worst = verdict.rarity;
                open.observed = reading.value * shown;
                open.expected = f64::from(verdict.expected).max(0.0) * shown;
                open.deviation = f64::from(deviation.scaled);
            }
        }
        if matches!(verdict.change, Some(Change::Closed | Change::Shifted))
            && let Some(open) = self.open.take()
            && minute >= self.past.range.start
        {
            self.episodes.push(PastEpisode { closed: Some(minute), ..open });
        }
    }
}

fn shown(state: State) -> AnomalyState {
    match state {
        State::Learning => AnomalyState::Learning,
        State::Normal => AnomalyState::Normal,
        State::Warning => AnomalyState::Warning,
        State::Critical => AnomalyState::Critical,
        State::NoData => AnomalyState::NoData,
    }
}

/// What a series says of how it is in a minute.
pub fn state_of(series: &Series, minute: Minute) -> AnomalyState {
    shown(series.state_at(&Config::default(), minute.0))
}

fn point(
    what: What,
    at: Minute,
    value: Option<f64>,
    band: Option<Explanation>,
    state: AnomalyState,
    rarity: f64,
) -> PastPoint {
    let scale = what.shown();
    let finite = |side: f32| side.is_finite().then(|| f64::from(side) * scale);
    // Nothing of what is watched can be below nothing.
    let least = |side: f64| side.max(0.0);
    let mut point = PastPoint {
        at,
        value,
        expected: band.map(|band| least(f64::from(band.expected) * scale)),
        low: band.and_then(|band| finite(band.band.low)).map(least),
        high: band.and_then(|band| finite(band.band.high)),
        state,
        rarity,
        usual: band.map_or(0.0, |band| f64::from(band.usual) * scale),
        by_load: band.map_or(0.0, |band| f64::from(band.by_load) * scale),
        why: String::new(),
    };
    point.why = why(&point, &unit_of(what));
    point
}

fn why(point: &PastPoint, unit: &str) -> String {
    let Some(value) = point.value else {
        return match point.state {
            AnomalyState::NoData => "Nothing has come for a while.".to_owned(),
            _ => "Nothing was measured in this minute.".to_owned(),
        };
    };
    if point.state == AnomalyState::Learning {
        return "Too little is known yet for a verdict: it takes an hour.".to_owned();
    }
    let seen = figure(value, unit);
    let band = match (point.low, point.high) {
        (Some(low), Some(high)) => {
            format!("between {} and {}", figure(low, unit), figure(high, unit))
        }
        (_, Some(high)) => format!("up to {}", figure(high, unit)),
        _ => "not known".to_owned(),
    };
    let load = match point.by_load.abs() > 0.1 * point.usual.max(f64::MIN_POSITIVE) {
        true => format!(", {} of it for the load", figure(point.by_load, unit)),
        false => String::new(),
    };
    let expected = point.expected.map(|expected| figure(expected, unit)).unwrap_or_default();
    let usual = format!("usual at this hour is {band}, and {expected} is expected{load}");
    match point.state {
        AnomalyState::Normal if point.rarity > 0.0 => format!(
            "{seen}: {usual}. It deviates, as this series does {}, which is not rare enough.",
            once_in(point.rarity)
        ),
        AnomalyState::Normal => format!("{seen}: {usual}."),
        _ if point.rarity > 0.0 => {
            format!("{seen}: {usual}. This series does the like {}.", once_in(point.rarity))
        }
        _ => format!("{seen}: {usual}. The anomaly is not over: it has not been calm for long."),
    }
}

/// `once in 3 days`, of the logarithm of minutes.
fn once_in(rarity: f64) -> String {
    let minutes = 10_f64.powf(rarity.min(9.0));
    match minutes {
        _ if minutes < 120.0 => format!("once in {minutes:.0} minutes"),
        _ if minutes < 2.0 * 1440.0 => format!("once in {:.0} hours", minutes / 60.0),
        _ if minutes < 365.0 * 1440.0 => format!("once in {:.0} days", minutes / 1440.0),
        _ => "less than once in a year".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rarities_read_as_times() {
        let check = |rarity, expected: &str| assert_eq!(once_in(rarity), expected);
        check(1.0, "once in 10 minutes");
        check(2.5, "once in 5 hours");
        check(3.65, "once in 3 days");
        check(8.0, "less than once in a year");
    }
}
