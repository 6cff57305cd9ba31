//! An attribute that spans are to have.

use model::attributes::Value;

use crate::{
    attribute::{self, Raw},
    segment::spans::filter,
    span_batch::{Glance, Part},
};

/// Key and value as a person gives them: a text, which may also be meant as a number or a truth.
#[derive(Clone, Debug)]
pub struct Pair {
    pub(super) meant: Vec<Meant>,
}

/// One type that the value may be of.
#[derive(Clone, Debug)]
pub(super) struct Meant {
    /// The column that its values are in, where the attribute is frequent.
    pub(super) column: String,
    pub(super) value: Typed,
    /// Type and key, and the value, as [`attribute::encode`] writes them.
    head: Vec<u8>,
    raw: Vec<u8>,
    /// What stands for it in filters: where its column is, and among the rare ones.
    pub(super) hash: u64,
    pub(super) rare: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Typed {
    Text(String),
    Int(i64),
    Double(f64),
    Bool(bool),
}

impl Pair {
    /// Of a key and what its value reads as.
    pub fn new(key: &str, value: &str) -> Pair {
        let typed = [
            Some(Typed::Text(value.to_owned())),
            value.parse().ok().map(Typed::Int),
            value.parse().ok().map(Typed::Double),
            value.parse().ok().map(Typed::Bool),
        ];
        Pair { meant: typed.into_iter().flatten().map(|value| Meant::new(key, value)).collect() }
    }

    fn is(&self, raw: Raw<'_>) -> bool {
        self.meant.iter().any(|meant| meant.head == raw.head && meant.raw == raw.value)
    }

    /// What stands in such a list where the attribute is in it, for a look at all bytes at once.
    pub(crate) fn encoded(&self) -> impl Iterator<Item = Vec<u8>> {
        self.meant.iter().map(|meant| [meant.head.as_slice(), &meant.raw].concat())
    }

    /// Whether it is among attributes as [`attribute::encode`] writes them.
    pub(crate) fn is_in(&self, encoded: &[u8]) -> bool {
        attribute::split(encoded).any(|raw| self.is(raw))
    }

    /// Whether a span in memory or its resource has it.
    pub(super) fn is_of(&self, span: &Glance<'_>) -> bool {
        span.attributes.entries().any(|entry| self.is(entry.raw)) || self.is_in(span.resource)
    }

    /// Whether a span of a part may have it; most are told by a look at all bytes at once.
    pub(crate) fn may_be_in(&self, part: &Part) -> bool {
        self.meant.iter().any(|meant| part.may_hold(&meant.head, &meant.raw))
            || part.texts().any(|text| self.is_in(text))
    }
}

impl Meant {
    fn new(key: &str, value: Typed) -> Meant {
        let (letter, plain) = match &value {
            Typed::Text(text) => ('s', Value::Str(text)),
            Typed::Int(number) => ('i', Value::Int(*number)),
            Typed::Double(number) => ('d', Value::Double(*number)),
            Typed::Bool(truth) => ('b', Value::Bool(*truth)),
        };
        let mut encoded = Vec::new();
        attribute::encode(&mut encoded, key, plain);
        let raw = attribute::split(&encoded).next().expect("one was written");
        Meant {
            column: format!("{letter}:{key}"),
            head: raw.head.to_vec(),
            raw: raw.value.to_vec(),
            hash: filter::hash(raw),
            rare: filter::rare(raw),
            value,
        }
    }
}
