//! OTLP/JSON to protobuf: one pass over the text, by the tables of [`super::schema`], without a tree in between.
//!
//! The deviations from protobuf's own JSON mapping are OTLP's: ids are hexadecimal, enums are numbers only, unknown
//! names are ignored, names are lowerCamelCase only. Integers may be numbers or decimal strings. What does not fit is
//! refused with the path of the value. Unlike in protobuf, text that is not UTF-8 damns the whole request, since it is
//! no JSON. Depth is bounded by serde_json (128 brackets) and [`super::schema::MAX_DEPTH`]; size by the caller.

mod convert;
mod output;

use serde::de::DeserializeSeed;

use self::{convert::MessageSeed, output::Output};
use super::schema::Message;

/// Why JSON could not be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or a value of the wrong type.
    #[error("{path}: {problem}")]
    Invalid {
        /// Such as `resourceSpans[0].scopeSpans[2].spans[5].traceId`; `body` for the document itself.
        path: String,
        problem: String,
    },
    #[error("converted to protobuf, the body exceeds {max_bytes} bytes")]
    TooBig { max_bytes: usize },
}

/// Converts a JSON document to the encoded `message`, of at most `max_bytes`.
pub fn to_protobuf(
    json: &[u8],
    message: &'static Message,
    max_bytes: usize,
) -> Result<Vec<u8>, JsonError> {
    let mut output = Output::new(max_bytes);
    let mut reader = serde_json::Deserializer::from_slice(json);
    let read = MessageSeed { message, output: &mut output }.deserialize(&mut reader);
    match read.and_then(|()| reader.end()) {
        Ok(()) => Ok(output.bytes),
        Err(_) if output.is_full() => Err(JsonError::TooBig { max_bytes }),
        Err(error) => Err(JsonError::Invalid { path: output.path(), problem: error.to_string() }),
    }
}

#[cfg(test)]
mod tests;
