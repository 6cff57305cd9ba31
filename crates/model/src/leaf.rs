//! What is measured of whatever has figures, and what its value is in a point of time; how values of a tier's nodes come
//! together.

use crate::{figure::Figure, measured::Measured, metric_table::Kind};

/// A metric made of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Leaf {
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
pub const ALL: [Leaf; 9] = [
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

/// What there is of a single node: exceptions are counted by tier.
pub const OF_NODE: [Leaf; 8] = [
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
pub const OF_CALLS: [Leaf; 3] = [Leaf::AverageResponseTime, Leaf::Calls, Leaf::Errors];

/// What there is of a group of errors.
pub const OF_ERRORS: [Leaf; 1] = [Leaf::Errors];

/// A metric in one point of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// What is to be shown.
    pub value: f64,
    pub min: f64,
    pub max: f64,
    pub current: f64,
    pub sum: f64,
    /// Calls behind a time, minutes behind a rate or count, samples behind a gauge.
    pub count: f64,
}

impl Leaf {
    pub fn name(self) -> &'static str {
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

    pub fn unit(self) -> &'static str {
        match self {
            Leaf::AverageResponseTime | Leaf::Percentile95 => "ms",
            Leaf::Slow | Leaf::VerySlow | Leaf::Stall => "calls",
            Leaf::Calls | Leaf::Errors | Leaf::Exceptions | Leaf::HttpErrors => "per minute",
        }
    }

    /// The leaf of a name.
    pub fn named(name: &str) -> Option<Leaf> {
        ALL.into_iter().find(|leaf| leaf.name() == name)
    }

    /// The value over `minutes` minutes of what was counted in them. Without a timed call there is no time; a rate or
    /// count of nothing is zero.
    pub fn value(self, figure: &Figure, minutes: u32) -> Option<Value> {
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

/// What a leaf's figures are of: exceptions are counted apart from calls.
pub fn source(measured: Measured, leaf: Leaf) -> Option<Measured> {
    if leaf != Leaf::Exceptions {
        return Some(measured);
    }
    match measured {
        Measured::Application(application) => Some(Measured::ErrorsIn { application }),
        Measured::Tier(tier) => Some(Measured::ErrorsOf { tier }),
        Measured::Transaction(bt) => Some(Measured::ErrorsUnder { bt }),
        _ => None,
    }
}

/// The value of a leaf over `minutes` minutes of figures; groups of errors have calls only.
pub fn value(measured: Measured, leaf: Leaf, figure: &Figure, minutes: u32) -> Option<Value> {
    match measured {
        Measured::Error(_) => Some(rate(figure.calls, minutes)),
        _ => leaf.value(figure, minutes),
    }
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
pub fn rate(total: f64, minutes: u32) -> Value {
    let value = total / f64::from(minutes.max(1));
    Value { value, min: value, max: value, current: value, sum: total, count: f64::from(minutes) }
}

fn count(total: f64, minutes: u32) -> Value {
    Value { value: total, ..rate(total, minutes) }
}

/// What a tier's nodes show together: the mean of all their samples, or of their hosts; the sum of what they hold or do.
pub fn together(nodes: &[Value], kind: Kind) -> Value {
    let total = |get: fn(&Value) -> f64| nodes.iter().map(get).sum::<f64>();
    let number = nodes.len() as f64;
    let value = total(|node| node.value);
    let mean = |sum: f64, count: f64| Value {
        value: sum / count,
        min: nodes.iter().map(|node| node.min).fold(f64::INFINITY, f64::min),
        max: nodes.iter().map(|node| node.max).fold(f64::NEG_INFINITY, f64::max),
        current: total(|node| node.current) / number,
        sum,
        count,
    };
    match kind {
        // A host is one, from however many processes it was reported.
        Kind::Host => mean(value, number),
        // What took a thousand calls weighs a thousand times as much as what took one.
        Kind::Average => mean(total(|node| node.sum), total(|node| node.count)),
        Kind::Level => Value {
            value,
            min: total(|node| node.min),
            max: total(|node| node.max),
            current: total(|node| node.current),
            sum: value,
            count: 1.0,
        },
        Kind::PerMinute => Value {
            value,
            min: value,
            max: value,
            current: value,
            sum: total(|node| node.sum),
            count: nodes[0].count,
        },
    }
}
