//! The readers of one message, one field and one value, as serde calls them.

use std::fmt;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};

use super::output::{Output, Step};
use crate::otlp::{
    limits::MAX_CONTAINERS,
    schema::{Field, Kind, MAX_DEPTH, Message},
    wire::{Problem, write},
};

/// Reads an object as the fields of a message.
pub(super) struct MessageSeed<'o> {
    pub(super) message: &'static Message,
    pub(super) output: &'o mut Output,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object ({})", self.message.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.output.depth > MAX_DEPTH {
            return Err(A::Error::custom(format!("values are nested more than {MAX_DEPTH} deep")));
        }
        self.output.depth += 1;
        while let Some(field) = map.next_key_seed(NameSeed(self.message))? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            self.output.enter(Step::Field(field.name));
            map.next_value_seed(FieldSeed { field, output: self.output })?;
            self.output.leave();
        }
        self.output.depth -= 1;
        Ok(())
    }
}

/// Reads a name as the message's field of that name, where it has one.
struct NameSeed(&'static Message);

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Option<&'static Field>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Option<&'static Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.by_name(name))
    }
}

/// Reads a field's value, or its list of values.
struct FieldSeed<'o> {
    field: &'static Field,
    output: &'o mut Output,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        if self.field.repeated {
            reader.deserialize_any(ListVisitor { field: self.field, output: self.output })
        } else {
            let value =
                ValueVisitor { field: self.field, output: self.output, null_is_absent: true };
            reader.deserialize_any(value)
        }
    }
}

/// Reads a list. Numbers are written one by one too: packing them is the writer's choice, and every reader takes both.
struct ListVisitor<'o> {
    field: &'static Field,
    output: &'o mut Output,
}

impl<'de> Visitor<'de> for ListVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for index in 0.. {
            self.output.enter(Step::Index(index));
            let item = ItemSeed { field: self.field, output: self.output };
            let more = list.next_element_seed(item)?;
            self.output.leave();
            if more.is_none() {
                break;
            }
            if !self.output.count_container(self.field) {
                let problem = Problem::TooManyContainers(MAX_CONTAINERS);
                return Err(A::Error::custom(problem));
            }
        }
        Ok(())
    }
}

/// Reads one value of a list.
struct ItemSeed<'o> {
    field: &'static Field,
    output: &'o mut Output,
}

impl<'de> DeserializeSeed<'de> for ItemSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        let value = ValueVisitor { field: self.field, output: self.output, null_is_absent: false };
        reader.deserialize_any(value)
    }
}

/// Reads a value and writes it as the field's kind asks.
struct ValueVisitor<'o> {
    field: &'static Field,
    output: &'o mut Output,
    null_is_absent: bool,
}

impl ValueVisitor<'_> {
    fn check_size<E: Error>(&self) -> Result<(), E> {
        if self.output.is_full() { Err(E::custom("the body is too big")) } else { Ok(()) }
    }

    /// Writes an integer where the field takes one of this size.
    fn integer<E: Error>(self, number: i128) -> Result<(), E> {
        let out = &mut self.output.bytes;
        let field = self.field.number;
        let fits = match self.field.kind {
            Kind::Int32 | Kind::Enum | Kind::Sint32 => i32::try_from(number).is_ok(),
            Kind::Int64 | Kind::Sfixed64 => i64::try_from(number).is_ok(),
            Kind::Uint32 | Kind::Fixed32 => u32::try_from(number).is_ok(),
            Kind::Uint64 | Kind::Fixed64 => u64::try_from(number).is_ok(),
            _ => return Err(E::invalid_type(Unexpected::Other("an integer"), &self)),
        };
        if !fits {
            return Err(E::custom(format!("{number} is out of range")));
        }
        // What fits its kind keeps its two's complement.
        let bits = number as u64;
        match self.field.kind {
            Kind::Sfixed64 | Kind::Fixed64 => write::fixed64(out, field, bits),
            Kind::Fixed32 => write::fixed32(out, field, number as u32),
            Kind::Sint32 => {
                let zigzag = (number as i32) << 1 ^ (number as i32) >> 31;
                write::number(out, field, u64::from(zigzag as u32));
            }
            _ => write::number(out, field, bits),
        }
        self.check_size()
    }

    fn double<E: Error>(self, number: f64) -> Result<(), E> {
        write::fixed64(&mut self.output.bytes, self.field.number, number.to_bits());
        self.check_size()
    }

    fn bytes<E: Error>(self, bytes: &[u8]) -> Result<(), E> {
        write::bytes(&mut self.output.bytes, self.field.number, bytes);
        self.check_size()
    }
}

impl<'de> Visitor<'de> for ValueVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.field.kind {
            Kind::Text => "text",
            Kind::Bytes => "bytes in base64",
            Kind::HexId => "an id in hexadecimal digits",
            Kind::Bool => "true or false",
            Kind::Enum => "an enum's number",
            Kind::Double => "a number",
            Kind::Message(message) => return write!(f, "an object ({})", message.name),
            _ => "an integer, as a number or in quotes",
        })
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        if self.null_is_absent { Ok(()) } else { Err(E::invalid_type(Unexpected::Unit, &self)) }
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        if !matches!(self.field.kind, Kind::Bool) {
            return Err(E::invalid_type(Unexpected::Bool(value), &self));
        }
        write::number(&mut self.output.bytes, self.field.number, u64::from(value));
        self.check_size()
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        match self.field.kind {
            Kind::Double => self.double(number as f64),
            _ => self.integer(i128::from(number)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        match self.field.kind {
            Kind::Double => self.double(number as f64),
            _ => self.integer(i128::from(number)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        match self.field.kind {
            Kind::Double => self.double(number),
            // Protobuf's mapping takes 1e3 and 5.0 for integers.
            _ if number.fract() == 0.0 && number.abs() < 1e19 => self.integer(number as i128),
            _ => Err(E::invalid_type(Unexpected::Float(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.field.kind {
            Kind::Text => self.bytes(text.as_bytes()),
            Kind::HexId => match hex::decode(text) {
                Ok(id) => self.bytes(&id),
                Err(_) => Err(E::invalid_value(Unexpected::Str(shortened(text)), &self)),
            },
            Kind::Bytes => match base64_of(text) {
                Some(bytes) => self.bytes(&bytes),
                None => Err(E::invalid_value(Unexpected::Str(shortened(text)), &self)),
            },
            Kind::Double => match double_of(text) {
                Some(number) => self.double(number),
                None => Err(E::invalid_value(Unexpected::Str(shortened(text)), &self)),
            },
            Kind::Bool | Kind::Enum | Kind::Message(_) => {
                Err(E::invalid_type(Unexpected::Str(shortened(text)), &self))
            }
            _ => match text.parse() {
                Ok(number) => self.integer(number),
                Err(_) => Err(E::invalid_value(Unexpected::Str(shortened(text)), &self)),
            },
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Kind::Message(message) = self.field.kind else {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        };
        let at = write::open(&mut self.output.bytes, self.field.number);
        MessageSeed { message, output: self.output }.visit_map(map)?;
        write::close(&mut self.output.bytes, at);
        self.check_size()
    }
}

/// Enough of a text to recognise it in an error.
fn shortened(text: &str) -> &str {
    text.char_indices().nth(40).map_or(text, |(end, _)| &text[..end])
}

/// Both alphabets, with or without padding, as protobuf's mapping asks.
fn base64_of(text: &str) -> Option<Vec<u8>> {
    const ANY_PADDING: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let url_safe = text.contains(['-', '_']);
    let alphabet = if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    GeneralPurpose::new(alphabet, ANY_PADDING).decode(text).ok()
}

/// The three names that protobuf's mapping knows, or a number in quotes.
fn double_of(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}
