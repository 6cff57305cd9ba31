//! Walking encoded bytes to the bottom: sound protobuf, the right wire types, valid UTF-8, bounded depth.

use super::{Kind, Message};
use crate::otlp::wire::{Entry, Fields, Problem, WireError};

/// How many messages may stand inside one another; what protobuf's own decoders allow by default.
pub const MAX_DEPTH: u32 = 100;

/// Checks an encoded message and all below it. Unknown fields need only be sound protobuf. Of several faults, one that
/// damns the whole request ([`WireError::spares_the_request`] is false) is reported before one that damns this message.
pub fn check(encoded: &[u8], message: &'static Message) -> Result<(), WireError> {
    check_nested(encoded, message, 0, 0)
}

/// [`check`] without looking into the fields numbered `skipped`.
pub fn check_except(
    encoded: &[u8],
    message: &'static Message,
    skipped: u32,
) -> Result<(), WireError> {
    check_nested(encoded, message, skipped, 0)
}

fn check_nested(
    encoded: &[u8],
    message: &'static Message,
    skipped: u32,
    depth: u32,
) -> Result<(), WireError> {
    let mut mild = Ok(());
    for entry in Fields::new(encoded, message.name) {
        let entry = entry?;
        if entry.number == skipped {
            continue;
        }
        match check_field(&entry, message, depth) {
            Err(error) if !error.spares_the_request() => return Err(error),
            Err(error) if mild.is_ok() => mild = Err(error),
            _ => {}
        }
    }
    mild
}

fn check_field(entry: &Entry<'_>, message: &'static Message, depth: u32) -> Result<(), WireError> {
    let Some(field) = message.by_number(entry.number) else { return Ok(()) };
    match field.kind {
        Kind::Message(_) if depth >= MAX_DEPTH => Err(entry.error(Problem::TooDeep(MAX_DEPTH))),
        Kind::Message(nested) => check_nested(entry.bytes()?, nested, 0, depth + 1),
        Kind::Text => entry.text().map(drop),
        Kind::Bytes | Kind::HexId => entry.bytes().map(drop),
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 if field.repeated => {
            entry.fixed64s().map(drop)
        }
        Kind::Uint64 if field.repeated => entry.varints(),
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => entry.fixed64().map(drop),
        Kind::Fixed32 => entry.fixed32().map(drop),
        Kind::Bool
        | Kind::Enum
        | Kind::Int32
        | Kind::Int64
        | Kind::Uint32
        | Kind::Uint64
        | Kind::Sint32 => entry.varint().map(drop),
    }
}
