//! A borrowing reader of protobuf's wire format: one message's fields, one after the other, without allocating.
//!
//! It decides what is no protobuf at all (ends early, lying lengths, overlong varints, field number 0) and says in
//! which message and field. It knows no schema: a caller asks an [`Entry`] for the type it expects, skips numbers it
//! does not know, and may keep their bytes. Groups, which proto3 no longer has, are skipped with a depth cap.

mod repeated;
pub mod write;

use std::fmt;

pub use repeated::{Fixed64s, Repeated, Varints};

use super::schema;

/// How deep unknown groups may nest before the reader gives up.
const MAX_GROUP_DEPTH: u32 = 32;

/// Why bytes could not be read, with the message and field that was being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}: {problem} (byte {at} of the message)", FieldName(.message, *.field))]
pub struct WireError {
    /// The OTLP message being read, such as `Span`.
    pub message: &'static str,
    /// The field's number; 0 when its tag itself could not be read.
    pub field: u32,
    /// Offset in the message of the field's tag.
    pub at: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("the message ends inside the field")]
    Truncated,
    #[error("a length of {0} bytes reaches beyond the end of the message")]
    LyingLength(u64),
    #[error("a number is longer than 10 bytes or 64 bits")]
    OverlongVarint,
    #[error("{0} is no field number")]
    BadFieldNumber(u64),
    #[error("{0} is no wire type")]
    BadWireType(u8),
    #[error("groups are nested too deeply or not closed")]
    BadGroup,
    #[error("found {found} where {expected} belongs")]
    WrongType { expected: &'static str, found: &'static str },
    #[error("the text is not valid UTF-8")]
    NotUtf8,
    #[error("values are nested more than {0} deep")]
    TooDeep(u32),
    #[error("the request holds more than {0} resources and scopes; send it in smaller batches")]
    TooManyContainers(u32),
}

impl WireError {
    /// Whether the bytes are sound protobuf and only what one span, point or record says is unusable, so that this one
    /// alone is refused.
    pub fn spares_the_request(&self) -> bool {
        matches!(self.problem, Problem::NotUtf8 | Problem::TooDeep(_))
    }
}

/// `.name (field 5)` where the tables know the field.
struct FieldName<'m>(&'m str, u32);

impl fmt::Display for FieldName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.1, schema::field_name(self.0, self.1)) {
            (0, _) => Ok(()),
            (number, Some(name)) => write!(f, ".{name} (field {number})"),
            (number, None) => write!(f, " field {number}"),
        }
    }
}

/// A field's value as the wire knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
    /// A group and all in it, skipped.
    Group,
}

impl Raw<'_> {
    fn name(self) -> &'static str {
        match self {
            Raw::Varint(_) => "a varint",
            Raw::Fixed64(_) => "a 64-bit number",
            Raw::Bytes(_) => "a length-delimited value",
            Raw::Fixed32(_) => "a 32-bit number",
            Raw::Group => "a group",
        }
    }
}

/// One field of a message.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The field's number.
    pub number: u32,
    /// Its value.
    pub raw: Raw<'a>,
    /// Tag and value as they stand in the message.
    pub whole: &'a [u8],
    message: &'static str,
    at: usize,
}

impl<'a> Entry<'a> {
    /// The fault `problem` of this field.
    pub fn error(&self, problem: Problem) -> WireError {
        WireError { message: self.message, field: self.number, at: self.at, problem }
    }

    fn expected<T>(&self, expected: &'static str) -> Result<T, WireError> {
        Err(self.error(Problem::WrongType { expected, found: self.raw.name() }))
    }

    /// A `bytes` field or a nested message.
    #[inline]
    pub fn bytes(&self) -> Result<&'a [u8], WireError> {
        match self.raw {
            Raw::Bytes(bytes) => Ok(bytes),
            _ => self.expected("a length-delimited value"),
        }
    }

    /// A `string` field.
    #[inline]
    pub fn text(&self) -> Result<&'a str, WireError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| self.error(Problem::NotUtf8))
    }

    /// A `uint64`, `int64`, `uint32`, `int32`, `bool` or enum field.
    #[inline]
    pub fn varint(&self) -> Result<u64, WireError> {
        match self.raw {
            Raw::Varint(number) => Ok(number),
            _ => self.expected("a varint"),
        }
    }

    /// A `uint32` field; protobuf keeps the low 32 bits of a longer number.
    pub fn uint32(&self) -> Result<u32, WireError> {
        self.varint().map(|number| number as u32)
    }

    /// A `sint32` field (zigzag).
    pub fn sint32(&self) -> Result<i32, WireError> {
        self.uint32().map(|number| (number >> 1) as i32 ^ -((number & 1) as i32))
    }

    /// A `fixed64` field.
    #[inline]
    pub fn fixed64(&self) -> Result<u64, WireError> {
        match self.raw {
            Raw::Fixed64(number) => Ok(number),
            _ => self.expected("a 64-bit number"),
        }
    }

    /// A `double` field.
    pub fn double(&self) -> Result<f64, WireError> {
        self.fixed64().map(f64::from_bits)
    }

    /// A `fixed32` field.
    #[inline]
    pub fn fixed32(&self) -> Result<u32, WireError> {
        match self.raw {
            Raw::Fixed32(number) => Ok(number),
            _ => self.expected("a 32-bit number"),
        }
    }
}

/// The fields of one message, in the order they were sent. Ends after the first fault.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    whole: &'a [u8],
    at: usize,
    message: &'static str,
}

impl<'a> Fields<'a> {
    /// Reads `bytes` as the OTLP message called `message` (the name is for errors only).
    pub fn new(bytes: &'a [u8], message: &'static str) -> Fields<'a> {
        Fields { whole: bytes, at: 0, message }
    }

    #[inline(always)]
    fn read(&mut self) -> Result<Entry<'a>, WireError> {
        let start = self.at;
        let fault = |field, problem| WireError { message: self.message, field, at: start, problem };
        let mut cursor = Cursor { rest: &self.whole[start..] };
        let (number, wire_type) = cursor.tag().map_err(|problem| fault(0, problem))?;
        let raw = cursor.value(number, wire_type).map_err(|problem| fault(number, problem))?;
        self.at = self.whole.len() - cursor.rest.len();
        let whole = &self.whole[start..self.at];
        Ok(Entry { number, raw, whole, message: self.message, at: start })
    }

    /// The bytes of the next field where it is a length-delimited one of this number, as agents nearly always write those that
    /// repeat. Nothing where it is another field, and perhaps where it is written otherwise: that takes the longer way.
    #[inline(always)]
    pub(super) fn next_alike(&mut self, number: u32) -> Option<&'a [u8]> {
        let mut cursor = Cursor { rest: &self.whole[self.at..] };
        let bytes = cursor.next_alike(number)?;
        self.at = self.whole.len() - cursor.rest.len();
        Some(bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Entry<'a>, WireError>;

    // In the loops that read spans, so that an entry is never put together in memory.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.whole.len() {
            return None;
        }
        let entry = self.read();
        if entry.is_err() {
            self.at = self.whole.len();
        }
        Some(entry)
    }
}

/// What is left to read of a message.
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { rest: bytes }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(crate) fn fixed64(&mut self) -> Result<u64, Problem> {
        self.array().map(u64::from_le_bytes)
    }

    #[inline]
    pub(super) fn fixed32(&mut self) -> Result<u32, Problem> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline]
    pub(super) fn tag(&mut self) -> Result<(u32, u8), Problem> {
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number >= 1 << 29 {
            return Err(Problem::BadFieldNumber(number));
        }
        Ok((number as u32, (tag & 7) as u8))
    }

    #[inline(always)]
    fn value(&mut self, number: u32, wire_type: u8) -> Result<Raw<'a>, Problem> {
        match wire_type {
            0 => self.varint().map(Raw::Varint),
            1 => self.fixed64().map(Raw::Fixed64),
            2 => self.delimited().map(Raw::Bytes),
            3 => self.skip_group(number).map(|()| Raw::Group),
            4 => Err(Problem::BadGroup),
            5 => self.fixed32().map(Raw::Fixed32),
            other => Err(Problem::BadWireType(other)),
        }
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Problem> {
        // Most tags, lengths and enums are one byte.
        if let Some((&first, rest)) = self.rest.split_first()
            && first < 0x80
        {
            self.rest = rest;
            return Ok(u64::from(first));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Result<u64, Problem> {
        let mut number = 0u64;
        for (index, &byte) in self.rest.iter().enumerate().take(10) {
            // The tenth byte has room for one bit only.
            if index == 9 && byte > 1 {
                return Err(Problem::OverlongVarint);
            }
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(number);
            }
        }
        Err(if self.rest.len() < 10 { Problem::Truncated } else { Problem::OverlongVarint })
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    pub(crate) fn delimited(&mut self) -> Result<&'a [u8], Problem> {
        let length = self.varint()?;
        let fits = usize::try_from(length).ok().and_then(|n| self.rest.split_at_checked(n));
        let (bytes, rest) = fits.ok_or(Problem::LyingLength(length))?;
        self.rest = rest;
        Ok(bytes)
    }

    /// See [`Fields::next_alike`].
    #[inline(always)]
    pub(super) fn next_alike(&mut self, number: u32) -> Option<&'a [u8]> {
        let (&tag, behind) = self.rest.split_first()?;
        if u32::from(tag) != number << 3 | 2 || tag >= 0x80 {
            return None;
        }
        let (length, behind) = match behind {
            [length @ 0..=0x7f, behind @ ..] => (usize::from(*length), behind),
            [low @ 0x80..=0xff, high @ 0..=0x7f, behind @ ..] => {
                (usize::from(*low & 0x7f) | usize::from(*high) << 7, behind)
            }
            _ => return None,
        };
        let (bytes, rest) = behind.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    /// Skips to the end of the group `number`, whose start tag was read.
    fn skip_group(&mut self, number: u32) -> Result<(), Problem> {
        let mut open = [0u32; MAX_GROUP_DEPTH as usize];
        open[0] = number;
        let mut depth = 1;
        while depth > 0 {
            let (number, wire_type) = self.tag().map_err(|_| Problem::BadGroup)?;
            match wire_type {
                3 if depth == open.len() => return Err(Problem::BadGroup),
                3 => {
                    open[depth] = number;
                    depth += 1;
                }
                4 if open[depth - 1] != number => return Err(Problem::BadGroup),
                4 => depth -= 1,
                _ => {
                    self.value(number, wire_type)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
