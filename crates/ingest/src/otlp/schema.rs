//! OTLP's messages as tables: field numbers, JSON names and types, from opentelemetry-proto's `.proto` files.
//!
//! Two readers use them: [`check`] walks encoded bytes to the bottom once, at intake, so that nobody behind meets a
//! fault; [`super::json`] turns JSON into encoded bytes. The views in [`super::trace`], [`super::metrics`] and
//! [`super::logs`] are written out instead, since the pipeline lives in them.

mod check;
mod tables;

pub use check::{MAX_DEPTH, check, check_except};
pub use tables::{
    ANY_VALUE, EXPORT_LOGS, EXPORT_METRICS, EXPORT_TRACE, LOG_RECORD, METRIC, RESOURCE_LOGS,
    RESOURCE_METRICS, RESOURCE_SPANS, SCOPE_LOGS, SCOPE_METRICS, SCOPE_SPANS, SPAN,
};
pub(crate) use tables::{KEY_VALUE, data_of};

/// A message type.
#[derive(Debug)]
pub struct Message {
    /// Its name in the `.proto` file.
    pub name: &'static str,
    /// Its fields, ascending by number.
    pub fields: &'static [Field],
}

/// A field of a message type.
#[derive(Debug)]
pub struct Field {
    pub number: u32,
    /// The name in JSON.
    pub name: &'static str,
    pub kind: Kind,
    pub repeated: bool,
}

/// A field's type.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Text,
    Bytes,
    /// Bytes that JSON writes as hexadecimal digits: trace and span ids.
    HexId,
    Bool,
    /// An enum, which OTLP's JSON writes as its number.
    Enum,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Fixed32,
    Fixed64,
    Sfixed64,
    Double,
    Message(&'static Message),
}

impl Message {
    /// The field of a number.
    pub fn by_number(&self, number: u32) -> Option<&'static Field> {
        // Most messages number their fields without gaps.
        let guess = self.fields.get((number as usize).wrapping_sub(1));
        guess
            .filter(|field| field.number == number)
            .or_else(|| self.fields.iter().find(|field| field.number == number))
    }

    /// The field of a JSON name.
    pub fn by_name(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The JSON name of a message's field, for errors.
pub(crate) fn field_name(message: &str, number: u32) -> Option<&'static str> {
    let table = tables::ALL.iter().find(|table| table.name == message)?;
    table.by_number(number).map(|field| field.name)
}
