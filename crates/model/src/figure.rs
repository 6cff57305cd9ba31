//! Figures: what is counted of an entity or an edge in a minute, and how two of them merge.
//!
//! Counts are weighted (a span sampled at 10 % counts ten) and signed (a late span moves what was counted by a delta);
//! with weight 1 the sums are exact whole numbers in an `f64`, so they do not depend on the order of merging.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;
use crate::id::EntityId;
use crate::span::Outcome;

/// What a figure is of; the numbers are persisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Scope {
    /// Entry spans of a tier: subject = tier.
    Tier = 1,
    /// Entry spans of a node: subject = node, peer = tier.
    Node = 2,
    /// Entry spans of a service endpoint: subject = endpoint, peer = node.
    Endpoint = 3,
    /// Calls of a business transaction: subject = it, peer = the node where it entered.
    BusinessTransaction = 4,
    /// Entry spans of a tier under a business transaction: subject = tier, bt = it.
    TierInTransaction = 5,
    /// Exit calls: subject = calling tier (or the queue that delivered), peer = called tier, backend or queue, bt = the
    /// business transaction or none.
    Edge = 6,
    /// Exceptions: subject = error group, peer = tier, bt = the business transaction or none. Only `calls` is used.
    Error = 7,
}

impl Scope {
    /// Reads the persisted number.
    pub fn from_number(number: u8) -> Option<Scope> {
        use Scope::*;
        [Tier, Node, Endpoint, BusinessTransaction, TierInTransaction, Edge, Error]
            .into_iter()
            .find(|scope| *scope as u8 == number)
    }
}

/// Whose figure it is. Unused parts are [`EntityId::NONE`]. In order, what is of one business transaction, or of all
/// together, lies side by side: maps and lists ask for that. Among calls it is what calls the same, which may be all tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FigureKey {
    pub scope: Scope,
    pub application: EntityId,
    pub subject: EntityId,
    pub peer: EntityId,
    pub bt: EntityId,
}

impl FigureKey {
    fn ordered_by(&self) -> (Scope, [EntityId; 4]) {
        let FigureKey { scope, application, subject, peer, bt } = *self;
        let (first, then) = if scope == Scope::Edge { (peer, subject) } else { (subject, peer) };
        (scope, [application, bt, first, then])
    }
}

impl Ord for FigureKey {
    fn cmp(&self, other: &FigureKey) -> Ordering {
        self.ordered_by().cmp(&other.ordered_by())
    }
}

impl PartialOrd for FigureKey {
    fn partial_cmp(&self, other: &FigureKey) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One call, ready to be counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    pub micros: f64,
    /// How many calls the span stands for.
    pub weight: f64,
    pub failed: bool,
    pub http_error: bool,
    pub outcome: Outcome,
    /// Out of response times: a WebSocket, a stream.
    pub long_lived: bool,
    /// Unix milliseconds of its end.
    pub at_ms: i64,
}

/// Merged calls. Times are microseconds and weighted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    pub calls: f64,
    pub errors: f64,
    pub http_errors: f64,
    pub slow: f64,
    pub very_slow: f64,
    pub stall: f64,
    /// Calls that stand behind the times: all but the long-lived ones.
    pub timed: f64,
    /// Spans that were counted, whatever they stand for: `calls` ÷ `spans` tells how the agent samples.
    pub spans: f64,
    pub sum: f64,
    pub sum_squares: f64,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pub last: Option<f64>,
    /// Unix milliseconds of the last one.
    pub last_at_ms: i64,
    pub histogram: Histogram,
    /// In rolled-up figures: what the minutes behind it were, one by one.
    pub minutes: Option<Box<Minutes>>,
}

/// How the values of the minutes behind a rolled-up figure spread: with the figure's own sums these give the mean and the
/// standard deviation of a minute's value, which is what a baseline is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Minutes {
    /// Minutes in which anything was counted.
    pub count: f64,
    /// Sums of the squares of each minute's count.
    pub calls_squares: f64,
    pub errors_squares: f64,
    pub http_errors_squares: f64,
    pub slow_squares: f64,
    pub very_slow_squares: f64,
    pub stall_squares: f64,
    /// Minutes that had a response time, the sum of their means (microseconds) and of the squares of those.
    pub timed_count: f64,
    pub average_sum: f64,
    pub average_squares: f64,
}

impl Minutes {
    /// One minute with what was counted in it.
    pub fn of(minute: &Figure) -> Minutes {
        let squared = |count: f64| count * count;
        let average = minute.average_micros();
        Minutes {
            count: 1.0,
            calls_squares: squared(minute.calls),
            errors_squares: squared(minute.errors),
            http_errors_squares: squared(minute.http_errors),
            slow_squares: squared(minute.slow),
            very_slow_squares: squared(minute.very_slow),
            stall_squares: squared(minute.stall),
            timed_count: if average.is_some() { 1.0 } else { 0.0 },
            average_sum: average.unwrap_or(0.0),
            average_squares: squared(average.unwrap_or(0.0)),
        }
    }

    /// By how much a minute that `before` stood for changed when more was counted in it.
    pub fn since(&self, before: &Minutes) -> Minutes {
        self.with(before, |now, before| now - before)
    }

    /// Adds other minutes, or changes of these.
    pub fn add(&mut self, other: &Minutes) {
        *self = self.with(other, |one, other| one + other);
    }

    fn with(&self, other: &Minutes, combine: fn(f64, f64) -> f64) -> Minutes {
        let both = |get: fn(&Minutes) -> f64| combine(get(self), get(other));
        Minutes {
            count: both(|m| m.count),
            calls_squares: both(|m| m.calls_squares),
            errors_squares: both(|m| m.errors_squares),
            http_errors_squares: both(|m| m.http_errors_squares),
            slow_squares: both(|m| m.slow_squares),
            very_slow_squares: both(|m| m.very_slow_squares),
            stall_squares: both(|m| m.stall_squares),
            timed_count: both(|m| m.timed_count),
            average_sum: both(|m| m.average_sum),
            average_squares: both(|m| m.average_squares),
        }
    }
}

impl Figure {
    /// Counts one call.
    pub fn add(&mut self, call: &Call) {
        self.count(call, 1.0);
        if call.long_lived {
            return;
        }
        self.min = Some(self.min.map_or(call.micros, |min| min.min(call.micros)));
        self.max = Some(self.max.map_or(call.micros, |max| max.max(call.micros)));
        if self.last.is_none() || call.at_ms >= self.last_at_ms {
            self.last = Some(call.micros);
            self.last_at_ms = call.at_ms;
        }
    }

    /// Takes back one call that was counted before. Minimum, maximum and last stay: they were seen.
    pub fn subtract(&mut self, call: &Call) {
        self.count(call, -1.0);
    }

    fn count(&mut self, call: &Call, sign: f64) {
        let weight = call.weight * sign;
        self.calls += weight;
        self.spans += sign;
        if call.failed {
            self.errors += weight;
        }
        if call.http_error {
            self.http_errors += weight;
        }
        match call.outcome {
            Outcome::Slow => self.slow += weight,
            Outcome::VerySlow => self.very_slow += weight,
            Outcome::Stall => self.stall += weight,
            Outcome::Normal | Outcome::Error => {}
        }
        if !call.long_lived {
            self.timed += weight;
            self.sum += call.micros * weight;
            self.sum_squares += call.micros * call.micros * weight;
            self.histogram.record(call.micros, weight);
        }
    }

    /// Adds another figure of the same key.
    pub fn merge(&mut self, other: &Figure) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.http_errors += other.http_errors;
        self.slow += other.slow;
        self.very_slow += other.very_slow;
        self.stall += other.stall;
        self.timed += other.timed;
        self.spans += other.spans;
        self.sum += other.sum;
        self.sum_squares += other.sum_squares;
        self.min = merged(self.min, other.min, f64::min);
        self.max = merged(self.max, other.max, f64::max);
        if other.last.is_some() && (self.last.is_none() || other.last_at_ms >= self.last_at_ms) {
            self.last = other.last;
            self.last_at_ms = other.last_at_ms;
        }
        self.histogram.merge(&other.histogram);
        if let Some(minutes) = &other.minutes {
            self.minutes.get_or_insert_default().add(minutes);
        }
    }

    /// It without response times.
    pub fn counts(&self) -> Figure {
        let Figure { calls, errors, http_errors, slow, very_slow, stall, timed, spans, .. } = *self;
        let nothing = Figure::default();
        Figure { calls, errors, http_errors, slow, very_slow, stall, timed, spans, ..nothing }
    }

    /// It without what tells how response times spread.
    pub fn without_spread(&self) -> Figure {
        let Figure { sum, sum_squares, min, max, last, last_at_ms, .. } = *self;
        Figure { sum, sum_squares, min, max, last, last_at_ms, ..self.counts() }
    }

    /// Mean response time in microseconds, weighted by calls; nothing without a timed call.
    pub fn average_micros(&self) -> Option<f64> {
        (self.timed > 0.0).then(|| self.sum / self.timed)
    }

    /// The response time (microseconds) below which the share `quantile` of the calls lies, kept within what was seen.
    pub fn quantile_micros(&self, quantile: f64) -> Option<f64> {
        let value = self.histogram.quantile(quantile)?;
        Some(value.max(self.min.unwrap_or(value)).min(self.max.unwrap_or(f64::INFINITY)))
    }

    /// Whether it changes nothing it is merged into: all that was counted was taken back exactly, with its times.
    pub fn is_nothing(&self) -> bool {
        self.is_zero() && self.min.is_none() && self.errors == 0.0 && self.sum == 0.0
    }

    /// Whether nothing is left of it.
    pub fn is_zero(&self) -> bool {
        self.calls == 0.0 && self.spans == 0.0
    }
}

fn merged(a: Option<f64>, b: Option<f64>, choose: fn(f64, f64) -> f64) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(choose(a, b)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(micros: f64, failed: bool) -> Call {
        Call {
            micros,
            weight: 1.0,
            failed,
            http_error: false,
            outcome: Outcome::Normal,
            long_lived: false,
            at_ms: 1000,
        }
    }

    #[test]
    fn merging_is_the_same_as_counting_together() {
        let mut whole = Figure::default();
        let mut parts = [Figure::default(), Figure::default()];
        for n in 0..100u32 {
            let call = call(f64::from(n) * 17.0 + 1.0, n % 7 == 0);
            whole.add(&call);
            parts[n as usize % 2].add(&call);
        }
        let mut merged = parts[0].clone();
        merged.merge(&parts[1]);
        assert_eq!(merged, whole);
    }

    #[test]
    fn a_call_taken_back_is_no_longer_counted_but_was_seen() {
        let mut figure = Figure::default();
        figure.add(&call(5.0, true));
        figure.subtract(&call(5.0, true));
        assert!(figure.is_zero());
        assert_eq!((figure.errors, figure.average_micros(), figure.max), (0.0, None, Some(5.0)));
    }

    #[test]
    fn minutes_tell_how_a_minute_s_value_spreads() {
        let minute = |calls: u32, micros: f64| {
            let mut figure = Figure::default();
            (0..calls).for_each(|n| figure.add(&call(micros, n == 0)));
            figure
        };
        let mut minutes = Minutes::of(&minute(3, 10.0));
        minutes.add(&Minutes::of(&minute(4, 20.0)));
        assert_eq!(
            (minutes.count, minutes.calls_squares, minutes.errors_squares),
            (2.0, 25.0, 2.0)
        );
        let times = (minutes.timed_count, minutes.average_sum, minutes.average_squares);
        assert_eq!(times, (2.0, 30.0, 500.0));
        // Four more calls in the second minute, of 40 µs: it is no further minute.
        let mut whole = minute(4, 20.0);
        whole.merge(&minute(4, 40.0));
        minutes.add(&Minutes::of(&whole).since(&Minutes::of(&minute(4, 20.0))));
        assert_eq!(
            (minutes.count, minutes.calls_squares, minutes.errors_squares),
            (2.0, 73.0, 5.0)
        );
        let times = (minutes.timed_count, minutes.average_sum, minutes.average_squares);
        assert_eq!(times, (2.0, 40.0, 1000.0));
    }

    #[test]
    fn a_long_lived_call_counts_without_a_response_time() {
        let mut figure = Figure::default();
        figure.add(&Call { long_lived: true, ..call(9e9, false) });
        assert_eq!((figure.calls, figure.average_micros()), (1.0, None));
    }

    #[test]
    fn a_sampled_span_counts_for_what_it_stands_for() {
        let mut figure = Figure::default();
        figure.add(&Call { weight: 10.0, ..call(100.0, true) });
        assert_eq!((figure.calls, figure.errors, figure.spans), (10.0, 10.0, 1.0));
        assert_eq!(figure.average_micros(), Some(100.0));
    }
}
