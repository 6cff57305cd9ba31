//! The keys of the attributes of many spans, each with its type kept once and told by a number.

use model::{
    attributes::Value,
    key_numbers::KeyNumbers,
    sanitise::{MASKED, Replacement},
};

use crate::attribute::{self, KINDS, Raw};

/// Types and keys of attributes by number, and how often each occurs.
#[derive(Debug, Default)]
pub struct Keys {
    /// Type and key as [`attribute::encode`] writes them.
    heads: Vec<Box<[u8]>>,
    counts: Vec<usize>,
    keys: KeyNumbers,
    /// The number of each key's head by its type; [`NONE`] where the key has not come with that type.
    by_kind: Vec<[u32; KINDS]>,
    bytes: usize,
}

const NONE: u32 = u32::MAX;

impl Keys {
    /// Says that another row's attributes begin.
    fn begin(&mut self) {
        self.keys.begin();
    }

    /// The number of a type, below [`KINDS`], and key.
    fn number(&mut self, kind: u8, key: &[u8]) -> u32 {
        let (key_number, is_new) = self.keys.number(key);
        if is_new {
            self.by_kind.push([NONE; KINDS]);
        }
        let number = &mut self.by_kind[key_number as usize][usize::from(kind)];
        if *number == NONE {
            *number = u32::try_from(self.heads.len()).expect("a part holds fewer than 2^32 keys");
            let head = attribute::head(kind, key);
            self.bytes += head.len() + 48;
            self.heads.push(head.into());
            self.counts.push(0);
        }
        self.counts[*number as usize] += 1;
        *number
    }

    /// Each head and how many attributes have it.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.heads.iter().map(|head| &**head).zip(self.counts.iter().copied())
    }

    /// About how much memory they take.
    pub(super) fn memory(&self) -> usize {
        self.bytes + self.keys.memory()
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

/// Attributes as an agent sent them, of which some are replaced.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// As they were sent.
    pub list: &'a [(&'a str, Value<'a>)],
    /// What stands in place of some, by their places in the list, which rise.
    pub replaced: &'a [(usize, Replacement)],
    /// Only so many of them are stored.
    pub count: usize,
}

/// Longer keys are cut.
const MAX_KEY: usize = 255;

impl<'a> Listed<'a> {
    /// Each key and value as they are stored.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let mut replaced = self.replaced;
        self.list.iter().take(self.count).enumerate().map(move |(at, &(key, value))| {
            let key = if key.len() > MAX_KEY { attribute::truncated(key, MAX_KEY) } else { key };
            let Some(((place, replacement), rest)) = replaced.split_first() else {
                return (key, value);
            };
            if *place != at {
                return (key, value);
            }
            replaced = rest;
            let value = match replacement {
                Replacement::Masked => Value::Str(MASKED),
                Replacement::Text(text) => Value::Str(text),
                Replacement::Encoded(bytes) => Value::Encoded(bytes),
            };
            (key, value)
        })
    }
}

/// The attributes of a row.
#[derive(Clone, Copy, Debug)]
pub enum Attributes<'a> {
    /// As [`attribute::encode`] writes them.
    Encoded(&'a [u8]),
    Listed(Listed<'a>),
    Numbered(Numbered<'a>),
}

impl<'a> Attributes<'a> {
    /// Each key and value.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        let (encoded, listed, numbered) = match self {
            Attributes::Encoded(bytes) => (Some(attribute::decode(bytes)), None, None),
            Attributes::Listed(listed) => (None, Some(listed.iter()), None),
            Attributes::Numbered(numbered) => {
                (None, None, Some(numbered.raw().map_while(|(_, raw)| raw.read())))
            }
        };
        let encoded = encoded.into_iter().flatten();
        encoded.chain(listed.into_iter().flatten()).chain(numbered.into_iter().flatten())
    }

    /// Appends them with numbers of `keys`.
    pub(super) fn number(self, keys: &mut Keys, out: &mut Vec<u8>) {
        keys.begin();
        let mut put = |raw: Raw<'_>| {
            let (kind, key) = raw.kind_and_key();
            attribute::put_length(out, keys.number(kind, key) as usize);
            out.extend_from_slice(raw.value);
        };
        match self {
            Attributes::Encoded(bytes) => attribute::split(bytes).for_each(put),
            Attributes::Numbered(numbered) => numbered.raw().for_each(|(_, raw)| put(raw)),
            Attributes::Listed(listed) => listed.iter().for_each(|(key, value)| {
                let number = keys.number(attribute::kind(value), key.as_bytes());
                attribute::put_length(out, number as usize);
                attribute::put_value(out, value);
            }),
        }
    }
}
