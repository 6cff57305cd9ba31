//! Which attributes a row group may hold, of those that nothing else tells.
//!
//! A column with a dictionary tells its values by that. Values that hardly repeat have none, and rare attributes lie in
//! `rest`: of these each type, key and value is in a Bloom filter, one a row group. Six bits and four marks for each let
//! one of eighteen row groups be read for nothing. The marks of one lie in one block of 64 bytes, so that asking costs a
//! single small read whatever the filter's size.
//!
//! The filters stand behind the last row group, where other readers of Parquet see a gap; the footer's entry
//! [`KEY`] says in decimal where they begin and how long each is. Segments of before have none.

use parquet::file::metadata::{KeyValue, ParquetMetaData};
use twox_hash::XxHash3_64;

use crate::attribute::Raw;

/// Of the footer's entry.
const KEY: &str = "vedette.attributes";
const BLOCK: usize = 64;
const BLOCK_BITS: usize = 8 * BLOCK;
const BITS_EACH: usize = 6;
const MARKS: usize = 4;
/// A row group with more attributes than this fits gets a filter that lets more through.
const MAX_BYTES: usize = 256 << 10;

/// What stands for the type and key of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head(u64);

impl Head {
    pub(super) fn of(head: &[u8]) -> Head {
        Head(XxHash3_64::oneshot(head))
    }

    /// What stands for one of these with a value, as [`crate::attribute`] writes that, in the attribute's column.
    pub(super) fn with(self, value: &[u8]) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        (XxHash3_64::oneshot(value) ^ self.0).wrapping_mul(ODD)
    }
}

/// What stands for one attribute in its column.
pub(super) fn hash(raw: Raw<'_>) -> u64 {
    Head::of(raw.head).with(raw.value)
}

/// What stands for one attribute in `rest`.
pub(super) fn rare(raw: Raw<'_>) -> u64 {
    !hash(raw)
}

/// The block of a hash among so many.
fn block_of(hash: u64, blocks: usize) -> usize {
    (((hash >> 32) * blocks as u64) >> 32) as usize
}

/// The bits of a hash within its block.
fn marks(hash: u64) -> impl Iterator<Item = usize> {
    // The upper half has chosen the block.
    let spread = (hash & 0xffff_ffff).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (0..MARKS).map(move |number| (spread >> (64 - 9 * (number + 1))) as usize % BLOCK_BITS)
}

/// The filters of a segment that is being written.
#[derive(Debug, Default)]
pub(super) struct FilterWriter {
    hashes: Vec<u64>,
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl FilterWriter {
    pub(super) fn add(&mut self, hash: u64) {
        self.hashes.push(hash);
    }

    /// Ends a row group.
    pub(super) fn end_group(&mut self) {
        let blocks = (self.hashes.len() * BITS_EACH).div_ceil(BLOCK_BITS).min(MAX_BYTES / BLOCK);
        let start = self.bytes.len();
        self.bytes.resize(start + blocks * BLOCK, 0);
        let filter = &mut self.bytes[start..];
        for hash in self.hashes.drain(..) {
            let block = block_of(hash, blocks) * BLOCK;
            marks(hash).for_each(|bit| filter[block + bit / 8] |= 1 << (bit % 8));
        }
        self.lengths.push(blocks * BLOCK);
    }

    /// All filters, and the footer's entry for a place in the file.
    pub(super) fn finish(self, offset: usize) -> (Vec<u8>, KeyValue) {
        let lengths = self.lengths.iter().map(usize::to_string);
        let numbers: Vec<String> = [offset.to_string()].into_iter().chain(lengths).collect();
        (self.bytes, KeyValue::new(KEY.to_owned(), numbers.join(" ")))
    }

    pub(super) fn groups(&self) -> usize {
        self.lengths.len()
    }
}

/// Where the filters of an opened segment are.
#[derive(Debug)]
pub(in crate::segment) struct Filters {
    /// Offset and length of each row group's.
    places: Vec<(u64, usize)>,
}

impl Filters {
    /// Nothing where the segment has none, or they cannot be understood.
    pub(in crate::segment) fn of(metadata: &ParquetMetaData) -> Option<Filters> {
        let entries = metadata.file_metadata().key_value_metadata()?;
        let entry = entries.iter().find(|entry| entry.key == KEY)?.value.as_ref()?;
        let mut numbers = entry.split(' ').map(|number| number.parse::<u64>().ok());
        let mut offset = numbers.next()??;
        let mut places = Vec::new();
        for length in numbers {
            let length = usize::try_from(length?).ok().filter(|length| length % BLOCK == 0)?;
            places.push((offset, length));
            offset += length as u64;
        }
        (places.len() == metadata.num_row_groups()).then_some(Filters { places })
    }

    /// Where the block of a hash lies, offset and length; nothing for a row group without attributes in its filter.
    pub(super) fn block(&self, group: usize, hash: u64) -> Option<(u64, usize)> {
        let (offset, length) = self.places[group];
        let blocks = length / BLOCK;
        (blocks > 0).then(|| (offset + (block_of(hash, blocks) * BLOCK) as u64, BLOCK))
    }
}

/// Whether a block says that what the hash stands for may be there.
pub(super) fn may_hold(block: &[u8], hash: u64) -> bool {
    marks(hash).all(|bit| block.get(bit / 8).is_none_or(|byte| byte & (1 << (bit % 8)) != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(hashes: impl Iterator<Item = u64>) -> (Vec<u8>, usize) {
        let mut writer = FilterWriter::default();
        hashes.for_each(|hash| writer.add(hash));
        writer.end_group();
        let length = writer.lengths[0];
        (writer.finish(0).0, length)
    }

    fn holds(bytes: &[u8], hash: u64) -> bool {
        let start = block_of(hash, bytes.len() / BLOCK) * BLOCK;
        may_hold(&bytes[start..start + BLOCK], hash)
    }

    fn user(number: u64) -> u64 {
        Head::of(b"\x01\x04user").with(number.to_string().as_bytes())
    }

    #[test]
    fn what_was_added_is_always_found_and_one_of_twelve_others_at_most() {
        let (bytes, length) = filter((0..60_000).map(user));
        assert_eq!(length, (60_000 * BITS_EACH).div_ceil(BLOCK_BITS) * BLOCK);
        assert!((0..60_000).all(|number| holds(&bytes, user(number))));
        let wrong = (60_000..160_000).filter(|number| holds(&bytes, user(*number))).count();
        assert!(wrong < 100_000 / 12, "{wrong} of 100000");
    }

    #[test]
    fn the_same_value_of_another_key_is_another_attribute() {
        let head = |key: &[u8]| Head::of(key).with(b"17");
        assert_ne!(head(b"a"), head(b"b"));
    }

    #[test]
    fn a_row_group_without_such_attributes_has_an_empty_filter() {
        assert_eq!(filter(std::iter::empty()), (Vec::new(), 0));
    }
}
