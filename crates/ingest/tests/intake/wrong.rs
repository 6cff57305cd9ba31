use axum::body::Body;
use http::{Method, Request, StatusCode};
use ingest::intake::claims;

use crate::fixture::{Fixture, JSON, PROTOBUF, post, sound_spans};

#[tokio::test]
async fn a_wrong_path_is_answered_with_the_right_one() {
    let fixture = Fixture::new();
    for (path, hint) in [
        ("/", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("/v1/trace", "traces go to /v1/traces"),
        ("/v1/traces/v1/traces", "twice"),
        ("/api/v2/spans", "OTLP"),
        ("/otis/ingest/v1/metric", "metrics go to /v1/metrics"),
    ] {
        for content_type in [PROTOBUF, JSON] {
            let answer = fixture.send(post(path, content_type, "", sound_spans())).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(answer.header("content-type"), content_type);
            let status = answer.rpc_status();
            assert_eq!(status.code, 5);
            assert!(status.message.contains(hint), "{path}: {}", status.message);
        }
    }
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn other_methods_are_refused() {
    let fixture = Fixture::new();
    for method in [Method::GET, Method::PUT, Method::OPTIONS] {
        let request = Request::builder()
            .method(method.clone())
            .uri("/v1/traces")
            .body(Body::empty())
            .unwrap();
        let answer = fixture.send(request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!((answer.header("allow"), answer.header("content-type")), ("POST", JSON));
        assert!(answer.rpc_status().message.contains("takes POST"), "{answer:?}");
    }
}

#[tokio::test]
async fn other_content_types_and_codings_are_refused_with_those_that_are_taken() {
    let fixture = Fixture::new();
    for content_type in ["text/plain", "application/protobuf", "application/grpc-web", ""] {
        let answer = fixture.send(post("/v1/traces", content_type, "", sound_spans())).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
        assert!(answer.rpc_status().message.contains(PROTOBUF), "{answer:?}");
    }
    for coding in ["deflate", "br", "gzip, gzip"] {
        let answer = fixture.send(post("/v1/traces", PROTOBUF, coding, sound_spans())).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{coding}");
        assert_eq!(answer.header("accept-encoding"), "gzip, zstd, identity");
        assert!(answer.rpc_status().message.contains(coding), "{answer:?}");
    }
    fixture.assert_still_works().await;
}

#[tokio::test]
async fn on_a_shared_port_intake_claims_what_agents_send_and_nothing_of_people() {
    let check = |uri: &str, content_type: &str, expected: bool| {
        let request = Request::post(uri).header("content-type", content_type).body(()).unwrap();
        assert_eq!(claims(&request.into_parts().0), expected, "{uri} {content_type}");
    };
    check("/v1/traces", JSON, true);
    check("/v1/trace", JSON, true);
    check("/otis/ingest/v1/logs", JSON, true);
    check("/", PROTOBUF, true);
    check("/", "application/grpc", true);
    check("/", JSON, false);
    check("/api/v1/login", JSON, false);
    check("/controller/rest/applications", "", false);
}
