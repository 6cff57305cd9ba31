//! Attributes of a resource, span or log record, borrowed from the agent's own bytes.

use smallvec::SmallVec;

/// One attribute's value. Arrays, maps and byte strings stay as the encoded OTLP `AnyValue`, since nothing decides on them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Str(&'a str),
    Int(i64),
    Double(f64),
    Bool(bool),
    /// An encoded `opentelemetry.proto.common.v1.AnyValue`.
    Encoded(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The text of a string value.
    pub fn as_str(&self) -> Option<&'a str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The number of an integer value, or of a text that is one (some agents send ports as text).
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Str(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// A list of attributes in the order they were sent; a later one of the same key wins.
#[derive(Clone, Debug, Default)]
pub struct Attributes<'a> {
    items: SmallVec<[(&'a str, Value<'a>); 24]>,
}

impl<'a> Attributes<'a> {
    /// No attributes.
    pub fn new() -> Self {
        Attributes::default()
    }

    /// Appends one.
    pub fn push(&mut self, key: &'a str, value: Value<'a>) {
        self.items.push((key, value));
    }

    /// Forgets all, keeping the memory.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.items.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    /// The text of a key's string value.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(|value| value.as_str())
    }

    /// All, in the order they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + '_ {
        self.items.iter().copied()
    }

    /// All as a slice, in the order they were sent.
    pub fn as_slice(&self) -> &[(&'a str, Value<'a>)] {
        &self.items
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl<'a> FromIterator<(&'a str, Value<'a>)> for Attributes<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, Value<'a>)>>(pairs: I) -> Self {
        Attributes { items: pairs.into_iter().collect() }
    }
}
