//! Walking encoded bytes to the bottom: sound protobuf, the right wire types, valid UTF-8, bounded depth.

use super::{KEY_VALUE, Kind, Message};
use crate::otlp::{
    value,
    wire::{Cursor, Entry, Fields, Problem, WireError},
};

/// How many messages may stand inside one another; what protobuf's own decoders allow by default.
pub const MAX_DEPTH: u32 = 100;

/// Checks an encoded message and all below it. Unknown fields need only be sound protobuf. Of several faults, one that
/// damns the whole request ([`WireError::spares_the_request`] is false) is reported before one that damns this message.
pub fn check(encoded: &[u8], message: &'static Message) -> Result<(), WireError> {
    if is_sound(encoded, message, 0) { Ok(()) } else { check_nested(encoded, message, 0, 0) }
}

/// [`check`] without looking into the fields numbered `skipped`.
pub fn check_except(
    encoded: &[u8],
    message: &'static Message,
    skipped: u32,
) -> Result<(), WireError> {
    check_nested(encoded, message, skipped, 0)
}

/// Says quickly of what agents nearly always send that nothing is wrong. `false` means only that it takes the longer
/// way to tell.
fn is_sound(encoded: &[u8], message: &'static Message, depth: u32) -> bool {
    let mut cursor = Cursor::new(encoded);
    while !cursor.is_empty() {
        let Ok((number, wire_type)) = cursor.tag() else { return false };
        let kind = message.by_number(number).map(|field| field.kind);
        let sound = match wire_type {
            2 => cursor.delimited().is_ok_and(|value| is_sound_value(value, kind, depth)),
            0 => cursor.varint().is_ok() && kind.is_none_or(is_varint),
            1 => cursor.fixed64().is_ok() && kind.is_none_or(is_fixed64),
            5 => cursor.fixed32().is_ok() && kind.is_none_or(|kind| matches!(kind, Kind::Fixed32)),
            _ => false,
        };
        if !sound {
            return false;
        }
        // Attributes, most fields of most messages, stand one behind the other.
        if let Some(kind @ Kind::Message(nested)) = kind
            && std::ptr::eq(nested, &KEY_VALUE)
        {
            while let Some(value) = cursor.next_alike(number) {
                if !is_sound_value(value, Some(kind), depth) {
                    return false;
                }
            }
        }
    }
    true
}

fn is_sound_value(value: &[u8], kind: Option<Kind>, depth: u32) -> bool {
    match kind {
        Some(Kind::Text) => value.is_ascii() || std::str::from_utf8(value).is_ok(),
        Some(Kind::Message(nested)) => {
            let is_plain = || std::ptr::eq(nested, &KEY_VALUE) && value::is_plain_text(value);
            depth + 1 < MAX_DEPTH && is_plain()
                || depth < MAX_DEPTH && is_sound(value, nested, depth + 1)
        }
        Some(Kind::Bytes | Kind::HexId) | None => true,
        // Packed numbers.
        Some(_) => false,
    }
}

fn is_varint(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool
            | Kind::Enum
            | Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
    )
}

fn is_fixed64(kind: Kind) -> bool {
    matches!(kind, Kind::Double | Kind::Fixed64 | Kind::Sfixed64)
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
        _ => entry.varint().map(drop),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::otlp::{schema::EXPORT_METRICS, schema::EXPORT_TRACE, wire::write};

    /// Bytes that are often protobuf: fields of small numbers, some of them messages again.
    fn any_message() -> impl Strategy<Value = Vec<u8>> {
        let leaf = prop_oneof![
            (1u32..17, any::<u64>()).prop_map(|(field, number)| {
                let mut out = Vec::new();
                write::number(&mut out, field, number);
                out
            }),
            (1u32..17, any::<u64>()).prop_map(|(field, number)| {
                let mut out = Vec::new();
                write::fixed64(&mut out, field, number);
                out
            }),
            prop::collection::vec(any::<u8>(), 0..12),
        ];
        leaf.prop_recursive(6, 40, 4, |inner| {
            prop::collection::vec((1u32..12, inner), 1..4).prop_map(|fields| {
                let mut out = Vec::new();
                fields.iter().for_each(|(field, content)| write::bytes(&mut out, *field, content));
                out
            })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_quick_way_never_passes_what_the_long_way_refuses(bytes in any_message()) {
            for message in [&EXPORT_TRACE, &EXPORT_METRICS] {
                if is_sound(&bytes, message, 0) {
                    prop_assert_eq!(check_nested(&bytes, message, 0, 0), Ok(()));
                }
            }
        }
    }
}
