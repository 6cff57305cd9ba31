//! A stored span as the rules of `model` see it.

use model::{
    attributes::{Attributes, Value},
    conventions::SpanView,
};

use super::{OwnedValue, Span};

impl Span {
    /// Its attributes, borrowed.
    pub fn borrowed_attributes(&self) -> Attributes<'_> {
        self.attributes.iter().map(|(key, stored)| (key.as_str(), value(stored))).collect()
    }

    /// What `model::conventions::facts` reads; `attributes` are its own.
    pub fn view<'a, 'b>(&'a self, attributes: &'b Attributes<'a>) -> SpanView<'a, 'b> {
        SpanView {
            name: &self.name,
            kind: self.kind,
            scope: &self.scope,
            status: self.status,
            trace_state: &self.trace_state,
            flags: self.flags,
            attributes,
        }
    }
}

fn value(stored: &OwnedValue) -> Value<'_> {
    match stored {
        OwnedValue::Bool(value) => Value::Bool(*value),
        OwnedValue::Int(value) => Value::Int(*value),
        OwnedValue::Double(value) => Value::Double(*value),
        OwnedValue::Str(value) => Value::Str(value),
        OwnedValue::Encoded(value) => Value::Encoded(value),
    }
}
