//! The OTLP that is made of it.

use model::{remote_write, varint::zigzag};
use rustc_hash::FxHashMap;

use super::{
    ConvertError, Converted, Labels, Metadata,
    histogram::{Buckets, Histogram, Side},
};
use crate::otlp::wire::write;

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Exponential,
    Explicit,
}

const CUMULATIVE: u64 = 2;
const NO_RECORDED_VALUE: u32 = 1;
/// About the memory that a resource, a metric or a point takes besides its texts.
const RESOURCE: usize = 400;
const METRIC: usize = 200;
const POINT: usize = 40;

/// What was converted so far.
pub(super) struct Output<'a> {
    samples: Resources<'a>,
    histograms: Resources<'a>,
    gauge_histograms: u64,
    bytes: usize,
    cap: usize,
}

/// Resources in the order they came.
#[derive(Default)]
struct Resources<'a> {
    /// By job and instance.
    places: FxHashMap<(&'a str, &'a str), usize>,
    all: Vec<Resource<'a>>,
}

#[derive(Default)]
struct Resource<'a> {
    job: &'a str,
    instance: &'a str,
    places: FxHashMap<(&'a str, Kind), usize>,
    metrics: Vec<Metric<'a>>,
}

struct Metric<'a> {
    name: &'a str,
    unit: &'a str,
    kind: Kind,
    /// Encoded, with their tags.
    points: Vec<u8>,
}

impl<'a> Output<'a> {
    pub(super) fn new(cap: usize) -> Output<'a> {
        Output {
            samples: Resources::default(),
            histograms: Resources::default(),
            gauge_histograms: 0,
            bytes: 0,
            cap,
        }
    }

    /// Adds a sample; none is a point that says that there is none.
    pub(super) fn sample(
        &mut self,
        labels: &Labels<'a>,
        kind: Kind,
        metadata: &Metadata<'a>,
        at_ms: i64,
        value: Option<f64>,
    ) -> Result<(), ConvertError> {
        let point = labels.bytes + POINT;
        self.pay(point)?;
        let metric = self.samples.metric(labels, kind, metadata.unit, &mut self.bytes);
        metric.reserve(point);
        write::nested(&mut metric.points, 1, |out| {
            times(out, metadata.created_ms, at_ms);
            match value {
                Some(value) => write::fixed64(out, 4, value.to_bits()),
                None => write::number(out, 8, NO_RECORDED_VALUE.into()),
            }
            attributes(out, 7, labels);
        });
        Ok(())
    }

    /// Adds a native histogram.
    pub(super) fn histogram(
        &mut self,
        labels: &Labels<'a>,
        metadata: &Metadata<'a>,
        histogram: &Histogram,
    ) -> Result<(), ConvertError> {
        if histogram.is_gauge {
            self.gauge_histograms += 1;
            return Ok(());
        }
        let kind = match histogram.buckets {
            Buckets::Explicit { .. } => Kind::Explicit,
            _ => Kind::Exponential,
        };
        let point = labels.bytes + POINT + histogram.buckets.bytes();
        self.pay(point)?;
        let metric = self.histograms.metric(labels, kind, metadata.unit, &mut self.bytes);
        metric.reserve(point);
        write::nested(&mut metric.points, 1, |out| {
            times(out, metadata.created_ms, histogram.at_ms);
            match &histogram.buckets {
                Buckets::Explicit { bounds, counts } => {
                    explicit(out, histogram, bounds, counts);
                    attributes(out, 9, labels);
                }
                other => {
                    exponential(out, histogram, other);
                    attributes(out, 1, labels);
                }
            }
        });
        Ok(())
    }

    /// Before anything is written.
    fn pay(&mut self, bytes: usize) -> Result<(), ConvertError> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.cap { Err(ConvertError::TooBig { cap: self.cap }) } else { Ok(()) }
    }

    pub(super) fn finish(self) -> Converted {
        Converted {
            samples: self.samples.encode(),
            histograms: self.histograms.encode(),
            gauge_histograms: self.gauge_histograms,
        }
    }
}

impl<'a> Resources<'a> {
    fn metric(
        &mut self,
        labels: &Labels<'a>,
        kind: Kind,
        unit: &'a str,
        bytes: &mut usize,
    ) -> &mut Metric<'a> {
        let Labels { name, job, instance, .. } = *labels;
        let at = *self.places.entry((job, instance)).or_insert_with(|| {
            *bytes += job.len() + instance.len() + RESOURCE;
            self.all.push(Resource { job, instance, ..Resource::default() });
            self.all.len() - 1
        });
        let resource = &mut self.all[at];
        let at = *resource.places.entry((name, kind)).or_insert_with(|| {
            *bytes += name.len() + unit.len() + METRIC;
            resource.metrics.push(Metric { name, unit, kind, points: Vec::new() });
            resource.metrics.len() - 1
        });
        &mut resource.metrics[at]
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.all.iter().map(Resource::bytes).sum());
        for resource in &self.all {
            write::nested(&mut out, 1, |out| resource.encode(out));
        }
        out
    }
}

impl Resource<'_> {
    /// About what it is encoded.
    fn bytes(&self) -> usize {
        const OWN: usize = 256;
        const METRIC: usize = 24;
        let metrics = self.metrics.iter();
        let metrics = metrics
            .map(|metric| METRIC + metric.name.len() + metric.unit.len() + metric.points.len());
        OWN + 2 * (self.job.len() + self.instance.len()) + metrics.sum::<usize>()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let (namespace, name) = self.job.split_once('/').unwrap_or(("", self.job));
        let name = if name.is_empty() { "prometheus" } else { name };
        write::nested(out, 1, |out| {
            let pairs = [
                ("service.name", name),
                ("service.namespace", namespace),
                ("host.name", self.instance),
            ];
            for (key, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
                attribute(out, 1, key, value);
            }
        });
        write::nested(out, 2, |out| {
            // The labels as they were: names of tiers and nodes cannot tell them again.
            write::nested(out, 1, |out| {
                write::bytes(out, 1, remote_write::SCOPE.as_bytes());
                let labels =
                    [(remote_write::JOB, self.job), (remote_write::INSTANCE, self.instance)];
                for (key, value) in labels.into_iter().filter(|(_, value)| !value.is_empty()) {
                    attribute(out, 3, key, value);
                }
            });
            for metric in &self.metrics {
                write::nested(out, 2, |out| metric.encode(out));
            }
        });
    }
}

impl Metric<'_> {
    /// Before its first point: most metrics have one.
    fn reserve(&mut self, bytes: usize) {
        if self.points.is_empty() {
            self.points.reserve_exact(bytes);
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write::bytes(out, 1, self.name.as_bytes());
        if !self.unit.is_empty() {
            write::bytes(out, 3, self.unit.as_bytes());
        }
        let data = match self.kind {
            Kind::Gauge => 5,
            Kind::Counter => 7,
            Kind::Explicit => 9,
            Kind::Exponential => 10,
        };
        write::nested(out, data, |out| {
            out.extend_from_slice(&self.points);
            if self.kind != Kind::Gauge {
                write::number(out, 2, CUMULATIVE);
            }
            if self.kind == Kind::Counter {
                write::number(out, 3, 1);
            }
        });
    }
}

fn times(out: &mut Vec<u8>, created_ms: u64, at_ms: i64) {
    let nanos = |ms: u64| ms.saturating_mul(1_000_000);
    if created_ms != 0 {
        write::fixed64(out, 2, nanos(created_ms));
    }
    write::fixed64(out, 3, nanos(at_ms.max(0).unsigned_abs()));
}

fn explicit(out: &mut Vec<u8>, histogram: &Histogram, bounds: &[f64], counts: &[u64]) {
    write::fixed64(out, 4, histogram.count);
    sum(out, histogram);
    counts.iter().for_each(|count| write::fixed64(out, 6, *count));
    bounds.iter().for_each(|bound| write::fixed64(out, 7, bound.to_bits()));
    if histogram.is_stale {
        write::number(out, 10, NO_RECORDED_VALUE.into());
    }
}

fn exponential(out: &mut Vec<u8>, histogram: &Histogram, buckets: &Buckets) {
    write::fixed64(out, 4, histogram.count);
    sum(out, histogram);
    if let Buckets::Exponential { scale, positive, negative } = buckets {
        write::number(out, 6, zigzag(i64::from(*scale)));
        write::fixed64(out, 7, histogram.zero_count);
        side(out, 8, positive);
        side(out, 9, negative);
        write::fixed64(out, 14, histogram.zero_threshold.to_bits());
    }
    if histogram.is_stale {
        write::number(out, 10, NO_RECORDED_VALUE.into());
    }
}

fn sum(out: &mut Vec<u8>, histogram: &Histogram) {
    if histogram.sum.is_finite() {
        write::fixed64(out, 5, histogram.sum.to_bits());
    }
}

fn side(out: &mut Vec<u8>, field: u32, side: &Side) {
    if side.counts.is_empty() {
        return;
    }
    write::nested(out, field, |out| {
        write::number(out, 1, zigzag(i64::from(side.offset)));
        write::nested(out, 2, |out| {
            side.counts.iter().for_each(|count| write::varint(out, *count));
        });
    });
}

fn attributes(out: &mut Vec<u8>, field: u32, labels: &Labels<'_>) {
    labels.others.iter().for_each(|(key, value)| attribute(out, field, key, value));
}

fn attribute(out: &mut Vec<u8>, field: u32, key: &str, value: &str) {
    write::nested(out, field, |out| {
        write::bytes(out, 1, key.as_bytes());
        write::nested(out, 2, |out| write::bytes(out, 1, value.as_bytes()));
    });
}
