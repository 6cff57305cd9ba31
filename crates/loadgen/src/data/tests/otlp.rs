//! The parts of OTLP's trace messages that the data set uses, written down from the public definitions.

use prost::Message;
use serde_json::{Value as Json, json};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Request {
    #[prost(message, repeated, tag = "1")]
    pub(super) resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    pub(super) resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    pub(super) scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Resource {
    #[prost(message, repeated, tag = "1")]
    pub(super) attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    pub(super) scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    pub(super) spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Scope {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) version: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Span {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub(super) name: String,
    #[prost(int32, tag = "6")]
    pub(super) kind: i32,
    #[prost(fixed64, tag = "7")]
    pub(super) start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    pub(super) end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    pub(super) attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "11")]
    pub(super) events: Vec<Event>,
    #[prost(message, optional, tag = "15")]
    pub(super) status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    pub(super) flags: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    #[prost(fixed64, tag = "1")]
    pub(super) time_unix_nano: u64,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Status {
    #[prost(int32, tag = "3")]
    pub(super) code: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyValue {
    #[prost(string, tag = "1")]
    pub(super) key: String,
    #[prost(message, optional, tag = "2")]
    pub(super) value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AnyValue {
    #[prost(string, optional, tag = "1")]
    pub(super) text: Option<String>,
    #[prost(int64, optional, tag = "3")]
    pub(super) number: Option<i64>,
}

impl Span {
    pub(super) fn text(&self, key: &str) -> Option<String> {
        text_of(&self.attributes, key)
    }

    pub(super) fn number(&self, key: &str) -> Option<i64> {
        self.attributes.iter().find(|a| a.key == key)?.value.as_ref()?.number
    }
}

pub(super) fn text_of(attributes: &[KeyValue], key: &str) -> Option<String> {
    attributes.iter().find(|a| a.key == key)?.value.as_ref()?.text.clone()
}

/// OTLP's JSON mapping of a request.
pub(super) fn to_json(request: &Request) -> Json {
    let groups = request.resource_spans.iter().map(|group| {
        let resource = attributes_json(&group.resource.as_ref().unwrap().attributes);
        let scopes = group.scope_spans.iter().map(|scope_spans| {
            let scope = scope_spans.scope.as_ref().unwrap();
            let spans: Vec<Json> = scope_spans.spans.iter().map(span_json).collect();
            json!({"scope": {"name": scope.name, "version": scope.version}, "spans": spans})
        });
        json!({"resource": {"attributes": resource}, "scopeSpans": scopes.collect::<Vec<_>>()})
    });
    json!({"resourceSpans": groups.collect::<Vec<_>>()})
}

fn span_json(span: &Span) -> Json {
    let mut out = json!({
        "traceId": hex(&span.trace_id), "spanId": hex(&span.span_id), "flags": span.flags, "name": span.name,
        "kind": span.kind, "startTimeUnixNano": span.start_time_unix_nano.to_string(),
        "endTimeUnixNano": span.end_time_unix_nano.to_string(), "attributes": attributes_json(&span.attributes),
    });
    if !span.parent_span_id.is_empty() {
        out["parentSpanId"] = hex(&span.parent_span_id).into();
    }
    if let Some(status) = &span.status {
        out["status"] = json!({"code": status.code});
    }
    if let Some(event) = span.events.first() {
        let time = event.time_unix_nano.to_string();
        out["events"] = json!([{"timeUnixNano": time, "name": event.name, "attributes": attributes_json(&event.attributes)}]);
    }
    out
}

fn attributes_json(attributes: &[KeyValue]) -> Json {
    let one = |attribute: &KeyValue| {
        let value = attribute.value.as_ref().unwrap();
        let value = match (&value.text, value.number) {
            (Some(text), _) => json!({"stringValue": text}),
            (None, number) => json!({"intValue": number.unwrap().to_string()}),
        };
        json!({"key": attribute.key, "value": value})
    };
    attributes.iter().map(one).collect()
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
