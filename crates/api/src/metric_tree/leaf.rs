//! What is measured of whatever has figures, and what its value is in a point of time.

use model::figure::Figure;
use telemetry_store::reader::Detail;

/// A metric made of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Leaf {
    AverageResponseTime,
    Calls,
    Errors,
    Exceptions,
    HttpErrors,
    Slow,
    VerySlow,
    Stall,
    Percentile95,
}

/// Everything there is of a tier, business transaction or application.
pub(crate) const ALL: [Leaf; 9] = [
    Leaf::AverageResponseTime,
    Leaf::Calls,
    Leaf::Errors,
    Leaf::Exceptions,
    Leaf::HttpErrors,
    Leaf::Slow,
    Leaf::VerySlow,
    Leaf::Stall,
    Leaf::Percentile95,
];

/// What there is of a single node or a group of business transactions: exceptions are counted by tier and transaction.
pub(crate) const OF_NODE: [Leaf; 8] = [
    Leaf::AverageResponseTime,
    Leaf::Calls,
    Leaf::Errors,
    Leaf::HttpErrors,
    Leaf::Slow,
    Leaf::VerySlow,
    Leaf::Stall,
    Leaf::Percentile95,
];

/// What there is of calls, backends and service endpoints.
pub(crate) const OF_CALLS: [Leaf; 3] = [Leaf::AverageResponseTime, Leaf::Calls, Leaf::Errors];

/// What there is of a group of errors.
pub(crate) const OF_ERRORS: [Leaf; 1] = [Leaf::Errors];

/// A metric in one point of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Value {
    /// What is to be shown.
    pub(crate) value: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) current: f64,
    pub(crate) sum: f64,
    /// Calls behind a time, minutes behind a rate or count, samples behind a gauge.
    pub(crate) count: f64,
}

impl Leaf {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Leaf::AverageResponseTime => "Average Response Time (ms)",
            Leaf::Calls => "Calls per Minute",
            Leaf::Errors => "Errors per Minute",
            Leaf::Exceptions => "Exceptions per Minute",
            Leaf::HttpErrors => "HTTP Error Codes per Minute",
            Leaf::Slow => "Number of Slow Calls",
            Leaf::VerySlow => "Number of Very Slow Calls",
            Leaf::Stall => "Stall Count",
            Leaf::Percentile95 => "95th Percentile Response Time (ms)",
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Leaf::AverageResponseTime | Leaf::Percentile95 => "ms",
            Leaf::Slow | Leaf::VerySlow | Leaf::Stall => "calls",
            Leaf::Calls | Leaf::Errors | Leaf::Exceptions | Leaf::HttpErrors => "per minute",
        }
    }

    /// What it takes of the figures.
    pub(crate) fn detail(self) -> Detail {
        match self {
            Leaf::AverageResponseTime => Detail::Times,
            Leaf::Percentile95 => Detail::Whole,
            _ => Detail::Counts,
        }
    }

    /// The value over `minutes` minutes of what was counted in them. Without a timed call there is no time; a rate or
    /// count of nothing is zero.
    pub(crate) fn value(self, figure: &Figure, minutes: u32) -> Option<Value> {
        match self {
            Leaf::AverageResponseTime => time(figure),
            Leaf::Percentile95 => figure.quantile_micros(0.95).map(percentile),
            Leaf::Slow | Leaf::VerySlow | Leaf::Stall => Some(count(self.total(figure), minutes)),
            _ => Some(rate(self.total(figure), minutes)),
        }
    }

    /// What is counted. Of groups of errors, and of exceptions, the figures' calls are the exceptions.
    fn total(self, figure: &Figure) -> f64 {
        match self {
            Leaf::Errors => figure.errors,
            Leaf::HttpErrors => figure.http_errors,
            Leaf::Slow => figure.slow,
            Leaf::VerySlow => figure.very_slow,
            Leaf::Stall => figure.stall,
            _ => figure.calls,
        }
    }
}

/// The rate of a group of errors, whose figures have calls only.
pub(crate) fn error_rate(figure: &Figure, minutes: u32) -> Value {
    rate(figure.calls, minutes)
}

fn time(figure: &Figure) -> Option<Value> {
    let value = figure.average_micros()? / 1000.0;
    Some(Value {
        value,
        min: figure.min.map_or(value, |micros| micros / 1000.0),
        max: figure.max.map_or(value, |micros| micros / 1000.0),
        current: figure.last.map_or(value, |micros| micros / 1000.0),
        sum: figure.sum / 1000.0,
        count: figure.timed,
    })
}

fn percentile(micros: f64) -> Value {
    let value = micros / 1000.0;
    Value { value, min: value, max: value, current: value, sum: value, count: 1.0 }
}

/// So much in so many minutes.
pub(super) fn rate(total: f64, minutes: u32) -> Value {
    let value = total / f64::from(minutes.max(1));
    Value { value, min: value, max: value, current: value, sum: total, count: f64::from(minutes) }
}

fn count(total: f64, minutes: u32) -> Value {
    Value { value: total, ..rate(total, minutes) }
}
