//! Attributes as they lie in the head and in a segment's `rest` columns.
//!
//! Format 1, one after the other: `u8 type` (1 text, 2 integer, 3 double, 4 boolean, 5 encoded `AnyValue`), the key as
//! varint length and bytes, the value as varint length and bytes (text, `AnyValue`), 8 bytes little-endian, or one byte.

use model::attributes::Value;

use crate::reader::OwnedValue;

const TEXT: u8 = 1;
const INT: u8 = 2;
const DOUBLE: u8 = 3;
const BOOL: u8 = 4;
const ENCODED: u8 = 5;

/// Appends one attribute.
pub fn encode(out: &mut Vec<u8>, key: &str, value: Value<'_>) {
    match value {
        Value::Str(text) => put(out, TEXT, key, text.as_bytes()),
        Value::Encoded(bytes) => put(out, ENCODED, key, bytes),
        Value::Int(number) => put_fixed(out, INT, key, &number.to_le_bytes()),
        Value::Double(number) => put_fixed(out, DOUBLE, key, &number.to_le_bytes()),
        Value::Bool(truth) => put_fixed(out, BOOL, key, &[u8::from(truth)]),
    }
}

fn put(out: &mut Vec<u8>, kind: u8, key: &str, value: &[u8]) {
    put_fixed(out, kind, key, &[]);
    put_length(out, value.len());
    out.extend_from_slice(value);
}

fn put_fixed(out: &mut Vec<u8>, kind: u8, key: &str, value: &[u8]) {
    out.push(kind);
    put_length(out, key.len());
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(value);
}

pub(crate) fn put_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// Reads attributes until the bytes end or are damaged.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    /// Reads what [`encode`] wrote.
    pub fn new(bytes: &'a [u8]) -> Self {
        Decoder { rest: bytes }
    }

    fn take_one(&mut self) -> Option<(&'a str, Value<'a>)> {
        let kind = *self.take(1)?.first()?;
        let key_length = self.length()?;
        let key = std::str::from_utf8(self.take(key_length)?).ok()?;
        let value = match kind {
            TEXT => {
                let length = self.length()?;
                Value::Str(std::str::from_utf8(self.take(length)?).ok()?)
            }
            ENCODED => {
                let length = self.length()?;
                Value::Encoded(self.take(length)?)
            }
            INT => Value::Int(i64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            DOUBLE => Value::Double(f64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            BOOL => Value::Bool(self.take(1)?[0] != 0),
            _ => return None,
        };
        Some((key, value))
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn length(&mut self) -> Option<usize> {
        let mut length = 0usize;
        for shift in (0..35).step_by(7) {
            let byte = *self.take(1)?.first()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(length);
            }
        }
        None
    }
}

impl<'a> Iterator for Decoder<'a> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.take_one()
    }
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
    Decoder::new(bytes).map(|(key, value)| (key.to_owned(), owned(value))).collect()
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
        assert_eq!(Decoder::new(&out).collect::<Vec<_>>(), all);
        assert_eq!(Decoder::new(&out[..out.len() - 1]).count(), 4);
    }
}
