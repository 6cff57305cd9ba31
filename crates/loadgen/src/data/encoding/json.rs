//! `ExportTraceServiceRequest` as OTLP JSON: ids in hex, 64-bit numbers as strings. Written by hand rather than by
//! serde because the offsets of the varying values must be known; no value needs escaping except by `quoted`.

use super::{
    ADDRESS_BLANK, EncodedSpan, Group, ID_BLANK, SCOPE_NAME, SCOPE_VERSION, Slots, TIME_BLANK,
    USER_PREFIX,
};
use crate::data::span::{Attribute, SpanText, Value};

pub(super) fn encode(groups: &[Group]) -> (Vec<u8>, Vec<Vec<Slots>>) {
    let mut body = b"{\"resourceSpans\":[".to_vec();
    let mut slots = Vec::with_capacity(groups.len());
    for (index, group) in groups.iter().enumerate() {
        separate(&mut body, index);
        slots.push(put_group(&mut body, group));
    }
    body.extend_from_slice(b"]}");
    (body, slots)
}

fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn put_group(body: &mut Vec<u8>, group: &Group) -> Vec<Slots> {
    put(body, "{\"resource\":{\"attributes\":");
    put_attributes(body, &group.resource, &mut Slots::NONE.clone());
    put(
        body,
        &format!(
            "}},\"scopeSpans\":[{{\"scope\":{{\"name\":\"{SCOPE_NAME}\",\"version\":\"{SCOPE_VERSION}\"}},"
        ),
    );
    put(body, "\"spans\":[");
    let mut slots = Vec::with_capacity(group.spans.len());
    for (index, text) in group.spans.iter().enumerate() {
        separate(body, index);
        let span = span(text);
        slots.push(span.slots.moved(body.len()));
        body.extend_from_slice(&span.bytes);
    }
    put(body, "]}]}");
    slots
}

fn span(text: &SpanText) -> EncodedSpan {
    let mut out = Vec::new();
    let mut slots = Slots::NONE;
    put(&mut out, "{\"traceId\":\"");
    slots.trace_id = put_blank(&mut out, &"0".repeat(32));
    put(&mut out, "\",\"spanId\":\"");
    slots.span_id = put_blank(&mut out, &"0".repeat(16));
    if text.has_parent {
        put(&mut out, "\",\"parentSpanId\":\"");
        slots.parent_id = put_blank(&mut out, &"0".repeat(16));
    }
    put(&mut out, &format!("\",\"flags\":{},\"name\":{},", text.kind.flags(), quoted(&text.name)));
    put(&mut out, &format!("\"kind\":{},\"startTimeUnixNano\":\"", text.kind as u8));
    slots.start = put_blank(&mut out, &TIME_BLANK.to_string());
    put(&mut out, "\",\"endTimeUnixNano\":\"");
    slots.end = put_blank(&mut out, &TIME_BLANK.to_string());
    put(&mut out, "\",\"attributes\":");
    put_attributes(&mut out, &text.attributes, &mut slots);
    if let Some(message) = text.exception {
        put_exception(&mut out, message, &mut slots);
    }
    if text.failed {
        put(&mut out, ",\"status\":{\"code\":2}");
    }
    out.push(b'}');
    EncodedSpan { bytes: out, slots }
}

/// Where the blank lies.
fn put_blank(out: &mut Vec<u8>, blank: &str) -> u32 {
    put(out, blank);
    (out.len() - blank.len()) as u32
}

fn put_exception(out: &mut Vec<u8>, message: &str, slots: &mut Slots) {
    put(out, ",\"events\":[{\"timeUnixNano\":\"");
    slots.event = put_blank(out, &TIME_BLANK.to_string());
    put(out, "\",\"name\":\"exception\",\"attributes\":");
    let facts = [
        ("exception.type", Value::Text("java.net.SocketException".to_owned())),
        ("exception.message", Value::Text(message.to_owned())),
    ];
    put_attributes(out, &facts, &mut Slots::NONE.clone());
    put(out, "}]");
}

fn put_attributes(out: &mut Vec<u8>, attributes: &[Attribute], slots: &mut Slots) {
    out.push(b'[');
    for (index, (key, value)) in attributes.iter().enumerate() {
        separate(out, index);
        put(out, &format!("{{\"key\":\"{key}\",\"value\":{{"));
        put_value(out, value, slots);
        put(out, "}}");
    }
    out.push(b']');
}

fn put_value(out: &mut Vec<u8>, value: &Value, slots: &mut Slots) {
    match value {
        Value::Number(number) => return put(out, &format!("\"intValue\":\"{number}\"")),
        Value::Text(text) => return put(out, &format!("\"stringValue\":{}", quoted(text))),
        Value::User => {
            put(out, &format!("\"stringValue\":\"{USER_PREFIX}"));
            slots.user = put_blank(out, ID_BLANK);
        }
        Value::Address => {
            put(out, "\"stringValue\":\"");
            slots.address = put_blank(out, ADDRESS_BLANK);
        }
        Value::Url(prefix) => {
            put(out, &format!("\"stringValue\":\"{prefix}"));
            slots.url = put_blank(out, ID_BLANK);
        }
    }
    out.push(b'"');
}
