use http::StatusCode;
use ingest::{
    intake::{Limits, Topic},
    otlp::limits::AttributeLimits,
};
use prost::Message;

use crate::{
    accepted::items,
    fixture::{Fixture, JSON, NOW, PROTOBUF, post},
    proto::{
        self, AnyValue, ArrayValue, Data, HistogramPoint, KeyValue, Span, TraceRequest, Value,
    },
};

const SECOND: u64 = 1_000_000_000;

/// Sends one sound span beside a bad one; the bad one alone must be refused, with these words.
async fn check(bad: Span, says: &str) {
    let fixture = Fixture::new();
    let body = proto::spans(vec![proto::span(1, NOW), bad, proto::span(2, NOW)]).encode_to_vec();
    check_bytes(&fixture, body, says).await;
}

async fn check_bytes(fixture: &Fixture, body: Vec<u8>, says: &str) {
    let answer = fixture.send(post("/v1/traces", PROTOBUF, "", body)).await;
    let partial = answer.partial();
    assert_eq!(partial.rejected, 1, "{partial:?}");
    assert!(partial.error_message.contains(says), "{}", partial.error_message);
    assert!(
        partial.error_message.starts_with("refused 1 of 3 spans: 1 "),
        "{}",
        partial.error_message
    );
    let batches = fixture.journal.take();
    let found: usize =
        batches[0].slices.iter().map(|slice| items(Topic::Spans, &slice.bytes)).sum();
    assert_eq!(found, 2);
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn a_span_with_unusable_ids_is_refused_alone() {
    let span = proto::span(9, NOW);
    check(Span { trace_id: vec![1; 15], ..span.clone() }, "no valid trace id").await;
    check(Span { trace_id: vec![0; 16], ..span.clone() }, "no valid trace id").await;
    check(Span { trace_id: Vec::new(), ..span.clone() }, "no valid trace id").await;
    check(Span { span_id: vec![1; 9], ..span.clone() }, "no valid span id").await;
    check(Span { span_id: vec![0; 8], ..span.clone() }, "no valid span id").await;
    check(Span { parent_span_id: vec![1; 7], ..span }, "parent span id that is not 8 bytes").await;
}

#[tokio::test]
async fn a_span_far_from_our_time_is_refused_with_how_far() {
    let day = 86_400 * SECOND;
    check(proto::span(9, NOW + 3 * 3600 * SECOND), "ahead of this server's clock, by up to 3 h")
        .await;
    check(proto::span(9, NOW - 20 * day), "older than what this server keeps, by up to 20 d").await;
    check(Span { start: 0, end: 0, ..proto::span(9, NOW) }, "have no time").await;
    check(Span { end: u64::MAX, ..proto::span(9, NOW) }, "ahead of this server's clock").await;
}

#[tokio::test]
async fn small_skew_and_an_end_before_the_start_are_tolerated() {
    let fixture = Fixture::new();
    let spans = vec![
        proto::span(1, NOW + 9 * 60 * SECOND),
        Span { start: NOW, end: NOW - 5, ..proto::span(2, NOW) },
        Span { end: 0, ..proto::span(3, NOW) },
        Span { parent_span_id: vec![0; 8], ..proto::span(4, NOW) },
    ];
    let body = proto::spans(spans).encode_to_vec();
    let answer = fixture.send(post("/v1/traces", PROTOBUF, "", body)).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
}

/// Replaces a marker text by bytes that are no UTF-8.
fn spoilt(mut body: Vec<u8>, marker: &[u8]) -> Vec<u8> {
    let at = body.windows(marker.len()).position(|window| window == marker).expect("it is there");
    body[at] = 0xff;
    body
}

#[tokio::test]
async fn text_that_is_no_utf8_costs_its_span_only() {
    let fixture = Fixture::new();
    let marked = [
        Span { name: "MARK".into(), ..proto::span(9, NOW) },
        Span { trace_state: "MARK".into(), ..proto::span(9, NOW) },
        Span { attributes: vec![proto::text("MARK", "x")], ..proto::span(9, NOW) },
        Span { attributes: vec![proto::text("x", "MARK")], ..proto::span(9, NOW) },
        Span {
            events: vec![proto::Event {
                attributes: vec![proto::text("x", "MARK")],
                ..Default::default()
            }],
            ..proto::span(9, NOW)
        },
        Span {
            status: Some(proto::Status { message: "MARK".into(), code: 2 }),
            ..proto::span(9, NOW)
        },
    ];
    for bad in marked {
        let body = proto::spans(vec![proto::span(1, NOW), bad, proto::span(2, NOW)]);
        check_bytes(&fixture, spoilt(body.encode_to_vec(), b"MARK"), "not valid UTF-8").await;
    }
}

#[tokio::test]
async fn text_of_a_resource_or_scope_that_is_no_utf8_costs_what_it_holds() {
    let fixture = Fixture::new();
    let mut by_resource = proto::spans(vec![proto::span(9, NOW)]);
    by_resource.resources[0].schema_url = "MARK".into();
    let mut by_scope = proto::spans(vec![proto::span(9, NOW)]);
    by_scope.resources[0].scopes[0].scope = proto::scope("MARK");
    for bad in [by_resource, by_scope] {
        let mut request = proto::spans(vec![proto::span(1, NOW), proto::span(2, NOW)]);
        request.resources.extend(bad.resources);
        check_bytes(&fixture, spoilt(request.encode_to_vec(), b"MARK"), "not valid UTF-8").await;
    }
}

#[tokio::test]
async fn a_value_nested_too_deeply_costs_its_span_only() {
    let mut value = AnyValue { value: Some(Value::Int(1)) };
    for _ in 0..90 {
        value = AnyValue { value: Some(Value::Array(ArrayValue { values: vec![value] })) };
    }
    let attribute = KeyValue { key: "deep".into(), value: Some(value) };
    check(Span { attributes: vec![attribute], ..proto::span(9, NOW) }, "nested too deeply").await;
}

#[tokio::test]
async fn a_span_that_is_too_big_without_what_is_over_the_limits_is_refused_alone() {
    check(too_big(), "larger than a record").await;
}

/// With one attribute over the limits, and too many events within them.
fn too_big() -> Span {
    let event = proto::Event {
        attributes: vec![proto::text("dump", &"x".repeat(10_000))],
        ..Default::default()
    };
    let attributes = vec![proto::text("dump", &"x".repeat(20_000))];
    Span { attributes, events: vec![event; 100], ..proto::span(9, NOW) }
}

#[tokio::test]
async fn a_span_that_is_too_big_only_by_what_is_over_the_limits_is_taken_without_it() {
    let limits = AttributeLimits { count: 3, value_bytes: 200 };
    let fixture = Fixture::with(Limits { attributes: limits, ..Limits::default() });
    let long = "ä".repeat(500 * 1024);
    let list = AnyValue {
        value: Some(Value::Array(ArrayValue {
            values: vec![AnyValue { value: Some(Value::String(long.clone())) }],
        })),
    };
    let attributes = vec![
        proto::text("short", "kept"),
        proto::text("dump", &long),
        KeyValue { key: "list".into(), value: Some(list) },
        proto::text("fourth", "v"),
    ];
    let event = proto::Event { attributes: attributes.clone(), ..Default::default() };
    let span = Span {
        attributes,
        events: vec![event],
        name: long.clone(),
        status: Some(proto::Status { message: long, code: 2 }),
        not_known_yet: vec![1.5],
        ..proto::span(9, NOW)
    };
    let body = proto::spans(vec![span.clone()]).encode_to_vec();
    let partial = fixture.send(post("/v1/traces", PROTOBUF, "", body)).await.partial();
    assert_eq!(partial.rejected, 0, "{partial:?}");
    assert_eq!(
        partial.error_message,
        "1 span was accepted with attributes truncated (at most 3 of them, 200 bytes each)"
    );
    let kept = TraceRequest::decode(&fixture.journal.take()[0].slices[0].bytes[..]).unwrap();
    let short = "ä".repeat(100);
    let attributes = vec![
        proto::text("short", "kept"),
        proto::text("dump", &short),
        proto::text("list", "(over the limit)"),
    ];
    let event = proto::Event { attributes: attributes.clone(), ..Default::default() };
    let expected = Span {
        attributes,
        events: vec![event],
        name: short.clone(),
        status: Some(proto::Status { message: short, code: 2 }),
        ..span
    };
    assert_eq!(kept.resources[0].scopes[0].spans, [expected]);
    let labels = r#"{signal="traces",transport="http/protobuf"}"#;
    assert_eq!(fixture.metric(&format!("intake_truncated_items_total{labels}")), "1");
}

#[tokio::test]
async fn a_log_record_with_a_huge_body_is_taken_with_its_beginning() {
    let fixture = Fixture::new();
    let mut request = proto::logs(&[NOW]);
    let record = &mut request.resources[0].scopes[0].records[0];
    record.body = Some(AnyValue { value: Some(Value::String("x".repeat(2 << 20))) });
    let body = request.encode_to_vec();
    let partial = fixture.send(post("/v1/logs", PROTOBUF, "", body)).await.partial();
    assert_eq!(partial.rejected, 0, "{partial:?}");
    assert!(partial.error_message.starts_with("1 log record was accepted"), "{partial:?}");
    let bytes = &fixture.journal.take()[0].slices[0].bytes;
    let kept = proto::LogsRequest::decode(&bytes[..]).unwrap();
    let body = kept.resources[0].scopes[0].records[0].body.clone();
    let beginning = "x".repeat(AttributeLimits::default().value_bytes);
    assert_eq!(body, Some(AnyValue { value: Some(Value::String(beginning)) }));
}

#[tokio::test]
async fn what_is_refused_is_not_said_to_be_truncated() {
    let fixture = Fixture::new();
    let body = proto::spans(vec![too_big()]).encode_to_vec();
    let partial = fixture.send(post("/v1/traces", PROTOBUF, "", body)).await.partial();
    assert_eq!(partial.rejected, 1);
    assert!(!partial.error_message.contains("truncated"), "{}", partial.error_message);
}

#[tokio::test]
async fn json_answers_name_the_signals_own_count() {
    let fixture = Fixture::new();
    for (path, body, count) in [
        (
            "/v1/traces",
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"00","spanId":""}]}]}]}"#,
            "rejectedSpans",
        ),
        (
            "/v1/metrics",
            r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":5}]}}]}]}]}"#,
            "rejectedDataPoints",
        ),
        (
            "/v1/logs",
            r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":5}]}]}]}"#,
            "rejectedLogRecords",
        ),
    ] {
        let answer = fixture.send(post(path, JSON, "", body)).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let partial = answer["partialSuccess"].as_object().expect("there is a partial success");
        assert_eq!(partial[count], "1", "{answer}");
        assert!(
            partial["errorMessage"].as_str().unwrap().starts_with("refused 1 of 1 "),
            "{answer}"
        );
        assert_eq!(partial.len(), 2, "{answer}");
    }
}

#[tokio::test]
async fn points_are_refused_one_by_one() {
    let fixture = Fixture::new();
    let body = proto::gauge(&[NOW, 0, NOW, NOW + 3600 * SECOND]).encode_to_vec();
    let partial = fixture.send(post("/v1/metrics", PROTOBUF, "", body)).await.partial();
    assert_eq!(partial.rejected, 2);
    assert!(partial.error_message.starts_with("refused 2 of 4 data points: 1 have no time; 1 are"));

    let point = |counts: Vec<u64>| HistogramPoint {
        time: NOW,
        counts,
        bounds: vec![1.0, 2.0],
        ..HistogramPoint::default()
    };
    let points = vec![point(vec![1, 2, 3]), point(vec![1, 2]), point(Vec::new())];
    let histogram = Data::Histogram(proto::Histogram { points, temporality: 2 });
    let metric = proto::Metric { name: "h".into(), data: Some(histogram), ..Default::default() };
    let body = proto::metric(metric.clone()).encode_to_vec();
    let partial = fixture.send(post("/v1/metrics", PROTOBUF, "", body)).await.partial();
    assert_eq!(partial.rejected, 1);
    assert!(partial.error_message.contains("do not fit their bounds"));

    let nameless = proto::Metric { name: String::new(), ..metric };
    let body = proto::metric(nameless).encode_to_vec();
    let partial = fixture.send(post("/v1/metrics", PROTOBUF, "", body)).await.partial();
    assert_eq!(partial.rejected, 3);
    assert!(partial.error_message.contains("a metric without a name"));
}

#[tokio::test]
async fn sums_and_histograms_that_do_not_say_how_they_add_up_are_refused() {
    let numbers = || proto::Numbers {
        points: vec![proto::Number { time: NOW, ..Default::default() }; 2],
        ..Default::default()
    };
    let histogram = HistogramPoint { time: NOW, ..HistogramPoint::default() };
    let exponential = proto::ExponentialPoint { time: NOW, ..Default::default() };
    let of_temporality = |temporality| {
        [
            Data::Sum(proto::Numbers { temporality, ..numbers() }),
            Data::Histogram(proto::Histogram { points: vec![histogram.clone(); 2], temporality }),
            Data::Exponential(proto::Exponential {
                points: vec![exponential.clone(); 2],
                temporality,
            }),
        ]
    };
    let fixture = Fixture::new();
    // Neither the one that OTLP calls unspecified nor one that it does not have.
    for data in [0, 7].into_iter().flat_map(of_temporality) {
        let metric = proto::Metric { name: "m".into(), data: Some(data), ..Default::default() };
        let body = proto::metric(metric).encode_to_vec();
        let partial = fixture.send(post("/v1/metrics", PROTOBUF, "", body)).await.partial();
        assert_eq!(partial.rejected, 2);
        assert!(partial.error_message.contains("neither delta nor cumulative"), "{partial:?}");
    }
    let labels = r#"{signal="metrics",transport="http/protobuf",reason="temporality"}"#;
    assert_eq!(fixture.metric(&format!("intake_refused_items_total{labels}")), "12");
    for data in [1, 2].into_iter().flat_map(of_temporality).chain([Data::Gauge(numbers())]) {
        let metric = proto::Metric { name: "m".into(), data: Some(data), ..Default::default() };
        let body = proto::metric(metric).encode_to_vec();
        let answer = fixture.send(post("/v1/metrics", PROTOBUF, "", body)).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0), "{answer:?}");
    }
}

#[tokio::test]
async fn a_log_record_with_an_id_that_is_none_is_kept_and_its_sender_told() {
    let fixture = Fixture::new();
    let mut request = proto::logs(&[NOW; 6]);
    let ids: [(&[u8], &[u8]); 6] = [
        (&[1, 2, 3], &[]),
        (&[1; 16], &[1; 9]),
        (&[1; 17], &[1; 4]),
        (&[1; 16], &[1; 8]),
        (&[0; 16], &[0; 8]),
        (&[], &[]),
    ];
    for (record, (trace, span)) in request.resources[0].scopes[0].records.iter_mut().zip(ids) {
        (record.trace_id, record.span_id) = (trace.to_vec(), span.to_vec());
    }
    let partial =
        fixture.send(post("/v1/logs", PROTOBUF, "", request.encode_to_vec())).await.partial();
    assert_eq!(partial.rejected, 0, "a warning refuses nothing");
    assert_eq!(
        partial.error_message,
        "3 log records were accepted without their trace or span id, which is not 16 or 8 bytes long"
    );
    let kept: u32 = fixture.journal.take()[0].slices.iter().map(|slice| slice.items).sum();
    assert_eq!(kept, 6);
    let labels = r#"{signal="logs",transport="http/protobuf"}"#;
    assert_eq!(fixture.metric(&format!("intake_unlinked_items_total{labels}")), "3");
}

#[tokio::test]
async fn a_log_record_may_lack_trace_and_times() {
    let fixture = Fixture::new();
    let request = proto::logs(&[0, NOW]);
    let body = request.encode_to_vec();
    let answer = fixture.send(post("/v1/logs", PROTOBUF, "", body)).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0), "{answer:?}");
}

#[tokio::test]
async fn attributes_beyond_the_limits_are_a_warning_and_the_spans_are_taken() {
    let attributes = AttributeLimits { count: 3, value_bytes: 200 };
    let fixture = Fixture::with(Limits { attributes, ..Limits::default() });
    let many = (0..4).map(|index| proto::text(&format!("k{index}"), "v")).collect();
    let long = vec![proto::text("k", &"v".repeat(201))];
    let spans = vec![
        proto::span(1, NOW),
        Span { attributes: many, ..proto::span(2, NOW) },
        Span { attributes: long, ..proto::span(3, NOW) },
    ];
    let body = proto::spans(spans).encode_to_vec();
    let partial = fixture.send(post("/v1/traces", PROTOBUF, "", body)).await.partial();
    assert_eq!(partial.rejected, 0);
    assert_eq!(
        partial.error_message,
        "2 spans were accepted with attributes truncated (at most 3 of them, 200 bytes each)"
    );
    assert_eq!(fixture.journal.take()[0].slices.len(), 3);
    let labels = r#"{signal="traces",transport="http/protobuf"}"#;
    assert_eq!(fixture.metric(&format!("intake_truncated_items_total{labels}")), "2");
}

#[tokio::test]
async fn fields_not_known_yet_reach_the_journal() {
    let fixture = Fixture::new();
    let mut request = proto::spans(vec![Span { not_known_yet: vec![1.5], ..proto::span(1, NOW) }]);
    request.resources[0].not_known_yet = "of a resource".into();
    request.resources[0].schema_url = "https://example.test/r".into();
    request.resources[0].scopes[0].not_known_yet = 77;
    request.resources[0].scopes[0].schema_url = "https://example.test/s".into();
    let answer = fixture.send(post("/v1/traces", PROTOBUF, "", request.encode_to_vec())).await;
    assert_eq!(answer.body.len(), 0);
    let kept = TraceRequest::decode(&fixture.journal.take()[0].slices[0].bytes[..]).unwrap();
    assert_eq!(kept, request);
}
