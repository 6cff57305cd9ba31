//! The nodes of one request: their values, stamped into a copy of the encoded scope.

use std::sync::Arc;

use bytes::BytesMut;
use serde::{Deserialize, Serialize};

use super::catalogue::{CHANNEL, Kind, Metric, SERIES_PER_NODE, metrics};
use super::encoding::{BUCKETS_AFTER, SUM_AFTER, Scope, Slot, resource_of, scope};
use super::values::Series;
use super::{Form, NODES_PER_TIER, SeriesShape, remote_write};
use crate::data::expected::service_name;
use crate::data::span::pod_name;
use crate::draws::Draws;
use crate::wire::put_header;

const NS: u64 = 1_000_000_000;

/// What all nodes share.
#[derive(Debug)]
pub(crate) struct Plan {
    scope: Scope,
    /// Those of a node in the order of a request, each with its metric's place and its channel.
    series: Vec<(usize, &'static str)>,
    metrics: Vec<Metric>,
    form: Form,
    first_ns: u64,
    interval_ns: u64,
}

/// The nodes of one request.
#[derive(Debug)]
pub(crate) struct Batch {
    plan: Arc<Plan>,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    /// Its resource as OTLP, or the whole of its remote write with where the values lie.
    encoded: Vec<u8>,
    slots: Vec<Slot>,
    series: Vec<Series>,
    draws: Draws,
    watched: Watched,
}

/// One series of each node, counted as it must be shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Watched {
    pub(crate) tier: String,
    pub(crate) node: String,
    pub(crate) metric: String,
    /// As in `channel=web`.
    pub(crate) attribute: String,
    pub(crate) kind: Kind,
    /// Samples of a number, observations of a histogram.
    pub(crate) count: u64,
    /// Of the values of a gauge and the observations of a histogram; the total of a counter.
    pub(crate) sum: f64,
    /// The first total where that one only says from where to count.
    pub(crate) base: Option<f64>,
    /// Among the node's series.
    pub(crate) index: usize,
}

impl Plan {
    /// The last sample is at `now_ns`, or as long before as the shape says.
    pub(crate) fn new(shape: &SeriesShape, now_ns: u64) -> Self {
        let interval_ns = shape.interval_s * NS;
        let first_ns = now_ns - shape.ago_s * NS - (shape.samples - 1) * interval_ns;
        let metrics = metrics(shape.instruments);
        let of_metric = |(at, metric): (usize, &Metric)| {
            metric.channels.iter().map(move |channel| (at, *channel)).collect::<Vec<_>>()
        };
        let series = metrics.iter().enumerate().flat_map(of_metric).collect();
        let scope = scope(&metrics, first_ns - interval_ns);
        Self { scope, series, metrics, form: shape.form, first_ns, interval_ns }
    }

    /// Of the first and the last of so many samples, in milliseconds since 1970. Cumulative series began an interval
    /// before.
    pub(crate) fn times_ms(&self, samples: u64) -> (u64, u64) {
        let last_ns = self.first_ns + (samples - 1) * self.interval_ns;
        ((self.first_ns - self.interval_ns) / 1_000_000, last_ns / 1_000_000)
    }
}

impl Batch {
    pub(crate) fn new(
        plan: &Arc<Plan>,
        shape: &SeriesShape,
        nodes: std::ops::Range<usize>,
    ) -> Self {
        let nodes = nodes.map(|number| Node::new(plan, shape, number)).collect();
        Self { plan: Arc::clone(plan), nodes }
    }

    pub(crate) fn points(&self) -> u64 {
        (self.nodes.len() * SERIES_PER_NODE) as u64
    }

    /// Moves all series on and writes sample `number` of them.
    pub(crate) fn fill(&mut self, number: u64, out: &mut BytesMut) {
        out.clear();
        let (plan, mut header) = (&self.plan, Vec::with_capacity(12));
        let time_ns = plan.first_ns + number * plan.interval_ns;
        for node in &mut self.nodes {
            if plan.form == Form::RemoteWrite {
                let at = out.len();
                out.extend_from_slice(&node.encoded);
                node.stamp_remote_write(time_ns / 1_000_000, &mut out[at..]);
                continue;
            }
            header.clear();
            put_header(&mut header, 1, node.encoded.len() + plan.scope.bytes.len());
            out.extend_from_slice(&header);
            out.extend_from_slice(&node.encoded);
            let at = out.len();
            out.extend_from_slice(&plan.scope.bytes);
            node.stamp(&plan.scope.slots, time_ns, &mut out[at..]);
        }
    }

    pub(crate) fn watched(self) -> impl Iterator<Item = Watched> {
        self.nodes.into_iter().map(|node| node.watched)
    }
}

impl Node {
    fn new(plan: &Plan, shape: &SeriesShape, number: usize) -> Self {
        let (tier, instance) = (number / NODES_PER_TIER, number % NODES_PER_TIER);
        let mut draws = Draws::new(shape.seed, number as u64);
        let begin =
            |(metric, _): &(usize, &str)| Series::begin(plan.metrics[*metric].kind, &mut draws);
        let series = plan.series.iter().map(begin).collect();
        let index = draws.below(SERIES_PER_NODE);
        let (metric, channel) = plan.series[index];
        let metric = &plan.metrics[metric];
        let (service, pod) = (service_name(tier), pod_name(tier, instance));
        let ((encoded, slots), name) = match plan.form {
            Form::Otlp => {
                ((resource_of(&shape.namespace, tier, instance), Vec::new()), metric.name.clone())
            }
            Form::RemoteWrite => {
                let job = format!("{}/{service}", shape.namespace);
                (remote_write::request(&plan.metrics, &job, &pod), remote_write::name(metric))
            }
        };
        let watched = Watched {
            tier: service,
            node: pod,
            metric: name,
            attribute: format!("{CHANNEL}={channel}"),
            kind: metric.kind,
            count: 0,
            sum: 0.0,
            base: None,
            index,
        };
        Self { encoded, slots, series, draws, watched }
    }

    fn stamp(&mut self, slots: &[Slot], time_ns: u64, out: &mut [u8]) {
        for (series, slot) in self.series.iter_mut().zip(slots) {
            series.advance(&mut self.draws);
            put(out, slot.time, time_ns.to_le_bytes());
            write(series, out, slot.value);
        }
        self.watched.see(&self.series[self.watched.index]);
    }

    fn stamp_remote_write(&mut self, time_ms: u64, out: &mut [u8]) {
        for (series, slot) in self.series.iter_mut().zip(&self.slots) {
            series.advance(&mut self.draws);
            remote_write::stamp(&mut out[slot.time..], time_ms);
            put(out, slot.value, series.number().to_le_bytes());
        }
        let watched = &self.series[self.watched.index];
        if self.watched.kind == Kind::Counter {
            self.watched.base.get_or_insert_with(|| watched.number());
        }
        self.watched.see(watched);
    }
}

impl Watched {
    /// What must be shown: a counter counts from its first total where nothing says when it began.
    pub(crate) fn shown_sum(&self) -> f64 {
        self.sum - self.base.unwrap_or(0.0)
    }

    fn see(&mut self, series: &Series) {
        match series {
            Series::Counter { total, .. } => {
                (self.count, self.sum) = (self.count + 1, *total as f64)
            }
            Series::Hundredths(value) => {
                self.count += 1;
                // In hundredths there is nothing to round away.
                self.sum = ((self.sum * 100.0).round() + *value as f64) / 100.0;
            }
            Series::Histogram { buckets, sum_hundredths } => {
                self.count = buckets.iter().sum();
                self.sum = *sum_hundredths as f64 / 100.0;
            }
        }
    }
}

fn write(series: &Series, out: &mut [u8], at: usize) {
    match series {
        Series::Counter { total, .. } => put(out, at, total.to_le_bytes()),
        Series::Hundredths(value) => put(out, at, (*value as f64 / 100.0).to_le_bytes()),
        Series::Histogram { buckets, sum_hundredths } => {
            put(out, at, buckets.iter().sum::<u64>().to_le_bytes());
            let sum = at + SUM_AFTER;
            put(out, sum, (*sum_hundredths as f64 / 100.0).to_le_bytes());
            for (number, count) in buckets.iter().enumerate() {
                put(out, sum + BUCKETS_AFTER + number * 8, count.to_le_bytes());
            }
        }
    }
}

fn put(out: &mut [u8], at: usize, bytes: [u8; 8]) {
    out[at..at + 8].copy_from_slice(&bytes);
}
