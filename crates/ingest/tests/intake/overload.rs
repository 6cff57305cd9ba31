use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Request, StatusCode};
use ingest::intake::{AppendError, KeyRule, Limits};
use prost::Message;
use tokio::sync::Semaphore;

use crate::{
    fixture::{Fixture, JSON, PROTOBUF, post, small_limits, sound_spans},
    grpc::Client,
    proto::{RetryInfo, RpcStatus},
};

/// A body without a length, in chunks.
fn chunked(chunk: usize, chunks: usize) -> Body {
    let chunk = Bytes::from(vec![b'x'; chunk]);
    Body::from_stream(stream::repeat(chunk).take(chunks).map(Ok::<_, std::io::Error>))
}

/// A body that must not be read.
fn untouchable() -> Body {
    Body::from_stream(stream::poll_fn(|_| -> std::task::Poll<Option<std::io::Result<Bytes>>> {
        panic!("the body was read")
    }))
}

/// Who asks before sending is answered before sending: nothing of a refused body is taken.
fn asking_first(mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert("expect", "100-continue".parse().unwrap());
    request
}

/// A body of so many bytes in chunks, and how many of them were taken.
fn counted(bytes: usize) -> (Body, Arc<AtomicUsize>) {
    const CHUNK: usize = 10_000;
    let taken = Arc::<AtomicUsize>::default();
    let chunks = stream::repeat(Bytes::from(vec![b'x'; CHUNK])).take(bytes / CHUNK);
    let taking = Arc::clone(&taken);
    let counted = chunks.map(move |chunk| {
        taking.fetch_add(chunk.len(), Relaxed);
        Ok::<_, std::io::Error>(chunk)
    });
    (Body::from_stream(counted), taken)
}

#[tokio::test]
async fn what_is_refused_early_is_taken_to_its_end_asking_first() {
    const BYTES: usize = 3_000_000;
    let fixture = Fixture::with(Limits { body_bytes: 1_000_000, ..small_limits() });
    let mut client = Client::new(&fixture, KeyRule::Optional).await;
    let grpc = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    for (path, content_type, key, status) in [
        ("/v1/traces", PROTOBUF, "good-key", StatusCode::PAYLOAD_TOO_LARGE),
        ("/v1/traces", PROTOBUF, "guess", StatusCode::UNAUTHORIZED),
        ("/v1/nothing", JSON, "good-key", StatusCode::NOT_FOUND),
        (grpc, "application/grpc", "guess", StatusCode::OK),
    ] {
        let (body, taken) = counted(BYTES);
        let mut request = post(path, content_type, "", body);
        *request.uri_mut() = format!("http://vedette{path}").parse().unwrap();
        request.headers_mut().insert("x-api-key", key.parse().unwrap());
        let response = client.sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        // More than the windows of stream and connection let under way unread.
        assert_eq!(taken.load(Relaxed), BYTES, "{path} {key}");
    }
}

#[tokio::test]
async fn an_endless_body_over_http2_ends_at_a_bound() {
    let fixture = Fixture::with(small_limits());
    let mut client = Client::new(&fixture, KeyRule::Optional).await;
    let (body, taken) = counted(usize::MAX);
    let mut request = post("/v1/traces", PROTOBUF, "", body);
    *request.uri_mut() = "http://vedette/v1/traces".parse().unwrap();
    let response = client.sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    // The bound, and what the windows let be under way beside it.
    let taken = taken.load(Relaxed);
    assert!(taken < 10_000_000, "{taken} bytes were taken");
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_with_and_without_a_length() {
    let fixture = Fixture::with(small_limits());
    let declared = post("/v1/traces", PROTOBUF, "", vec![0; 100_001]);
    let chunks = post("/v1/traces", PROTOBUF, "", chunked(10_000, 11));
    for request in [declared, chunks] {
        let answer = fixture.send(request).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
        let status = answer.rpc_status();
        assert_eq!(
            (status.code, status.message.as_str()),
            (8, "the body is larger than 100000 bytes")
        );
        assert_eq!(answer.header("retry-after"), "");
        fixture.assert_still_works().await;
    }
}

#[tokio::test]
async fn a_declared_length_over_the_cap_is_refused_unread() {
    let fixture = Fixture::with(small_limits());
    let mut request = post("/v1/traces", PROTOBUF, "", untouchable());
    request.headers_mut().insert("content-length", "100001".parse().unwrap());
    let answer = fixture.send(asking_first(request)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_endless_body_ends_at_the_cap() {
    let fixture = Fixture::with(small_limits());
    let answer = fixture.send(post("/v1/traces", PROTOBUF, "", chunked(1000, usize::MAX))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn a_chunked_body_within_the_cap_is_taken() {
    let fixture = Fixture::new();
    let sound = sound_spans();
    let chunks: Vec<_> = sound
        .chunks(7)
        .map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk)))
        .collect();
    let body = Body::from_stream(stream::iter(chunks));
    let answer = fixture.send(post("/v1/traces", PROTOBUF, "", body)).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_gives_its_room_back() {
    let fixture = Fixture::with(small_limits());
    let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"\x0a"))]);
    let stalled = Body::from_stream(first.chain(stream::pending()));
    let answer = fixture.send(asking_first(post("/v1/traces", PROTOBUF, "", stalled))).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.rpc_status().message, "the body did not come within 5 s");
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_bad_data() {
    let fixture = Fixture::with(small_limits());
    let broken = stream::iter([
        Ok(Bytes::from_static(b"\x0a")),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    let answer = fixture
        .send(asking_first(post("/v1/traces", PROTOBUF, "", Body::from_stream(broken))))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn without_room_for_its_bytes_a_request_is_told_when_to_come_again_unread() {
    let limits = Limits { in_flight_bytes: 100_000, ..small_limits() };
    let fixture = Fixture::with(limits);
    let gate = Arc::new(Semaphore::new(0));
    *fixture.journal.gate.lock() = Some(Arc::clone(&gate));
    let held = post("/v1/traces", PROTOBUF, "", sound_spans());
    let answering = tokio::spawn(crate::fixture::send(fixture.router(), held));
    fixture.journal.begun.notified().await;

    for content_type in [PROTOBUF, JSON] {
        let mut request = post("/v1/traces", content_type, "", untouchable());
        request.headers_mut().insert("content-length", "99990".parse().unwrap());
        let answer = fixture.send(asking_first(request)).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.header("retry-after"), "2");
        assert_eq!(answer.rpc_status().code, 8);
        if content_type == PROTOBUF {
            let status = RpcStatus::decode(&answer.body[..]).unwrap();
            assert_eq!(status.details[0].type_url, "type.googleapis.com/google.rpc.RetryInfo");
            let info = RetryInfo::decode(&status.details[0].value[..]).unwrap();
            assert_eq!(info.retry_delay.map(|delay| delay.seconds), Some(2));
        } else {
            let status: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(status["details"][0]["retryDelay"], "2.000s");
        }
    }
    gate.add_permits(2);
    assert_eq!(answering.await.unwrap().status, StatusCode::OK);
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn what_inflating_needs_comes_from_the_same_budget() {
    let limits = Limits { in_flight_bytes: 300_000, ..small_limits() };
    let fixture = Fixture::with(limits);
    let bomb = crate::fixture::compressed("gzip", &vec![0; 900_000]);
    let answer = fixture.send(post("/v1/traces", PROTOBUF, "gzip", bomb)).await;
    // It alone would need more than there ever is, so that trying again is no use.
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{answer:?}");
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn what_the_journal_cannot_take_is_to_be_sent_again() {
    let fixture = Fixture::new();
    let wait = Duration::from_millis(6_200);
    for (error, status, retry_after) in [
        (AppendError::Full { retry_after: wait }, StatusCode::SERVICE_UNAVAILABLE, "7"),
        (AppendError::Busy { retry_after: wait }, StatusCode::TOO_MANY_REQUESTS, "7"),
        (AppendError::Unavailable("/data: I/O error".into()), StatusCode::SERVICE_UNAVAILABLE, "2"),
    ] {
        fixture.journal.fail(Some(error.clone()));
        let answer = fixture.send(post("/v1/traces", PROTOBUF, "", sound_spans())).await;
        assert_eq!((answer.status, answer.header("retry-after")), (status, retry_after), "{error}");
        let message = answer.rpc_status().message;
        assert!(!message.contains("/data"), "{message}");
        fixture.journal.fail(None);
        fixture.assert_still_works().await;
    }
}

#[tokio::test]
async fn a_full_journal_is_told_before_a_body_is_read() {
    let fixture = Fixture::new();
    let wait = Duration::from_secs(10);
    fixture.journal.refuse(Some(AppendError::Full { retry_after: wait }));
    for content_type in [PROTOBUF, JSON] {
        let request = post("/v1/traces", content_type, "", untouchable());
        let answer = fixture.send(asking_first(request)).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), "10");
    }
    // Who does not ask is answered once its body has come, whatever is in it.
    let (body, taken) = counted(30_000);
    let answer = fixture.send(post("/v1/traces", PROTOBUF, "", body)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(taken.load(Relaxed), 30_000);
    let refused =
        r#"intake_requests_total{signal="traces",transport="http/protobuf",result="journal_full"}"#;
    assert_eq!(fixture.metric(refused), "2");
    fixture.journal.refuse(None);
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn a_request_of_empty_resources_and_scopes_is_refused_for_good() {
    let fixture = Fixture::new();
    let resources = b"\x0a\x00".repeat(100_001);
    // One resource of 70,000 scopes, twice.
    let scopes = b"\x12\x00".repeat(70_000);
    let resource = [b"\x0a\xe0\xc5\x08".as_slice(), &scopes].concat();
    let json = format!("{{\"resourceSpans\":[{}{{}}]}}", "{},".repeat(100_000));
    for (format, body) in
        [(PROTOBUF, resources), (PROTOBUF, resource.repeat(2)), (JSON, json.into_bytes())]
    {
        let answer = fixture.send(post("/v1/traces", format, "", body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{format}");
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(said.contains("more than 100000 resources and scopes"), "{said}");
        fixture.assert_still_works().await;
    }
    let few = b"\x0a\x00".repeat(100_000);
    assert_eq!(fixture.send(post("/v1/traces", PROTOBUF, "", few)).await.status, StatusCode::OK);
}
