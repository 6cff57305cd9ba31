//! Traces in the JSON of Jaeger's front end, from stored spans.
//!
//! How OpenTelemetry's facts become tags is
//! [specified](https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/): kind, status, scope and trace state
//! are tags of the span, resource attributes are tags of its process, events are logs.

use model::{id::TraceId, span::StatusCode};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use telemetry_store::reader::{OwnedValue, Span as Stored};

use super::services::{Services, kind_name};
use crate::any_value;

/// Above, JavaScript does not tell whole numbers apart, and Jaeger writes them as texts.
const SAFE_INTEGER: u64 = (1 << 53) - 1;

#[derive(Debug, Serialize)]
pub(crate) struct Trace {
    #[serde(rename = "traceID")]
    trace_id: String,
    spans: Vec<Span>,
    /// By `processID` of spans.
    processes: BTreeMap<String, Process>,
    warnings: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
    flags: u32,
    operation_name: String,
    references: Vec<Reference>,
    /// Unix microseconds.
    start_time: u64,
    /// Microseconds.
    duration: u64,
    tags: Vec<Tag>,
    logs: Vec<Log>,
    #[serde(rename = "processID")]
    process_id: String,
    warnings: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: &'static str,
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: String,
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
struct Log {
    /// Unix microseconds.
    timestamp: u64,
    fields: Vec<Tag>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Tag {
    key: String,
    r#type: &'static str,
    value: Value,
}

impl Tag {
    fn text(key: &str, value: &str) -> Tag {
        Tag { key: key.to_owned(), r#type: "string", value: value.into() }
    }

    /// Arrays and maps are texts, in JSON.
    fn of(key: String, value: Value) -> Tag {
        let (r#type, value) = match value {
            Value::Bool(_) => ("bool", value),
            Value::Number(number) if number.is_f64() => ("float64", Value::Number(number)),
            Value::Number(number) => {
                let safe = number.as_i64().is_some_and(|it| it.unsigned_abs() <= SAFE_INTEGER);
                let text = || Value::from(number.to_string());
                ("int64", if safe { Value::Number(number.clone()) } else { text() })
            }
            Value::String(_) => ("string", value),
            // No JSON has a number for it.
            Value::Null => ("string", Value::from("NaN")),
            Value::Array(_) | Value::Object(_) => ("string", Value::from(value.to_string())),
        };
        Tag { key, r#type, value }
    }
}

fn tags(attributes: &[(String, OwnedValue)]) -> Vec<Tag> {
    any_value::object(attributes).into_iter().map(|(key, value)| Tag::of(key, value)).collect()
}

/// A trace of its spans, by start.
pub(super) fn trace(id: TraceId, spans: &[Stored], services: &Services) -> Trace {
    let mut processes: Vec<&Stored> = Vec::new();
    let same =
        |a: &Stored, b: &Stored| (a.tier, a.node) == (b.tier, b.node) && a.resource == b.resource;
    let spans: Vec<Span> = spans
        .iter()
        .map(|stored| {
            let known = processes.iter().position(|known| same(known, stored));
            let process = known.unwrap_or_else(|| {
                processes.push(stored);
                processes.len() - 1
            });
            span(stored, process_id(process))
        })
        .collect();
    let processes = processes.iter().enumerate();
    let process = |stored: &Stored| Process {
        service_name: services.name(stored.tier).to_owned(),
        tags: tags(&stored.resource).into_iter().filter(|tag| tag.key != "service.name").collect(),
    };
    Trace {
        trace_id: id.to_string(),
        spans,
        processes: processes.map(|(at, stored)| (process_id(at), process(stored))).collect(),
        warnings: None,
    }
}

fn process_id(at: usize) -> String {
    format!("p{}", at + 1)
}

fn span(stored: &Stored, process_id: String) -> Span {
    Span {
        trace_id: stored.trace.to_string(),
        span_id: stored.id.to_string(),
        flags: stored.flags & 0xff,
        operation_name: stored.name.clone(),
        references: references(stored),
        start_time: stored.start_ns / 1000,
        duration: stored.duration_ns / 1000,
        tags: tags_of(stored),
        logs: logs(stored),
        process_id,
        warnings: None,
    }
}

/// The parent first: that is the one Jaeger's front end takes for it.
fn references(stored: &Stored) -> Vec<Reference> {
    let parent = (!stored.parent.is_none()).then(|| Reference {
        ref_type: "CHILD_OF",
        trace_id: stored.trace.to_string(),
        span_id: stored.parent.to_string(),
    });
    let links = stored.links.iter().map(|(trace, span)| Reference {
        ref_type: "FOLLOWS_FROM",
        trace_id: trace.to_string(),
        span_id: span.to_string(),
    });
    parent.into_iter().chain(links).collect()
}

fn tags_of(stored: &Stored) -> Vec<Tag> {
    let mut tags = tags(&stored.attributes);
    let mut add = |key: &str, value: &str| {
        if !value.is_empty() {
            tags.push(Tag::text(key, value));
        }
    };
    add("span.kind", kind_name(stored.kind));
    add("otel.scope.name", &stored.scope);
    add("w3c.tracestate", &stored.trace_state);
    match stored.status {
        StatusCode::Error => add("otel.status_code", "ERROR"),
        StatusCode::Ok => add("otel.status_code", "OK"),
        StatusCode::Unset => (),
    }
    add("otel.status_description", &stored.status_message);
    if stored.status == StatusCode::Error {
        tags.push(Tag::of("error".to_owned(), Value::Bool(true)));
    }
    tags
}

fn logs(stored: &Stored) -> Vec<Log> {
    let log = |event: &telemetry_store::reader::SpanEvent| {
        let mut fields = vec![Tag::text("event", &event.name)];
        fields.extend(tags(&event.attributes));
        Log { timestamp: event.at_ns / 1000, fields }
    };
    stored.events.iter().map(log).collect()
}
