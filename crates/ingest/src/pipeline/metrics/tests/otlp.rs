//! Encodes metrics as an agent does.

use model::time::SECOND_NS;
use prost::Message;

/// Attributes, time in seconds, value.
pub(super) type Number<'a> = (&'a [(&'static str, &'static str)], u64, f64);
/// Attributes, time in seconds, counts by bucket, sum.
pub(super) type Counted<'a> = (&'a [(&'static str, &'static str)], u64, &'a [u64], f64);

#[derive(Clone, PartialEq, Message)]
struct ResourceMetrics {
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeMetrics {
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Made>,
}

/// A metric with one kind of data.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Made {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(message, optional, tag = "5")]
    gauge: Option<Numbers>,
    #[prost(message, optional, tag = "7")]
    sum: Option<Numbers>,
    #[prost(message, optional, tag = "9")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Numbers {
    #[prost(message, repeated, tag = "1")]
    points: Vec<NumberPoint>,
    #[prost(int32, tag = "2")]
    temporality: i32,
    #[prost(bool, tag = "3")]
    monotonic: bool,
}

#[derive(Clone, PartialEq, Message)]
struct NumberPoint {
    #[prost(fixed64, tag = "2")]
    start_ns: u64,
    #[prost(fixed64, tag = "3")]
    time_ns: u64,
    #[prost(double, optional, tag = "4")]
    value: Option<f64>,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(message, repeated, tag = "1")]
    points: Vec<HistogramPoint>,
    #[prost(int32, tag = "2")]
    temporality: i32,
}

#[derive(Clone, PartialEq, Message)]
struct HistogramPoint {
    #[prost(fixed64, tag = "2")]
    start_ns: u64,
    #[prost(fixed64, tag = "3")]
    time_ns: u64,
    #[prost(fixed64, tag = "4")]
    count: u64,
    #[prost(double, optional, tag = "5")]
    sum: Option<f64>,
    #[prost(fixed64, repeated, tag = "6")]
    counts: Vec<u64>,
    #[prost(double, repeated, tag = "7")]
    bounds: Vec<f64>,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
}

const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

/// The metrics of one resource.
pub(super) fn encode(metrics: &[Made]) -> Vec<u8> {
    let scope = ScopeMetrics { metrics: metrics.to_vec() };
    ResourceMetrics { scopes: vec![scope] }.encode_to_vec()
}

pub(super) fn gauge(name: &str, unit: &str, points: &[Number<'_>]) -> Made {
    Made { gauge: Some(numbers(0, false, 0, points)), ..named(name, unit) }
}

/// A cumulative counter.
pub(super) fn sum(name: &str, unit: &str, start: u64, points: &[Number<'_>]) -> Made {
    Made { sum: Some(numbers(CUMULATIVE, true, start, points)), ..named(name, unit) }
}

/// A counter of deltas.
pub(super) fn delta(name: &str, unit: &str, start: u64, points: &[Number<'_>]) -> Made {
    Made { sum: Some(numbers(DELTA, true, start, points)), ..named(name, unit) }
}

pub(super) fn up_down(name: &str, unit: &str, points: &[Number<'_>]) -> Made {
    Made { sum: Some(numbers(CUMULATIVE, false, 0, points)), ..named(name, unit) }
}

/// A cumulative histogram.
pub(super) fn histogram(
    name: &str,
    unit: &str,
    start: u64,
    bounds: &[f64],
    points: &[Counted<'_>],
) -> Made {
    let points = points.iter().map(|(attributes, time, counts, sum)| HistogramPoint {
        start_ns: start * SECOND_NS,
        time_ns: time * SECOND_NS,
        count: counts.iter().sum(),
        sum: Some(*sum),
        counts: counts.to_vec(),
        bounds: bounds.to_vec(),
        attributes: pairs(attributes),
    });
    let histogram = Histogram { points: points.collect(), temporality: CUMULATIVE };
    Made { histogram: Some(histogram), ..named(name, unit) }
}

fn named(name: &str, unit: &str) -> Made {
    Made { name: name.to_owned(), unit: unit.to_owned(), ..Made::default() }
}

fn numbers(temporality: i32, monotonic: bool, start: u64, points: &[Number<'_>]) -> Numbers {
    let points = points.iter().map(|(attributes, time, value)| NumberPoint {
        start_ns: start * SECOND_NS,
        time_ns: time * SECOND_NS,
        value: Some(*value),
        attributes: pairs(attributes),
    });
    Numbers { points: points.collect(), temporality, monotonic }
}

fn pairs(attributes: &[(&'static str, &'static str)]) -> Vec<KeyValue> {
    let pair = |(key, text): &(&'static str, &'static str)| KeyValue {
        key: (*key).to_owned(),
        value: Some(AnyValue { text: Some((*text).to_owned()) }),
    };
    attributes.iter().map(pair).collect()
}
