//! OTLP's `AnyValue` and `KeyValue`, read in place.
//!
//! [`read`] gives what the pipeline decides on (scalars) and leaves arrays, maps and bytes encoded. [`check`] walks
//! all of a value once, at intake, so that nobody behind meets a fault in it.

use model::attributes::{Attributes, Value};

use super::wire::{Entry, Fields, Problem, Repeated, WireError};

/// How many `AnyValue`s may stand inside one another.
pub const MAX_DEPTH: u32 = 32;

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

/// Walks all of an encoded `AnyValue`: sound protobuf, valid UTF-8, at most [`MAX_DEPTH`] deep. Of several faults, one
/// that damns the whole request is reported before one that damns this value only.
pub fn check(encoded: &[u8]) -> Result<(), WireError> {
    check_nested(encoded, 1)
}

/// [`check`] for an encoded `KeyValue`.
pub fn check_pair(encoded: &[u8]) -> Result<(), WireError> {
    check_pair_nested(encoded, 1)
}

fn check_nested(encoded: &[u8], depth: u32) -> Result<(), WireError> {
    let mut mild = Ok(());
    for entry in Fields::new(encoded, "AnyValue") {
        let entry = entry?;
        let found = match entry.number {
            1 => entry.text().map(drop),
            2 | 3 => entry.varint().map(drop),
            4 => entry.double().map(drop),
            5 | 6 if depth >= MAX_DEPTH => Err(entry.error(Problem::TooDeep(MAX_DEPTH))),
            5 => check_each(&entry, "ArrayValue", |item| check_nested(item, depth + 1)),
            6 => check_each(&entry, "KeyValueList", |item| check_pair_nested(item, depth + 1)),
            7 => entry.bytes().map(drop),
            _ => Ok(()),
        };
        keep_worst(&mut mild, found)?;
    }
    mild
}

fn check_pair_nested(encoded: &[u8], depth: u32) -> Result<(), WireError> {
    let mut mild = Ok(());
    for entry in Fields::new(encoded, "KeyValue") {
        let entry = entry?;
        let found = match entry.number {
            1 => entry.text().map(drop),
            2 => entry.bytes().and_then(|value| check_nested(value, depth)),
            _ => Ok(()),
        };
        keep_worst(&mut mild, found)?;
    }
    mild
}

fn check_each(
    list: &Entry<'_>,
    message: &'static str,
    check_item: impl Fn(&[u8]) -> Result<(), WireError>,
) -> Result<(), WireError> {
    let mut mild = Ok(());
    for entry in Fields::new(list.bytes()?, message) {
        let entry = entry?;
        if entry.number == 1 {
            keep_worst(&mut mild, check_item(entry.bytes()?))?;
        }
    }
    mild
}

/// Remembers the first mild fault and goes on; hands a grave one up at once.
pub(crate) fn keep_worst(
    mild: &mut Result<(), WireError>,
    found: Result<(), WireError>,
) -> Result<(), WireError> {
    match found {
        Err(error) if !error.spares_the_request() => return Err(error),
        Err(error) if mild.is_ok() => *mild = Err(error),
        _ => {}
    }
    Ok(())
}
