//! Senders against a small server on a real socket that plays answers back and keeps what it was sent.

mod collector;

use std::time::Duration;

use http::StatusCode;

use self::collector::{Collector, Script};
use super::endpoint::{Endpoint, Trust};
use super::reporter::{PointsOutcome, Reporters};
use super::{Encoding, Manner, Outcome, Protocol, send};
use crate::data::points::{Form, Instruments, SeriesShape};
use crate::data::topology::Size;
use crate::data::{Notation, Past, Shape, Spread};

fn shape(spans: u64) -> Shape {
    Shape {
        namespace: "loadgen".to_owned(),
        size: Size::usual(10, 1),
        further_attributes: 0,
        hours: 0,
        past: Past::Quarter,
        instances: 4,
        spans,
        spans_per_request: 100,
        seed: 7,
        spread: Spread::Whole,
        notation: Notation::Protobuf,
        late_fraction: 0.0,
    }
}

fn manner(protocol: Protocol) -> Manner {
    Manner {
        protocol,
        encoding: Encoding::Identity,
        connections: 1,
        rate: 0.0,
        api_key: Some("key-1".to_owned()),
        repeat_fraction: 0.0,
        delay: Duration::from_millis(5),
        patience: Duration::ZERO,
        give_up: Duration::from_secs(5),
    }
}

async fn run(collector: &Collector, shape: &Shape, manner: &Manner) -> Outcome {
    let endpoint = Endpoint::parse(&collector.url(), &Trust::Nothing).unwrap();
    send(shape, manner, &endpoint).await.unwrap()
}

async fn check_resend(protocol: Protocol) {
    let collector = Collector::start(vec![Script::Later, Script::Accept]).await;
    let outcome = run(&collector, &shape(100), &manner(protocol)).await;
    let received = collector.received();
    assert_eq!(
        (outcome.tally.retries, outcome.tally.errors),
        (1, 0),
        "{:?}",
        outcome.tally.messages
    );
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].body, received[1].body);
    assert_eq!((outcome.tally.acknowledged, outcome.expected.complete), (100, true));
}

#[tokio::test]
async fn after_a_503_the_same_bytes_are_sent_again() {
    check_resend(Protocol::Http).await;
}

#[tokio::test]
async fn after_a_grpc_unavailable_the_same_bytes_are_sent_again() {
    check_resend(Protocol::Grpc).await;
}

async fn check_partial_success(protocol: Protocol) {
    let collector = Collector::start(vec![Script::Reject(3), Script::Accept]).await;
    let outcome = run(&collector, &shape(200), &manner(protocol)).await;
    assert_eq!((outcome.tally.acknowledged, outcome.tally.rejected), (197, 3));
    assert!(!outcome.expected.complete, "totals that include refused spans must say so");
    assert!(outcome.tally.messages[0].contains("too old"), "{:?}", outcome.tally.messages);
}

#[tokio::test]
async fn spans_refused_by_partial_success_are_counted_and_make_the_totals_incomplete() {
    check_partial_success(Protocol::Http).await;
    check_partial_success(Protocol::Grpc).await;
}

#[tokio::test]
async fn a_refusal_is_an_error_that_shows_the_body_and_is_not_sent_again() {
    let collector =
        Collector::start(vec![Script::Answer(StatusCode::UNAUTHORIZED, "unknown access key")])
            .await;
    let outcome = run(&collector, &shape(100), &manner(Protocol::Http)).await;
    assert_eq!((outcome.tally.errors, collector.received().len()), (1, 1));
    assert_eq!(outcome.tally.messages, ["401 Unauthorized: unknown access key"]);
    assert!(!outcome.expected.complete);
}

#[tokio::test]
async fn a_body_on_a_connection_that_breaks_is_sent_again_within_the_patience() {
    let collector = Collector::start(vec![Script::Break, Script::Accept]).await;
    let patient = Manner { patience: Duration::from_secs(5), ..manner(Protocol::Http) };
    let outcome = run(&collector, &shape(100), &patient).await;
    let received = collector.received();
    assert_eq!((outcome.tally.errors, outcome.tally.broken_connections, received.len()), (0, 1, 2));
    assert_eq!(received[0].body, received[1].body);
}

#[tokio::test]
async fn a_broken_connection_is_an_error_without_patience() {
    let collector = Collector::start(vec![Script::Break]).await;
    let outcome = run(&collector, &shape(100), &manner(Protocol::Http)).await;
    assert_eq!((outcome.tally.errors, outcome.expected.complete), (1, false));
}

#[tokio::test]
async fn repeated_bodies_are_byte_for_byte_the_same_and_do_not_change_the_totals() {
    let collector = Collector::start(vec![Script::Accept]).await;
    let twice = Manner { repeat_fraction: 1.0, ..manner(Protocol::Http) };
    let outcome = run(&collector, &shape(300), &twice).await;
    let mut bodies: Vec<_> = collector.received().into_iter().map(|r| r.body).collect();
    bodies.sort();
    assert_eq!(bodies.len(), 6);
    assert!(bodies.chunks(2).all(|pair| pair[0] == pair[1]) && bodies[0] != bodies[2]);
    assert_eq!((outcome.tally.acknowledged, outcome.tally.repeated_requests), (300, 3));
    assert_eq!(outcome.expected.totals.spans, 300);
}

#[tokio::test]
async fn late_spans_are_acknowledged_before_the_run_ends() {
    let collector = Collector::start(vec![Script::Accept]).await;
    let late = Shape { late_fraction: 0.3, ..shape(500) };
    let outcome = run(&collector, &late, &manner(Protocol::Http)).await;
    assert_eq!(outcome.tally.acknowledged, 500);
    assert!((50..=250).contains(&outcome.tally.late), "{} late", outcome.tally.late);
    assert_eq!(collector.received().len(), 10);
}

fn series() -> SeriesShape {
    SeriesShape {
        namespace: "loadgen".to_owned(),
        series: 300,
        samples: 4,
        interval_s: 15,
        ago_s: 0,
        points_per_request: 100,
        instruments: Instruments::Numbers,
        form: Form::Otlp,
        seed: 7,
    }
}

async fn report(collector: &Collector, manner: &Manner) -> PointsOutcome {
    let endpoint = Endpoint::parse(&collector.url(), &Trust::Nothing).unwrap();
    Reporters::build(&series(), manner, &endpoint).unwrap().send().await.unwrap()
}

#[tokio::test]
async fn metrics_are_sent_again_when_told_to_come_later() {
    let collector = Collector::start(vec![Script::Later, Script::Accept]).await;
    let outcome = report(&collector, &manner(Protocol::Http)).await;
    let received = collector.received();
    assert_eq!(received[0].body, received[1].body);
    assert_eq!((outcome.tally.retries, outcome.tally.acknowledged), (1, 1_200));
    assert_eq!((received.len(), outcome.watched.len()), (13, 3));
    assert!(received.iter().all(|request| request.path == "/v1/metrics"));
}

#[tokio::test]
async fn points_refused_by_partial_success_are_counted() {
    for protocol in [Protocol::Http, Protocol::Grpc] {
        let collector = Collector::start(vec![Script::Reject(5), Script::Accept]).await;
        let outcome = report(&collector, &Manner { connections: 2, ..manner(protocol) }).await;
        assert_eq!((outcome.tally.acknowledged, outcome.tally.rejected), (1_195, 5));
        assert_eq!(outcome.tally.messages, ["5 points refused by partial success: too old"]);
    }
}

#[tokio::test]
async fn headers_are_those_of_an_otlp_exporter() {
    let collector = Collector::start(vec![Script::Accept]).await;
    let zstd = Manner { encoding: Encoding::Zstd, ..manner(Protocol::Http) };
    run(&collector, &shape(100), &zstd).await;
    run(&collector, &Shape { notation: Notation::Json, ..shape(100) }, &manner(Protocol::Http))
        .await;
    run(&collector, &shape(100), &Manner { encoding: Encoding::Gzip, ..manner(Protocol::Grpc) })
        .await;
    let received = collector.received();
    let said: Vec<_> =
        received.iter().map(|r| (r.path.as_str(), r.header("content-type"))).collect();
    let export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    assert_eq!(
        said,
        [
            ("/v1/traces", "application/x-protobuf"),
            ("/v1/traces", "application/json"),
            (export, "application/grpc")
        ]
    );
    assert!(received.iter().all(|r| r.header("x-api-key") == "key-1"));
    let encodings = (received[0].header("content-encoding"), received[2].header("grpc-encoding"));
    assert_eq!(encodings, ("zstd", "gzip"));
    assert_eq!((received[2].header("te"), received[2].body[0]), ("trailers", 1));
    let plain = zstd::bulk::decompress(&received[0].body, 1 << 20).unwrap();
    assert_eq!(plain.len() as u64, outcome_bytes(&collector).await);
}

/// Size of the same request without compression.
async fn outcome_bytes(collector: &Collector) -> u64 {
    run(collector, &shape(100), &manner(Protocol::Http)).await.tally.otlp_bytes
}

#[tokio::test]
async fn a_rate_is_kept_over_all_connections() {
    let collector = Collector::start(vec![Script::Accept]).await;
    let paced = Manner { rate: 5_000.0, connections: 3, ..manner(Protocol::Http) };
    let outcome = run(&collector, &shape(1_000), &paced).await;
    // Ten requests, one each 20 ms, the first at once: the last starts 180 ms after the first.
    assert!(outcome.took >= Duration::from_millis(180), "{:?}", outcome.took);
    assert_eq!(outcome.tally.acknowledged, 1_000);
}

#[tokio::test]
async fn json_over_grpc_is_refused_before_anything_is_sent() {
    let endpoint = Endpoint::parse("http://127.0.0.1:1", &Trust::Nothing).unwrap();
    let json = Shape { notation: Notation::Json, ..shape(100) };
    let refused = send(&json, &manner(Protocol::Grpc), &endpoint).await.unwrap_err();
    assert!(refused.to_string().contains("--json needs --protocol http"));
}

#[test]
fn https_without_an_authority_is_refused_with_what_to_do() {
    let refused = Endpoint::parse("https://127.0.0.1:443", &Trust::Nothing).unwrap_err();
    assert!(refused.to_string().contains("--ca FILE"));
}
