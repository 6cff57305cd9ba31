//! Samples that stand for what they count for: the minutes of their series are worked out of them when they are asked for
//! ([`telemetry_store::segment::counted`]), and no row of a minute is made.
//!
//! So it is with a value of one point alone that counts, in the minute of its own time, as it is or by how much more it is
//! than the one before. Everything else (values put together of several points, rates, totals over the processes of a node,
//! what is spread over several minutes, what does not come in the order of time) is counted by the minute.

use model::{
    metric_table::{Kind, Reading},
    time::Minute,
};
use telemetry_store::segment::counted::{CountedSample, CountedSamples, Role, increase};

use super::{
    collection::Span,
    export::millis,
    levels::Levels,
    routes::Route,
    streams::{StreamPoint, Told},
};

/// By how much a number grew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Growth {
    /// It does not grow.
    None,
    /// By so much since it was `before`; nothing where its agent sends what was added.
    By { amount: f64, span: Span, before: Option<f64> },
    /// The next one will tell.
    Begins,
    /// It was told before.
    Repeated,
}

/// A number that came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampled {
    pub(super) point: StreamPoint,
    pub(super) value: f64,
    /// Unix milliseconds.
    pub(super) at_ms: i64,
    pub(super) growth: Growth,
    pub(super) process: u32,
}

/// A sample that stands for what it counts for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) stream: u64,
    series: u64,
    pub(super) value: f64,
    /// Unix milliseconds.
    pub(super) at_ms: i64,
    role: Role,
    /// Value and time of the one before, where that is not the one told before.
    base: Option<(f64, i64)>,
    /// What it counts for, before the factor.
    pub(super) counts: Option<f64>,
    pub(super) span: Span,
}

impl Sampled {
    /// How it is told, if it can stand for what it counts for. `told` is of its stream, in `head` and those before it.
    pub(super) fn count(
        &self,
        series: u64,
        route: &Route,
        told: &mut Told,
        head: u32,
        levels: &mut Levels,
    ) -> Option<Counted> {
        let Sampled { point, value, at_ms, growth, process } = *self;
        let now = Span { since_ns: point.time_ns, time_ns: point.time_ns };
        let start_ns = point.start_of_run();
        let (role, base, counts, span) = match (route.reading, growth) {
            (Reading::Value, _) if at_ms > told.at_ms => (Role::Value, None, Some(value), now),
            (Reading::Increase, Growth::By { amount, span, before: None })
                if at_ms > told.at_ms && is_one_minute(span) =>
            {
                (Role::Value, None, Some(amount), span)
            }
            (Reading::Increase, Growth::By { amount, span, before: Some(before) }) => {
                let before_ms = millis(span.since_ns);
                let is_same = increase(before, value).to_bits() == amount.to_bits();
                if before_ms >= at_ms || !is_one_minute(span) || !is_same {
                    return None;
                }
                let goes_on = *told == Told { head, start_ns, at_ms: before_ms };
                (Role::Next, (!goes_on).then_some((before, before_ms)), Some(amount), span)
            }
            (Reading::Increase, Growth::Begins) => (Role::First, None, None, now),
            _ => return None,
        };
        if let Some(counts) = counts {
            let shown = counts * route.factor;
            let is_alone = route.kind != Kind::Level || {
                let total = levels.total(route.series, process, shown, point.time_ns);
                total.to_bits() == shown.to_bits()
            };
            if !shown.is_finite() || !is_alone {
                return None;
            }
        }
        *told = Told { head, start_ns, at_ms };
        Some(Counted { stream: point.stream, series, value, at_ms, role, base, counts, span })
    }
}

/// Whether an increase counts in the minute of its sample alone.
fn is_one_minute(span: Span) -> bool {
    Minute::of_ns(span.time_ns).0.saturating_sub(Minute::of_ns(span.since_ns).0) <= 1
}

impl Counted {
    /// Puts it into a head.
    pub(super) fn tell(&self, rows: &mut CountedSamples) {
        if let Some((before, before_ms)) = self.base {
            rows.push(CountedSample::new(self.series, before_ms, before, Role::Base));
        }
        rows.push(CountedSample::new(self.series, self.at_ms, self.value, self.role));
    }
}
