//! One export of one process, being taken: every point by its kind, then the values of the whole.

use std::sync::Arc;

use model::{
    distribution::Distribution,
    metric_table::{Instrument, Kind, Reading, percentile},
    remote_write::ENDED,
    time::{MINUTE_NS, Minute, SECOND_NS},
};
use telemetry_store::{
    head::Rows,
    reader,
    segment::metrics::{Point, SeriesKey, SeriesName},
};
use twox_hash::XxHash3_64;

use super::{
    Metrics, Taken,
    collection::{Collection, Span, Value},
    counted::{Counted, Growth, Sampled},
    distribution, raw,
    requests::RequestMetric,
    routes::{Origin, PERCENTILE, Route, hash},
    streams::{Began, Known, Owner, Step, StreamPoint, Told, Total},
};
use crate::{
    otlp::{
        metrics::{
            Data, Metric, NumberPoint, Points, ResourceMetrics, ScopeMetrics, SummaryPoint,
            Temporality,
        },
        value::AttributeList,
        wire::WireError,
    },
    pipeline::spans::{Buffers, Cleaning, Source},
    room,
};

/// Quantiles kept of a summary's point.
const MAX_QUANTILES: usize = 10;
/// An increase over more minutes is spread over the last ones.
const MAX_SPREAD: u32 = 60;

/// The metrics of one resource, being taken.
pub(super) struct Export<'e> {
    metrics: &'e mut Metrics,
    source: &'e Source,
    node: u64,
    process: u64,
    cleaning: Cleaning<'e>,
    now_ms: i64,
    rows: &'e mut Rows,
    buffers: &'e mut Buffers,
    collection: Collection,
    /// Samples that stand for what they count for, as far as is known yet.
    counted: Vec<Counted>,
    /// Since when no stream of the process has been missed, once that was asked.
    known_since: Option<u64>,
    taken: Taken,
}

/// A metric whose points are being taken.
#[derive(Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) name: &'a str,
    pub(super) unit: &'a str,
    pub(super) kind: reader::Instrument,
    instrument: Instrument,
    pub(super) temporality: Temporality,
    began: Began,
    pub(super) scope: &'a str,
    pub(super) scope_attributes: AttributeList<'a>,
    /// Of process, scope and name.
    seed: u64,
}

impl Measured<'_> {
    pub(super) fn is_number(&self) -> bool {
        self.instrument != Instrument::Distribution
    }
}

/// What every kind of point has.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) attributes: AttributeList<'a>,
    start_ns: u64,
    time_ns: u64,
}

impl<'e> Export<'e> {
    /// Begins to take what a process sent.
    pub(super) fn new(
        metrics: &'e mut Metrics,
        source: &'e Source,
        cleaning: Cleaning<'e>,
        rows: &'e mut Rows,
        buffers: &'e mut Buffers,
        now_ms: i64,
    ) -> Export<'e> {
        let (node, process) = node_and_process(source);
        Export {
            source,
            node,
            process,
            counted: std::mem::take(&mut metrics.counted),
            known_since: None,
            metrics,
            cleaning,
            now_ms,
            rows,
            buffers,
            collection: Collection::default(),
            taken: Taken::default(),
        }
    }

    /// Takes all points of its resource.
    pub(super) fn resource(&mut self, resource: &ResourceMetrics<'_>) {
        for scope in resource.scopes() {
            self.or_ignore(scope, Export::scope);
        }
    }

    /// Puts the values of the whole into the rows.
    pub(super) fn finish(mut self) -> Taken {
        self.counted.drain(..).for_each(|sample| sample.tell(&mut self.rows.counted));
        self.metrics.counted = std::mem::take(&mut self.counted);
        for value in std::mem::take(&mut self.collection).values() {
            self.emit(&value);
        }
        self.taken
    }

    fn or_ignore<T>(&mut self, read: Result<T, WireError>, take: impl FnOnce(&mut Self, T)) {
        match read {
            Ok(read) => take(self, read),
            Err(_) => {
                self.taken.points += 1;
                self.taken.ignored += 1;
            }
        }
    }

    fn scope(&mut self, scope: ScopeMetrics<'_>) {
        let seed = hash(self.process, scope.name);
        for metric in scope.metrics() {
            self.or_ignore(metric, |export, metric| export.metric(&metric, &scope, seed));
        }
    }

    fn metric(&mut self, metric: &Metric<'_>, scope: &ScopeMetrics<'_>, seed: u64) {
        let began = self.metrics.routes.began(metric.name);
        let of = |kind, temporality| {
            let instrument = match kind {
                reader::Instrument::Gauge => Instrument::Gauge,
                reader::Instrument::Counter => Instrument::Counter,
                reader::Instrument::UpDownCounter => Instrument::UpDownCounter,
                _ => Instrument::Distribution,
            };
            Measured {
                name: metric.name,
                unit: metric.unit,
                kind,
                instrument,
                temporality,
                // A histogram holds what the agent itself measured.
                began: if instrument == Instrument::Distribution { Began::AtStart } else { began },
                scope: scope.name,
                scope_attributes: scope.attributes,
                seed: hash(seed, metric.name),
            }
        };
        match metric.data {
            Data::None => {}
            Data::Gauge(points) => {
                self.numbers(points, &of(reader::Instrument::Gauge, Temporality::Unspecified));
            }
            Data::Sum { points, temporality, monotonic } => {
                let kind = if monotonic {
                    reader::Instrument::Counter
                } else {
                    reader::Instrument::UpDownCounter
                };
                self.numbers(points, &of(kind, temporality));
            }
            Data::Histogram { points, temporality } => {
                let measured = of(reader::Instrument::Histogram, temporality);
                for point in points.histograms() {
                    self.or_ignore(point, |export, point| {
                        let at = at(point.attributes, point.start_ns, point.time_ns);
                        let value = distribution::of_histogram(&point);
                        export.distribution(&measured, at, value, point.no_recorded_value, &[]);
                    });
                }
            }
            Data::ExponentialHistogram { points, temporality } => {
                let measured = of(reader::Instrument::ExponentialHistogram, temporality);
                for point in points.exponentials() {
                    self.or_ignore(point, |export, point| {
                        let at = at(point.attributes, point.start_ns, point.time_ns);
                        let value = distribution::of_exponential(&point);
                        export.distribution(&measured, at, value, point.no_recorded_value, &[]);
                    });
                }
            }
            Data::Summary(points) => {
                let measured = of(reader::Instrument::Summary, Temporality::Cumulative);
                for point in points.summaries() {
                    self.or_ignore(point, |export, point| export.summary(&measured, &point));
                }
            }
        }
    }

    fn numbers(&mut self, points: Points<'_>, measured: &Measured<'_>) {
        for point in points.numbers() {
            self.or_ignore(point, |export, point| export.number(measured, &point));
        }
    }

    fn number(&mut self, measured: &Measured<'_>, point: &NumberPoint<'_>) {
        self.taken.points += 1;
        let value = point.value.map(|value| value.as_f64());
        let at = at(point.attributes, point.start_ns, point.time_ns);
        let Some(point) = self.found(measured, &at) else {
            self.taken.ignored += 1;
            return;
        };
        let Export { metrics, rows, collection, counted, taken, .. } = self;
        let known = metrics.streams.get_mut(point.stream, self.now_ms);
        let (stream, processes) = known.expect("it was found");
        let known = stream.known.as_ref().expect("it was found");
        let at_ms = millis(point.time_ns);
        let Some(value) = value.filter(|value| value.is_finite()) else {
            // Kept as it came, but nothing that can be added or averaged.
            let value = value.unwrap_or(f64::from_bits(ENDED));
            rows.samples.number(known.series, at_ms, value);
            return;
        };
        let grows = |route: &Route| matches!(route.reading, Reading::Increase | Reading::PerSecond);
        let growth = match known.routes.iter().any(grows) {
            false => Growth::None,
            true if measured.temporality == Temporality::Delta => {
                Growth::By { amount: value, span: delta_span(&point), before: None }
            }
            true => {
                let mut since = || processes.known_since(self.process, point.time_ns, self.now_ms);
                let since = *self.known_since.get_or_insert_with(&mut since);
                growth(stream.runs.step(&point, since, Total::Number(value)), &point)
            }
        };
        if growth == Growth::Repeated {
            taken.repeated += 1;
        }
        let changes = measured.instrument == Instrument::UpDownCounter
            && measured.temporality == Temporality::Delta;
        let level = if changes { stream.runs.accumulate(&point, value) } else { Some(value) };
        if !changes && let Some(route) = known.sole_route() {
            let sample = Sampled { point, value, at_ms, growth, process: self.source.process };
            let (told, levels) = (&mut stream.told, &mut metrics.levels);
            if let Some(sample) = sample.count(known.series, route, told, metrics.head, levels) {
                counted.push(sample);
                return;
            }
        }
        rows.samples.number(known.series, at_ms, value);
        let export = collection.export_of(point.stream);
        let now = Span { since_ns: point.time_ns, time_ns: point.time_ns };
        for route in &known.routes {
            let read = match (route.reading, level, growth) {
                (Reading::Value, Some(level), _) => Some((level, now)),
                (Reading::Increase, _, Growth::By { amount, span, .. }) => Some((amount, span)),
                (Reading::PerSecond, _, Growth::By { amount, span, .. }) => rate(amount, span),
                _ => None,
            };
            if let Some((value, span)) = read {
                collection.add(route, export, value, span);
            }
        }
    }

    fn summary(&mut self, measured: &Measured<'_>, point: &SummaryPoint<'_>) {
        let at = at(point.attributes, point.start_ns, point.time_ns);
        let quantiles: Vec<(f64, f64)> =
            point.quantiles().filter_map(Result::ok).take(MAX_QUANTILES).collect();
        let value = distribution::of_summary(point);
        self.distribution(measured, at, value, point.no_recorded_value, &quantiles);
    }

    /// `quantiles` are the agent's own.
    fn distribution(
        &mut self,
        measured: &Measured<'_>,
        at: At<'_>,
        value: Distribution,
        no_recorded_value: bool,
        quantiles: &[(f64, f64)],
    ) {
        self.taken.points += 1;
        let Some(point) = self.found(measured, &at) else {
            self.taken.ignored += 1;
            return;
        };
        let known = self.metrics.streams.get_mut(point.stream, self.now_ms);
        let (stream, processes) = known.expect("it was found");
        let known = stream.known.as_ref().expect("it was found");
        let at_ms = millis(point.time_ns);
        if no_recorded_value {
            self.rows.samples.number(known.series, at_ms, f64::from_bits(ENDED));
            return;
        }
        self.rows.samples.distribution(known.series, at_ms, value.clone());
        let export = self.collection.export_of(point.stream);
        let added = if measured.temporality == Temporality::Delta {
            Some((value, delta_span(&point)))
        } else {
            let mut since = || processes.known_since(self.process, point.time_ns, self.now_ms);
            let since = *self.known_since.get_or_insert_with(&mut since);
            match stream.runs.step(&point, since, Total::Distribution(Box::new(value))) {
                Step::Increase { amount: Total::Distribution(added), since_ns, .. } => {
                    Some((*added, Span { since_ns, time_ns: point.time_ns }))
                }
                Step::Repeated => {
                    self.taken.repeated += 1;
                    None
                }
                _ => None,
            }
        };
        let Some((added, span)) = added else { return };
        let routes = known.routes.clone();
        if let Some(metric) = RequestMetric::of(measured.name) {
            let minute = Minute::of_ns(point.time_ns);
            let tier = self.source.place.tier;
            self.metrics.requests.add(tier, minute, metric, added.count as f64);
        }
        for route in routes.iter() {
            let read = match route.reading {
                Reading::SumIncrease => added.sum,
                Reading::CountIncrease => Some(added.count as f64),
                _ => None,
            };
            match read {
                Some(value) => self.collection.add(route, export, value, span),
                None if route.custom => self.own_series(route, &added, quantiles, point.time_ns),
                None => {}
            }
        }
    }

    /// A distribution of its own: its values behind one path, its percentile behind another.
    fn own_series(
        &mut self,
        route: &Route,
        added: &Distribution,
        quantiles: &[(f64, f64)],
        time_ns: u64,
    ) {
        let (minute, at_ms) = (Minute::of_ns(time_ns), millis(time_ns));
        let (count, factor) = (added.count as f64, route.factor);
        if let (Some(mean), Some(sum), Some((min, max)), Some(squares)) =
            (added.mean(), added.sum, added.extremes(), added.squares())
        {
            let point = Point {
                count,
                sum: sum * factor,
                squares: squares * factor * factor,
                min: min * factor,
                max: max * factor,
                last: mean * factor,
                last_at_ms: at_ms,
                ..Point::default()
            };
            self.rows.point(self.key(&route.name), minute, &point);
        }
        // Weighs as much as the values behind it.
        let weighed = |value: f64| Point::of_many(count.max(1.0), value * factor, at_ms);
        if let (Some(name), Some(value)) = (&route.percentile, added.quantile(PERCENTILE)) {
            self.rows.point(self.key(name), minute, &weighed(value));
        }
        for (quantile, value) in quantiles.iter().filter(|(_, value)| value.is_finite()) {
            let path = percentile(route.name.path(), *quantile);
            let name = SeriesName::new(&path, route.name.unit());
            self.rows.point(self.key(&name), minute, &weighed(*value));
        }
    }

    /// The stream of a point, known from then on; nothing where its attributes cannot be read, or beyond the bound on
    /// streams. Says what its series is when that was not said that day.
    fn found(&mut self, measured: &Measured<'_>, at: &At<'_>) -> Option<StreamPoint> {
        let point = StreamPoint {
            stream: stream_hash(measured.seed, at.attributes),
            start_ns: at.start_ns,
            time_ns: if at.time_ns == 0 {
                self.now_ms.unsigned_abs().saturating_mul(1_000_000)
            } else {
                at.time_ns
            },
            began: measured.began,
        };
        if self.metrics.streams.get_mut(point.stream, self.now_ms).is_none() {
            self.get_to_know(point.stream, measured, at)?;
        }
        let (stream, _) = self.metrics.streams.get_mut(point.stream, self.now_ms)?;
        let known = stream.known.as_mut()?;
        if known.say(raw::day_of(point.time_ns)) {
            let (place, cleaning) = (&self.source.place, self.cleaning);
            let time_ns = point.time_ns;
            let row = raw::row(known, measured, at, place, time_ns, cleaning, self.buffers);
            self.rows.series(row);
        }
        Some(point)
    }

    fn get_to_know(&mut self, stream: u64, measured: &Measured<'_>, at: &At<'_>) -> Option<()> {
        let (account, application) = (self.source.place.account, self.source.place.application);
        let owner = Owner { account, application, process: self.process };
        if !self.metrics.streams.has_room(stream, owner) {
            self.taken.beyond += 1;
            return None;
        }
        let origin = Origin {
            node: self.node,
            metric: measured.name,
            unit: measured.unit,
            instrument: measured.instrument,
            now_ms: self.now_ms,
        };
        let attributes = at.attributes.read().ok()?;
        let routes = self.metrics.routes.work_out(&origin, &attributes, self.cleaning.sanitiser);
        let series = raw::series_id(self.node, measured, at, &routes);
        let known = Known::new(routes, series);
        if let Some(other) = self.metrics.streams.know(stream, owner, known, self.now_ms) {
            self.share(other);
        }
        Some(())
    }

    /// Another stream counts for the path of this one from now on: what came of this one in this body is put together with
    /// what comes of the other.
    fn share(&mut self, stream: u64) {
        let Export { metrics, rows, collection, counted, .. } = self;
        let Some(state) = metrics.streams.silent_mut(stream) else { return };
        let Some(known) = &state.known else { return };
        state.told = Told::default();
        counted.retain(|sample| {
            if sample.stream != stream {
                return true;
            }
            rows.samples.number(known.series, sample.at_ms, sample.value);
            let export = collection.export_of(stream);
            if let Some(counts) = sample.counts {
                known.routes.iter().for_each(|route| {
                    collection.add(route, export, counts, sample.span);
                });
            }
            false
        });
    }

    fn key(&self, name: &Arc<SeriesName>) -> SeriesKey {
        SeriesKey {
            application: self.source.place.application,
            tier: self.source.place.tier,
            node: self.source.place.node,
            name: Arc::clone(name),
        }
    }

    fn emit(&mut self, value: &Value) {
        let key = self.key(&value.name);
        let (minute, at_ms) = (Minute::of_ns(value.time_ns), millis(value.time_ns));
        match value.kind {
            Kind::Host | Kind::Average => {
                self.rows.point(key, minute, &Point::of(value.value, at_ms));
            }
            Kind::Level => {
                let levels = &mut self.metrics.levels;
                let total =
                    levels.total(value.series, self.source.process, value.value, value.time_ns);
                self.rows.point(key, minute, &Point::of(total, at_ms));
            }
            Kind::PerMinute => {
                let minutes = minute.0.saturating_sub(Minute::of_ns(value.since_ns).0);
                let minutes = minutes.clamp(1, MAX_SPREAD);
                let each = Point::of(value.value / f64::from(minutes), at_ms);
                for back in (0..minutes).rev() {
                    self.rows.point(key.clone(), Minute(minute.0.saturating_sub(back)), &each);
                }
            }
        }
    }
}

/// What the step of a number says.
fn growth(step: Step, point: &StreamPoint) -> Growth {
    match step {
        Step::Increase { amount: Total::Number(amount), since_ns, before } => Growth::By {
            amount,
            span: Span { since_ns, time_ns: point.time_ns },
            before: Some(before),
        },
        Step::Increase { .. } => Growth::None,
        Step::Base => Growth::Begins,
        Step::Repeated => Growth::Repeated,
    }
}

fn at(attributes: AttributeList<'_>, start_ns: u64, time_ns: u64) -> At<'_> {
    At { attributes, start_ns, time_ns }
}

fn rate(amount: f64, span: Span) -> Option<(f64, Span)> {
    let nanos = span.time_ns.saturating_sub(span.since_ns);
    (nanos > 0).then(|| (amount * SECOND_NS as f64 / nanos as f64, span))
}

/// What a delta covers; a minute, the usual interval, where its agent does not tell.
fn delta_span(stream: &StreamPoint) -> Span {
    let told = stream.start_ns != 0 && stream.start_ns < stream.time_ns;
    let since_ns = if told { stream.start_ns } else { stream.time_ns.saturating_sub(MINUTE_NS) };
    Span { since_ns, time_ns: stream.time_ns }
}

pub(super) fn millis(ns: u64) -> i64 {
    (ns / 1_000_000).cast_signed()
}

/// Hashes of the node and of the process that a resource is.
fn node_and_process(source: &Source) -> (u64, u64) {
    let place = &source.place;
    let ids = [place.account.0, place.application.0, place.tier.0, place.node.0];
    let under = |seed: u64, id: &u32| XxHash3_64::oneshot_with_seed(seed, &id.to_le_bytes());
    let node = ids.iter().fold(0, under);
    (node, under(node, &source.process))
}

/// Whose its streams are.
pub(in crate::pipeline) fn room_of(source: &Source) -> room::Place {
    let (account, application) = (source.place.account, source.place.application);
    room::Place { account, application, process: node_and_process(source).1 }
}

/// The key of a stream of a process.
pub(crate) fn stream_key(
    process: u64,
    scope: &str,
    metric: &str,
    attributes: AttributeList<'_>,
) -> u64 {
    stream_hash(hash(hash(process, scope), metric), attributes)
}

/// The same whatever the order of the attributes.
pub(super) fn stream_hash(seed: u64, attributes: AttributeList<'_>) -> u64 {
    let pairs = attributes.0.iter().map(|pair| XxHash3_64::oneshot_with_seed(seed, pair));
    pairs.fold(seed, u64::wrapping_add)
}
