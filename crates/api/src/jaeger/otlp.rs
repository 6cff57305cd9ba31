//! Stored spans in OTLP's JSON: ids in hexadecimal digits, 64-bit integers as texts, enumerations as numbers.

use model::id::TraceId;
use serde::Serialize;
use serde_json::{Value, json};
use telemetry_store::reader::{OwnedValue, Span as Stored, SpanEvent};

use super::services::Services;
use crate::any_value;

/// The attribute that names a service.
const SERVICE_NAME: &str = "service.name";

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResourceSpans {
    resource: Resource,
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Debug, Serialize)]
struct Resource {
    attributes: Vec<KeyValue>,
}

#[derive(Debug, Serialize)]
struct ScopeSpans {
    scope: Scope,
    spans: Vec<Span>,
}

#[derive(Debug, Serialize)]
struct Scope {
    name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    trace_id: String,
    span_id: String,
    /// Empty for a root.
    parent_span_id: String,
    trace_state: String,
    flags: u32,
    name: String,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<KeyValue>,
    events: Vec<Event>,
    links: Vec<Link>,
    status: Status,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    time_unix_nano: String,
    name: String,
    attributes: Vec<KeyValue>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    trace_id: String,
    span_id: String,
}

#[derive(Debug, Serialize)]
struct Status {
    code: u8,
    message: String,
}

#[derive(Debug, Serialize)]
struct KeyValue {
    key: String,
    /// An `AnyValue`.
    value: Value,
}

/// A trace by its resources and scopes, in the order of their first spans. A resource's service is called as it is elsewhere.
pub(super) fn trace(_: TraceId, spans: &[Stored], services: &Services) -> Vec<ResourceSpans> {
    let mut resources = Vec::<(&Stored, ResourceSpans)>::new();
    for stored in spans {
        let known = resources.iter().position(|(first, _)| {
            (first.tier, first.node) == (stored.tier, stored.node)
                && first.resource == stored.resource
        });
        let at = known.unwrap_or_else(|| {
            let resource = Resource { attributes: resource(stored, services) };
            resources.push((stored, ResourceSpans { resource, scope_spans: Vec::new() }));
            resources.len() - 1
        });
        let scopes = &mut resources[at].1.scope_spans;
        let known = scopes.iter().position(|scope| scope.scope.name == stored.scope);
        let at = known.unwrap_or_else(|| {
            scopes.push(ScopeSpans { scope: Scope { name: stored.scope.clone() }, spans: vec![] });
            scopes.len() - 1
        });
        scopes[at].spans.push(span(stored));
    }
    resources.into_iter().map(|(_, resource)| resource).collect()
}

fn resource(stored: &Stored, services: &Services) -> Vec<KeyValue> {
    let name = KeyValue {
        key: SERVICE_NAME.to_owned(),
        value: json!({"stringValue": services.name(stored.tier)}),
    };
    let others = attributes(&stored.resource).into_iter().filter(|it| it.key != SERVICE_NAME);
    std::iter::once(name).chain(others).collect()
}

fn span(stored: &Stored) -> Span {
    let end_ns = stored.start_ns.saturating_add(stored.duration_ns);
    let parent = (!stored.parent.is_none()).then(|| stored.parent.to_string());
    Span {
        trace_id: stored.trace.to_string(),
        span_id: stored.id.to_string(),
        parent_span_id: parent.unwrap_or_default(),
        trace_state: stored.trace_state.clone(),
        flags: stored.flags,
        name: stored.name.clone(),
        kind: stored.kind as u8,
        start_time_unix_nano: stored.start_ns.to_string(),
        end_time_unix_nano: end_ns.to_string(),
        attributes: attributes(&stored.attributes),
        events: stored.events.iter().map(event).collect(),
        links: stored
            .links
            .iter()
            .map(|(trace, span)| Link { trace_id: trace.to_string(), span_id: span.to_string() })
            .collect(),
        status: Status { code: stored.status as u8, message: stored.status_message.clone() },
    }
}

fn event(event: &SpanEvent) -> Event {
    Event {
        time_unix_nano: event.at_ns.to_string(),
        name: event.name.clone(),
        attributes: attributes(&event.attributes),
    }
}

fn attributes(attributes: &[(String, OwnedValue)]) -> Vec<KeyValue> {
    let all = any_value::object(attributes).into_iter();
    all.map(|(key, value)| KeyValue { key, value: any(value) }).collect()
}

/// Bytes are texts here, of hexadecimal digits, as everywhere else.
fn any(value: Value) -> Value {
    match value {
        Value::Null => json!({"doubleValue": "NaN"}),
        Value::Bool(value) => json!({"boolValue": value}),
        Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(values) => {
            let values: Vec<Value> = values.into_iter().map(any).collect();
            json!({"arrayValue": {"values": values}})
        }
        Value::Object(pairs) => {
            let pair = |(key, value)| json!({"key": key, "value": any(value)});
            let values: Vec<Value> = pairs.into_iter().map(pair).collect();
            json!({"kvlistValue": {"values": values}})
        }
    }
}
