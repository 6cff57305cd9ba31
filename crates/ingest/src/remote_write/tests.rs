//! Requests written by prost after the public definitions, read by it after conversion.

use prost::Message;

use super::*;
use crate::otlp::metrics::{Data, RequestView, Temporality};

mod v1 {
    use prost::Message;

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct WriteRequest {
        #[prost(message, repeated, tag = "1")]
        pub(super) timeseries: Vec<TimeSeries>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct TimeSeries {
        #[prost(message, repeated, tag = "1")]
        pub(super) labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        pub(super) samples: Vec<super::Sample>,
        #[prost(message, repeated, tag = "4")]
        pub(super) histograms: Vec<super::NativeHistogram>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Label {
        #[prost(string, tag = "1")]
        pub(super) name: String,
        #[prost(string, tag = "2")]
        pub(super) value: String,
    }
}

mod v2 {
    use prost::Message;

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Request {
        #[prost(string, repeated, tag = "4")]
        pub(super) symbols: Vec<String>,
        #[prost(message, repeated, tag = "5")]
        pub(super) timeseries: Vec<TimeSeries>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct TimeSeries {
        #[prost(uint32, repeated, tag = "1")]
        pub(super) labels_refs: Vec<u32>,
        #[prost(message, repeated, tag = "2")]
        pub(super) samples: Vec<super::Sample>,
        #[prost(message, optional, tag = "5")]
        pub(super) metadata: Option<Metadata>,
        #[prost(int64, tag = "6")]
        pub(super) created_timestamp: i64,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Metadata {
        #[prost(int32, tag = "1")]
        pub(super) kind: i32,
        #[prost(uint32, tag = "4")]
        pub(super) unit_ref: u32,
    }
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

#[derive(Clone, PartialEq, Message)]
struct NativeHistogram {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "3")]
    sum: f64,
    #[prost(sint32, tag = "4")]
    schema: i32,
    #[prost(uint64, tag = "6")]
    zero_count: u64,
    #[prost(message, repeated, tag = "11")]
    positive_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "12")]
    positive_deltas: Vec<i64>,
    #[prost(int32, tag = "14")]
    reset_hint: i32,
    #[prost(int64, tag = "15")]
    timestamp: i64,
    #[prost(double, repeated, tag = "16")]
    custom_values: Vec<f64>,
}

const CAP: usize = 1 << 20;
const AT: i64 = 1_700_000_000_000;

fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> v1::TimeSeries {
    let label = |(name, value): &(&str, &str)| v1::Label {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    let sample = |(timestamp, value): &(i64, f64)| Sample { value: *value, timestamp: *timestamp };
    v1::TimeSeries {
        labels: labels.iter().map(label).collect(),
        samples: samples.iter().map(sample).collect(),
        histograms: Vec::new(),
    }
}

fn first(timeseries: Vec<v1::TimeSeries>) -> Converted {
    let request = v1::WriteRequest { timeseries }.encode_to_vec();
    convert(Version::V1, &request, CAP).expect("it is sound")
}

/// `tier/node metric{attributes} kind: time=value …`, one a metric.
fn shown(request: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in RequestView::read(request).unwrap().resources() {
        let resource = resource.unwrap();
        let of = resource.resource_attributes().unwrap().read().unwrap();
        let text = |key| of.text(key).unwrap_or("-").to_owned();
        let whose =
            format!("{} {} {}", text("service.namespace"), text("service.name"), text("host.name"));
        for metric in resource.scopes().flat_map(|scope| scope.unwrap().metrics()) {
            let metric = metric.unwrap();
            let (kind, points) = match metric.data {
                Data::Gauge(points) => ("gauge", points),
                Data::Sum { points, temporality: Temporality::Cumulative, monotonic: true } => {
                    ("counter", points)
                }
                other => panic!("{other:?}"),
            };
            for point in points.numbers() {
                let point = point.unwrap();
                let attributes = point.attributes.read().unwrap();
                let pairs: Vec<String> =
                    attributes.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
                let value = point.value.map(|value| value.as_f64());
                lines.push(format!(
                    "{whose} {} {kind} [{}] {pairs:?} {}..{} {value:?}",
                    metric.name,
                    metric.unit,
                    point.start_ns / 1_000_000,
                    point.time_ns / 1_000_000
                ));
            }
        }
    }
    lines
}

#[test]
fn a_target_is_a_process_and_other_labels_are_attributes() {
    let labels = |name, instance| [("__name__", name), ("job", "node"), ("instance", instance)];
    let with_cpu =
        [&labels("node_cpu_seconds_total", "a:9100")[..], &[("cpu", "0"), ("mode", "idle")]]
            .concat();
    let converted = first(vec![
        series(&with_cpu, &[(AT, 5.5), (AT + 15_000, 6.5)]),
        series(&labels("node_load1", "b:9100"), &[(AT, 0.25)]),
        series(&labels("node_load1", "a:9100"), &[(AT, f64::from_bits(ENDED))]),
        series(&[("__name__", "up"), ("job", "shop/cart")], &[(AT, 1.0)]),
    ]);
    let cpu = r#"["cpu=Str(\"0\")", "mode=Str(\"idle\")"]"#;
    assert_eq!(
        shown(&converted.samples),
        [
            format!("- node a:9100 node_cpu_seconds_total counter [] {cpu} 0..{AT} Some(5.5)"),
            format!(
                "- node a:9100 node_cpu_seconds_total counter [] {cpu} 0..{} Some(6.5)",
                AT + 15_000
            ),
            format!("- node a:9100 node_load1 gauge [] [] 0..{AT} None"),
            format!("- node b:9100 node_load1 gauge [] [] 0..{AT} Some(0.25)"),
            format!("shop cart - up gauge [] [] 0..{AT} Some(1.0)"),
        ]
    );
    assert!(converted.histograms.is_empty());
}

fn second(kind: i32, name: &str) -> v2::Request {
    let symbols = ["", "__name__", name, "job", "api", "seconds"];
    v2::Request {
        symbols: symbols.map(str::to_owned).to_vec(),
        timeseries: vec![v2::TimeSeries {
            labels_refs: vec![1, 2, 3, 4],
            samples: vec![Sample { value: 2.0, timestamp: AT }],
            metadata: Some(v2::Metadata { kind, unit_ref: 5 }),
            created_timestamp: AT - 1000,
        }],
    }
}

#[test]
fn version_2_says_type_unit_and_start() {
    let of = |kind, name| {
        let request = second(kind, name).encode_to_vec();
        shown(&convert(Version::V2, &request, CAP).expect("it is sound").samples)
    };
    let line =
        |name, kind| format!("- api - {name} {kind} [seconds] [] {}..{AT} Some(2.0)", AT - 1000);
    assert_eq!(of(1, "work"), [line("work", "counter")]);
    assert_eq!(of(2, "work_total"), [line("work_total", "gauge")]);
    assert_eq!(of(3, "work_bucket"), [line("work_bucket", "counter")]);
    assert_eq!(of(5, "work"), [line("work", "gauge")]);
    assert_eq!(of(0, "work_total"), [line("work_total", "counter")]);
}

#[test]
fn references_that_lead_nowhere_are_refused() {
    let mut request = second(1, "work");
    request.timeseries[0].labels_refs = vec![1, 99];
    let error = convert(Version::V2, &request.encode_to_vec(), CAP).unwrap_err();
    assert_eq!(error, ConvertError::NoSymbol { symbol: 99, symbols: 6 });
    request.timeseries[0].labels_refs = vec![1];
    let error = convert(Version::V2, &request.encode_to_vec(), CAP).unwrap_err();
    assert_eq!(error, ConvertError::OddLabels);
}

#[test]
fn more_labels_or_buckets_than_a_series_has_are_refused() {
    let many: Vec<(&str, &str)> = vec![("a", "b"); 2000];
    let request = v1::WriteRequest { timeseries: vec![series(&many, &[])] }.encode_to_vec();
    let error = convert(Version::V1, &request, CAP).unwrap_err();
    assert_eq!(error, ConvertError::TooMany { what: "labels of one series", most: 1024 });
    let mut request = second(1, "work");
    request.timeseries[0].labels_refs = vec![1; 100_000];
    assert!(convert(Version::V2, &request.encode_to_vec(), CAP).is_err());
    let mut timeseries = series(&[("__name__", "latency")], &[]);
    timeseries.histograms = vec![native(1, &[(0, 100_000)], &[1; 100_000])];
    let request = v1::WriteRequest { timeseries: vec![timeseries] }.encode_to_vec();
    let error = convert(Version::V1, &request, CAP).unwrap_err();
    assert_eq!(error, ConvertError::TooMany { what: "buckets of one histogram", most: 4096 });
}

#[test]
fn a_request_that_grows_beyond_the_cap_is_refused() {
    let symbols = ["".to_owned(), "__name__".to_owned(), "a".repeat(1000)];
    let timeseries = v2::TimeSeries {
        labels_refs: vec![1, 2, 2, 2],
        samples: vec![Sample { value: 1.0, timestamp: AT }; 1000],
        metadata: None,
        created_timestamp: 0,
    };
    let request = v2::Request { symbols: symbols.to_vec(), timeseries: vec![timeseries] };
    let error = convert(Version::V2, &request.encode_to_vec(), 100_000).unwrap_err();
    assert_eq!(error, ConvertError::TooBig { cap: 100_000 });
}

fn native(schema: i32, spans: &[(i32, u32)], deltas: &[i64]) -> NativeHistogram {
    NativeHistogram {
        count: 9,
        sum: 12.5,
        schema,
        zero_count: 2,
        positive_spans: spans.iter().map(|&(offset, length)| Span { offset, length }).collect(),
        positive_deltas: deltas.to_vec(),
        reset_hint: 0,
        timestamp: AT,
        custom_values: Vec::new(),
    }
}

fn histogram(native: NativeHistogram) -> Converted {
    let mut timeseries = series(&[("__name__", "latency"), ("job", "api")], &[]);
    timeseries.histograms = vec![native];
    first(vec![timeseries])
}

#[test]
fn a_native_histogram_keeps_its_buckets() {
    // Buckets 1, 2 and 5 with 3, 2 and 2 values.
    let converted = histogram(native(1, &[(1, 2), (2, 1)], &[3, -1, 0]));
    let view = RequestView::read(&converted.histograms).unwrap();
    let resource = view.resources().next().unwrap().unwrap();
    let metric = resource.scopes().next().unwrap().unwrap().metrics().next().unwrap().unwrap();
    let Data::ExponentialHistogram { points, temporality } = metric.data else { panic!() };
    assert_eq!(temporality, Temporality::Cumulative);
    let point = points.exponentials().next().unwrap().unwrap();
    assert_eq!((point.count, point.sum, point.scale, point.zero_count), (9, Some(12.5), 1, 2));
    // (base^0, base^1] is bucket 1 there, and 0 here.
    assert_eq!(point.positive.offset, 0);
    assert_eq!(point.positive.counts.iter().collect::<Vec<_>>(), [3, 2, 0, 0, 2]);
    assert!(!point.no_recorded_value);
}

#[test]
fn listed_bounds_become_an_explicit_histogram() {
    let custom = NativeHistogram {
        custom_values: vec![1.0, 5.0],
        ..native(-53, &[(0, 1), (1, 1)], &[4, 1])
    };
    let converted = histogram(custom);
    let view = RequestView::read(&converted.histograms).unwrap();
    let resource = view.resources().next().unwrap().unwrap();
    let metric = resource.scopes().next().unwrap().unwrap().metrics().next().unwrap().unwrap();
    let Data::Histogram { points, .. } = metric.data else { panic!() };
    let point = points.histograms().next().unwrap().unwrap();
    assert_eq!(point.bucket_counts.iter().collect::<Vec<_>>(), [4, 0, 5]);
    assert_eq!(point.explicit_bounds.doubles().collect::<Vec<_>>(), [1.0, 5.0]);
}

#[test]
fn gauge_histograms_are_counted_and_left_out() {
    let converted = histogram(NativeHistogram { reset_hint: 3, ..native(1, &[(1, 1)], &[3]) });
    assert_eq!((converted.gauge_histograms, converted.histograms.len()), (1, 0));
}

#[test]
fn buckets_that_lie_are_left_out_and_the_count_stays() {
    for (spans, deltas) in [
        (vec![(1, 3)], vec![1]),
        (vec![(0, 1), (i32::MAX, 1)], vec![1, 1]),
        (vec![(0, 1), (-5, 1)], vec![1, 1]),
        (vec![(0, u32::MAX)], vec![1; 3000]),
    ] {
        let converted = histogram(native(1, &spans, &deltas));
        let view = RequestView::read(&converted.histograms).unwrap();
        let resource = view.resources().next().unwrap().unwrap();
        let metric = resource.scopes().next().unwrap().unwrap().metrics().next().unwrap().unwrap();
        let Data::ExponentialHistogram { points, .. } = metric.data else { panic!() };
        let point = points.exponentials().next().unwrap().unwrap();
        assert_eq!((point.count, point.positive.counts.iter().count()), (9, 0));
    }
}

proptest::proptest! {
    #[test]
    fn damage_is_refused_and_no_panic(bytes in proptest::collection::vec(0u8..255, 0..200)) {
        for version in [Version::V1, Version::V2] {
            if let Ok(converted) = convert(version, &bytes, CAP) {
                RequestView::read(&converted.samples).expect("what we write can be read");
            }
        }
    }
}
