//! OTLP's `AnyValue` and `KeyValue`, read in place.
//!
//! Gives what the pipeline decides on (scalars) and leaves arrays, maps and bytes encoded. Intake has walked those to
//! the bottom ([`super::schema::check`]), so that nobody behind meets a fault in them.

use model::attributes::{Attributes, Value};

use super::wire::{Fields, Repeated, WireError};

/// Reads an encoded `AnyValue`. One without a value is an empty encoded value, as OTLP's "empty" is.
pub fn read(encoded: &[u8]) -> Result<Value<'_>, WireError> {
    let mut value = Value::Encoded(encoded);
    for entry in Fields::new(encoded, "AnyValue") {
        let entry = entry?;
        value = match entry.number {
            1 => Value::Str(entry.text()?),
            2 => Value::Bool(entry.varint()? != 0),
            3 => Value::Int(entry.varint()? as i64),
            4 => Value::Double(entry.double()?),
            5..=7 => {
                entry.bytes()?;
                Value::Encoded(encoded)
            }
            _ => continue,
        };
    }
    Ok(value)
}

/// Reads an encoded `KeyValue`.
pub fn read_pair(encoded: &[u8]) -> Result<(&str, Value<'_>), WireError> {
    match quick_pair(encoded) {
        Some(pair) => Ok(pair),
        None => read_any_pair(encoded),
    }
}

/// Reads a `KeyValue` as agents nearly always write it: a key, then one value of a scalar type, and nothing else. Nothing
/// where it is otherwise or has a fault.
fn quick_pair(encoded: &[u8]) -> Option<(&str, Value<'_>)> {
    let (key, value) = quick_parts(encoded)?;
    let (&tag, content) = value.split_first()?;
    if tag == TEXT
        && let Ok(whole) = std::str::from_utf8(encoded)
    {
        // Its tags and lengths are ASCII too: looked at once for both texts.
        let text = whole.get(whole.len() - quick_delimited(content)?.len()..)?;
        return Some((whole.get(2..2 + key.len())?, Value::Str(text)));
    }
    let value = match tag {
        TEXT => Value::Str(std::str::from_utf8(quick_delimited(content)?).ok()?),
        BOOL => match content {
            [byte @ 0..=1] => Value::Bool(*byte == 1),
            _ => return None,
        },
        INT => match content {
            [byte @ 0..=0x7f] => Value::Int(i64::from(*byte)),
            [low @ 0x80..=0xff, high @ 0..=0x7f] => {
                Value::Int(i64::from(*low & 0x7f) | i64::from(*high) << 7)
            }
            _ => return None,
        },
        DOUBLE => Value::Double(f64::from_le_bytes(content.try_into().ok()?)),
        _ => return None,
    };
    Some((std::str::from_utf8(key).ok()?, value))
}

/// Whether this is a `KeyValue` of a text as agents nearly always write it, without a fault.
pub(super) fn is_plain_text(encoded: &[u8]) -> bool {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
    quick_parts(encoded).is_some_and(|(key, value)| {
        let content = value.strip_prefix(&[TEXT]).and_then(quick_delimited);
        content.is_some_and(|content| encoded.is_ascii() || text(content) && text(key))
    })
}

const KEY: u8 = 1 << 3 | 2;
const VALUE: u8 = 2 << 3 | 2;
const TEXT: u8 = 1 << 3 | 2;
const BOOL: u8 = 2 << 3;
const INT: u8 = 3 << 3;
const DOUBLE: u8 = 4 << 3 | 1;

/// Key and encoded value of a `KeyValue` that holds these two, in this order, and nothing else.
#[inline]
fn quick_parts(encoded: &[u8]) -> Option<(&[u8], &[u8])> {
    let [KEY, length @ 0..=0x7f, rest @ ..] = encoded else { return None };
    let (key, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((key, quick_delimited(rest.strip_prefix(&[VALUE])?)?))
}

/// What stands behind its length and reaches to the end.
#[inline]
fn quick_delimited(bytes: &[u8]) -> Option<&[u8]> {
    let (length, content) = match bytes {
        [length @ 0..=0x7f, content @ ..] => (usize::from(*length), content),
        [low @ 0x80..=0xff, high @ 0..=0x7f, content @ ..] => {
            (usize::from(*low & 0x7f) | usize::from(*high) << 7, content)
        }
        _ => return None,
    };
    (content.len() == length).then_some(content)
}

fn read_any_pair(encoded: &[u8]) -> Result<(&str, Value<'_>), WireError> {
    let mut pair = ("", Value::Encoded(&[]));
    for entry in Fields::new(encoded, "KeyValue") {
        let entry = entry?;
        match entry.number {
            1 => pair.0 = entry.text()?,
            2 => pair.1 = read(entry.bytes()?)?,
            _ => {}
        }
    }
    Ok(pair)
}

/// Attributes as they stand in a message: encoded `KeyValue`s, decoded on demand.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttributeList<'a>(pub(crate) Repeated<'a>);

impl<'a> AttributeList<'a> {
    /// How many there are, repeated keys included.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each key and value in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = Result<(&'a str, Value<'a>), WireError>> + use<'a> {
        self.0.iter().map(read_pair)
    }

    /// Appends all to `out`, which keeps its memory between calls.
    pub fn fill(&self, out: &mut Attributes<'a>) -> Result<(), WireError> {
        for pair in self.iter() {
            let (key, value) = pair?;
            out.push(key, value);
        }
        Ok(())
    }

    /// All in a list of their own.
    pub fn read(&self) -> Result<Attributes<'a>, WireError> {
        let mut attributes = Attributes::new();
        self.fill(&mut attributes)?;
        Ok(attributes)
    }

    /// The text of the last attribute called `key`, where it is a sound string.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        let found = self.iter().filter_map(Result::ok).filter(|(name, _)| *name == key);
        found.last().and_then(|(_, value)| value.as_str())
    }
}

/// A value as a person reads it: text as it is, numbers in decimal, arrays as `[a, b]`, maps as `{k: v}`, bytes in hex.
pub fn to_text(value: &Value<'_>) -> String {
    let mut out = String::new();
    write_text(value, 0, &mut out);
    out
}

/// Deeper values are cut short.
const MAX_TEXT_DEPTH: u32 = 16;

fn write_text(value: &Value<'_>, depth: u32, out: &mut String) {
    match value {
        Value::Str(text) => out.push_str(text),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Double(number) => out.push_str(&number.to_string()),
        Value::Bool(truth) => out.push_str(&truth.to_string()),
        Value::Encoded(_) if depth > MAX_TEXT_DEPTH => out.push('…'),
        Value::Encoded(encoded) => write_encoded(encoded, depth, out),
    }
}

fn write_encoded(encoded: &[u8], depth: u32, out: &mut String) {
    for entry in Fields::new(encoded, "AnyValue").filter_map(Result::ok) {
        let Ok(bytes) = entry.bytes() else { continue };
        match entry.number {
            5 => write_items(bytes, ('[', ']'), out, |item, out| {
                write_text(&read(item).unwrap_or(Value::Str("")), depth + 1, out);
            }),
            6 => write_items(bytes, ('{', '}'), out, |item, out| {
                let (key, value) = read_pair(item).unwrap_or(("", Value::Str("")));
                out.push_str(key);
                out.push_str(": ");
                write_text(&value, depth + 1, out);
            }),
            7 => out.push_str(&hex::encode(bytes)),
            _ => {}
        }
    }
}

fn write_items(
    list: &[u8],
    (open, close): (char, char),
    out: &mut String,
    mut each: impl FnMut(&[u8], &mut String),
) {
    out.push(open);
    let items =
        Fields::new(list, "ArrayValue").filter_map(Result::ok).filter(|entry| entry.number == 1);
    for (at, entry) in items.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        each(entry.bytes().unwrap_or_default(), out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::otlp::{
        schema::{KEY_VALUE, check},
        wire::write,
    };

    /// Bytes that are nearly a `KeyValue`: a few of them anything.
    fn any_pair() -> impl Strategy<Value = Vec<u8>> {
        let value = (1u32..8, prop::collection::vec(any::<u8>(), 0..200), any::<u64>());
        let pair =
            (prop::collection::vec(any::<u8>(), 0..140), value, any::<bool>(), any::<bool>());
        let encoded = pair.prop_map(|(key, (kind, content, number), text, is_short)| {
            let letters = |bytes: Vec<u8>| bytes.into_iter().map(|byte| b'a' + byte % 26).collect();
            let (key, content): (Vec<u8>, Vec<u8>) =
                if text { (letters(key), letters(content)) } else { (key, content) };
            let mut value = Vec::new();
            match kind {
                2 | 3 => {
                    write::number(&mut value, kind, if is_short { number % 300 } else { number })
                }
                4 => write::fixed64(&mut value, kind, number),
                _ => write::bytes(&mut value, kind, &content),
            }
            let mut out = Vec::new();
            write::bytes(&mut out, 1, &key);
            write::bytes(&mut out, 2, &value);
            out
        });
        let damage = prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>()));
        (encoded, damage).prop_map(|(mut encoded, damage)| {
            if let Some((at, byte)) = damage {
                let at = at.index(encoded.len());
                encoded[at] = byte;
            }
            encoded
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_quick_way_reads_what_the_long_way_reads(encoded in any_pair()) {
            if let Some((key, value)) = quick_pair(&encoded) {
                let (same_key, same_value) = read_any_pair(&encoded).expect("it has no fault");
                prop_assert_eq!(key, same_key);
                prop_assert_eq!(format!("{value:?}"), format!("{same_value:?}"));
            }
            if is_plain_text(&encoded) {
                prop_assert_eq!(check(&encoded, &KEY_VALUE), Ok(()));
            }
        }
    }
}
