use http::{HeaderValue, Request, StatusCode};
use ingest::intake::KeyRule;
use model::id::AccountId;

use crate::fixture::{Answer, Fixture, JSON, PROTOBUF, post, send, sound_spans};

async fn send_with(
    fixture: &Fixture,
    rule: KeyRule,
    header: Option<(&'static str, &'static str)>,
) -> Answer {
    let mut request: Request<_> = post("/v1/traces", PROTOBUF, "", sound_spans());
    if let Some((name, value)) = header {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    send(fixture.intake.router(rule), request).await
}

#[tokio::test]
async fn a_known_key_says_whose_the_data_are() {
    let fixture = Fixture::new();
    for rule in [KeyRule::Required, KeyRule::Optional] {
        for header in [("x-api-key", "good-key"), ("authorization", "Bearer good-key")] {
            let answer = send_with(&fixture, rule, Some(header)).await;
            assert_eq!(answer.status, StatusCode::OK, "{header:?}");
            assert_eq!(fixture.journal.take()[0].account, AccountId(7));
        }
    }
}

#[tokio::test]
async fn an_unknown_key_is_refused_even_where_none_is_needed() {
    let fixture = Fixture::new();
    for rule in [KeyRule::Required, KeyRule::Optional] {
        let answer = send_with(&fixture, rule, Some(("x-api-key", "guess"))).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        let status = answer.rpc_status();
        assert_eq!((status.code, status.message.as_str()), (16, "this access key is unknown"));
    }
    assert_eq!(fixture.journal.take(), []);
}

#[tokio::test]
async fn without_a_key_it_depends_on_the_listener() {
    let fixture = Fixture::new();
    assert_eq!(send_with(&fixture, KeyRule::Optional, None).await.status, StatusCode::OK);
    assert_eq!(fixture.journal.take()[0].account, AccountId::FIRST);
    let answer = send_with(&fixture, KeyRule::Required, None).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.rpc_status().message.contains("x-api-key"), "{answer:?}");
    assert_eq!(fixture.journal.take(), []);
}

#[tokio::test]
async fn a_stranger_is_refused_before_the_body_is_looked_at() {
    let fixture = Fixture::new();
    let request = post("/v1/traces", JSON, "gzip", "neither gzip nor JSON");
    let answer = send(fixture.intake.router(KeyRule::Required), request).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("content-type"), JSON);
}
