//! Messages of OTLP that all signals share: attributes, and what a resource sent.

use crate::wire::{put_bytes, put_number};

const SCOPE: &str = "loadgen.incidents";

#[derive(Debug, Clone)]
pub(super) struct Attribute {
    key: &'static str,
    value: Value,
}

#[derive(Debug, Clone)]
enum Value {
    Text(String),
    Number(u64),
}

impl Attribute {
    pub(super) fn text(key: &'static str, value: &str) -> Self {
        Self { key, value: Value::Text(value.to_owned()) }
    }

    pub(super) fn number(key: &'static str, value: u64) -> Self {
        Self { key, value: Value::Number(value) }
    }

    /// A `KeyValue`.
    pub(super) fn encoded(&self) -> Vec<u8> {
        let (mut any, mut out) = (Vec::new(), Vec::new());
        match &self.value {
            Value::Text(text) => put_bytes(&mut any, 1, text.as_bytes()),
            Value::Number(number) => put_number(&mut any, 3, *number),
        }
        put_bytes(&mut out, 1, self.key.as_bytes());
        put_bytes(&mut out, 2, &any);
        out
    }
}

/// A request of any signal: `ResourceSpans`, `ResourceMetrics` and `ResourceLogs` have the same form.
#[derive(Debug, Default)]
pub(super) struct Resources {
    pub(super) bytes: Vec<u8>,
}

impl Resources {
    /// Items (spans, metrics, log records) of one resource.
    pub(super) fn add(&mut self, resource: &[Attribute], items: &[Vec<u8>]) {
        let mut attributes = Vec::new();
        for attribute in resource {
            put_bytes(&mut attributes, 1, &attribute.encoded());
        }
        let (mut scope, mut of_scope, mut of_resource) = (Vec::new(), Vec::new(), Vec::new());
        put_bytes(&mut scope, 1, SCOPE.as_bytes());
        put_bytes(&mut of_scope, 1, &scope);
        for item in items {
            put_bytes(&mut of_scope, 2, item);
        }
        put_bytes(&mut of_resource, 1, &attributes);
        put_bytes(&mut of_resource, 2, &of_scope);
        put_bytes(&mut self.bytes, 1, &of_resource);
    }
}
