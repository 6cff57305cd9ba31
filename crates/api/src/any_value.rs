//! Stored attribute values as JSON.
//!
//! Arrays, maps and byte strings are stored as the encoded `opentelemetry.proto.common.v1.AnyValue` that the agent sent.
//! Bytes that do not decode, or nest deeper than anyone reads, are shown as hexadecimal digits.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use telemetry_store::reader::OwnedValue;

/// Levels of arrays and maps.
const DEPTH: u8 = 16;

/// A list of attributes; a later one of the same key wins.
pub(crate) fn object(attributes: &[(String, OwnedValue)]) -> BTreeMap<String, Value> {
    attributes.iter().map(|(key, value)| (key.clone(), json(value))).collect()
}

/// One value.
pub(crate) fn json(value: &OwnedValue) -> Value {
    match value {
        OwnedValue::Bool(value) => Value::from(*value),
        OwnedValue::Int(value) => Value::from(*value),
        OwnedValue::Double(value) => Value::from(*value),
        OwnedValue::Str(value) => Value::from(value.as_str()),
        OwnedValue::Encoded(bytes) => any_value(bytes, DEPTH).unwrap_or_else(|| hex(bytes)),
    }
}

fn hex(bytes: &[u8]) -> Value {
    Value::from(hex::encode(bytes))
}

/// One `AnyValue`; nothing when it is damaged.
fn any_value(bytes: &[u8], depth: u8) -> Option<Value> {
    let mut value = Value::Null;
    for field in Fields(bytes) {
        value = match field? {
            (1, Field::Bytes(text)) => Value::from(std::str::from_utf8(text).ok()?),
            (2, Field::Varint(number)) => Value::from(number != 0),
            (3, Field::Varint(number)) => Value::from(number as i64),
            (4, Field::Fixed64(bits)) => Value::from(f64::from_bits(bits)),
            (5, Field::Bytes(list)) => array(list, depth.checked_sub(1)?)?,
            (6, Field::Bytes(list)) => map(list, depth.checked_sub(1)?)?,
            (7, Field::Bytes(bytes)) => hex(bytes),
            _ => value,
        };
    }
    Some(value)
}

fn array(bytes: &[u8], depth: u8) -> Option<Value> {
    let mut items = Vec::new();
    for field in Fields(bytes) {
        if let (1, Field::Bytes(item)) = field? {
            items.push(any_value(item, depth)?);
        }
    }
    Some(Value::Array(items))
}

fn map(bytes: &[u8], depth: u8) -> Option<Value> {
    let mut items = Map::new();
    for field in Fields(bytes) {
        if let (1, Field::Bytes(pair)) = field? {
            let (key, value) = key_value(pair, depth)?;
            items.insert(key, value);
        }
    }
    Some(Value::Object(items))
}

fn key_value(bytes: &[u8], depth: u8) -> Option<(String, Value)> {
    let mut pair = (String::new(), Value::Null);
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(key)) => pair.0 = std::str::from_utf8(key).ok()?.to_owned(),
            (2, Field::Bytes(value)) => pair.1 = any_value(value, depth)?,
            _ => {}
        }
    }
    Some(pair)
}

enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32,
}

/// The fields of a protobuf message with their numbers; a damaged rest gives one `None`.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Field<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Field<'a>)> {
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Varint(self.varint()?),
            1 => Field::Fixed64(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Field::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Field::Fixed32)?,
            _ => return None,
        };
        Some((tag >> 3, field))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Value) {
        assert_eq!(json(&OwnedValue::Encoded(bytes.to_vec())), expected);
    }

    #[test]
    fn arrays_and_maps_become_json() {
        // ["a", -1, {"k": true}]
        let pair = [0x0a, 0x01, b'k', 0x12, 0x02, 0x10, 0x01];
        let map = [&[0x32, 0x09, 0x0a, 0x07][..], &pair].concat();
        let text = [0x0a, 0x03, 0x0a, 0x01, b'a'];
        let negative =
            [0x0a, 0x0b, 0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        let list = [&text[..], &negative, &[0x0a, map.len() as u8], &map].concat();
        let any = [&[0x2a, list.len() as u8][..], &list].concat();
        check(&any, serde_json::json!(["a", -1, {"k": true}]));
    }

    #[test]
    fn damaged_or_bottomless_values_are_shown_as_they_are() {
        check(&[0x0a, 0x09, b'x'], Value::from("0a0978"));
        let mut nested = vec![0x10, 0x01];
        for _ in 0..40 {
            nested = [&[0x0a, nested.len() as u8][..], &nested].concat();
            nested = [&[0x2a, nested.len() as u8][..], &nested].concat();
        }
        assert!(json(&OwnedValue::Encoded(nested)).is_string());
    }
}
