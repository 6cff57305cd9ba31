//! A statement and its arguments, before a driver is known.

use std::borrow::Cow;

use sqlx::database::HasStatementCache;
use sqlx::{Database, Encode, Type};

/// One statement with `?` for each argument.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    text: Cow<'static, str>,
    arguments: Vec<Value>,
}

/// An argument. No column of ours is NULL.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A statement. Text that is not constant must hold no data: data goes into [`Query::bind`].
pub(crate) fn sql(text: impl Into<Cow<'static, str>>) -> Query {
    Query { text: text.into(), arguments: Vec::new() }
}

/// `?, ?, ?` for an IN of `count` arguments.
pub(crate) fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

impl Query {
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.arguments.push(value.into());
        self
    }

    pub(crate) fn bind_all<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.arguments.extend(values.into_iter().map(Into::into));
        self
    }

    /// The statement as a driver takes it. Constant statements stay prepared on their connection; built ones
    /// come in too many lengths to be worth it.
    pub(super) fn prepared<'q, DB: Database + HasStatementCache>(
        &'q self,
    ) -> sqlx::query::Query<'q, DB, <DB as Database>::Arguments<'q>>
    where
        i64: Encode<'q, DB> + Type<DB>,
        f64: Encode<'q, DB> + Type<DB>,
        &'q str: Encode<'q, DB> + Type<DB>,
        &'q [u8]: Encode<'q, DB> + Type<DB>,
    {
        let is_constant = matches!(self.text, Cow::Borrowed(_));
        let mut query = sqlx::query::<DB>(&self.text);
        for argument in &self.arguments {
            query = match argument {
                Value::Int(value) => query.bind(*value),
                Value::Real(value) => query.bind(*value),
                Value::Text(value) => query.bind(value.as_str()),
                Value::Bytes(value) => query.bind(value.as_slice()),
            };
        }
        query.persistent(is_constant)
    }
}

macro_rules! value_from {
    ($($from:ty => |$value:ident| $into:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self { $into }
        })*
    };
}

value_from! {
    u8 => |value| Self::Int(value.into());
    u16 => |value| Self::Int(value.into());
    u32 => |value| Self::Int(value.into());
    i64 => |value| Self::Int(value);
    // Neither database has an unsigned integer in common with the other: the bits are kept, and come back
    // by `Row::unsigned`. Nothing compares such columns by size.
    u64 => |value| Self::Int(value.cast_signed());
    bool => |value| Self::Int(value.into());
    f64 => |value| Self::Real(value);
    &str => |value| Self::Text(value.to_owned());
    String => |value| Self::Text(value);
    &[u8] => |value| Self::Bytes(value.to_vec());
    [u8; 16] => |value| Self::Bytes(value.to_vec());
    [u8; 32] => |value| Self::Bytes(value.to_vec());
}
