use std::time::Duration;

use daemon::listener::{HandshakeCause, HandshakeFailure};
use ingest::intake::{AttemptResult, KeyRule};
use prost::Message;

use crate::{
    fixture::{Fixture, JSON, NOW, PROTOBUF, post, send, sender, small_limits, sound_spans},
    proto,
};

/// Sends, and gives the newest attempt as `result code tier`.
async fn attempted(fixture: &Fixture, request: http::Request<axum::body::Body>) -> String {
    fixture.clock.advance(Duration::from_secs(1));
    fixture.send(request).await;
    let attempt = fixture.intake.attempts().into_iter().next().expect("there was one");
    assert_eq!(attempt.sender, sender());
    let tier = attempt.tier.as_deref().unwrap_or("-");
    let said = if attempt.remedy.is_empty() { "no remedy" } else { "remedy" };
    format!(
        "{} {} {} {} {tier} {said}",
        attempt.transport,
        attempt.path,
        attempt.result.name(),
        attempt.code
    )
}

#[tokio::test]
async fn every_way_to_fail_is_listed_with_its_remedy() {
    let fixture = Fixture::with(small_limits());
    let now = NOW;
    let late = proto::spans(vec![proto::span(1, now + 3_600_000_000_000)]).encode_to_vec();
    let mut unknown_key = post("/v1/traces", PROTOBUF, "", sound_spans());
    unknown_key.headers_mut().insert("x-api-key", "guess".parse().unwrap());
    for (request, expected) in [
        (
            post("/v1/traces", PROTOBUF, "", sound_spans()),
            "http/protobuf /v1/traces accepted 200 shop no remedy",
        ),
        (unknown_key, "http/protobuf /v1/traces unknown_key 401 - remedy"),
        (post("/v1/trace", JSON, "", ""), "http/json /v1/trace wrong_path 404 - remedy"),
        (post("/v1/logs", "text/plain", "", ""), "http /v1/logs wrong_content_type 415 - remedy"),
        (post("/v1/logs", JSON, "br", ""), "http/json /v1/logs wrong_encoding 415 - remedy"),
        (
            post("/v1/traces", PROTOBUF, "", vec![0; 100_001]),
            "http/protobuf /v1/traces too_big 413 - remedy",
        ),
        (post("/v1/traces", JSON, "", "{"), "http/json /v1/traces malformed 400 - remedy"),
        (
            post("/v1/traces", PROTOBUF, "", late),
            "http/protobuf /v1/traces clock_off 200 shop remedy",
        ),
    ] {
        assert_eq!(attempted(&fixture, request).await, expected);
    }
    assert_eq!(fixture.intake.attempts().len(), 8);
}

#[tokio::test]
async fn attempts_alike_are_counted_and_the_key_is_never_shown() {
    let fixture = Fixture::new();
    for _ in 0..3 {
        let mut request = post("/v1/traces", PROTOBUF, "", sound_spans());
        request.headers_mut().insert("x-api-key", "secret-guess".parse().unwrap());
        send(fixture.intake.router(KeyRule::Required), request).await;
    }
    let attempts = fixture.intake.attempts();
    assert_eq!((attempts.len(), attempts[0].count), (1, 3));
    assert!(!format!("{attempts:?}").contains("secret-guess"));
}

#[test]
fn a_failed_handshake_is_listed_with_how_to_be_trusted() {
    let fixture = Fixture::new();
    fixture.intake.record_tls_failure(&HandshakeFailure {
        peer: "[::ffff:10.1.2.3]:5000".parse().unwrap(),
        server_name: Some("vedette.example".into()),
        cause: HandshakeCause::NotTrusted,
        detail: "the sender answered with the alert UnknownCA".into(),
    });
    let attempts = fixture.intake.attempts();
    assert_eq!(attempts[0].result, AttemptResult::Tls("not_trusted"));
    assert_eq!(attempts[0].sender, sender());
    assert!(attempts[0].message.contains("UnknownCA"));
    assert!(attempts[0].remedy.contains("/ca.pem"));
    assert!(attempts[0].remedy.contains("vedette.example"));
}
