//! Answers as JSON, written as they are read: an answer may have a million points.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use promql::{
    labels::Labels,
    number,
    value::{Sampled, Stepped, Steps, Value},
};
use serde_json::json;

/// A body of JSON.
pub(crate) fn json(body: String) -> Response {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A refusal.
pub(crate) fn error(kind: &str, sentence: &str) -> String {
    json!({"status": "error", "errorType": kind, "error": sentence}).to_string()
}

/// What was asked for, already JSON, and why it is not whole.
pub(crate) fn success(data: &str, warnings: &[String]) -> String {
    let mut out = format!("{{\"status\":\"success\",\"data\":{data}");
    if !warnings.is_empty() {
        out.push_str(",\"warnings\":");
        out.push_str(&serde_json::Value::from(warnings).to_string());
    }
    out.push('}');
    out
}

/// The result of an instant query.
pub(crate) fn instant(value: &Value, at_ms: i64) -> String {
    let mut out = String::new();
    match value {
        Value::Scalar(values) => {
            out.push_str(r#"{"resultType":"scalar","result":"#);
            point(at_ms, values.first().copied().unwrap_or(f64::NAN), &mut out);
        }
        Value::Text(text) => {
            out.push_str(r#"{"resultType":"string","result":["#);
            time(at_ms, &mut out);
            out.push(',');
            string(text, &mut out);
            out.push(']');
        }
        Value::Vector(series) => {
            out.push_str(r#"{"resultType":"vector","result":"#);
            list(series, &mut out, |one: &Stepped, out| {
                metric(&one.labels, out);
                out.push_str(",\"value\":");
                point(at_ms, promql::query::vector_at(one), out);
                out.push('}');
            });
        }
        Value::Matrix(series) => {
            out.push_str(r#"{"resultType":"matrix","result":"#);
            list(series, &mut out, |one: &Sampled, out| {
                with_points(&one.labels, one.samples.iter().copied(), out);
            });
        }
    }
    out.push('}');
    out
}

/// The result of a range query.
pub(crate) fn range(series: &[Stepped], steps: &Steps) -> String {
    let mut out = String::from(r#"{"resultType":"matrix","result":"#);
    list(series, &mut out, |one, out| {
        let points = one.present().map(|(step, value)| (steps.at(step), value));
        with_points(&one.labels, points, out);
    });
    out.push('}');
    out
}

/// Sets of labels.
pub(crate) fn label_sets<'l>(sets: impl IntoIterator<Item = &'l Labels>) -> String {
    let mut out = String::new();
    list(sets, &mut out, object);
    out
}

/// Texts.
pub(crate) fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut out = String::new();
    list(texts, &mut out, string);
    out
}

fn list<T>(
    items: impl IntoIterator<Item = T>,
    out: &mut String,
    mut each: impl FnMut(T, &mut String),
) {
    out.push('[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(']');
}

fn with_points(labels: &Labels, points: impl Iterator<Item = (i64, f64)>, out: &mut String) {
    metric(labels, out);
    out.push_str(",\"values\":");
    list(points, out, |(at_ms, value), out| point(at_ms, value, out));
    out.push('}');
}

/// Left open.
fn metric(labels: &Labels, out: &mut String) {
    out.push_str("{\"metric\":");
    object(labels, out);
}

fn object(labels: &Labels, out: &mut String) {
    out.push('{');
    for (at, (name, value)) in labels.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        string(name, out);
        out.push(':');
        string(value, out);
    }
    out.push('}');
}

fn point(at_ms: i64, value: f64, out: &mut String) {
    out.push('[');
    time(at_ms, out);
    out.push_str(",\"");
    number::write_text(value, out);
    out.push_str("\"]");
}

/// Unix seconds, to the millisecond where they are not whole.
fn time(at_ms: i64, out: &mut String) {
    use std::fmt::Write as _;
    let (sign, size) = (if at_ms < 0 { "-" } else { "" }, at_ms.unsigned_abs());
    let written = match size % 1000 {
        0 => write!(out, "{sign}{}", size / 1000),
        millis => write!(out, "{sign}{}.{millis:03}", size / 1000),
    };
    written.expect("a String takes everything");
}

fn string(text: &str, out: &mut String) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_labels_are_written_as_prometheus_does() {
        let labels: Labels = [("__name__", "up"), ("a", "say \"hi\"\n")].into_iter().collect();
        let steps = Steps { start_ms: 1_500, step_ms: 500, count: 2, until_ms: 2_000 };
        let series = [Stepped { labels, values: vec![1.0, f64::INFINITY] }];
        let expected = r#"{"resultType":"matrix","result":[{"metric":{"__name__":"up","a":"say \"hi\"\n"},"values":[[1.500,"1"],[2,"+Inf"]]}]}"#;
        assert_eq!(range(&series, &steps), expected);
        assert_eq!(
            instant(&Value::Scalar(vec![-0.5]), -1_001),
            r#"{"resultType":"scalar","result":[-1.001,"-0.5"]}"#
        );
        assert_eq!(
            success("[]", &["lost".to_owned()]),
            r#"{"status":"success","data":[],"warnings":["lost"]}"#
        );
    }
}
