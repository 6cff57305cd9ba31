//! Requests are decoded by prost from message definitions written here, not by the code that encoded them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::BytesMut;
use prost::Message;

use super::catalogue::Kind;
use super::node::{Batch, Plan};
use super::{Form, Instruments, SeriesShape};

const NOW_NS: u64 = 1_700_000_000_000_000_000;
const INTERVAL_NS: u64 = 15_000_000_000;

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceMetrics {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
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

#[derive(Clone, PartialEq, Message)]
struct ScopeMetrics {
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "5")]
    gauge: Option<Gauge>,
    #[prost(message, optional, tag = "7")]
    sum: Option<Sum>,
    #[prost(message, optional, tag = "9")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Gauge {
    #[prost(message, repeated, tag = "1")]
    points: Vec<Number>,
}

#[derive(Clone, PartialEq, Message)]
struct Sum {
    #[prost(message, repeated, tag = "1")]
    points: Vec<Number>,
    #[prost(int32, tag = "2")]
    temporality: i32,
    #[prost(bool, tag = "3")]
    monotonic: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(message, repeated, tag = "1")]
    points: Vec<HistogramPoint>,
    #[prost(int32, tag = "2")]
    temporality: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Number {
    #[prost(fixed64, tag = "2")]
    start_ns: u64,
    #[prost(fixed64, tag = "3")]
    time_ns: u64,
    #[prost(double, optional, tag = "4")]
    double: Option<f64>,
    #[prost(sfixed64, optional, tag = "6")]
    int: Option<i64>,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
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
    buckets: Vec<u64>,
    #[prost(double, repeated, tag = "7")]
    bounds: Vec<f64>,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
}

fn shape(instruments: Instruments) -> SeriesShape {
    SeriesShape {
        namespace: "loadgen".to_owned(),
        series: 2_450,
        samples: 4,
        interval_s: 15,
        ago_s: 0,
        points_per_request: 1_000,
        instruments,
        form: Form::Otlp,
        seed: 7,
    }
}

#[test]
fn the_last_sample_is_as_long_ago_as_asked_for() {
    let shape = SeriesShape { ago_s: 90, ..shape(Instruments::Numbers) };
    let (_, last_ms) = Plan::new(&shape, NOW_NS).times_ms(shape.samples);
    assert_eq!(last_ms, NOW_NS / 1_000_000 - 90_000);
}

/// All requests, sample by sample, and what is watched.
fn requests(shape: &SeriesShape) -> (Vec<Request>, Vec<super::node::Watched>) {
    let plan = Arc::new(Plan::new(shape, NOW_NS));
    let batches = shape.batches().into_iter().map(|nodes| Batch::new(&plan, shape, nodes));
    let mut batches: Vec<Batch> = batches.collect();
    let (mut requests, mut body) = (Vec::new(), BytesMut::new());
    for number in 0..shape.samples {
        for batch in &mut batches {
            batch.fill(number, &mut body);
            requests.push(Request::decode(&body[..]).expect("the body is OTLP"));
        }
    }
    (requests, batches.into_iter().flat_map(Batch::watched).collect())
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key).unwrap();
    found.value.clone().unwrap().text.unwrap()
}

/// Key of a series: pod, metric, channel.
type Key = (String, String, String);

fn numbers(requests: &[Request]) -> BTreeMap<Key, Vec<Number>> {
    let mut series: BTreeMap<Key, Vec<Number>> = BTreeMap::new();
    for group in requests.iter().flat_map(|request| &request.resource_metrics) {
        let pod = text(&group.resource.as_ref().unwrap().attributes, "k8s.pod.name");
        for metric in group.scope_metrics.iter().flat_map(|scope| &scope.metrics) {
            let sum = metric.sum.iter().inspect(|sum| {
                assert!(sum.monotonic && sum.temporality == 2, "{} is no counter", metric.name);
            });
            let points = metric.gauge.iter().flat_map(|gauge| &gauge.points);
            for point in points.chain(sum.flat_map(|sum| &sum.points)) {
                let key = (pod.clone(), metric.name.clone(), text(&point.attributes, "channel"));
                series.entry(key).or_default().push(point.clone());
            }
        }
    }
    series
}

#[test]
fn an_estate_is_whole_nodes_of_a_hundred_series() {
    let shape = shape(Instruments::Numbers);
    assert_eq!((shape.nodes(), shape.tiers(), shape.all_series()), (25, 3, 2_500));
    assert_eq!(shape.batches(), [0..10, 10..20, 20..25]);
}

#[test]
fn the_first_metric_has_twelve_in_a_hundred_series() {
    let shape = shape(Instruments::Numbers);
    let series = numbers(&requests(&shape).0);
    let of_first = series.keys().filter(|(_, metric, _)| metric == "shop.orders.completed");
    assert_eq!(shape.largest_metric(), ("shop_orders_completed_total", of_first.count()));
}

#[test]
fn every_series_has_every_sample_at_its_interval_and_the_last_one_now() {
    let shape = shape(Instruments::Numbers);
    let (requests, _) = requests(&shape);
    let series = numbers(&requests);
    assert_eq!((series.len(), requests.len()), (2_500, 12));
    let wanted: Vec<u64> = (0..4).rev().map(|back| NOW_NS - back * INTERVAL_NS).collect();
    for points in series.values() {
        assert_eq!(points.iter().map(|point| point.time_ns).collect::<Vec<_>>(), wanted);
    }
}

#[test]
fn counters_are_rising_integers_since_an_interval_before_and_gauges_have_two_decimals() {
    let series = numbers(&requests(&shape(Instruments::Numbers)).0);
    let (counters, gauges): (Vec<_>, Vec<_>) =
        series.values().partition(|points| points[0].int.is_some());
    assert_eq!((counters.len(), gauges.len()), (1_500, 1_000));
    for counter in counters {
        assert!(counter.windows(2).all(|pair| pair[0].int <= pair[1].int), "{counter:?}");
        assert!(counter.iter().all(|point| point.start_ns == NOW_NS - 4 * INTERVAL_NS));
    }
    for point in gauges.into_iter().flatten() {
        let hundredths = point.double.unwrap() * 100.0;
        assert!((hundredths - hundredths.round()).abs() < 1e-6, "{point:?}");
    }
}

#[test]
fn histograms_count_what_their_buckets_hold() {
    let (requests, watched) = requests(&shape(Instruments::Histograms));
    let groups = requests.iter().flat_map(|request| &request.resource_metrics);
    let metrics = groups.flat_map(|group| &group.scope_metrics).flat_map(|scope| &scope.metrics);
    let (mut points, mut largest) = (0, 0);
    for histogram in metrics.map(|metric| metric.histogram.as_ref().unwrap()) {
        assert_eq!(histogram.temporality, 2);
        for point in &histogram.points {
            assert_eq!((point.buckets.len(), point.bounds.len()), (16, 15));
            assert_eq!(point.buckets.iter().sum::<u64>(), point.count);
            assert!(point.count == 0 || point.sum.unwrap() > 0.0);
            assert_eq!(point.attributes.len(), 1);
            points += 1;
            largest = largest.max(point.count);
        }
    }
    assert_eq!(points, 4 * 2_500);
    assert!(largest > 20 && watched.iter().any(|watched| watched.count > 20));
}

#[test]
fn one_series_of_each_node_is_watched_and_counted() {
    let (requests, watched) = requests(&shape(Instruments::Numbers));
    let series = numbers(&requests);
    assert_eq!(watched.len(), 25);
    for watched in watched {
        let channel = watched.attribute.strip_prefix("channel=").unwrap().to_owned();
        let points = &series[&(watched.node.clone(), watched.metric.clone(), channel)];
        let sum = match points[0].int {
            Some(_) => points.last().unwrap().int.unwrap() as f64,
            None => points.iter().map(|point| point.double.unwrap()).sum(),
        };
        assert_eq!((watched.count, watched.kind == Kind::Counter), (4, points[0].int.is_some()));
        assert!((watched.sum - sum).abs() < 1e-6, "{watched:?} {sum}");
    }
}

#[test]
fn the_same_seed_gives_the_same_values_and_another_one_others() {
    let one = shape(Instruments::Numbers);
    let other = SeriesShape { seed: 8, ..one.clone() };
    assert_eq!(requests(&one), requests(&one));
    assert_ne!(requests(&one).0, requests(&other).0);
    let resources = |shape| {
        let groups = requests(shape).0.into_iter().flat_map(|request| request.resource_metrics);
        let pod =
            |group: ResourceMetrics| text(&group.resource.unwrap().attributes, "k8s.pod.name");
        groups.map(pod).collect::<BTreeSet<_>>()
    };
    assert_eq!(resources(&one).len(), 25);
}

#[test]
fn history_older_than_a_server_takes_is_refused() {
    let too_old = SeriesShape { samples: 8 * 24 * 240, ..shape(Instruments::Numbers) };
    assert!(too_old.check().unwrap_err().to_string().contains("below 8 days"));
    assert!(SeriesShape { points_per_request: 99, ..shape(Instruments::Numbers) }.check().is_err());
    shape(Instruments::Numbers).check().unwrap();
}
