//! `ExportTraceServiceRequest` as protobuf, fields in ascending order as generated encoders write them.

use super::{
    ADDRESS_BLANK, EncodedSpan, Group, ID_BLANK, SCOPE_NAME, SCOPE_VERSION, Slots, TIME_BLANK,
    USER_PREFIX,
};
use crate::data::span::{Attribute, SpanText, Value};
use crate::wire::{put_bytes, put_fixed32, put_fixed64, put_header, put_number};

const STATUS_ERROR: u64 = 2;

pub(super) fn encode(groups: &[Group]) -> (Vec<u8>, Vec<Vec<Slots>>) {
    let mut body = Vec::new();
    let slots = groups.iter().map(|group| put_group(&mut body, group)).collect();
    (body, slots)
}

/// A message inside another: key and length come first, so its size must be known before its bytes are placed.
fn wrapped_size(field: u32, length: usize) -> usize {
    let mut header = Vec::with_capacity(12);
    put_header(&mut header, field, length);
    header.len() + length
}

fn put_group(body: &mut Vec<u8>, group: &Group) -> Vec<Slots> {
    let spans: Vec<EncodedSpan> = group.spans.iter().map(span).collect();
    let resource = attributes(1, &group.resource);
    let scope = scope();
    let spans_size: usize = spans.iter().map(|s| wrapped_size(2, s.bytes.len())).sum();
    let scope_spans_size = wrapped_size(1, scope.len()) + spans_size;
    put_header(body, 1, wrapped_size(1, resource.len()) + wrapped_size(2, scope_spans_size));
    put_bytes(body, 1, &resource);
    put_header(body, 2, scope_spans_size);
    put_bytes(body, 1, &scope);
    spans.iter().map(|span| put_span(body, span)).collect()
}

fn put_span(body: &mut Vec<u8>, span: &EncodedSpan) -> Slots {
    put_header(body, 2, span.bytes.len());
    let at = body.len();
    body.extend_from_slice(&span.bytes);
    span.slots.moved(at)
}

fn scope() -> Vec<u8> {
    let mut scope = Vec::new();
    put_bytes(&mut scope, 1, SCOPE_NAME.as_bytes());
    put_bytes(&mut scope, 2, SCOPE_VERSION.as_bytes());
    scope
}

fn span(text: &SpanText) -> EncodedSpan {
    let mut out = Vec::new();
    let mut slots = Slots::NONE;
    slots.trace_id = put_blank(&mut out, 1, 16);
    slots.span_id = put_blank(&mut out, 2, 8);
    if text.has_parent {
        slots.parent_id = put_blank(&mut out, 4, 8);
    }
    put_bytes(&mut out, 5, text.name.as_bytes());
    put_number(&mut out, 6, text.kind as u64);
    slots.start = put_time(&mut out, 7);
    slots.end = put_time(&mut out, 8);
    for attribute in &text.attributes {
        put_attribute(&mut out, 9, attribute, &mut slots);
    }
    if let Some(message) = text.exception {
        put_exception(&mut out, message, &mut slots);
    }
    if text.failed {
        let mut status = Vec::new();
        put_number(&mut status, 3, STATUS_ERROR);
        put_bytes(&mut out, 15, &status);
    }
    put_fixed32(&mut out, 16, text.kind.flags());
    EncodedSpan { bytes: out, slots }
}

fn put_blank(out: &mut Vec<u8>, field: u32, length: usize) -> u32 {
    put_header(out, field, length);
    let at = out.len();
    out.resize(at + length, 0);
    at as u32
}

fn put_time(out: &mut Vec<u8>, field: u32) -> u32 {
    put_fixed64(out, field, TIME_BLANK);
    out.len() as u32 - 8
}

fn put_exception(out: &mut Vec<u8>, message: &str, slots: &mut Slots) {
    let mut event = Vec::new();
    let time = put_time(&mut event, 1);
    put_bytes(&mut event, 2, b"exception");
    let facts = [
        ("exception.type", Value::Text("java.net.SocketException".to_owned())),
        ("exception.message", Value::Text(message.to_owned())),
    ];
    event.extend_from_slice(&attributes(3, &facts));
    put_header(out, 11, event.len());
    slots.event = out.len() as u32 + time;
    out.extend_from_slice(&event);
}

/// Attributes without slots, as resources and events have them.
fn attributes(field: u32, attributes: &[Attribute]) -> Vec<u8> {
    let mut out = Vec::new();
    for attribute in attributes {
        put_attribute(&mut out, field, attribute, &mut Slots::NONE.clone());
    }
    out
}

fn put_attribute(out: &mut Vec<u8>, field: u32, (key, value): &Attribute, slots: &mut Slots) {
    let mut any = Vec::new();
    match value {
        Value::Text(text) => put_bytes(&mut any, 1, text.as_bytes()),
        Value::Number(number) => put_number(&mut any, 3, *number),
        Value::User => put_bytes(&mut any, 1, format!("{USER_PREFIX}{ID_BLANK}").as_bytes()),
        Value::Address => put_bytes(&mut any, 1, ADDRESS_BLANK.as_bytes()),
        Value::Url(prefix) => put_bytes(&mut any, 1, format!("{prefix}{ID_BLANK}").as_bytes()),
    }
    put_header(out, field, wrapped_size(1, key.len()) + wrapped_size(2, any.len()));
    put_bytes(out, 1, key.as_bytes());
    put_bytes(out, 2, &any);
    let end = out.len();
    match value {
        Value::User => slots.user = (end - ID_BLANK.len()) as u32,
        Value::Url(_) => slots.url = (end - ID_BLANK.len()) as u32,
        Value::Address => slots.address = (end - ADDRESS_BLANK.len()) as u32,
        Value::Text(_) | Value::Number(_) => {}
    }
}
