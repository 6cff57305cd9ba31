//! How figures lie to a baseline, and what a baseline expects over a range. What is normal is decided in `analysis`; here it
//! is asked for, for whatever a page shows.

mod bands;

use std::sync::Arc;

use alerting::baselines::{
    Baseline, Baselines, Basis, Choice, Definition, Definitions, Expected, Key, Limits, Metric,
    State, hour_of,
};
use api_types::{BaselineState, Deviation, ExpectedFrom, MetricDeviation};
use model::{
    id::{AccountId, EntityId},
    measured::Measured,
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use telemetry_store::reader::QueryError;
use utoipa::IntoParams;

use crate::{ask::Asking, context::Context, error::ApiError, figures::Total, period::Period};

/// Which baseline.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BaselineParams {
    /// `default` for the application's default baseline, the id of one of its baselines, or `none`. Lists and maps take
    /// the default when it is not given, series none.
    #[param(pattern = "^(default|none|[0-9]{1,9})$")]
    baseline: Option<String>,
}

/// Which baseline is asked for, if any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Nothing,
    Default,
    Id(u32),
}

impl BaselineParams {
    /// What is meant; `absent` where nothing is said.
    pub(crate) fn read(&self, absent: Wanted) -> Result<Wanted, ApiError> {
        match self.baseline.as_deref() {
            None => Ok(absent),
            Some("none") => Ok(Wanted::Nothing),
            Some("default") => Ok(Wanted::Default),
            Some(id) => {
                let digits = id.len() <= 9 && id.bytes().all(|byte| byte.is_ascii_digit());
                let id = id.parse().ok().filter(|_| digits).map(Wanted::Id);
                id.ok_or_else(|| {
                    ApiError::bad("baseline has to be default, none, or the id of a baseline")
                })
            }
        }
    }
}

/// Judges figures by a baseline.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    baselines: Arc<Baselines>,
    account: AccountId,
    /// Nothing where nobody wants to know.
    definitions: Option<Arc<Definitions>>,
    choice: Choice<'static>,
}

impl Context {
    /// Whoever judges by a baseline; one that is named has to be of this application.
    pub(crate) async fn judge(
        &self,
        account: AccountId,
        application: EntityId,
        wanted: Wanted,
    ) -> Result<Judge, ApiError> {
        let choice = match wanted {
            Wanted::Nothing | Wanted::Default => Choice::Default,
            Wanted::Id(id) => Choice::Id(id),
        };
        let definitions = match wanted {
            Wanted::Nothing => None,
            _ => Some(Arc::new(Definitions::load(&self.store, account).await?)),
        };
        let judge = Judge { baselines: Arc::clone(&self.baselines), account, definitions, choice };
        if let Wanted::Id(id) = wanted
            && judge.definition(application).is_none()
        {
            return Err(ApiError::Unprocessable(format!(
                "application {application} has no baseline {id}; its list is \
                 /api/v1/applications/{application}/baselines"
            )));
        }
        Ok(judge)
    }
}

/// What is judged: response times and errors, and calls for the curious.
const METRICS: [Metric; 3] = [Metric::ResponseTime, Metric::Errors, Metric::Calls];

impl Judge {
    fn definition(&self, application: EntityId) -> Option<(Definition, Baseline)> {
        let definitions = self.definitions.as_ref()?;
        let definition = definitions.find(application, self.choice)?;
        let baseline = definitions.baseline(&definition);
        Some((definition, baseline))
    }

    /// Finds out what was expected of these things of applications in a period; without an answer nothing is said.
    pub(crate) fn expect(
        &self,
        asking: &mut Asking<'_>,
        period: &Period,
        measured: impl IntoIterator<Item = (EntityId, Measured)>,
    ) -> Verdicts {
        let minutes = f64::from(period.complete.len());
        let mut verdicts = Verdicts { minutes, ..Verdicts::default() };
        let mut by_baseline: FxHashMap<Baseline, Vec<Key>> = FxHashMap::default();
        let mut known: FxHashMap<EntityId, Option<Baseline>> = FxHashMap::default();
        for (application, of) in measured.into_iter().filter(|(_, of)| is_judged(of)) {
            let baseline = known
                .entry(application)
                .or_insert_with(|| self.definition(application).map(|(_, baseline)| baseline));
            let Some(baseline) = baseline else { continue };
            let keys = by_baseline.entry(baseline.clone()).or_default();
            keys.extend(METRICS.map(|metric| Key::Figure { application, of, metric }));
        }
        for (baseline, keys) in &by_baseline {
            if let Err(error) = self.expect_by(asking, period, baseline, keys, &mut verdicts) {
                asking.lacks(&format!("states by baseline are left out: {error}"));
                return Verdicts::default();
            }
        }
        verdicts.is_asked = self.definitions.is_some();
        verdicts
    }

    fn expect_by(
        &self,
        asking: &mut Asking<'_>,
        period: &Period,
        baseline: &Baseline,
        keys: &[Key],
        verdicts: &mut Verdicts,
    ) -> Result<(), QueryError> {
        let mut several: Vec<Vec<(Expected, f64)>> = vec![Vec::new(); keys.len()];
        for (hour, share) in hours_of(period) {
            let answer = self.baselines.expected(self.account, baseline, keys, hour)?;
            answer.partial.iter().for_each(|reason| asking.lacks(reason));
            for (of_key, expected) in several.iter_mut().zip(answer.value) {
                of_key.extend(expected.map(|expected| (expected, share)));
            }
        }
        for (key, several) in keys.iter().zip(&several) {
            if let (Key::Figure { of, metric, .. }, Some(expected)) =
                (key, Expected::of_several(several))
            {
                verdicts.expected.insert((*of, *metric), expected);
            }
        }
        Ok(())
    }
}

/// What was expected of things.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    expected: FxHashMap<(Measured, Metric), Expected>,
    is_asked: bool,
    /// Complete minutes of the period.
    minutes: f64,
}

impl Verdicts {
    /// How something lies to it that had these totals; nothing where nobody asked.
    pub(crate) fn deviation(&self, of: Measured, total: &Total) -> Option<Deviation> {
        if !self.is_asked || self.minutes == 0.0 || !is_judged(&of) {
            return None;
        }
        let judged = |metric: Metric| {
            let expected = self.expected.get(&(of, metric))?;
            let (value, behind) = metric.value(&total.complete, self.minutes)?;
            let (state, sigmas) =
                expected.judge(value, behind, Limits::default(), metric.direction());
            Some(MetricDeviation {
                state: state_body(state),
                value,
                expected: expected.mean,
                deviation: expected.deviation_of(behind),
                sigmas,
                from: basis_body(expected.basis),
            })
        };
        let [response_time, errors, calls] = METRICS.map(judged);
        let worst = [response_time, errors].into_iter().flatten().map(|one| one.state);
        Some(Deviation {
            state: worst.max_by_key(|state| *state as u8).unwrap_or(BaselineState::NoBaseline),
            response_time,
            errors,
            calls,
        })
    }
}

/// Whether it has a state of its own: what is a part of something on one node has none.
fn is_judged(measured: &Measured) -> bool {
    use Measured::{
        Application, Call, CallUnder, CallsTo, Endpoint, Node, Tier, TierUnder, Transaction,
    };
    matches!(
        measured,
        Application(_)
            | Tier(_)
            | TierUnder { .. }
            | Node(_)
            | Endpoint(_)
            | Transaction(_)
            | Call { .. }
            | CallUnder { .. }
            | CallsTo(_)
    )
}

/// Hours by which a period is judged at most.
const HOURS: u32 = 6;

/// The hours that a period is judged by, each with its share of it.
fn hours_of(period: &Period) -> Vec<(Minute, f64)> {
    let MinuteRange { start, end } = match period.complete.is_empty() {
        true => period.range,
        false => period.complete,
    };
    let last = hour_of(Minute(end.0.saturating_sub(1).max(start.0)));
    if end.0.saturating_sub(start.0) <= HOURS * 60 {
        let hours = (hour_of(start).0..=last.0).step_by(60);
        let share = |hour: u32| f64::from((hour + 60).min(end.0.max(hour + 1)) - hour.max(start.0));
        return hours.map(|hour| (Minute(hour), share(hour))).collect();
    }
    let spread = end.0.saturating_sub(start.0).min(24 * 60) / HOURS / 60 * 60;
    (0..HOURS).rev().map(|back| (Minute(last.0 - back * spread), 1.0)).collect()
}

fn state_body(state: State) -> BaselineState {
    match state {
        State::NoBaseline => BaselineState::NoBaseline,
        State::Normal => BaselineState::Normal,
        State::Warning => BaselineState::Warning,
        State::Critical => BaselineState::Critical,
    }
}

fn basis_body(basis: Basis) -> ExpectedFrom {
    match basis {
        Basis::Season => ExpectedFrom::Season,
        Basis::LastDay => ExpectedFrom::LastDay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(start: u32, end: u32) -> Period {
        let range = MinuteRange { start: Minute(start), end: Minute(end) };
        let resolution = telemetry_store::reader::Resolution::OneMinute;
        Period { range, complete: range, resolution, filling: None }
    }

    fn hours(start: u32, end: u32) -> Vec<(u32, f64)> {
        hours_of(&period(start, end)).into_iter().map(|(hour, share)| (hour.0, share)).collect()
    }

    #[test]
    fn a_short_period_is_judged_by_its_hours_and_a_long_one_by_six_of_its_last_day() {
        assert_eq!(hours(6015, 6020), [(6000, 5.0)]);
        assert_eq!(hours(6015, 6075), [(6000, 45.0), (6060, 15.0)]);
        assert_eq!(hours(6000, 6060), [(6000, 60.0)]);
        let day: Vec<u32> = hours(6000, 6000 + 7 * 1440).iter().map(|(hour, _)| *hour).collect();
        let last = 6000 + 7 * 1440 - 60;
        assert_eq!(day, [5, 4, 3, 2, 1, 0].map(|back| last - back * 240));
        let empty = Period { complete: period(6000, 6000).range, ..period(6000, 6001) };
        assert_eq!(hours_of(&empty), [(Minute(6000), 1.0)]);
    }

    #[test]
    fn a_baseline_is_named_by_a_word_or_by_its_id() {
        let read = |text: Option<&str>| {
            let params = BaselineParams { baseline: text.map(str::to_owned) };
            params.read(Wanted::Default).ok()
        };
        assert_eq!(read(None), Some(Wanted::Default));
        assert_eq!(read(Some("none")), Some(Wanted::Nothing));
        assert_eq!(read(Some("default")), Some(Wanted::Default));
        assert_eq!(read(Some("104")), Some(Wanted::Id(104)));
        for wrong in ["", "-1", "daily", "1234567890", "+7"] {
            assert_eq!(read(Some(wrong)), None, "{wrong}");
        }
    }
}
