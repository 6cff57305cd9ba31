use std::time::Duration;

use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use bytes::Bytes;
use daemon::listener::{Limits as ListenerLimits, Listener, Metrics, Options, Protocol};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use ingest::intake::{AppendError, KeyRule, Topic};
use prost::Message;
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    accepted::items,
    fixture::{Fixture, NOW, compressed, small_limits, sound_spans},
    proto::{self, Response, RetryInfo, RpcStatus},
};

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

/// A connection to a listener that serves the fixture's intake.
pub(crate) struct Client {
    pub(crate) sender: SendRequest<Body>,
    _stops_with: DropGuard,
}

impl Client {
    pub(crate) async fn new(fixture: &Fixture, rule: KeyRule) -> Client {
        let address = "127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind(address, "otlp-grpc-listen").await.unwrap();
        let address = listener.address();
        let stop = CancellationToken::new();
        let options = Options {
            protocol: Protocol::Plain,
            limits: ListenerLimits::default(),
            metrics: Metrics::default(),
        };
        tokio::spawn(listener.serve(fixture.intake.router(rule), options, stop.clone()));
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
        tokio::spawn(connection);
        Client { sender, _stops_with: stop.drop_guard() }
    }

    async fn call(&mut self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let mut request = Request::post(format!("http://vedette{path}")).header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/grpc");
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.sender.send_request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        assert_eq!(parts.status, StatusCode::OK);
        assert_eq!(parts.headers["content-type"], "application/grpc");
        assert_eq!(parts.headers["grpc-accept-encoding"], "identity,gzip,zstd");
        let collected = body.collect().await.unwrap();
        let trailers = collected.trailers().cloned();
        Reply { headers: parts.headers, trailers, body: collected.to_bytes() }
    }
}

#[derive(Debug)]
struct Reply {
    headers: HeaderMap,
    trailers: Option<HeaderMap>,
    body: Bytes,
}

impl Reply {
    /// The status, and the response where there is one.
    fn read(&self) -> (String, Option<Response>) {
        let Some(trailers) = &self.trailers else {
            assert_eq!(self.body.len(), 0, "{self:?}");
            return (self.headers["grpc-status"].to_str().unwrap().to_owned(), None);
        };
        let length = u32::from_be_bytes(self.body[1..5].try_into().unwrap()) as usize;
        assert_eq!((self.body[0], length), (0, self.body.len() - 5));
        let response = Response::decode(&self.body[5..]).unwrap();
        (trailers["grpc-status"].to_str().unwrap().to_owned(), Some(response))
    }

    /// The details of a refusal, which must agree with its headers.
    fn refusal(&self) -> RpcStatus {
        let details = STANDARD_NO_PAD.decode(&self.headers["grpc-status-details-bin"]).unwrap();
        let status = RpcStatus::decode(&details[..]).unwrap();
        assert_eq!(self.headers["grpc-status"], status.code.to_string());
        status
    }
}

fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    [&[flag][..], &(message.len() as u32).to_be_bytes(), message].concat()
}

#[tokio::test]
async fn every_signal_in_every_coding_is_taken() {
    let fixture = Fixture::new();
    let mut client = Client::new(&fixture, KeyRule::Optional).await;
    for (path, topic, message) in [
        (TRACES, Topic::Spans, sound_spans()),
        (METRICS, Topic::Metrics, proto::gauge(&[NOW, NOW]).encode_to_vec()),
        (LOGS, Topic::Logs, proto::logs(&[NOW, NOW]).encode_to_vec()),
    ] {
        for coding in ["identity", "gzip", "zstd"] {
            for content_type in ["application/grpc", "application/grpc+proto"] {
                let body = framed(u8::from(coding != "identity"), &compressed(coding, &message));
                let headers = [("content-type", content_type), ("grpc-encoding", coding)];
                let reply = client.call(path, &headers, body).await;
                let expected = ("0".to_owned(), Some(Response::default()));
                assert_eq!(reply.read(), expected, "{path} {coding}");
                let batches = fixture.journal.take();
                assert_eq!(batches.len(), 1);
                assert!(batches[0].sender.is_some_and(|sender| sender.is_loopback()));
                let slices = &batches[0].slices;
                let found: usize = slices.iter().map(|slice| items(topic, &slice.bytes)).sum();
                assert_eq!((batches[0].topic, found), (topic, 2));
            }
        }
    }
    // A message may go uncompressed although a coding was named.
    let reply = client.call(TRACES, &[("grpc-encoding", "gzip")], framed(0, &sound_spans())).await;
    assert_eq!(reply.read().0, "0");
    let labels = r#"{signal="traces",transport="grpc",result="ok"}"#;
    assert_eq!(fixture.metric(&format!("intake_requests_total{labels}")), "7");
}

#[tokio::test]
async fn what_is_refused_has_the_code_that_grpc_asks_for() {
    let fixture = Fixture::with(small_limits());
    let mut client = Client::new(&fixture, KeyRule::Optional).await;
    let sound = sound_spans();
    let bomb = compressed("gzip", &vec![0; 3 << 20]);
    for (name, path, headers, body, code, says) in [
        (
            "unknown method",
            "/opentelemetry.proto.collector.trace.v1.TraceService/Import",
            ("x", ""),
            framed(0, &sound),
            "12",
            "unknown method",
        ),
        (
            "unknown service",
            "/helloworld.Greeter/SayHello",
            ("x", ""),
            framed(0, &sound),
            "12",
            "unknown method /helloworld.Greeter/SayHello: OTLP's methods are Export of",
        ),
        ("path of HTTP", "/v1/traces", ("x", ""), framed(0, &sound), "12", "takes HTTP, not gRPC"),
        (
            "unknown coding",
            TRACES,
            ("grpc-encoding", "snappy"),
            framed(1, &sound),
            "12",
            "grpc-encoding",
        ),
        (
            "JSON messages",
            TRACES,
            ("content-type", "application/grpc+json"),
            framed(0, b"{}"),
            "12",
            "only protobuf",
        ),
        ("unknown key", TRACES, ("x-api-key", "guess"), framed(0, &sound), "16", "unknown"),
        ("no message", TRACES, ("x", ""), Vec::new(), "3", "no whole message"),
        (
            "cut message",
            TRACES,
            ("x", ""),
            framed(0, &sound)[..50].to_vec(),
            "3",
            "ends after 45 of",
        ),
        ("two messages", TRACES, ("x", ""), framed(0, &sound).repeat(2), "3", "follow the message"),
        ("no protobuf", TRACES, ("x", ""), framed(0, b"hello"), "3", "not valid OTLP protobuf"),
        ("not gzip", TRACES, ("grpc-encoding", "gzip"), framed(1, &sound), "3", "not valid Gzip"),
        ("compressed by nothing", TRACES, ("x", ""), framed(1, &sound), "13", "names no coding"),
        ("too big", TRACES, ("x", ""), framed(0, &[0; 100_001]), "8", "larger than 100000"),
        ("a bomb", TRACES, ("grpc-encoding", "gzip"), framed(1, &bomb), "8", "larger than 1048576"),
    ] {
        let reply = client.call(path, &[headers], body).await;
        assert_eq!(reply.read(), (code.to_owned(), None), "{name}");
        let status = reply.refusal();
        assert!(status.message.contains(says), "{name}: {}", status.message);
        assert!(
            !status.details.iter().any(|detail| detail.type_url.ends_with("RetryInfo")),
            "{name}: trying again is no use"
        );
        fixture.assert_still_works().await;
    }
    let reply = client.call(TRACES, &[], framed(0, &sound)).await;
    assert_eq!(reply.read().0, "0", "the same connection still serves");
}

#[tokio::test]
async fn what_the_journal_cannot_take_comes_with_a_time_to_try_again() {
    let fixture = Fixture::new();
    let mut client = Client::new(&fixture, KeyRule::Optional).await;
    let retry_after = Duration::from_millis(2500);
    for (error, code) in
        [(AppendError::Full { retry_after }, 14), (AppendError::Busy { retry_after }, 8)]
    {
        fixture.journal.fail(Some(error));
        let reply = client.call(TRACES, &[], framed(0, &sound_spans())).await;
        let status = reply.refusal();
        assert_eq!(status.code, code);
        let info = RetryInfo::decode(&status.details[0].value[..]).unwrap();
        let delay = info.retry_delay.unwrap();
        assert_eq!((delay.seconds, delay.nanos), (2, 500_000_000));
    }
}

#[tokio::test]
async fn a_listener_that_asks_for_keys_tells_who_has_none() {
    let fixture = Fixture::new();
    let mut client = Client::new(&fixture, KeyRule::Required).await;
    let reply = client.call(TRACES, &[], framed(0, &sound_spans())).await;
    assert_eq!(reply.read().0, "16");
    assert!(reply.headers["grpc-message"].to_str().unwrap().contains("x-api-key"));
    let key = [("authorization", "Bearer good-key")];
    let reply = client.call(TRACES, &key, framed(0, &sound_spans())).await;
    assert_eq!(reply.read().0, "0");
}

#[tokio::test]
async fn refused_spans_are_told_in_the_response() {
    let fixture = Fixture::new();
    let mut client = Client::new(&fixture, KeyRule::Optional).await;
    let bad = proto::Span { span_id: Vec::new(), ..proto::span(2, NOW) };
    let message = proto::spans(vec![proto::span(1, NOW), bad]).encode_to_vec();
    let (code, response) = client.call(TRACES, &[], framed(0, &message)).await.read();
    let partial = response.unwrap().partial_success.unwrap();
    assert_eq!((code.as_str(), partial.rejected), ("0", 1));
    assert!(partial.error_message.contains("no valid span id"));
}
