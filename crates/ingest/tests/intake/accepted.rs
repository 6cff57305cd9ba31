use std::sync::Arc;

use http::StatusCode;
use ingest::intake::Topic;
use model::id::{AccountId, TraceId};
use prost::Message;
use tokio::sync::Semaphore;

use crate::{
    fixture::{Fixture, JSON, NOW, PROTOBUF, compressed, post, sender, sound_spans},
    proto::{self, LogsRequest, MetricsRequest, TraceRequest},
};

const JSON_SPANS: &str = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
    "scopeSpans":[{"scope":{"name":"lib"},"spans":[
    {"traceId":"01010101010101010101010101010101","spanId":"0101010101010101","name":"a","kind":2,
     "startTimeUnixNano":"1799999999000000000","endTimeUnixNano":"1800000000000000000"}]}]}]}"#;
const JSON_METRICS: &str = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":[
    {"asInt":"3","timeUnixNano":"1800000000000000000"}],"aggregationTemporality":2,"isMonotonic":true}}]}]}]}"#;
const JSON_LOGS: &str = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[
    {"timeUnixNano":"1800000000000000000","body":{"stringValue":"hello"}}]}]}]}"#;

/// How many items a record holds, by its topic; it must be readable by any OTLP reader.
pub(crate) fn items(topic: Topic, record: &[u8]) -> usize {
    match topic {
        Topic::Spans => {
            let request = TraceRequest::decode(record).unwrap();
            let scopes = request.resources.iter().flat_map(|resource| &resource.scopes);
            scopes.map(|scope| scope.spans.len()).sum()
        }
        Topic::Logs => {
            let request = LogsRequest::decode(record).unwrap();
            let scopes = request.resources.iter().flat_map(|resource| &resource.scopes);
            scopes.map(|scope| scope.records.len()).sum()
        }
        Topic::Metrics => {
            let request = MetricsRequest::decode(record).unwrap();
            let scopes = request.resources.iter().flat_map(|resource| &resource.scopes);
            let metrics = scopes.flat_map(|scope| &scope.metrics);
            metrics
                .map(|metric| match metric.data.as_ref().unwrap() {
                    proto::Data::Gauge(data) | proto::Data::Sum(data) => data.points.len(),
                    proto::Data::Histogram(data) => data.points.len(),
                    proto::Data::Exponential(data) => data.points.len(),
                    proto::Data::Summary(data) => data.points.len(),
                })
                .sum()
        }
    }
}

#[tokio::test]
async fn every_signal_in_every_encoding_on_either_path_is_taken() {
    let fixture = Fixture::new();
    let signals = [
        ("traces", Topic::Spans, sound_spans(), JSON_SPANS),
        ("metrics", Topic::Metrics, proto::gauge(&[NOW, NOW]).encode_to_vec(), JSON_METRICS),
        ("logs", Topic::Logs, proto::logs(&[NOW, NOW]).encode_to_vec(), JSON_LOGS),
    ];
    for (signal, topic, protobuf, json) in &signals {
        for (content_type, body, expected_items, expected_answer) in [
            (PROTOBUF, &protobuf[..], 2, ""),
            (JSON, json.as_bytes(), 1, "{}"),
            ("application/json; charset=utf-8", json.as_bytes(), 1, "{}"),
        ] {
            for coding in ["", "identity", "gzip", "zstd"] {
                for prefix in ["", "/otis/ingest"] {
                    let case = format!("{prefix}/v1/{signal} {content_type} {coding:?}");
                    let request = post(
                        &format!("{prefix}/v1/{signal}"),
                        content_type,
                        coding,
                        compressed(coding, body),
                    );
                    let answer = fixture.send(request).await;
                    assert_eq!(answer.status, StatusCode::OK, "{case} {answer:?}");
                    assert_eq!(answer.body, expected_answer, "{case}");
                    let answered_type = content_type.split(';').next().unwrap();
                    assert_eq!(answer.header("content-type"), answered_type, "{case}");

                    let batches = fixture.journal.take();
                    assert_eq!(batches.len(), 1, "{case}");
                    let batch = &batches[0];
                    assert_eq!((batch.topic, batch.account), (*topic, AccountId::FIRST), "{case}");
                    assert_eq!((batch.sender, batch.received_ns), (sender(), NOW), "{case}");
                    let found: usize =
                        batch.slices.iter().map(|slice| items(*topic, &slice.bytes)).sum();
                    assert_eq!(found, expected_items, "{case}");
                    if content_type == PROTOBUF {
                        let fingerprint = twox_hash::XxHash3_64::oneshot(protobuf);
                        assert_eq!(batch.fingerprint, fingerprint, "{case}");
                    }
                }
            }
        }
    }
    let labels = r#"{signal="traces",transport="http/protobuf"}"#;
    assert_eq!(fixture.metric(&format!("intake_accepted_items_total{labels}")), "16");
    let labels = r#"{signal="logs",transport="http/json",result="ok"}"#;
    assert_eq!(fixture.metric(&format!("intake_requests_total{labels}")), "16");
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn a_request_too_large_for_one_moment_is_taken_beside_the_others() {
    let fixture = Fixture::new();
    let spans = (0..20_000u32)
        .map(|id| proto::Span {
            trace_id: [id.to_be_bytes(), [1; 4], [2; 4], id.to_be_bytes()].concat(),
            ..proto::span(1, NOW)
        })
        .collect();
    let body = proto::spans(spans).encode_to_vec();
    assert!(body.len() > 1 << 20);
    for coding in ["", "gzip", "zstd"] {
        let answer =
            fixture.send(post("/v1/traces", PROTOBUF, coding, compressed(coding, &body))).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0), "{coding} {answer:?}");
        let batches = fixture.journal.take();
        let slices = &batches[0].slices;
        assert_eq!(slices.iter().map(|slice| u64::from(slice.items)).sum::<u64>(), 20_000);
        assert_eq!(slices.len(), 32, "one record for each partition");
        for slice in slices {
            let request = TraceRequest::decode(&slice.bytes[..]).unwrap();
            let spans = &request.resources[0].scopes[0].spans;
            assert!(spans.iter().all(|span| {
                TraceId::from_bytes(&span.trace_id).unwrap().partition() == slice.partition
            }));
        }
    }
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn a_request_that_carries_nothing_succeeds_and_reaches_no_journal() {
    let fixture = Fixture::new();
    let empty_scopes = proto::spans(Vec::new()).encode_to_vec();
    for (path, content_type, body) in [
        ("/v1/traces", PROTOBUF, &b""[..]),
        ("/v1/metrics", JSON, b"{}"),
        ("/v1/logs", JSON, br#"{"resourceLogs":[]}"#),
        ("/v1/traces", PROTOBUF, &empty_scopes),
    ] {
        let answer = fixture.send(post(path, content_type, "", body.to_vec())).await;
        assert_eq!(answer.status, StatusCode::OK, "{path} {answer:?}");
    }
    assert_eq!(fixture.journal.take(), []);
}

#[tokio::test]
async fn success_is_answered_only_when_the_data_are_durable() {
    let fixture = Fixture::new();
    let gate = Arc::new(Semaphore::new(0));
    *fixture.journal.gate.lock() = Some(Arc::clone(&gate));
    let request = post("/v1/traces", PROTOBUF, "", sound_spans());
    let answering = tokio::spawn(crate::fixture::send(fixture.router(), request));
    fixture.journal.begun.notified().await;
    tokio::task::yield_now().await;
    assert!(!answering.is_finished());
    gate.add_permits(1);
    assert_eq!(answering.await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn data_whose_sender_goes_away_are_appended_nevertheless() {
    let fixture = Fixture::new();
    let gate = Arc::new(Semaphore::new(0));
    *fixture.journal.gate.lock() = Some(Arc::clone(&gate));
    let request = post("/v1/traces", PROTOBUF, "", sound_spans());
    let answering = tokio::spawn(crate::fixture::send(fixture.router(), request));
    fixture.journal.begun.notified().await;
    answering.abort();
    assert!(answering.await.unwrap_err().is_cancelled());
    assert_eq!(fixture.journal.take(), []);
    gate.add_permits(1);
    fixture.intake.drained().await;
    assert_eq!(fixture.journal.take().len(), 1);
}
