//! The keys of the attributes of many spans, each with its type kept once and told by a number.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use model::{
    attributes::Value,
    key_numbers::KeyNumbers,
    sanitise::{MASKED, Replacement},
};
use rustc_hash::FxBuildHasher;

use super::vocabulary::{Known, Numbers};
use crate::attribute::{self, KINDS, Raw};

/// Types and keys of attributes by number, and how often each occurs. Texts of a key that repeat are kept once: such a key
/// has a second number, behind which the number of the text stands instead of the text.
#[derive(Debug, Default)]
pub struct Keys {
    all: Vec<Key>,
    keys: KeyNumbers,
    /// The number of each key by its type; [`NONE`] where the key has not come with that type.
    by_kind: Vec<[u32; KINDS]>,
    bytes: usize,
    known: KnownKeys,
}

/// What the numbers of a vocabulary's epoch are here.
#[derive(Debug, Default)]
struct KnownKeys {
    epoch: u32,
    /// By the number of the key.
    keys: Vec<KnownKey>,
}

#[derive(Clone, Debug)]
struct KnownKey {
    /// [`NONE`] before the key comes.
    place: u32,
    /// By the number of the text; [`NONE`] before it comes.
    texts: Vec<u32>,
}

const UNKNOWN: KnownKey = KnownKey { place: NONE, texts: Vec::new() };

/// A type and key.
#[derive(Debug)]
struct Key {
    /// As [`attribute::encode`] writes them.
    head: Box<[u8]>,
    count: usize,
    /// Its texts, where they are kept once.
    texts: Option<Texts>,
}

const NONE: u32 = u32::MAX;
/// The place of texts that are kept once among a key's numbers: no type has this number.
const REPEATING: u8 = 0;
/// After so many texts it is clear whether a key's repeat, which they do unless more than half of them were new.
const TRIED: usize = 128;
/// Longer texts hardly repeat.
const MAX_REPEATING: usize = 512;

impl Keys {
    /// Says that another row's attributes begin.
    fn begin(&mut self) {
        self.keys.begin();
    }

    /// Expects of each key what another batch learned of it.
    pub(super) fn expect_like(&mut self, other: &Keys) {
        for key in other.all.iter().filter(|key| key.texts.as_ref().is_some_and(Texts::vary)) {
            let (_, name) = attribute::kind_and_key(&key.head);
            self.keys.begin();
            let at = self.place(name);
            let number = self.number(at, REPEATING, name);
            self.all[number].texts.as_mut().expect("it has texts").varies = true;
        }
    }

    /// The place of a key.
    fn place(&mut self, key: &[u8]) -> usize {
        let (place, is_new) = self.keys.number(key);
        if is_new {
            self.by_kind.push([NONE; KINDS]);
        }
        place as usize
    }

    /// The number of a type, below [`KINDS`], of the key at a place.
    fn number(&mut self, place: usize, kind: u8, key: &[u8]) -> usize {
        let number = &mut self.by_kind[place][usize::from(kind)];
        if *number == NONE {
            *number = u32::try_from(self.all.len()).expect("a part holds fewer than 2^32 keys");
            let is_repeating = kind == REPEATING;
            let head = attribute::head(if is_repeating { attribute::TEXT } else { kind }, key);
            self.bytes += head.len() + size_of::<Key>();
            let texts = is_repeating.then(Texts::default);
            self.all.push(Key { head: head.into(), count: 0, texts });
        }
        *number as usize
    }

    /// Appends an attribute.
    fn put(&mut self, key: &[u8], value: Value<'_>, out: &mut Vec<u8>) {
        let place = self.place(key);
        self.put_at(place, key, value, out);
    }

    fn put_at(&mut self, place: usize, key: &[u8], value: Value<'_>, out: &mut Vec<u8>) {
        if let Value::Str(text) = value {
            let number = self.number(place, REPEATING, key);
            let entry = &mut self.all[number];
            let texts = entry.texts.as_mut().expect("it has texts");
            if let Some(text) = texts.number(text, usize::MAX, &mut self.bytes) {
                entry.count += 1;
                attribute::put_length(out, number);
                return attribute::put_length(out, text as usize);
            }
        }
        let number = self.number(place, attribute::kind(value), key);
        self.all[number].count += 1;
        attribute::put_length(out, number);
        attribute::put_value(out, value);
    }

    /// Appends an attribute that has numbers of the vocabulary's epoch to which [`KnownKeys`] belong.
    fn put_known(&mut self, numbers: Numbers, key: &str, value: Value<'_>, out: &mut Vec<u8>) {
        let of_key = numbers.key as usize;
        if of_key >= self.known.keys.len() {
            self.known.keys.resize(of_key + 1, UNKNOWN);
        }
        if self.known.keys[of_key].place == NONE {
            self.known.keys[of_key].place = self.place(key.as_bytes()) as u32;
        }
        let place = self.known.keys[of_key].place as usize;
        let (Some(of_text), Value::Str(text)) = (numbers.text, value) else {
            return self.put_at(place, key.as_bytes(), value, out);
        };
        let number = self.number(place, REPEATING, key.as_bytes());
        let entry = &mut self.all[number];
        entry.count += 1;
        let known = &mut self.known.keys[of_key].texts;
        let of_text = of_text as usize;
        if of_text >= known.len() {
            known.resize(of_text + 1, NONE);
        }
        if known[of_text] == NONE {
            let texts = entry.texts.as_mut().expect("it has texts");
            known[of_text] = texts.keep(text, &mut self.bytes);
        }
        attribute::put_length(out, number);
        attribute::put_length(out, known[of_text] as usize);
    }

    /// Prepares for numbers of a vocabulary's epoch.
    fn expect(&mut self, epoch: u32) {
        if self.known.epoch != epoch {
            self.known = KnownKeys { epoch, keys: Vec::new() };
        }
    }

    /// Forgets what is of use only while rows are added.
    pub(super) fn close(&mut self) {
        self.known = KnownKeys::default();
    }

    /// Each head and how many attributes have it.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.all.iter().map(|key| (&*key.head, key.count))
    }

    /// Whether a value of a type and key may be among attributes that lie in `bodies`.
    pub(super) fn may_hold(&self, head: &[u8], value: &[u8], bodies: &[u8]) -> bool {
        let mut of_key = self.all.iter().filter(|key| key.count > 0 && *key.head == *head);
        of_key.any(|key| match &key.texts {
            Some(texts) => (0..texts.starts.len()).any(|text| texts.get(text as u32) == value),
            None => memchr::memmem::find(bodies, value).is_some(),
        })
    }

    /// About how much memory they take.
    pub(super) fn memory(&self) -> usize {
        self.bytes + self.keys.memory()
    }
}

/// Texts of one key, each kept once.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// Each as [`attribute::put_value`] writes it.
    bytes: Vec<u8>,
    starts: Vec<u32>,
    numbers: HashTable<u32>,
    /// How often a text was looked for.
    asked: usize,
    /// The last one's number: that of the next one, often.
    last: u32,
    /// Whether they hardly repeat, so that no further one is kept here.
    varies: bool,
}

impl Texts {
    fn vary(&self) -> bool {
        self.varies
    }

    /// The number of a text; nothing where texts of this key hardly repeat, and for a new one where there are `max`.
    pub(super) fn number(&mut self, text: &str, max: usize, memory: &mut usize) -> Option<u32> {
        if self.varies || text.len() > MAX_REPEATING {
            return None;
        }
        self.asked += 1;
        if self.is(self.last, text) {
            return Some(self.last);
        }
        let hash = FxBuildHasher.hash_one(text);
        if let Some(&number) = self.numbers.find(hash, |number| self.is(*number, text)) {
            self.last = number;
            return Some(number);
        }
        if self.asked >= TRIED && self.starts.len() * 2 > self.asked {
            self.varies = true;
            return None;
        }
        (self.starts.len() < max).then(|| self.add(hash, text, memory))
    }

    /// The number of a text, which is kept whether texts of this key repeat or not.
    fn keep(&mut self, text: &str, memory: &mut usize) -> u32 {
        let hash = FxBuildHasher.hash_one(text);
        match self.numbers.find(hash, |number| self.is(*number, text)) {
            Some(&number) => number,
            None => self.add(hash, text, memory),
        }
    }

    fn is(&self, number: u32, text: &str) -> bool {
        (number as usize) < self.starts.len() && content(self.get(number)) == text.as_bytes()
    }

    fn add(&mut self, hash: u64, text: &str, memory: &mut usize) -> u32 {
        let number = u32::try_from(self.starts.len()).expect("a part has fewer texts");
        self.starts.push(u32::try_from(self.bytes.len()).expect("a part is far below 4 GiB"));
        attribute::put_value(&mut self.bytes, Value::Str(text));
        let rehash = |number: &u32| {
            let bytes = value_at(&self.bytes, &self.starts, *number);
            let text = std::str::from_utf8(content(bytes)).expect("texts were put here");
            FxBuildHasher.hash_one(text)
        };
        self.numbers.insert_unique(hash, number, rehash);
        *memory += 2 * (text.len() + 16);
        self.last = number;
        number
    }

    /// A text as [`attribute::put_value`] writes it.
    fn get(&self, number: u32) -> &[u8] {
        value_at(&self.bytes, &self.starts, number)
    }
}

fn value_at<'a>(bytes: &'a [u8], starts: &[u32], number: u32) -> &'a [u8] {
    let at = number as usize;
    let end = starts.get(at + 1).map_or(bytes.len(), |end| *end as usize);
    &bytes[starts[at] as usize..end]
}

/// A text without its length.
fn content(value: &[u8]) -> &[u8] {
    let mut rest = value;
    attribute::take_length(&mut rest);
    rest
}

/// Attributes as a batch holds them: for each the number of its type and key as a varint, then its value, or the number
/// of its text.
#[derive(Clone, Copy, Debug)]
pub struct Numbered<'a> {
    bytes: &'a [u8],
    keys: &'a Keys,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    /// Of its type and key.
    pub(crate) number: usize,
    /// Of its text, where its key's texts are kept once.
    pub(crate) text: Option<u32>,
    /// What [`attribute::encode`] writes for it.
    pub(crate) raw: Raw<'a>,
}

impl<'a> Numbered<'a> {
    pub(super) fn new(bytes: &'a [u8], keys: &'a Keys) -> Numbered<'a> {
        Numbered { bytes, keys }
    }

    /// Each of them.
    pub(crate) fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            let number = attribute::take_length(&mut rest)?;
            let key = self.keys.all.get(number)?;
            let (text, value) = match &key.texts {
                Some(texts) => {
                    let text = attribute::take_length(&mut rest)? as u32;
                    (Some(text), texts.get(text))
                }
                None => (None, attribute::take_value(key.head[0], &mut rest)?),
            };
            Some(Entry { number, text, raw: Raw { head: &key.head, value } })
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
    /// Their numbers, where there are any; of those that are replaced the text's is that of what stands in its place.
    pub known: Known<'a>,
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
                (None, None, Some(numbered.entries().map_while(|entry| entry.raw.read())))
            }
        };
        let encoded = encoded.into_iter().flatten();
        encoded.chain(listed.into_iter().flatten()).chain(numbered.into_iter().flatten())
    }

    /// Appends them with numbers of `keys`.
    pub(super) fn number(self, keys: &mut Keys, out: &mut Vec<u8>) {
        keys.begin();
        match self {
            Attributes::Listed(listed) if !listed.known.numbers.is_empty() => {
                keys.expect(listed.known.epoch);
                for ((key, value), numbers) in listed.iter().zip(listed.known.numbers) {
                    keys.put_known(*numbers, key, value, out);
                }
            }
            _ => self.iter().for_each(|(key, value)| keys.put(key.as_bytes(), value, out)),
        }
    }
}
