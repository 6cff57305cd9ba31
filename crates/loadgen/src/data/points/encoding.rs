//! The scope of one node's metrics as OTLP protobuf, encoded once: times and values have a fixed width in OTLP, so
//! that a request is a copy with these overwritten. And the resource of a node.

use super::catalogue::{CHANNEL, Kind, Metric};
use crate::data::span::{Attribute, Value, resource};
use crate::wire::{put_bytes, put_fixed64, put_header, put_number};

const SCOPE_NAME: &str = "loadgen.meter";
const CUMULATIVE: u64 = 2;
/// Upper bounds of a histogram's buckets; one more bucket is above them.
pub(crate) const BOUNDS: [f64; 15] = [
    1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0, 1000.0, 2000.0,
    5000.0,
];
pub(crate) const BUCKETS: usize = BOUNDS.len() + 1;

/// Where the values of one series lie in the scope's bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) time: usize,
    /// Of a histogram: its count; sum and buckets follow at fixed distances.
    pub(crate) value: usize,
}

/// From a histogram's count to its sum: the count and a key of one byte.
pub(crate) const SUM_AFTER: usize = 8 + 1;
/// From a histogram's sum to its first bucket: the sum, a key of one byte, a length of two.
pub(crate) const BUCKETS_AFTER: usize = 8 + 1 + 2;

/// A `ScopeMetrics` with its key and length before it.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) bytes: Vec<u8>,
    /// In the order of the series: metric by metric, channel by channel.
    pub(crate) slots: Vec<Slot>,
}

/// All cumulative series began at `start_ns`.
pub(crate) fn scope(metrics: &[Metric], start_ns: u64) -> Scope {
    let mut scope = Vec::new();
    put_bytes(&mut scope, 1, SCOPE_NAME.as_bytes());
    let (mut inner, mut slots) = (Vec::new(), Vec::new());
    put_bytes(&mut inner, 1, &scope);
    for metric in metrics {
        let (bytes, of_metric) = encoded(metric, start_ns);
        put_header(&mut inner, 2, bytes.len());
        let at = inner.len();
        inner.extend_from_slice(&bytes);
        slots.extend(of_metric.iter().map(|slot| slot.moved(at)));
    }
    let mut bytes = Vec::new();
    put_header(&mut bytes, 2, inner.len());
    let at = bytes.len();
    bytes.extend_from_slice(&inner);
    Scope { bytes, slots: slots.iter().map(|slot| slot.moved(at)).collect() }
}

impl Slot {
    pub(super) fn moved(self, by: usize) -> Self {
        Self { time: self.time + by, value: self.value + by }
    }
}

fn encoded(metric: &Metric, start_ns: u64) -> (Vec<u8>, Vec<Slot>) {
    let (mut data, mut slots) = (Vec::new(), Vec::new());
    for channel in metric.channels {
        let (point, slot) = point(metric.kind, channel, start_ns);
        put_header(&mut data, 1, point.len());
        slots.push(slot.moved(data.len()));
        data.extend_from_slice(&point);
    }
    let field = match metric.kind {
        Kind::Gauge => 5,
        Kind::Counter => 7,
        Kind::Histogram => 9,
    };
    if metric.kind != Kind::Gauge {
        put_number(&mut data, 2, CUMULATIVE);
    }
    if metric.kind == Kind::Counter {
        put_number(&mut data, 3, 1);
    }
    let mut bytes = Vec::new();
    put_bytes(&mut bytes, 1, metric.name.as_bytes());
    put_bytes(&mut bytes, 3, metric.unit.as_bytes());
    put_header(&mut bytes, field, data.len());
    let at = bytes.len();
    bytes.extend_from_slice(&data);
    (bytes, slots.iter().map(|slot| slot.moved(at)).collect())
}

/// A point with blank time and value; fields in ascending order as generated encoders write them.
fn point(kind: Kind, channel: &str, start_ns: u64) -> (Vec<u8>, Slot) {
    let mut out = Vec::new();
    if kind != Kind::Gauge {
        put_fixed64(&mut out, 2, start_ns);
    }
    let time = put_blank(&mut out, 3);
    let attribute = attribute(CHANNEL, channel);
    let value = match kind {
        Kind::Gauge => put_blank(&mut out, 4),
        Kind::Counter => put_blank(&mut out, 6),
        Kind::Histogram => put_blank_histogram(&mut out),
    };
    put_bytes(&mut out, if kind == Kind::Histogram { 9 } else { 7 }, &attribute);
    (out, Slot { time, value })
}

fn put_blank(out: &mut Vec<u8>, field: u32) -> usize {
    put_fixed64(out, field, 0);
    out.len() - 8
}

/// Where its count is.
fn put_blank_histogram(out: &mut Vec<u8>) -> usize {
    let count = put_blank(out, 4);
    put_fixed64(out, 5, 0);
    put_bytes(out, 6, &[0; BUCKETS * 8]);
    let bounds: Vec<u8> = BOUNDS.iter().flat_map(|bound| bound.to_le_bytes()).collect();
    put_bytes(out, 7, &bounds);
    count
}

fn attribute(key: &str, value: &str) -> Vec<u8> {
    let (mut any, mut out) = (Vec::new(), Vec::new());
    put_bytes(&mut any, 1, value.as_bytes());
    put_bytes(&mut out, 1, key.as_bytes());
    put_bytes(&mut out, 2, &any);
    out
}

/// A `Resource` with its key and length before it: that of the spans' instances.
pub(crate) fn resource_of(namespace: &str, tier: usize, instance: usize) -> Vec<u8> {
    let (mut inner, mut out) = (Vec::new(), Vec::new());
    for (key, value) in texts(&resource(namespace, tier, instance)) {
        put_bytes(&mut inner, 1, &attribute(key, value));
    }
    put_bytes(&mut out, 1, &inner);
    out
}

fn texts(attributes: &[Attribute]) -> impl Iterator<Item = (&'static str, &str)> {
    attributes.iter().filter_map(|(key, value)| match value {
        Value::Text(text) => Some((*key, text.as_str())),
        _ => None,
    })
}
