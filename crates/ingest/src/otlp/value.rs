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
