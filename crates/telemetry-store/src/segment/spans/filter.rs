//! Which attributes the pages of a row group may hold, of those that nothing else tells.
//!
//! A column with a dictionary tells its values by that. Values that hardly repeat have none, and rare attributes lie in
//! `rest`: of these each type, key and value is in a Bloom filter, one for so many rows as a page has. Eight bits and five
//! marks for each let one of forty pages be read for nothing. The marks of one lie in one block of 64 bytes; filters of a
//! row group have the same number of blocks, and their first ones lie together, then their second ones, and so on, so that
//! asking all pages of a row group costs a single small read whatever the filters' size.
//!
//! The filters stand behind the last row group, where other readers of Parquet see a gap; the footer's entry
//! [`KEY`] says in decimal where they begin, how many rows a filter is of, and for each row group the
//! numbers of a [`Shape`]. Segments up to format 4 have one filter a row group, of which the entry [`GROUPS`]
//! says where they begin and how many bytes each has, or none.

use std::ops::Range;

use parquet::file::metadata::{KeyValue, ParquetMetaData};
use twox_hash::XxHash3_64;

use super::PAGE_ROWS;
use crate::attribute::Raw;

/// Of the footer's entry.
const KEY: &str = "vedette.attributes.pages";
/// Of that of before.
const GROUPS: &str = "vedette.attributes";
const BLOCK: usize = 64;
const BLOCK_BITS: usize = 8 * BLOCK;
const BITS_EACH: usize = 8;
const MARKS: usize = 5;
/// Marks of before.
const MARKS_OF_GROUPS: usize = 4;
/// A row group with more attributes than this fits gets filters that let more through.
const MAX_BYTES: usize = 512 << 10;

/// What stands for the type and key of attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head(u64);

impl Head {
    pub(super) fn of(head: &[u8]) -> Head {
        Head(XxHash3_64::oneshot(head))
    }

    /// What stands for one of these with a value, as [`crate::attribute`] writes that, where its key has a column.
    pub(super) fn with(self, value: &[u8]) -> u64 {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        (XxHash3_64::oneshot(value) ^ self.0).wrapping_mul(ODD)
    }
}

/// What stands for one attribute whose key has a column that is in the filters.
pub(super) fn hash(raw: Raw<'_>) -> u64 {
    Head::of(raw.head).with(raw.value)
}

/// What stands for any other one in `rest`.
pub(super) fn rare(raw: Raw<'_>) -> u64 {
    !hash(raw)
}

/// The block of a hash among so many.
fn block_of(hash: u64, blocks: usize) -> usize {
    (((hash >> 32) * blocks as u64) >> 32) as usize
}

/// The bits of a hash within its block.
fn marks(hash: u64, count: usize) -> impl Iterator<Item = usize> {
    // The upper half has chosen the block.
    let spread = (hash & 0xffff_ffff).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (0..count).map(move |number| (spread >> (64 - 9 * (number + 1))) as usize % BLOCK_BITS)
}

/// The filters of a segment that is being written.
#[derive(Debug, Default)]
pub(super) struct FilterWriter {
    hashes: Vec<u64>,
    /// How many of them there were at the end of each page.
    ends: Vec<usize>,
    bytes: Vec<u8>,
    /// See [`Shape`].
    seconds: usize,
    shapes: Vec<Shape>,
}

/// What is known of a row group's filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    filters: usize,
    /// Of each.
    blocks: usize,
    /// Attributes in `rest` though their keys have columns that are in the filters: second ones of their spans.
    seconds: usize,
}

impl Shape {
    fn bytes(self) -> usize {
        self.filters * self.blocks * BLOCK
    }
}

impl FilterWriter {
    pub(super) fn add(&mut self, hash: u64) {
        self.hashes.push(hash);
    }

    /// Adds the second attribute of its key in a span, where the key has a column that is in the filters.
    pub(super) fn add_second(&mut self, hash: u64) {
        self.add(hash);
        self.seconds += 1;
    }

    /// Ends a page.
    pub(super) fn end_page(&mut self) {
        self.ends.push(self.hashes.len());
    }

    /// Ends a row group, behind its last page.
    pub(super) fn end_group(&mut self) {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let pages: Vec<&[u64]> =
            starts.zip(&self.ends).map(|(start, end)| &self.hashes[start..*end]).collect();
        let largest = pages.iter().map(|page| page.len()).max().unwrap_or(0);
        let blocks = (largest * BITS_EACH).div_ceil(BLOCK_BITS);
        let most = MAX_BYTES / BLOCK / pages.len().max(1);
        let seconds = std::mem::take(&mut self.seconds);
        let shape = Shape { filters: pages.len(), blocks: blocks.min(most), seconds };
        let start = self.bytes.len();
        self.bytes.resize(start + shape.bytes(), 0);
        let filters = &mut self.bytes[start..];
        for (page, hashes) in pages.into_iter().enumerate() {
            for hash in hashes {
                let block = (block_of(*hash, shape.blocks) * shape.filters + page) * BLOCK;
                marks(*hash, MARKS).for_each(|bit| filters[block + bit / 8] |= 1 << (bit % 8));
            }
        }
        self.hashes.clear();
        self.ends.clear();
        self.shapes.push(shape);
    }

    /// Adds those of a row group of a segment that was written: its bytes.
    pub(super) fn copy_group(&mut self, filters: &Filters, group: usize, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.shapes.push(filters.places[group].1);
    }

    /// All filters, and the footer's entry for a place in the file.
    pub(super) fn finish(self, offset: usize) -> (Vec<u8>, KeyValue) {
        let shapes = self.shapes.iter();
        let shapes = shapes.flat_map(|shape| [shape.filters, shape.blocks, shape.seconds]);
        let numbers: Vec<String> = [offset, PAGE_ROWS]
            .into_iter()
            .chain(shapes)
            .map(|number| number.to_string())
            .collect();
        (self.bytes, KeyValue::new(KEY.to_owned(), numbers.join(" ")))
    }

    pub(super) fn groups(&self) -> usize {
        self.shapes.len()
    }
}

/// Where the filters of an opened segment are.
#[derive(Debug)]
pub(in crate::segment) struct Filters {
    /// Rows that a filter is of; all of a row group in segments of before.
    rows: Option<usize>,
    /// Offset and shape of each row group's.
    places: Vec<(u64, Shape)>,
}

impl Filters {
    /// Nothing where the segment has none, or they cannot be understood.
    pub(in crate::segment) fn of(metadata: &ParquetMetaData) -> Option<Filters> {
        let entries = metadata.file_metadata().key_value_metadata()?;
        let entry = |key| entries.iter().find(|entry| entry.key == key)?.value.as_deref();
        let numbers = |entry: &str| -> Option<Vec<usize>> {
            entry.split(' ').map(|number| number.parse().ok()).collect()
        };
        let (rows, offset, shapes): (_, _, Vec<Shape>) = match (entry(KEY), entry(GROUPS)) {
            (Some(entry), _) => match numbers(entry)?.as_slice() {
                [offset, rows, shapes @ ..] if *rows > 0 => {
                    let (shapes, []) = shapes.as_chunks::<3>() else { return None };
                    let shape = |&[filters, blocks, seconds]: &[usize; 3]| Shape {
                        filters,
                        blocks,
                        seconds,
                    };
                    (Some(*rows), *offset, shapes.iter().map(shape).collect())
                }
                _ => return None,
            },
            (None, Some(entry)) => match numbers(entry)?.as_slice() {
                [offset, lengths @ ..] => {
                    let shape =
                        |length: &usize| Shape { filters: 1, blocks: length / BLOCK, seconds: 0 };
                    (None, *offset, lengths.iter().map(shape).collect())
                }
                [] => return None,
            },
            (None, None) => return None,
        };
        let mut offset = offset as u64;
        let mut places = Vec::new();
        for shape in shapes {
            places.push((offset, shape));
            offset += shape.bytes() as u64;
        }
        (places.len() == metadata.num_row_groups()).then_some(Filters { rows, places })
    }

    /// Whether they are as they are written now.
    pub(super) fn are_of_pages(&self) -> bool {
        self.rows == Some(PAGE_ROWS)
    }

    /// Where all filters of a row group lie, offset and length.
    pub(super) fn all_of(&self, group: usize) -> (u64, usize) {
        let (offset, shape) = self.places[group];
        (offset, shape.bytes())
    }

    /// Whether the second attribute of its key in a span is told like the first, though it lies in `rest`, where the key
    /// has a column that is in the filters; and if so, whether a row group has some.
    pub(super) fn seconds(&self, group: usize) -> Option<bool> {
        self.rows.map(|_| self.places[group].1.seconds > 0)
    }

    /// Where the blocks of a hash lie, offset and length; nothing for a row group without attributes in its filters.
    pub(super) fn blocks(&self, group: usize, hash: u64) -> Option<(u64, usize)> {
        let (offset, Shape { filters, blocks, .. }) = self.places[group];
        let width = filters * BLOCK;
        (width > 0 && blocks > 0).then(|| (offset + (block_of(hash, blocks) * width) as u64, width))
    }

    /// The rows, of so many, of the filters whose blocks say that what the hash stands for may be there.
    pub(super) fn rows_with(&self, blocks: &[u8], hash: u64, rows: usize) -> Vec<Range<usize>> {
        let (width, count) = match self.rows {
            Some(width) => (width, MARKS),
            None => (rows, MARKS_OF_GROUPS),
        };
        let mut found: Vec<Range<usize>> = Vec::new();
        for (number, block) in blocks.chunks_exact(BLOCK).enumerate() {
            if marks(hash, count).all(|bit| block[bit / 8] & (1 << (bit % 8)) != 0) {
                let some = (number * width).min(rows)..((number + 1) * width).min(rows);
                match found.last_mut() {
                    Some(last) if last.end == some.start => last.end = some.end,
                    _ => found.push(some),
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The filters of a row group whose pages have these attributes.
    fn filters<P: Iterator<Item = u64>>(pages: impl Iterator<Item = P>) -> (Vec<u8>, Filters) {
        let mut writer = FilterWriter::default();
        for page in pages {
            page.for_each(|hash| writer.add(hash));
            writer.end_page();
        }
        writer.end_group();
        let shape = writer.shapes[0];
        (writer.finish(0).0, Filters { rows: Some(PAGE_ROWS), places: vec![(0, shape)] })
    }

    fn found((bytes, filters): &(Vec<u8>, Filters), hash: u64) -> Vec<Range<usize>> {
        let Some((offset, length)) = filters.blocks(0, hash) else { return Vec::new() };
        let start = usize::try_from(offset).unwrap();
        filters.rows_with(&bytes[start..start + length], hash, 3 * PAGE_ROWS - 7)
    }

    fn user(number: u64) -> u64 {
        Head::of(b"\x01\x04user").with(number.to_string().as_bytes())
    }

    #[test]
    fn what_was_added_is_found_in_its_page_and_hardly_anything_else() {
        const EACH: u64 = 10_000;
        let pages = filters((0..3).map(|page| (page * EACH..(page + 1) * EACH).map(user)));
        let size = (EACH as usize * BITS_EACH).div_ceil(BLOCK_BITS) * BLOCK;
        assert_eq!(pages.0.len(), 3 * size);
        let rows = |page: usize| page * PAGE_ROWS..((page + 1) * PAGE_ROWS).min(3 * PAGE_ROWS - 7);
        let mut wrong = 0;
        for number in 0..6 * EACH {
            let found = found(&pages, user(number));
            let is_in = |page: usize| found.iter().any(|some| some.contains(&rows(page).start));
            let page = usize::try_from(number / EACH).unwrap();
            assert!(page >= 3 || is_in(page), "{number}");
            wrong += (0..3).filter(|other| *other != page && is_in(*other)).count();
        }
        // Of a hundred and twenty and thirty thousand questions.
        assert!(wrong < 150_000 / 36, "{wrong}");
    }

    #[test]
    fn a_filter_of_before_tells_of_a_whole_row_group() {
        let hash = user(17);
        let mut block = [0; BLOCK];
        marks(hash, MARKS_OF_GROUPS).for_each(|bit| block[bit / 8] |= 1 << (bit % 8));
        let filters =
            Filters { rows: None, places: vec![(7, Shape { filters: 1, blocks: 1, seconds: 0 })] };
        assert_eq!(filters.blocks(0, hash), Some((7, BLOCK)));
        let found = filters.rows_with(&block, hash, 99);
        assert!(matches!(found.as_slice(), [all] if *all == (0..99)), "{found:?}");
        assert!(filters.rows_with(&block, user(18), 99).is_empty());
        assert_eq!(filters.seconds(0), None);
    }

    #[test]
    fn the_same_value_of_another_key_is_another_attribute() {
        let head = |key: &[u8]| Head::of(key).with(b"17");
        assert_ne!(head(b"a"), head(b"b"));
    }

    #[test]
    fn a_row_group_without_such_attributes_has_an_empty_filter() {
        let empty = filters(std::iter::once(std::iter::empty()));
        assert_eq!((empty.0.len(), found(&empty, user(1))), (0, Vec::new()));
    }
}
