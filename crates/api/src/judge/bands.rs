//! What a baseline expects hour by hour, as charts draw it.

use alerting::baselines::{Behind, Definition, Expected, Key, MOST_HOURS, Metric, hour_of};
use api_types::{Band, BandHour, Bands, HourBand, Ref};
use model::{id::EntityId, measured::Measured, time::Minute};

use super::{Judge, basis_body};
use crate::{ask::Asking, period::Period};

/// Metrics of one answer that have bands at most: as many as any chart draws, and more.
const MOST_METRICS: usize = 32;

/// What was expected of several series in the hours of a period.
struct OverHours {
    definition: Definition,
    time_zone: String,
    hours: Vec<Minute>,
    /// Of each hour, of each series.
    expected: Vec<Vec<Option<Expected>>>,
}

impl OverHours {
    fn baseline(&self) -> Ref {
        Ref { id: self.definition.id, name: self.definition.name.clone() }
    }

    /// What was expected of the points of one series, by the place of its key and of the calls behind it.
    fn of(&self, (own, calls): (usize, usize), is_total: bool, period: &Period) -> Vec<HourBand> {
        let minutes = f64::from(period.resolution.minutes());
        let times = if is_total { minutes } else { 1.0 };
        let hour = |(at, expected): (&Minute, &Vec<Option<Expected>>)| {
            let calls = expected[calls].map_or(0.0, |calls| calls.mean) * minutes;
            let band = expected[own].map(|one| {
                let band = body(&one, Behind { minutes, calls });
                Band { mean: band.mean * times, deviation: band.deviation * times, ..band }
            });
            HourBand { at: at.start_millis(), band }
        };
        self.hours.iter().zip(&self.expected).map(hour).collect()
    }
}

impl Judge {
    /// What was expected of something in the hours of a period; nothing where nobody asked.
    pub(crate) fn bands(
        &self,
        asking: &mut Asking<'_>,
        application: EntityId,
        period: &Period,
        of: Measured,
    ) -> Option<Bands> {
        let metrics = [Metric::ResponseTime, Metric::Calls, Metric::Errors];
        let keys = metrics.map(|metric| Key::Figure { application, of, metric });
        let found = self.over_hours(asking, application, period, &keys)?;
        let minutes = f64::from(period.resolution.minutes());
        let hour = |place: usize| {
            let [times, calls, errors] = [0, 1, 2].map(|metric| found.expected[place][metric]);
            let expected_calls = calls.map_or(0.0, |calls| calls.mean) * minutes;
            let behind = Behind { minutes, calls: expected_calls };
            let band = |expected: Option<Expected>| expected.map(|one| body(&one, behind));
            BandHour {
                at: found.hours[place].start_millis(),
                average_ms: band(times),
                calls: band(calls),
                errors: band(errors),
            }
        };
        Some(Bands {
            baseline: found.baseline(),
            time_zone: found.time_zone.clone(),
            hours: (0..found.hours.len()).map(hour).collect(),
        })
    }

    /// What was expected of metrics in the hours of a period, in their order, and by which baseline; nothing where nobody asked.
    pub(crate) fn bands_of_metrics(
        &self,
        asking: &mut Asking<'_>,
        application: EntityId,
        period: &Period,
        metrics: &[Option<Key>],
    ) -> Option<(Ref, Vec<Option<Vec<HourBand>>>)> {
        self.definitions.as_ref()?;
        if metrics.len() > MOST_METRICS {
            asking.lacks(&format!(
                "the baselines are left out: they are told of {MOST_METRICS} metrics at most, and the path matches {}",
                metrics.len()
            ));
            return None;
        }
        let keys: Vec<Key> = metrics.iter().flatten().flat_map(with_calls_behind).collect();
        let found = self.over_hours(asking, application, period, &keys)?;
        let mut places = 0..keys.len();
        let mut place_of = |key: &Key| {
            let own = places.next()?;
            // A series stands for itself.
            Some((own, calls_behind(key).map_or(Some(own), |_| places.next())?))
        };
        let mut band_of = |key: &Key| Some(found.of(place_of(key)?, key.is_total(), period));
        let bands = metrics.iter().map(|metric| metric.as_ref().and_then(&mut band_of)).collect();
        Some((found.baseline(), bands))
    }

    fn over_hours(
        &self,
        asking: &mut Asking<'_>,
        application: EntityId,
        period: &Period,
        keys: &[Key],
    ) -> Option<OverHours> {
        let (definition, baseline) = self.definition(application)?;
        let (first, end) = (hour_of(period.range.start), period.range.end);
        let hours: Vec<Minute> = (first.0..end.0).step_by(60).map(Minute).collect();
        if hours.len() > MOST_HOURS {
            asking.lacks("the baseline is left out: it is drawn over three months at most");
            return None;
        }
        match self.baselines.over(self.account, &baseline, keys, &hours) {
            Ok(answer) => {
                answer.partial.iter().for_each(|reason| asking.lacks(reason));
                let time_zone = baseline.calendar.name().to_owned();
                Some(OverHours { definition, time_zone, hours, expected: answer.value })
            }
            Err(error) => {
                asking.lacks(&format!("the baseline is left out: {error}"));
                None
            }
        }
    }
}

/// The number of calls that stand behind a metric of calls.
fn calls_behind(key: &Key) -> Option<Key> {
    match key {
        Key::Figure { application, of, .. } => {
            Some(Key::Figure { application: *application, of: *of, metric: Metric::Calls })
        }
        Key::Series { .. } => None,
    }
}

fn with_calls_behind(key: &Key) -> impl Iterator<Item = Key> {
    std::iter::once(key.clone()).chain(calls_behind(key))
}

fn body(expected: &Expected, behind: Behind) -> Band {
    Band {
        mean: expected.mean,
        deviation: expected.deviation_of(behind),
        minutes: expected.minutes,
        hours: expected.hours,
        from: basis_body(expected.basis),
    }
}
