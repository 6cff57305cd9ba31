//! Repeated fields of a message that was walked before, read again in place, so that iterating cannot fail.

use super::{Cursor, Entry, Fields, Problem, Raw, WireError};

/// Where the occurrences of one field stand in a message.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch<'a> {
    /// From the first occurrence's tag to the last one's end; other fields may stand between.
    bytes: &'a [u8],
    number: u32,
}

impl<'a> Stretch<'a> {
    /// Reaches as far as `entry` of the message `whole`. Entries are noted in order, each once.
    fn extend(&mut self, whole: &'a [u8], entry: &Entry<'a>) {
        let start = if self.number == 0 { entry.at } else { offset_of(whole, self.bytes) };
        self.bytes = &whole[start..entry.at + entry.whole.len()];
        self.number = entry.number;
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let number = self.number;
        Fields::new(self.bytes, "a walked message")
            .filter_map(Result::ok)
            .filter(move |entry| entry.number == number)
    }
}

/// Where `part`, a sub-slice of `whole`, begins in it.
fn offset_of(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - whole.as_ptr().addr()
}

/// A repeated field of messages, each given as its bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Repeated<'a> {
    stretch: Stretch<'a>,
    count: usize,
}

impl<'a> Repeated<'a> {
    /// Notes that `entry` of the message `whole` is one more occurrence. Entries are noted in order, each once.
    pub fn note(&mut self, whole: &'a [u8], entry: &Entry<'a>) -> Result<(), WireError> {
        entry.bytes()?;
        self.stretch.extend(whole, entry);
        self.count += 1;
        Ok(())
    }

    /// As [`Repeated::note`], with those that stand right behind it, which `fields` passes over.
    #[inline(always)]
    pub fn note_run(
        &mut self,
        entry: &Entry<'a>,
        fields: &mut Fields<'a>,
    ) -> Result<(), WireError> {
        self.note(fields.whole, entry)?;
        let mut further = 0;
        while fields.next_alike(entry.number).is_some() {
            further += 1;
        }
        if further > 0 {
            let start = offset_of(fields.whole, self.stretch.bytes);
            self.stretch.bytes = &fields.whole[start..fields.at];
            self.count += further;
        }
        Ok(())
    }

    /// How many occurrences there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each occurrence's bytes.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let number = self.stretch.number;
        let mut fields = Fields::new(self.stretch.bytes, "a walked message");
        std::iter::from_fn(move || {
            if let Some(bytes) = fields.next_alike(number) {
                return Some(bytes);
            }
            fields.find_map(|entry| match entry {
                Ok(Entry { number: found, raw: Raw::Bytes(bytes), .. }) if found == number => {
                    Some(bytes)
                }
                _ => None,
            })
        })
    }
}

impl Entry<'_> {
    /// How many numbers this entry of a repeated `fixed64` or `double` field holds, packed or not.
    pub fn fixed64s(&self) -> Result<usize, WireError> {
        match self.raw {
            Raw::Bytes(packed) if packed.len().is_multiple_of(8) => Ok(packed.len() / 8),
            Raw::Bytes(_) => Err(self.error(Problem::Truncated)),
            Raw::Fixed64(_) => Ok(1),
            _ => self.expected("a list of 64-bit numbers"),
        }
    }

    /// Walks the numbers of this entry of a repeated `uint64` field, packed or not.
    pub fn varints(&self) -> Result<(), WireError> {
        match self.raw {
            Raw::Bytes(packed) => walk(packed).map_err(|problem| self.error(problem)),
            Raw::Varint(_) => Ok(()),
            _ => self.expected("a list of varints"),
        }
    }
}

impl Entry<'_> {
    /// The numbers of this entry of a repeated `uint64` field, packed or not.
    pub fn numbers(&self) -> Result<Vec<u64>, WireError> {
        let mut cursor = Cursor { rest: numbers_of(self) };
        let mut numbers = Vec::new();
        self.varints()?;
        while !cursor.is_empty() {
            numbers.push(cursor.varint().map_err(|problem| self.error(problem))?);
        }
        Ok(numbers)
    }

    /// The numbers of this entry of a repeated `double` field, packed or not.
    pub fn doubles(&self) -> Result<Vec<f64>, WireError> {
        self.fixed64s()?;
        let packed = match self.raw {
            Raw::Bytes(packed) => packed,
            _ => &self.whole[self.whole.len() - 8..],
        };
        Ok(packed.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    }
}

/// A repeated `fixed64` or `double` field, packed or not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fixed64s<'a> {
    stretch: Stretch<'a>,
    count: usize,
}

impl<'a> Fixed64s<'a> {
    /// Notes that `entry` of the message `whole` holds more numbers. Entries are noted in order, each once.
    pub fn note(&mut self, whole: &'a [u8], entry: &Entry<'a>) -> Result<(), WireError> {
        let numbers = entry.fixed64s()?;
        self.stretch.extend(whole, entry);
        self.count += numbers;
        Ok(())
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each as an integer.
    pub fn iter(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.stretch.entries().flat_map(|entry| {
            let packed = match entry.raw {
                Raw::Bytes(packed) => packed,
                _ => &entry.whole[entry.whole.len() - 8..],
            };
            packed.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
        })
    }

    /// Each as a double.
    pub fn doubles(&self) -> impl Iterator<Item = f64> + use<'a> {
        self.iter().map(f64::from_bits)
    }
}

/// A repeated `uint64` field, packed or not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Varints<'a> {
    stretch: Stretch<'a>,
}

impl<'a> Varints<'a> {
    /// Notes that `entry` of the message `whole` holds more numbers. Entries are noted in order, each once.
    pub fn note(&mut self, whole: &'a [u8], entry: &Entry<'a>) -> Result<(), WireError> {
        entry.varints()?;
        self.stretch.extend(whole, entry);
        Ok(())
    }

    /// Each number.
    pub fn iter(&self) -> impl Iterator<Item = u64> + use<'a> {
        self.stretch.entries().flat_map(|entry| {
            let mut cursor = Cursor { rest: numbers_of(&entry) };
            std::iter::from_fn(
                move || {
                    if cursor.rest.is_empty() { None } else { cursor.varint().ok() }
                },
            )
        })
    }
}

fn walk(packed: &[u8]) -> Result<(), Problem> {
    let mut cursor = Cursor { rest: packed };
    while !cursor.rest.is_empty() {
        cursor.varint()?;
    }
    Ok(())
}

/// The varints of an entry: what is packed, or the one behind its tag.
fn numbers_of<'a>(entry: &Entry<'a>) -> &'a [u8] {
    let mut cursor = Cursor { rest: entry.whole };
    match entry.raw {
        Raw::Bytes(packed) => packed,
        _ => cursor.tag().map_or(&[], |_| cursor.rest),
    }
}
