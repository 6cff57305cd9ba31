use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;

use ingest::otlp::{
    Signal, json,
    limits::AttributeLimits,
    schema::{EXPORT_LOGS, EXPORT_METRICS, EXPORT_TRACE},
    slice::{self, Cut, Rules},
    wire::WireError,
};
use model::id::{PARTITIONS, TraceId};
use proptest::prelude::*;
use prost::Message;

use crate::{
    fixture::NOW,
    proto::{
        self, Data, LogsRequest, Metric, MetricsRequest, Resource, ResourceSpans, Scope,
        ScopeSpans, Span, TraceRequest,
    },
    walk::walk,
};

fn rules(max_slice_bytes: usize) -> Rules {
    Rules {
        now_ns: NOW,
        retention: Duration::from_secs(86_400),
        max_slice_bytes,
        partitions: PARTITIONS,
        limits: AttributeLimits::default(),
    }
}

fn cut(signal: Signal, request: &[u8], rules: &Rules) -> Result<Cut, WireError> {
    slice::cut(signal, &Bytes::copy_from_slice(request), rules)
}

fn any_span() -> impl Strategy<Value = Span> {
    let attributes = prop::collection::vec(("[a-z.]{1,9}", ".{0,60}"), 0..6);
    (1u8..40, 1u64.., ".{0,20}", attributes).prop_map(|(trace, id, name, attributes)| Span {
        trace_id: vec![trace; 16],
        span_id: id.to_be_bytes().to_vec(),
        name,
        attributes: attributes.iter().map(|(key, value)| proto::text(key, value)).collect(),
        ..proto::span(1, NOW)
    })
}

fn any_traces() -> impl Strategy<Value = TraceRequest> {
    let scope = (".{0,9}", prop::collection::vec(any_span(), 0..20)).prop_map(|(name, spans)| {
        let scope = (!name.is_empty()).then(|| Scope {
            name: name.clone(),
            version: "1".into(),
            ..Scope::default()
        });
        ScopeSpans { scope, spans, schema_url: name, not_known_yet: 3 }
    });
    let resource =
        (".{0,90}", prop::collection::vec(scope, 0..4)).prop_map(|(name, scopes)| ResourceSpans {
            resource: proto::resource(&name),
            scopes,
            schema_url: name,
            not_known_yet: "kept".into(),
        });
    prop::collection::vec(resource, 0..4).prop_map(|resources| TraceRequest { resources })
}

/// Each span with all it stands under, by trace, in order.
type Placed = (Option<Resource>, String, String, Option<Scope>, String, Span);

fn placed(requests: &[TraceRequest]) -> BTreeMap<Vec<u8>, Vec<Placed>> {
    let mut all: BTreeMap<_, Vec<Placed>> = BTreeMap::new();
    for resource in requests.iter().flat_map(|request| &request.resources) {
        for scope in &resource.scopes {
            for span in &scope.spans {
                all.entry(span.trace_id.clone()).or_default().push((
                    resource.resource.clone(),
                    resource.schema_url.clone(),
                    resource.not_known_yet.clone(),
                    scope.scope.clone(),
                    scope.schema_url.clone(),
                    span.clone(),
                ));
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cutting_keeps_every_span_under_its_resource_and_scope(
        request in any_traces(), max_bytes in 4000usize..9000, partitions in prop_oneof![Just(1), Just(PARTITIONS)],
    ) {
        let rules = Rules { partitions, ..rules(max_bytes) };
        let cut = cut(Signal::Traces, &request.encode_to_vec(), &rules).unwrap();
        let spans: u64 = placed(std::slice::from_ref(&request)).values().map(|spans| spans.len() as u64).sum();
        prop_assert_eq!((cut.accepted, cut.refused.total()), (spans, 0));
        let mut records = Vec::new();
        for slice in &cut.slices {
            prop_assert!(slice.bytes.len() <= max_bytes);
            let record = TraceRequest::decode(&slice.bytes[..]).unwrap();
            let spans: Vec<&Span> =
                record.resources.iter().flat_map(|it| &it.scopes).flat_map(|it| &it.spans).collect();
            prop_assert_eq!(spans.len(), slice.items as usize);
            for span in spans {
                let id = TraceId::from_bytes(&span.trace_id).unwrap();
                prop_assert_eq!(id.partition() % partitions, slice.partition);
            }
            records.push(record);
        }
        prop_assert_eq!(placed(&records), placed(&[request]));
    }

    #[test]
    fn cutting_keeps_every_point_under_its_metric(
        points in prop::collection::vec((0u8..4, 1usize..200), 1..5), max_bytes in 300usize..3000,
    ) {
        let metric = |(kind, count): &(u8, usize)| Metric {
            name: format!("m{kind}"),
            unit: "ms".into(),
            description: "d".repeat(40),
            data: Some(data(*kind, *count)),
            metadata: vec![proto::text("a", "b")],
        };
        let mut request = proto::metric(Metric::default());
        request.resources[0].scopes[0].metrics = points.iter().map(metric).collect();
        let total: usize = points.iter().map(|(_, count)| count).sum();

        let cut = cut(Signal::Metrics, &request.encode_to_vec(), &rules(max_bytes)).unwrap();
        prop_assert_eq!(cut.accepted, total as u64);
        let mut found: Vec<Metric> = Vec::new();
        for slice in &cut.slices {
            prop_assert!(slice.bytes.len() <= max_bytes);
            prop_assert_eq!(slice.partition, cut.slices[0].partition);
            let record = MetricsRequest::decode(&slice.bytes[..]).unwrap();
            prop_assert_eq!(&record.resources[0].resource, &request.resources[0].resource);
            prop_assert_eq!(&record.resources[0].scopes[0].scope, &request.resources[0].scopes[0].scope);
            for metric in record.resources.into_iter().flat_map(|it| it.scopes).flat_map(|it| it.metrics) {
                found.push(metric);
            }
        }
        prop_assert_eq!(joined(found), joined(request.resources[0].scopes[0].metrics.clone()));
    }

    #[test]
    fn what_was_cut_from_a_damaged_request_reads_to_the_last_value(
        traces in any_traces(),
        points in prop::collection::vec((0u8..4, 0usize..5), 1..5),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        partitions in prop_oneof![Just(1), Just(PARTITIONS)],
    ) {
        let rules = Rules { partitions, ..rules(100_000) };
        let mut metrics = proto::metric(Metric::default());
        metrics.resources[0].scopes[0].metrics = points
            .iter()
            .map(|(kind, count)| Metric { name: "m".into(), data: Some(data(*kind, *count)), ..Metric::default() })
            .collect();
        for (signal, mut bytes) in [
            (Signal::Traces, traces.encode_to_vec()),
            (Signal::Metrics, metrics.encode_to_vec()),
            (Signal::Logs, proto::logs(&[NOW; 5]).encode_to_vec()),
        ] {
            for (index, byte) in &damage {
                if !bytes.is_empty() {
                    let at = index.index(bytes.len());
                    bytes[at] = *byte;
                }
            }
            let Ok(cut) = cut(signal, &bytes, &rules) else { continue };
            for slice in &cut.slices {
                prop_assert_eq!(walk(signal, &slice.bytes), Ok(slice.items));
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_or_cut_but_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for signal in Signal::ALL {
            drop(cut(signal, &bytes, &rules(1000)));
        }
        for message in [&EXPORT_TRACE, &EXPORT_METRICS, &EXPORT_LOGS] {
            drop(json::to_protobuf(&bytes, message, 10_000));
        }
    }

    #[test]
    fn a_damaged_request_is_taken_wherever_prost_can_read_it(
        request in any_traces(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = request.encode_to_vec();
        prop_assume!(!bytes.is_empty());
        for (index, byte) in damage {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        let ours = cut(Signal::Traces, &bytes, &rules(100_000));
        if let Ok(request) = TraceRequest::decode(&bytes[..]) {
            let cut = ours.map_err(|error| TestCaseError::fail(error.to_string()))?;
            let spans: usize = placed(&[request]).values().map(Vec::len).sum();
            prop_assert_eq!(cut.accepted + cut.refused.total(), spans as u64);
        }
    }
}

fn data(kind: u8, count: usize) -> Data {
    match kind {
        0 => Data::Sum(proto::Numbers {
            points: (0..count)
                .map(|index| proto::Number { time: NOW, start: index as u64, ..Default::default() })
                .collect(),
            temporality: 2,
            monotonic: true,
        }),
        1 => Data::Histogram(proto::Histogram {
            points: (0..count)
                .map(|index| proto::HistogramPoint {
                    time: NOW,
                    count: index as u64,
                    counts: vec![1, 2, 3],
                    bounds: vec![0.5, 1.5],
                    ..Default::default()
                })
                .collect(),
            temporality: 1,
        }),
        2 => Data::Exponential(proto::Exponential {
            points: (0..count)
                .map(|index| proto::ExponentialPoint {
                    time: NOW,
                    count: index as u64,
                    scale: -2,
                    positive: Some(proto::Buckets { offset: -300, counts: vec![1, 300, 70_000] }),
                })
                .collect(),
            temporality: 1,
        }),
        _ => Data::Summary(proto::Summary {
            points: (0..count)
                .map(|index| proto::SummaryPoint {
                    time: NOW,
                    count: index as u64,
                    quantiles: vec![proto::Quantile { quantile: 0.5, value: 3.0 }],
                })
                .collect(),
        }),
    }
}

/// Joins the pieces of one metric that stand one after the other.
fn joined(metrics: Vec<Metric>) -> Vec<Metric> {
    let mut all: Vec<Metric> = Vec::new();
    for metric in metrics {
        match all.last_mut() {
            Some(last) if last.name == metric.name => append(last, metric),
            _ => all.push(metric),
        }
    }
    all
}

fn append(to: &mut Metric, more: Metric) {
    assert_eq!(
        (&to.unit, &to.description, &to.metadata),
        (&more.unit, &more.description, &more.metadata)
    );
    match (to.data.as_mut(), more.data) {
        (Some(Data::Sum(to)), Some(Data::Sum(more))) => {
            assert_eq!((to.temporality, to.monotonic), (more.temporality, more.monotonic));
            to.points.extend(more.points);
        }
        (Some(Data::Histogram(to)), Some(Data::Histogram(more))) => {
            assert_eq!(to.temporality, more.temporality);
            to.points.extend(more.points);
        }
        (Some(Data::Exponential(to)), Some(Data::Exponential(more))) => {
            to.points.extend(more.points);
        }
        (Some(Data::Summary(to)), Some(Data::Summary(more))) => to.points.extend(more.points),
        (to, more) => panic!("{to:?} beside {more:?}"),
    }
}

#[test]
fn for_one_consumer_an_unusable_metric_without_points_is_left_out_too() {
    let mut request = proto::metric(Metric::default());
    let metric = |name: &str, points| Metric {
        name: name.into(),
        data: Some(data(0, points)),
        ..Metric::default()
    };
    request.resources[0].scopes[0].metrics = vec![metric("calls", 2), metric("~~~~", 0)];
    let mut bytes = request.encode_to_vec();
    for byte in bytes.iter_mut().filter(|byte| **byte == b'~') {
        *byte = 0xff;
    }
    let cut = cut(Signal::Metrics, &bytes, &Rules { partitions: 1, ..rules(10_000) }).unwrap();
    assert_eq!((cut.accepted, cut.refused.total(), cut.slices.len()), (2, 0, 1));
    assert_eq!(walk(Signal::Metrics, &cut.slices[0].bytes), Ok(2));
}

#[test]
fn for_one_consumer_a_sound_request_is_the_record() {
    let rules = Rules { partitions: 1, ..rules(10_000) };
    for (signal, request) in [
        (
            Signal::Traces,
            proto::spans((1..20).map(|id| proto::span(id, NOW)).collect()).encode_to_vec(),
        ),
        (Signal::Metrics, proto::gauge(&[NOW; 7]).encode_to_vec()),
        (Signal::Logs, proto::logs(&[NOW; 7]).encode_to_vec()),
    ] {
        let cut = cut(signal, &request, &rules).unwrap();
        assert_eq!(cut.slices.len(), 1, "{signal:?}");
        assert_eq!(cut.slices[0].bytes, request);
        assert_eq!((cut.slices[0].partition, u64::from(cut.slices[0].items)), (0, cut.accepted));
    }
}

#[test]
fn what_is_refused_is_no_part_of_the_record_for_one_consumer_either() {
    let rules = Rules { partitions: 1, ..rules(10_000) };
    let request = proto::spans(vec![
        proto::span(1, NOW),
        Span { start: 0, end: 0, ..proto::span(2, NOW) },
        proto::span(3, NOW),
    ]);
    let cut = cut(Signal::Traces, &request.encode_to_vec(), &rules).unwrap();
    assert_eq!((cut.accepted, cut.refused.total(), cut.slices.len()), (2, 1, 1));
    let record = TraceRequest::decode(&cut.slices[0].bytes[..]).unwrap();
    let spans = &record.resources[0].scopes[0].spans;
    assert_eq!(spans.iter().map(|span| span.span_id[7]).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn log_records_of_a_trace_lie_with_its_spans() {
    let mut request = proto::logs(&[NOW; 40]);
    for (id, record) in (1..).zip(&mut request.resources[0].scopes[0].records) {
        record.trace_id = vec![id; 16];
    }
    let cut = cut(Signal::Logs, &request.encode_to_vec(), &rules(10_000)).unwrap();
    let mut found = 0;
    for slice in &cut.slices {
        let record = LogsRequest::decode(&slice.bytes[..]).unwrap();
        for record in &record.resources[0].scopes[0].records {
            assert_eq!(TraceId::from_bytes(&record.trace_id).unwrap().partition(), slice.partition);
            found += 1;
        }
    }
    assert_eq!(found, 40);
}

#[test]
fn all_that_one_resource_measures_lies_in_one_partition() {
    let partitions = |request: MetricsRequest| -> Vec<u16> {
        let cut = cut(Signal::Metrics, &request.encode_to_vec(), &rules(500)).unwrap();
        cut.slices.iter().map(|slice| slice.partition).collect()
    };
    let first = partitions(proto::gauge(&[NOW; 100]));
    assert!(first.len() > 2 && first.windows(2).all(|pair| pair[0] == pair[1]));
    let mut again = proto::gauge(&[NOW]);
    again.resources[0].scopes[0].metrics[0].name = "another".into();
    assert_eq!(partitions(again)[0], first[0]);
}
