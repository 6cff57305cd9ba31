//! What a baseline expects hour by hour, as charts draw it.

use alerting::baselines::{Behind, Expected, Key, MOST_HOURS, Metric, hour_of};
use api_types::{Band, BandHour, Bands, Ref};
use model::{id::EntityId, measured::Measured, time::Minute};

use super::{Judge, basis_body};
use crate::{ask::Asking, period::Period};

impl Judge {
    /// What was expected of something in the hours of a period; nothing where nobody asked.
    pub(crate) fn bands(
        &self,
        asking: &mut Asking<'_>,
        application: EntityId,
        period: &Period,
        of: Measured,
    ) -> Option<Bands> {
        let (definition, baseline) = self.definition(application)?;
        let (first, end) = (hour_of(period.range.start), period.range.end);
        let hours: Vec<Minute> = (first.0..end.0).step_by(60).map(Minute).collect();
        if hours.len() > MOST_HOURS {
            asking.lacks("the baseline is left out: it is drawn over three months at most");
            return None;
        }
        let metrics = [Metric::ResponseTime, Metric::Calls, Metric::Errors];
        let keys = metrics.map(|metric| Key::Figure { application, of, metric });
        let expected = match self.baselines.over(self.account, &baseline, &keys, &hours) {
            Ok(answer) => {
                answer.partial.iter().for_each(|reason| asking.lacks(reason));
                answer.value
            }
            Err(error) => {
                asking.lacks(&format!("the baseline is left out: {error}"));
                return None;
            }
        };
        let minutes = f64::from(period.resolution.minutes());
        let hour = |place: usize| {
            let [times, calls, errors] = [0, 1, 2].map(|metric| expected[place][metric]);
            let expected_calls = calls.map_or(0.0, |calls| calls.mean) * minutes;
            let behind = Behind { minutes, calls: expected_calls };
            let band = |expected: Option<Expected>| expected.map(|one| body(&one, behind));
            BandHour {
                at: hours[place].start_millis(),
                average_ms: band(times),
                calls: band(calls),
                errors: band(errors),
            }
        };
        Some(Bands {
            baseline: Ref { id: definition.id, name: definition.name },
            time_zone: baseline.calendar.name().to_owned(),
            hours: (0..hours.len()).map(hour).collect(),
        })
    }
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
