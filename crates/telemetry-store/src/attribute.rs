//! Attributes as they lie in the head and in a segment's `rest` columns.
//!
//! Format 1, one after the other: `u8 type` (1 text, 2 integer, 3 double, 4 boolean, 5 encoded `AnyValue`), the key as
//! varint length and bytes, the value as varint length and bytes (text, `AnyValue`), 8 bytes little-endian, or one byte.

use model::{attributes::Value, varint};

use crate::reader::OwnedValue;

pub(crate) const TEXT: u8 = 1;
const INT: u8 = 2;
const DOUBLE: u8 = 3;
const BOOL: u8 = 4;
const ENCODED: u8 = 5;

/// Types have numbers below this.
pub(crate) const KINDS: usize = 6;

/// Appends one attribute.
pub fn encode(out: &mut Vec<u8>, key: &str, value: Value<'_>) {
    put_head(out, kind(value), key.as_bytes());
    put_value(out, value);
}

/// The number of a value's type.
pub(crate) fn kind(value: Value<'_>) -> u8 {
    match value {
        Value::Str(_) => TEXT,
        Value::Int(_) => INT,
        Value::Double(_) => DOUBLE,
        Value::Bool(_) => BOOL,
        Value::Encoded(_) => ENCODED,
    }
}

/// Appends what stands behind type and key.
pub(crate) fn put_value(out: &mut Vec<u8>, value: Value<'_>) {
    let bytes = match value {
        Value::Str(text) => text.as_bytes(),
        Value::Encoded(bytes) => bytes,
        Value::Int(number) => return out.extend_from_slice(&number.to_le_bytes()),
        Value::Double(number) => return out.extend_from_slice(&number.to_le_bytes()),
        Value::Bool(truth) => return out.push(u8::from(truth)),
    };
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_head(out: &mut Vec<u8>, kind: u8, key: &[u8]) {
    out.push(kind);
    put_length(out, key.len());
    out.extend_from_slice(key);
}

/// Type and key as [`encode`] writes them.
pub(crate) fn head(kind: u8, key: &[u8]) -> Vec<u8> {
    let mut head = Vec::with_capacity(key.len() + 6);
    put_head(&mut head, kind, key);
    head
}

/// At most so many bytes of a text, whole characters only.
pub fn truncated(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let end = (0..=max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

pub(crate) fn put_length(out: &mut Vec<u8>, length: usize) {
    varint::put(out, length as u64);
}

/// One attribute as it lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a> {
    /// Type and key.
    pub(crate) head: &'a [u8],
    /// The value, with its length where it has one.
    pub(crate) value: &'a [u8],
}

impl<'a> Raw<'a> {
    /// Key and value; nothing where they are damaged.
    pub(crate) fn read(self) -> Option<(&'a str, Value<'a>)> {
        let (&kind, mut key) = self.head.split_first()?;
        take_length(&mut key)?;
        let value = match kind {
            TEXT => Value::Str(std::str::from_utf8(self.content()?).ok()?),
            ENCODED => Value::Encoded(self.content()?),
            INT => Value::Int(i64::from_le_bytes(self.value.try_into().ok()?)),
            DOUBLE => Value::Double(f64::from_le_bytes(self.value.try_into().ok()?)),
            BOOL => Value::Bool(*self.value.first()? != 0),
            _ => return None,
        };
        Some((std::str::from_utf8(key).ok()?, value))
    }

    /// A text's or encoded value's bytes.
    pub(crate) fn content(self) -> Option<&'a [u8]> {
        let mut rest = self.value;
        take_length(&mut rest)?;
        Some(rest)
    }
}

/// The number of its type, and the key; 0 and nothing where the head is damaged.
pub(crate) fn kind_and_key(head: &[u8]) -> (u8, &[u8]) {
    let Some((&kind, mut key)) = head.split_first() else { return (0, &[]) };
    take_length(&mut key);
    (kind, key)
}

/// The letter of a column's type that the values of a head fit, and its key; nothing where it is a list or map.
pub(crate) fn column_of(head: &[u8]) -> Option<(char, &str)> {
    let (&kind, mut key) = head.split_first()?;
    take_length(&mut key)?;
    let letter = match kind {
        TEXT => 's',
        INT => 'i',
        DOUBLE => 'd',
        BOOL => 'b',
        _ => return None,
    };
    Some((letter, std::str::from_utf8(key).ok()?))
}

/// The head whose values fit a column of this type and key.
pub(crate) fn head_of(letter: char, key: &str) -> Vec<u8> {
    let kind = match letter {
        'i' => INT,
        'd' => DOUBLE,
        'b' => BOOL,
        _ => TEXT,
    };
    head(kind, key.as_bytes())
}

/// Each attribute, undecoded, until the bytes end or are damaged.
pub(crate) fn split<'a>(bytes: &'a [u8]) -> impl Iterator<Item = Raw<'a>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let start = rest;
        let kind = take(&mut rest, 1)?[0];
        let length = take_length(&mut rest)?;
        take(&mut rest, length)?;
        let head = &start[..start.len() - rest.len()];
        Some(Raw { head, value: take_value(kind, &mut rest)? })
    })
}

/// Takes a value of a type, with its length where it has one.
pub(crate) fn take_value<'a>(kind: u8, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    match kind {
        TEXT | ENCODED => {
            let start = *rest;
            let length = take_length(rest)?;
            take(rest, length)?;
            Some(&start[..start.len() - rest.len()])
        }
        INT | DOUBLE => take(rest, 8),
        BOOL => take(rest, 1),
        _ => None,
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    Some(taken)
}

pub(crate) fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let mut length = 0usize;
    for shift in (0..35).step_by(7) {
        let byte = take(rest, 1)?[0];
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

/// Reads what [`encode`] wrote until the bytes end or are damaged.
pub fn decode<'a>(bytes: &'a [u8]) -> impl Iterator<Item = (&'a str, Value<'a>)> {
    split(bytes).map_while(Raw::read)
}

/// A copy that lives on its own.
pub fn owned(value: Value<'_>) -> OwnedValue {
    match value {
        Value::Str(text) => OwnedValue::Str(text.to_owned()),
        Value::Int(number) => OwnedValue::Int(number),
        Value::Double(number) => OwnedValue::Double(number),
        Value::Bool(truth) => OwnedValue::Bool(truth),
        Value::Encoded(bytes) => OwnedValue::Encoded(bytes.to_vec()),
    }
}

/// All attributes in the bytes.
pub fn owned_list(bytes: &[u8]) -> Vec<(String, OwnedValue)> {
    decode(bytes).map(|(key, value)| (key.to_owned(), owned(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_back_and_damage_ends_the_list() {
        let all = [
            ("a", Value::Str("x".repeat(300).leak())),
            ("b", Value::Int(-5)),
            ("c", Value::Double(0.5)),
            ("d", Value::Bool(true)),
            ("e", Value::Encoded(&[1, 2, 3])),
        ];
        let mut out = Vec::new();
        all.iter().for_each(|(key, value)| encode(&mut out, key, *value));
        assert_eq!(decode(&out).collect::<Vec<_>>(), all);
        assert_eq!(decode(&out[..out.len() - 1]).count(), 4);
    }
}
