//! What Vedette keeps of one span, point or log record.

use model::attributes::Value;

use super::{value::AttributeList, wire::WireError};

/// Resources and scopes of one request, together. An agent sends one resource and some dozens of scopes, a collector
/// gathers thousands of spans at most; an empty container is two bytes before compression, next to none behind it, and
/// work for whoever reads it.
pub const MAX_CONTAINERS: u32 = 100_000;

/// Caps on attributes. Intake counts what exceeds them, so that the sender is told; the pipeline cuts when it stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeLimits {
    /// Attributes of one span, event, link, point or log record. OpenTelemetry's own default for agents.
    pub count: usize,
    /// Bytes of one value, a log record's body included.
    pub value_bytes: usize,
}

impl Default for AttributeLimits {
    fn default() -> Self {
        AttributeLimits { count: 128, value_bytes: 16 * 1024 }
    }
}

impl AttributeLimits {
    /// Whether attributes that stand in a message of `message_bytes` exceed the caps.
    pub fn exceeded_by(
        &self,
        attributes: AttributeList<'_>,
        message_bytes: usize,
    ) -> Result<bool, WireError> {
        if attributes.len() > self.count {
            return Ok(true);
        }
        // No value is longer than the message it stands in, and most messages are short.
        if message_bytes <= self.value_bytes {
            return Ok(false);
        }
        for pair in attributes.iter() {
            let length = match pair?.1 {
                Value::Str(text) => text.len(),
                Value::Encoded(bytes) => bytes.len(),
                Value::Int(_) | Value::Double(_) | Value::Bool(_) => 8,
            };
            if length > self.value_bytes {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
