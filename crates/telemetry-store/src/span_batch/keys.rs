//! The keys of the attributes of many spans, each with its type kept once and told by a number.

use model::attributes::Value;
use rustc_hash::FxHashMap;

use crate::attribute::{self, Raw};

/// Types and keys of attributes by number, and how often each occurs.
#[derive(Debug, Default)]
pub struct Keys {
    /// Type and key as [`attribute::encode`] writes them.
    heads: Vec<Box<[u8]>>,
    counts: Vec<usize>,
    numbers: FxHashMap<Box<[u8]>, u32>,
    bytes: usize,
}

impl Keys {
    fn number(&mut self, head: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(head) {
            self.counts[number as usize] += 1;
            return number;
        }
        let number = u32::try_from(self.heads.len()).expect("a part holds fewer than 2^32 keys");
        self.heads.push(head.into());
        self.counts.push(1);
        self.numbers.insert(head.into(), number);
        self.bytes += 2 * head.len() + 72;
        number
    }

    /// Each head and how many attributes have it.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.heads.iter().map(|head| &**head).zip(self.counts.iter().copied())
    }

    /// About how much memory they take.
    pub(super) fn memory(&self) -> usize {
        self.bytes
    }
}

/// Attributes as a batch holds them: for each the number of its type and key as a varint, then its value.
#[derive(Clone, Copy, Debug)]
pub struct Numbered<'a> {
    bytes: &'a [u8],
    keys: &'a Keys,
}

impl<'a> Numbered<'a> {
    pub(super) fn new(bytes: &'a [u8], keys: &'a Keys) -> Numbered<'a> {
        Numbered { bytes, keys }
    }

    /// Each as a number and what [`attribute::encode`] writes for it.
    pub(crate) fn raw(self) -> impl Iterator<Item = (usize, Raw<'a>)> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let number = attribute::take_length(&mut rest)?;
            let head = &**self.keys.heads.get(number)?;
            Some((number, Raw { head, value: attribute::take_value(head[0], &mut rest)? }))
        })
    }
}

/// The attributes of a row.
#[derive(Clone, Copy, Debug)]
pub enum Attributes<'a> {
    /// As [`attribute::encode`] writes them.
    Encoded(&'a [u8]),
    Numbered(Numbered<'a>),
}

impl<'a> Attributes<'a> {
    /// Each key and value.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.raw().map_while(Raw::read)
    }

    /// Each undecoded.
    pub(crate) fn raw(self) -> impl Iterator<Item = Raw<'a>> {
        let (encoded, numbered) = match self {
            Attributes::Encoded(bytes) => (Some(attribute::split(bytes)), None),
            Attributes::Numbered(numbered) => (None, Some(numbered.raw())),
        };
        encoded.into_iter().flatten().chain(numbered.into_iter().flatten().map(|(_, raw)| raw))
    }

    /// Appends them with numbers of `keys`.
    pub(super) fn number(self, keys: &mut Keys, out: &mut Vec<u8>) {
        let mut put = |raw: Raw<'_>| {
            attribute::put_length(out, keys.number(raw.head) as usize);
            out.extend_from_slice(raw.value);
        };
        match self {
            Attributes::Encoded(bytes) => attribute::split(bytes).for_each(put),
            Attributes::Numbered(numbered) => numbered.raw().for_each(|(_, raw)| put(raw)),
        }
    }
}
