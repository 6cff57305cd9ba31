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
        let mut of_metric = |metric| {
            let key = Key::Figure { application, of, metric };
            match self.baselines.over(self.account, &baseline, &key, &hours) {
                Ok(answer) => {
                    answer.partial.iter().for_each(|reason| asking.lacks(reason));
                    answer.value
                }
                Err(error) => {
                    asking.lacks(&format!("the baseline is left out: {error}"));
                    vec![None; hours.len()]
                }
            }
        };
        let [times, calls, errors] =
            [Metric::ResponseTime, Metric::Calls, Metric::Errors].map(&mut of_metric);
        let minutes = f64::from(period.resolution.minutes());
        let hour = |place: usize| {
            let expected_calls = calls[place].map_or(0.0, |calls| calls.mean) * minutes;
            let behind = Behind { minutes, calls: expected_calls };
            let band = |expected: Option<Expected>| expected.map(|one| body(&one, behind));
            BandHour {
                at: hours[place].start_millis(),
                average_ms: band(times[place]),
                calls: band(calls[place]),
                errors: band(errors[place]),
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
