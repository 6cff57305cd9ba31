use super::*;
use crate::otlp::{
    metrics,
    schema::{EXPORT_LOGS, EXPORT_METRICS, EXPORT_TRACE},
    trace,
};

const MAX: usize = 1 << 20;

fn refusal(json: &str) -> String {
    to_protobuf(json.as_bytes(), &EXPORT_TRACE, MAX).expect_err("the document is wrong").to_string()
}

fn in_span(fields: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{}},{{{fields}}}]}}]}}]}}"#)
}

#[test]
fn a_span_reads_back_from_its_json() {
    let json = in_span(
        r#""traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","name":"GET /",
        "kind":2,"startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000000,"flags":257,
        "attributes":[{"key":"a","value":{"stringValue":"ü"}},{"key":"b","value":{"intValue":"-5"}},
        {"key":"c","value":{"boolValue":false}},{"key":"d","value":{"doubleValue":1.5}},{"key":"n","value":null}],
        "status":{"code":2,"message":"no"},"notKnownYet":{"deep":[1,{"x":2}]},"trace_id":"00""#,
    );
    let bytes = to_protobuf(json.as_bytes(), &EXPORT_TRACE, MAX).unwrap();
    let request = trace::RequestView::read(&bytes).unwrap();
    let resource = request.resources().next().unwrap().unwrap();
    let span = resource.scopes().next().unwrap().unwrap().spans().nth(1).unwrap().unwrap();
    assert_eq!(hex::encode(span.trace_id), "5b8efff798038103d269b633813fc60c");
    assert_eq!(hex::encode(span.span_id), "eee19b7ec3c1b174");
    assert_eq!((span.name, span.kind as u8, span.flags), ("GET /", 2, 257));
    assert_eq!(span.end_ns - span.start_ns, 1_000_000_000);
    assert_eq!((span.status_code as u8, span.status_message), (2, "no"));
    let attributes = span.attributes.read().unwrap();
    let shown: Vec<_> = attributes.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
    assert_eq!(
        shown,
        ["a=Str(\"ü\")", "b=Int(-5)", "c=Bool(false)", "d=Double(1.5)", "n=Encoded([])"]
    );
}

#[test]
fn numbers_of_points_may_be_strings_and_lists() {
    let json = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[
            {"timeUnixNano":"7","count":"6","sum":12.5,"bucketCounts":["1",2,"3"],"explicitBounds":[0.5,"1e3"],"min":"-Infinity"}]}},
        {"name":"e","exponentialHistogram":{"dataPoints":[
            {"scale":-3,"positive":{"offset":-7,"bucketCounts":["300",1]}}]}},
        {"name":"s","sum":{"isMonotonic":true,"dataPoints":[{"asInt":"-9007199254740993"}]}}]}]}]}"#;
    let bytes = to_protobuf(json.as_bytes(), &EXPORT_METRICS, MAX).unwrap();
    let request = metrics::RequestView::read(&bytes).unwrap();
    let resource = request.resources().next().unwrap().unwrap();
    let scope = resource.scopes().next().unwrap().unwrap();
    let metrics: Vec<_> = scope.metrics().map(Result::unwrap).collect();
    let metrics::Data::Histogram { points, temporality } = metrics[0].data else { panic!() };
    assert_eq!(temporality, metrics::Temporality::Cumulative);
    let point = points.histograms().next().unwrap().unwrap();
    assert_eq!(point.bucket_counts.iter().collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(point.explicit_bounds.doubles().collect::<Vec<_>>(), [0.5, 1000.0]);
    assert_eq!((point.count, point.sum, point.min), (6, Some(12.5), Some(f64::NEG_INFINITY)));
    let metrics::Data::ExponentialHistogram { points, .. } = metrics[1].data else { panic!() };
    let point = points.exponentials().next().unwrap().unwrap();
    assert_eq!((point.scale, point.positive.offset), (-3, -7));
    assert_eq!(point.positive.counts.iter().collect::<Vec<_>>(), [300, 1]);
    let metrics::Data::Sum { points, monotonic: true, .. } = metrics[2].data else { panic!() };
    let point = points.numbers().next().unwrap().unwrap();
    assert_eq!(point.value, Some(metrics::NumberValue::Int(-9_007_199_254_740_993)));
}

#[test]
fn a_wrong_value_is_refused_with_its_path() {
    for (fields, expected) in [
        (
            r#""traceId":5"#,
            "traceId: invalid type: an integer, expected an id in hexadecimal digits",
        ),
        (
            r#""traceId":"xyz""#,
            "traceId: invalid value: string \"xyz\", expected an id in hexadecimal digits",
        ),
        (
            r#""kind":"SPAN_KIND_SERVER""#,
            "kind: invalid type: string \"SPAN_KIND_SERVER\", expected an enum's number",
        ),
        (r#""name":{}"#, "name: invalid type: map, expected text"),
        (r#""startTimeUnixNano":-1"#, "startTimeUnixNano: -1 is out of range"),
        (r#""startTimeUnixNano":1.5"#, "startTimeUnixNano: invalid type: floating point `1.5`"),
        (r#""events":{}"#, "events: invalid type: map, expected a list"),
        (r#""events":[null]"#, "events[0]: invalid type: null, expected an object (Event)"),
        (
            r#""attributes":[{"key":"a","value":{"bytesValue":"%"}}]"#,
            "attributes[0].value.bytesValue: invalid value",
        ),
        (
            r#""attributes":[{"key":"a","value":7}]"#,
            "attributes[0].value: invalid type: an integer, expected an object (AnyValue)",
        ),
    ] {
        let found = refusal(&in_span(fields));
        let expected = format!("resourceSpans[0].scopeSpans[0].spans[1].{expected}");
        assert!(
            found.starts_with(&expected),
            "{fields}\n  found    {found}\n  expected {expected}"
        );
    }
}

#[test]
fn what_is_no_json_is_refused() {
    for (json, expected) in [
        ("", "body: EOF while parsing"),
        ("[]", "body: invalid type: sequence, expected an object (ExportTraceServiceRequest)"),
        (r#"{"resourceSpans":["#, "resourceSpans[0]: EOF while parsing"),
        ("{} {}", "body: trailing characters"),
        (r#"{"resourceSpans":[{"schemaUrl":"\ud800"}]}"#, "resourceSpans[0].schemaUrl: "),
    ] {
        let found = refusal(json);
        assert!(found.starts_with(expected), "{json}\n  found    {found}");
    }
}

#[test]
fn deep_and_wide_documents_end_at_the_caps() {
    let known = format!(r#"{{"key":"a","value":{}"#, r#"{"arrayValue":{"values":["#.repeat(5_000));
    let found = refusal(&in_span(&format!(r#""attributes":[{known}"#)));
    assert!(found.contains("recursion limit") || found.contains("nested"), "{found}");
    assert!(found.len() < 600, "{found}");
    let unknown = format!(r#"{{"unknown":{}"#, "[".repeat(5_000));
    assert!(refusal(&unknown).contains("EOF") || refusal(&unknown).contains("recursion"));

    // Two bytes of JSON become nine of protobuf.
    let wide = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"histogram":{{"dataPoints":[{{"bucketCounts":[{}0]}}]}}}}]}}]}}]}}"#,
        "0,".repeat(200_000)
    );
    let error = to_protobuf(wide.as_bytes(), &EXPORT_METRICS, MAX).unwrap_err();
    assert_eq!(error, JsonError::TooBig { max_bytes: MAX });
}

#[test]
fn bytes_are_base64_of_either_alphabet() {
    for text in ["+/8=", "-_8", "+/8"] {
        let json = format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{{"bytesValue":"{text}"}}}}]}}]}}]}}"#
        );
        let bytes = to_protobuf(json.as_bytes(), &EXPORT_LOGS, MAX).unwrap();
        assert!(bytes.ends_with(&[0x3a, 2, 0xfb, 0xff]), "{text}: {bytes:x?}");
    }
}
