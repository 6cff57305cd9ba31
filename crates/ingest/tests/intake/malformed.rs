use http::StatusCode;
use prost::Message;

use crate::{
    fixture::{Fixture, JSON, PROTOBUF, compressed, post, small_limits, sound_spans},
    proto::{BadRequest, RpcStatus},
};

struct Case {
    name: &'static str,
    content_type: &'static str,
    coding: &'static str,
    body: Vec<u8>,
    status: StatusCode,
    says: &'static str,
}

fn protobuf(name: &'static str, body: Vec<u8>, says: &'static str) -> Case {
    let status = StatusCode::BAD_REQUEST;
    Case { name, content_type: PROTOBUF, coding: "", body, status, says }
}

fn json(name: &'static str, body: impl Into<Vec<u8>>, says: &'static str) -> Case {
    let status = StatusCode::BAD_REQUEST;
    Case { name, content_type: JSON, coding: "", body: body.into(), status, says }
}

fn coded(coding: &'static str, name: &'static str, body: Vec<u8>, says: &'static str) -> Case {
    let status = StatusCode::BAD_REQUEST;
    Case { name, content_type: PROTOBUF, coding, body, status, says }
}

fn too_big(case: Case) -> Case {
    Case { status: StatusCode::PAYLOAD_TOO_LARGE, ..case }
}

/// The bytes of a message's field.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("short enough for one byte of length");
    assert!(length < 128);
    [&[number << 3 | 2, length], content].concat()
}

/// A request whose only span is `span`.
fn with_span(span: &[u8]) -> Vec<u8> {
    field(1, &field(2, &field(2, span)))
}

fn cases() -> Vec<Case> {
    let sound = sound_spans();
    let nested_arrays = br#"{"arrayValue":{"values":["#.repeat(2_000);
    let deep_value = [
        br#"{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":"#.as_slice(),
        &nested_arrays,
    ]
    .concat();
    let wide_numbers = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{{"bucketCounts":[{}1]}}]}}}}]}}]}}]}}"#,
        "1,".repeat(200_000)
    );
    let flat_zeros = vec![0u8; 10 << 20];
    vec![
        protobuf("truncated", sound[..sound.len() - 3].to_vec(), "beyond the end of the message"),
        protobuf("text", b"hello, is this a trace?".to_vec(), "not valid OTLP protobuf"),
        protobuf("lying length", vec![0x0a, 0x7f, 1], "a length of 127 bytes reaches beyond"),
        protobuf(
            "a length near 2^64",
            [&[0x0a][..], &[0xff; 9], &[1]].concat(),
            "a length of 18446744073709551615 bytes",
        ),
        protobuf("endless varint", vec![0x80; 30], "longer than 10 bytes"),
        protobuf("field zero", vec![0x02, 0], "0 is no field number"),
        protobuf(
            "a name that is a number",
            with_span(&[0x28, 7]),
            "Span.name (field 5): found a varint where a length-delimited value belongs",
        ),
        protobuf(
            "a lie inside an event inside a span",
            with_span(&field(11, &[0x12, 9, b'x'])),
            "Event.name (field 2): a length of 9 bytes",
        ),
        protobuf(
            "an open group",
            vec![0x0b, 0x0b, 0x0b],
            "groups are nested too deeply or not closed",
        ),
        json("no JSON", "hello", "body: expected value"),
        json(
            "cut JSON",
            r#"{"resourceSpans":[{"scopeSpans":[{"#,
            "resourceSpans[0].scopeSpans[0]: EOF",
        ),
        json("a list", "[1,2]", "body: invalid type: sequence"),
        json(
            "a wrong type",
            r#"{"resourceSpans":[{"scopeSpans":[{},{},{"spans":[{},{"traceId":[1]}]}]}]}"#,
            "resourceSpans[0].scopeSpans[2].spans[1].traceId: invalid type: sequence",
        ),
        json(
            "an odd number of digits",
            r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"abc"}]}]}]}"#,
            "resourceSpans[0].scopeSpans[0].spans[0].spanId: invalid value: string \"abc\"",
        ),
        json("a deep value", deep_value, "recursion limit exceeded"),
        json(
            "deep brackets in an unknown field",
            format!("{{\"x\":{}", "[".repeat(90_000)),
            "body: ",
        ),
        json(
            "text that is no UTF-8",
            [br#"{"resourceSpans":[{"schemaUrl":""#.as_slice(), &[0xff, 0xfe], b"\"}]}"].concat(),
            "resourceSpans[0].schemaUrl: invalid unicode",
        ),
        too_big(Case {
            content_type: JSON,
            ..coded("gzip", "wide JSON", compressed("gzip", wide_numbers.as_bytes()), "")
        }),
        coded("gzip", "gzip that is none", sound.clone(), "not valid Gzip"),
        coded("zstd", "zstd that is none", sound.clone(), "not valid Zstd"),
        coded("gzip", "no body at all", Vec::new(), "not valid Gzip"),
        coded("gzip", "cut gzip", compressed("gzip", &sound)[..30].to_vec(), "not valid Gzip"),
        too_big(coded(
            "gzip",
            "a gzip bomb",
            compressed("gzip", &flat_zeros),
            "larger than 1048576",
        )),
        too_big(coded(
            "zstd",
            "a zstd bomb",
            compressed("zstd", &flat_zeros),
            "larger than 1048576",
        )),
    ]
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_clear_words_and_disturbs_nobody() {
    let fixture = Fixture::with(small_limits());
    for case in cases() {
        let path = if case.name.starts_with("wide") { "/v1/metrics" } else { "/v1/traces" };
        let request = post(path, case.content_type, case.coding, case.body);
        // HTTP/2 senders need no drain; HTTP/1 is tested elsewhere.
        let answer = fixture.send(request).await;
        assert_eq!(answer.status, case.status, "{}: {answer:?}", case.name);
        assert_eq!(answer.header("content-type"), case.content_type, "{}", case.name);
        let status = answer.rpc_status();
        assert!(status.message.contains(case.says), "{}: {}", case.name, status.message);
        assert!(status.message.len() < 600, "{}: {}", case.name, status.message);
        assert_eq!(answer.header("retry-after"), "", "{}", case.name);
        assert_eq!(fixture.journal.take(), [], "{}", case.name);
        fixture.assert_still_works().await;
    }
}

#[tokio::test]
async fn bad_data_name_the_field_in_a_bad_request_detail() {
    let fixture = Fixture::new();
    let answer = fixture.send(post("/v1/traces", PROTOBUF, "", with_span(&[0x28, 7]))).await;
    let status = RpcStatus::decode(&answer.body[..]).unwrap();
    assert_eq!(status.code, 3);
    assert_eq!(status.details[0].type_url, "type.googleapis.com/google.rpc.BadRequest");
    let detail = BadRequest::decode(&status.details[0].value[..]).unwrap();
    assert_eq!(detail.violations[0].field, "Span.name (field 5)");

    let body = r#"{"resourceSpans":[{"schemaUrl":5}]}"#;
    let answer = fixture.send(post("/v1/traces", JSON, "", body)).await;
    let status: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let detail = &status["details"][0];
    assert_eq!(detail["@type"], "type.googleapis.com/google.rpc.BadRequest");
    assert_eq!(detail["fieldViolations"][0]["field"], "resourceSpans[0].schemaUrl");
}
