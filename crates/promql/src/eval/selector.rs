//! Selectors: what series were at each step, and their samples in a range before each step.
//!
//! [Querying basics](https://prometheus.io/docs/prometheus/2.42/querying/basics/): an instant selector means the newest
//! sample of the five minutes before, unless it says that the series has ended; a range takes in both of its ends.
//! `offset` moves the instant that is looked at, `@` fixes it. A subquery is evaluated at whole multiples of its step.

use std::time::{Duration, SystemTime};

use promql_parser::parser::{AtModifier, Expr, Offset, SubqueryExpr, VectorSelector};

use super::{Evaluator, unique};
use crate::{
    Error,
    query::{LOOKBACK_MS, named},
    value::{ABSENT, Sampled, Stepped, Steps, is_absent},
};

/// The step of a subquery that says none: Prometheus' default interval of evaluation.
const SUBQUERY_STEP_MS: i64 = 60_000;

/// Which instant stands for a step.
#[derive(Clone, Copy, Debug)]
struct Shift {
    /// The same for all steps.
    fixed_ms: Option<i64>,
    offset_ms: i64,
}

impl Shift {
    fn of(&self, at_ms: i64) -> i64 {
        self.fixed_ms.unwrap_or(at_ms).saturating_sub(self.offset_ms)
    }

    /// The instants that stand for the first and the last step.
    fn ends(&self, steps: &Steps) -> (i64, i64) {
        (self.of(steps.start_ms), self.of(steps.end_ms()))
    }
}

/// Series with the samples of ranges, one before each step.
pub(super) struct Ranges {
    pub(super) series: Vec<Sampled>,
    shift: Shift,
    pub(super) range_ms: i64,
}

/// The samples of one range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'s> {
    /// At least one.
    pub(super) samples: &'s [(i64, f64)],
    /// Unix milliseconds of its ends.
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    /// Which step it is of, and when that is.
    pub(super) step: usize,
    pub(super) at_ms: i64,
}

impl Evaluator<'_> {
    fn shift(&self, at: Option<&AtModifier>, offset: Option<&Offset>) -> Shift {
        let fixed_ms = at.map(|at| match at {
            AtModifier::Start => self.steps.start_ms,
            AtModifier::End => self.steps.until_ms,
            AtModifier::At(time) => unix_millis(*time),
        });
        let offset_ms = match offset {
            None => 0,
            Some(Offset::Pos(by)) => millis(*by),
            Some(Offset::Neg(by)) => -millis(*by),
        };
        Shift { fixed_ms, offset_ms }
    }

    /// What the series of a selector were at each step.
    pub(super) fn select(
        &self,
        selector: &VectorSelector,
        steps: &Steps,
    ) -> Result<Vec<Stepped>, Error> {
        self.select_as(selector, steps, |(_, value)| value)
    }

    /// What `of` makes of the samples that a selector means at each step.
    pub(super) fn select_as(
        &self,
        selector: &VectorSelector,
        steps: &Steps,
        of: impl Fn((i64, f64)) -> f64,
    ) -> Result<Vec<Stepped>, Error> {
        let shift = self.shift(selector.at.as_ref(), selector.offset.as_ref());
        let (first, last) = shift.ends(steps);
        let found =
            self.source.select(&named(selector), first.saturating_sub(LOOKBACK_MS), last)?;
        self.limits.points(found.len(), steps.count)?;
        let stepped = found.into_iter().map(|series| {
            let samples = &series.samples;
            let mut next = 0;
            let values = steps.iter().map(|at_ms| {
                let at_ms = shift.of(at_ms);
                next += samples[next..].iter().take_while(|(time, _)| *time <= at_ms).count();
                let newest = next.checked_sub(1).map(|at| samples[at]);
                let meant = newest.filter(|(time, value)| {
                    *time >= at_ms.saturating_sub(LOOKBACK_MS) && !is_absent(*value)
                });
                meant.map_or(ABSENT, &of)
            });
            Stepped { values: values.collect(), labels: series.labels }
        });
        Ok(stepped.filter(|one| !one.is_empty()).collect())
    }

    /// The samples of a range expression before each step.
    pub(super) fn ranges(&self, expression: &Expr, steps: &Steps) -> Result<Ranges, Error> {
        match expression {
            Expr::Paren(inner) => self.ranges(&inner.expr, steps),
            Expr::MatrixSelector(matrix) => {
                let (selector, range_ms) = (&matrix.vs, millis(matrix.range));
                let shift = self.shift(selector.at.as_ref(), selector.offset.as_ref());
                let (first, last) = shift.ends(steps);
                let from_ms = first.saturating_sub(range_ms);
                let mut series = self.source.select(&named(selector), from_ms, last)?;
                for one in &mut series {
                    one.samples.retain(|(_, value)| !is_absent(*value));
                }
                Ok(Ranges { series, shift, range_ms })
            }
            Expr::Subquery(subquery) => self.subquery(subquery, steps),
            _ => Err(super::expected("a range vector", expression)),
        }
    }

    fn subquery(&self, subquery: &SubqueryExpr, steps: &Steps) -> Result<Ranges, Error> {
        let range_ms = millis(subquery.range);
        let step_ms = subquery.step.map_or(SUBQUERY_STEP_MS, millis).max(1);
        let shift = self.shift(subquery.at.as_ref(), subquery.offset.as_ref());
        let (first, last) = shift.ends(steps);
        // The first whole multiple of the step that is not before the first range.
        let from_ms = first.saturating_sub(range_ms);
        let start_ms = from_ms.div_euclid(step_ms) * step_ms;
        let start_ms = if start_ms < from_ms { start_ms + step_ms } else { start_ms };
        if start_ms > last {
            return Ok(Ranges { series: Vec::new(), shift, range_ms });
        }
        let count = usize::try_from(last.abs_diff(start_ms) / step_ms.unsigned_abs());
        let count = count.unwrap_or(usize::MAX).saturating_add(1);
        self.limits.points(1, count)?;
        let inner = Steps { start_ms, step_ms, count, until_ms: last };
        let stepped = match self.eval(&subquery.expr, &inner)? {
            crate::value::Value::Vector(series) => series,
            crate::value::Value::Scalar(values) => {
                vec![Stepped { labels: crate::labels::Labels::default(), values }]
            }
            _ => return Err(super::expected("an instant vector", &subquery.expr)),
        };
        let series = stepped.iter().map(|one| crate::query::points(one, &inner)).collect();
        Ok(Ranges { series, shift, range_ms })
    }

    /// The samples of a range expression before one instant: those that there are, by labels.
    pub(crate) fn matrix_at(&self, expression: &Expr, at_ms: i64) -> Result<Vec<Sampled>, Error> {
        let ranges = self.ranges(expression, &Steps::one(at_ms))?;
        let end_ms = ranges.shift.of(at_ms);
        let inside = end_ms.saturating_sub(ranges.range_ms)..=end_ms;
        let mut series = ranges.series;
        series.iter_mut().for_each(|one| one.samples.retain(|(time, _)| inside.contains(time)));
        series.retain(|one| !one.samples.is_empty());
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(series)
    }

    /// What `of` makes of the samples before each step; ranges without a sample make nothing.
    pub(super) fn over(
        &self,
        ranges: Ranges,
        steps: &Steps,
        of: impl Fn(&Window<'_>) -> Option<f64>,
    ) -> Result<Vec<Stepped>, Error> {
        self.limits.points(ranges.series.len(), steps.count)?;
        let Ranges { series, shift, range_ms } = ranges;
        let mut stepped = Vec::with_capacity(series.len());
        // A long range of many steps is much work for one series.
        let of = |window: &Window<'_>| if self.limits.is_over() { None } else { of(window) };
        for Sampled { labels, samples } in series {
            let values = values_over(&samples, shift, range_ms, steps, &of);
            let one = Stepped { labels, values };
            if !one.is_empty() {
                stepped.push(one);
            }
        }
        self.limits.go_on()?;
        Ok(stepped)
    }

    /// The same, of series that no longer are what their names say.
    pub(super) fn over_unnamed(
        &self,
        expression: &Expr,
        steps: &Steps,
        of: impl Fn(&Window<'_>) -> Option<f64>,
    ) -> Result<Vec<Stepped>, Error> {
        unique::without_names(self.over(self.ranges(expression, steps)?, steps, of)?)
    }
}

fn values_over(
    samples: &[(i64, f64)],
    shift: Shift,
    range_ms: i64,
    steps: &Steps,
    of: &impl Fn(&Window<'_>) -> Option<f64>,
) -> Vec<f64> {
    let (mut first, mut next) = (0, 0);
    let value = |(step, at_ms)| {
        let end_ms = shift.of(at_ms);
        let start_ms = end_ms.saturating_sub(range_ms);
        next += samples[next..].iter().take_while(|(time, _)| *time <= end_ms).count();
        first += samples[first..next].iter().take_while(|(time, _)| *time < start_ms).count();
        let samples = &samples[first..next];
        let window = Window { samples, start_ms, end_ms, step, at_ms };
        if samples.is_empty() { ABSENT } else { of(&window).unwrap_or(ABSENT) }
    };
    steps.iter().enumerate().map(value).collect()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

fn unix_millis(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    }
}
