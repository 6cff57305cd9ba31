//! Columns of values that repeat, encoded by us: whoever holds a text's number in the head need not have it looked up again,
//! and a number that is the one before it, as most are, costs a comparison.
//!
//! What Parquet's own writer would make of the same texts, as its format says (<https://parquet.apache.org/docs/file-format/>,
//! "Data Pages", "Encodings"): a dictionary page, then data pages of version 1 in `RLE_DICTIONARY`, or in `PLAIN` once the
//! dictionary is full.

use std::hash::BuildHasher;

use bytes::Bytes;
use hashbrown::HashTable;
use parquet::{
    basic::{Compression, Encoding, PageType},
    column::{
        page::{CompressedPage, Page, PageWriter},
        writer::ColumnCloseResult,
    },
    errors::ParquetError,
    file::{
        metadata::{ColumnChunkMetaData, OffsetIndexBuilder, PageEncodingStats},
        writer::{SerializedPageWriter, TrackedWrite},
    },
    schema::types::ColumnDescPtr,
};
use rustc_hash::{FxBuildHasher, FxHashMap};

/// A dictionary takes no further page once it has so many bytes.
const MAX_DICTIONARY: usize = 1 << 20;
const NONE: u32 = u32::MAX;

/// A column of the row group that is being written.
#[derive(Debug)]
pub(super) struct DictionaryColumn {
    is_nullable: bool,
    dictionary: Dictionary,
    /// The dictionary is full: further pages hold the texts themselves.
    is_full: bool,
    /// Of a column of numbers: the last one, and its code.
    last: Option<(u64, u32)>,
    /// The codes of the page that is being gathered, or its values in the `PLAIN` encoding.
    codes: Vec<u32>,
    plain: Vec<u8>,
    rows: usize,
    /// Which of the page's rows have a value; empty where all must have one.
    present: Vec<bool>,
    pages: Vec<DataPage>,
}

/// A page and its rows.
#[derive(Debug)]
struct DataPage {
    page: Page,
    uncompressed: usize,
    rows: usize,
}

/// Values, each once, numbered in the order they came: texts, or numbers of `width` bytes.
#[derive(Debug, Default)]
struct Dictionary {
    width: Option<u8>,
    /// Tells this dictionary from those of earlier row groups.
    group: u32,
    /// In the `PLAIN` encoding: of a text `u32 length` and bytes.
    bytes: Vec<u8>,
    ends: Vec<u32>,
    codes: HashTable<u32>,
    numbers: FxHashMap<u64, u32>,
}

impl Dictionary {
    fn code(&mut self, text: &[u8]) -> u32 {
        let hash = FxBuildHasher.hash_one(text);
        let (bytes, ends) = (&self.bytes, &self.ends);
        if let Some(&code) = self.codes.find(hash, |code| text_at(bytes, ends, *code) == text) {
            return code;
        }
        let code = u32::try_from(self.ends.len()).expect("a dictionary is small");
        put_plain(&mut self.bytes, text);
        self.ends.push(u32::try_from(self.bytes.len()).expect("a dictionary is small"));
        let (bytes, ends) = (&self.bytes, &self.ends);
        let rehash = |code: &u32| FxBuildHasher.hash_one(text_at(bytes, ends, *code));
        self.codes.insert_unique(hash, code, rehash);
        code
    }

    fn code_of_number(&mut self, number: u64, width: u8) -> u32 {
        let next = u32::try_from(self.ends.len()).expect("a dictionary is small");
        *self.numbers.entry(number).or_insert_with(|| {
            self.bytes.extend_from_slice(&number.to_le_bytes()[..usize::from(width)]);
            self.ends.push(u32::try_from(self.bytes.len()).expect("a dictionary is small"));
            next
        })
    }

    /// Empties it for the next row group.
    fn take(&mut self) -> Dictionary {
        let (width, group) = (self.width, self.group + 1);
        let next = Dictionary { width, group, ..Dictionary::default() };
        std::mem::replace(self, next)
    }
}

fn text_at<'a>(bytes: &'a [u8], ends: &[u32], code: u32) -> &'a [u8] {
    let at = code as usize;
    let start = at.checked_sub(1).map_or(0, |before| ends[before] as usize);
    &bytes[start + size_of::<u32>()..ends[at] as usize]
}

fn put_plain(out: &mut Vec<u8>, text: &[u8]) {
    let length = u32::try_from(text.len()).expect("a text is far below 4 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text);
}

/// The codes that a dictionary gave to the numbered texts of a part.
#[derive(Debug, Default)]
pub(super) struct Codes {
    group: u32,
    by_number: Vec<u32>,
}

impl Codes {
    fn get(&mut self, group: u32, number: u32) -> &mut u32 {
        if self.group != group {
            self.group = group;
            self.by_number.clear();
        }
        let at = number as usize;
        if at >= self.by_number.len() {
            self.by_number.resize(at + 1, NONE);
        }
        &mut self.by_number[at]
    }
}

/// Compresses pages; nothing where they stay as they are.
pub(super) type Compressor = Option<zstd::bulk::Compressor<'static>>;

impl DictionaryColumn {
    pub(super) fn new(is_nullable: bool) -> DictionaryColumn {
        DictionaryColumn {
            is_nullable,
            dictionary: Dictionary::default(),
            is_full: false,
            last: None,
            codes: Vec::new(),
            plain: Vec::new(),
            rows: 0,
            present: Vec::new(),
            pages: Vec::new(),
        }
    }

    /// A column of numbers that Parquet keeps in so many bytes.
    pub(super) fn of_numbers(width: u8, is_nullable: bool) -> DictionaryColumn {
        let mut column = DictionaryColumn::new(is_nullable);
        column.dictionary.width = Some(width);
        column
    }

    /// Appends a number, as the bits that it has in so many bytes.
    pub(super) fn push_number(&mut self, number: u64) {
        let width = self.dictionary.width.expect("it is a column of numbers");
        self.note_value();
        if self.is_full {
            self.plain.extend_from_slice(&number.to_le_bytes()[..usize::from(width)]);
            return;
        }
        let code = match self.last {
            Some((last, code)) if last == number => code,
            _ => self.dictionary.code_of_number(number, width),
        };
        self.last = Some((number, code));
        self.codes.push(code);
    }

    /// Rows of the page that is being gathered.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    fn note_value(&mut self) {
        self.rows += 1;
        if self.is_nullable {
            self.present.push(true);
        }
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        self.note_value();
        if self.is_full {
            return put_plain(&mut self.plain, text);
        }
        let code = self.dictionary.code(text);
        self.codes.push(code);
    }

    /// Appends a text that has a number in its part, to which `codes` belong.
    pub(super) fn push_numbered(&mut self, number: u32, codes: &mut Codes, text: &[u8]) {
        if self.is_full {
            return self.push(text);
        }
        let code = codes.get(self.dictionary.group, number);
        if *code == NONE {
            *code = self.dictionary.code(text);
        }
        self.note_value();
        self.codes.push(*code);
    }

    /// Missing values up to `rows`, where values may be missing.
    pub(super) fn fill(&mut self, rows: usize) {
        debug_assert!(self.is_nullable || rows == self.rows, "each row has a value");
        self.rows = rows;
        if self.is_nullable {
            self.present.resize(rows, false);
        }
    }

    /// Ends the page that is being gathered.
    ///
    /// # Errors
    /// When it cannot be compressed.
    pub(super) fn end_page(&mut self, compressor: &mut Compressor) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        let mut body = Vec::new();
        if self.is_nullable {
            // Which are there, behind the length of that.
            body.extend_from_slice(&[0; size_of::<u32>()]);
            put_runs(&self.present, 1, &mut body);
            let length = u32::try_from(body.len() - size_of::<u32>()).expect("a page is small");
            body[..size_of::<u32>()].copy_from_slice(&length.to_le_bytes());
        }
        let mut encoding = Encoding::PLAIN;
        if self.is_full {
            body.append(&mut self.plain);
        } else {
            encoding = Encoding::RLE_DICTIONARY;
            let most = u32::try_from(self.dictionary.ends.len()).unwrap_or(0).saturating_sub(1);
            // One that has a single text could do with no bit, which not every reader takes.
            let width = (u32::BITS - most.leading_zeros()).max(1) as u8;
            body.push(width);
            put_runs(&self.codes, width, &mut body);
        }
        let uncompressed = body.len();
        let page = Page::DataPage {
            buf: compressed(&body, compressor)?.unwrap_or(body).into(),
            num_values: u32::try_from(rows).expect("a page has few rows"),
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        self.pages.push(DataPage { page, uncompressed, rows });
        self.codes.clear();
        self.present.clear();
        self.is_full = self.dictionary.bytes.len() > MAX_DICTIONARY;
        Ok(())
    }

    /// Ends the row group: the bytes of its chunk, and what is to be said of them. All pages have ended.
    ///
    /// # Errors
    /// When Parquet refuses.
    pub(super) fn close(
        &mut self,
        column: ColumnDescPtr,
        compressor: &mut Compressor,
    ) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
        let dictionary = self.dictionary.take();
        (self.is_full, self.last) = (false, None);
        let mut sink = TrackedWrite::new(Vec::new());
        let mut writer = SerializedPageWriter::new(&mut sink);
        let packed = compressed(&dictionary.bytes, compressor)?;
        let length = dictionary.bytes.len();
        let page = Page::DictionaryPage {
            buf: packed.unwrap_or(dictionary.bytes).into(),
            num_values: u32::try_from(dictionary.ends.len()).expect("a dictionary is small"),
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let written = writer.write_page(CompressedPage::new(page, length))?;
        let mut sizes = [written.compressed_size as i64, written.uncompressed_size as i64];
        let mut offsets = OffsetIndexBuilder::new();
        let mut first = None;
        let mut rows = 0;
        let mut coded = 0;
        let pages = i32::try_from(self.pages.len()).expect("a row group has few pages");
        for DataPage { page, uncompressed, rows: page_rows } in self.pages.drain(..) {
            let is_coded = page.encoding() == Encoding::RLE_DICTIONARY;
            let written = writer.write_page(CompressedPage::new(page, uncompressed))?;
            offsets.append_offset_and_size(written.offset as i64, written.compressed_size as i32);
            offsets.append_row_count(page_rows as i64);
            sizes[0] += written.compressed_size as i64;
            sizes[1] += written.uncompressed_size as i64;
            first.get_or_insert(written.offset as i64);
            rows += page_rows;
            coded += i32::from(is_coded);
        }
        let bytes = Bytes::from(sink.into_inner()?);
        let codec = match compressor {
            None => Compression::UNCOMPRESSED,
            Some(_) => Compression::ZSTD(Default::default()),
        };
        // By these readers know whether the dictionary has all texts.
        let mut encodings = Vec::new();
        for (page_type, encoding, count) in [
            (PageType::DICTIONARY_PAGE, Encoding::PLAIN, 1),
            (PageType::DATA_PAGE, Encoding::RLE_DICTIONARY, coded),
            (PageType::DATA_PAGE, Encoding::PLAIN, pages - coded),
        ] {
            let stats = PageEncodingStats { page_type, encoding, count };
            encodings.extend((count > 0).then_some(stats));
        }
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(codec)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
            .set_total_compressed_size(sizes[0])
            .set_total_uncompressed_size(sizes[1])
            .set_num_values(rows as i64)
            .set_dictionary_page_offset(Some(0))
            .set_data_page_offset(first.unwrap_or(0))
            .set_page_encoding_stats(encodings)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(offsets.build()),
        };
        Ok((bytes, close))
    }
}

/// The bytes as `compressor` makes them; nothing where there is none.
fn compressed(bytes: &[u8], compressor: &mut Compressor) -> Result<Option<Vec<u8>>, ParquetError> {
    let Some(compressor) = compressor else { return Ok(None) };
    let packed =
        compressor.compress(bytes).map_err(|error| ParquetError::External(error.into()))?;
    Ok(Some(packed))
}

/// Values alike from so many on are told as a run.
const RUN: usize = 8;
/// Groups of eight values that a header of one byte can say.
const MAX_GROUPS: usize = 63;

/// Appends values below `2^width` in Parquet's hybrid of runs and packed bits.
fn put_runs<T: Copy + PartialEq + Into<u32>>(values: &[T], width: u8, out: &mut Vec<u8>) {
    let mut at = 0;
    // Of those before `at`, how many are to be packed: in groups of eight, so that a run begins behind a whole one.
    let mut packed = 0;
    while let Some(first) = values.get(at) {
        let run = values[at..].iter().take_while(|value| *value == first).count();
        if run >= RUN {
            put_packed(&values[at - packed..at], width, out);
            packed = 0;
            model::varint::put(out, (run as u64) << 1);
            let value: u32 = (*first).into();
            out.extend_from_slice(&value.to_le_bytes()[..usize::from(width.div_ceil(8))]);
            at += run;
            continue;
        }
        let group = 8.min(values.len() - at);
        (at, packed) = (at + group, packed + group);
        if packed == MAX_GROUPS * 8 {
            put_packed(&values[at - packed..at], width, out);
            packed = 0;
        }
    }
    put_packed(&values[at - packed..at], width, out);
}

/// Appends values with `width` bits each, eight by eight, the last eight filled up with zeros.
fn put_packed<T: Copy + Into<u32>>(values: &[T], width: u8, out: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let groups = values.len().div_ceil(8);
    model::varint::put(out, (groups as u64) << 1 | 1);
    out.reserve(groups * usize::from(width));
    let (whole, last) = values.as_chunks::<8>();
    whole.iter().for_each(|group| put_group(group.map(Into::into), width, out));
    if !last.is_empty() {
        let mut group = [0; 8];
        group.iter_mut().zip(last).for_each(|(place, value)| *place = (*value).into());
        put_group(group, width, out);
    }
}

/// Appends eight values with `width` bits each, which are as many bytes.
fn put_group(values: [u32; 8], width: u8, out: &mut Vec<u8>) {
    let bytes = usize::from(width);
    if width <= 8 {
        let bits =
            values.iter().rev().fold(0, |bits: u64, value| bits << width | u64::from(*value));
        return out.extend_from_slice(&bits.to_le_bytes()[..bytes]);
    }
    if width <= 16 {
        let bits =
            values.iter().rev().fold(0, |bits: u128, value| bits << width | u128::from(*value));
        return out.extend_from_slice(&bits.to_le_bytes()[..bytes]);
    }
    let (mut bits, mut held) = (0_u64, 0);
    for value in values {
        bits |= u64::from(value) << held;
        held += u32::from(width);
        while held >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the format says: a header whose lowest bit tells packed values from a run.
    fn read_runs(mut bytes: &[u8], width: u8, count: usize) -> Vec<u32> {
        let mut values = Vec::new();
        while values.len() < count {
            let header = crate::attribute::take_length(&mut bytes).expect("a header");
            if header & 1 == 0 {
                let (value, rest) = bytes.split_at(usize::from(width.div_ceil(8)));
                let value = value.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
                values.extend(std::iter::repeat_n(value, header >> 1));
                bytes = rest;
            } else {
                let (packed, rest) = bytes.split_at((header >> 1) * usize::from(width));
                let bit = |at: usize| u32::from(packed[at / 8] >> (at % 8) & 1);
                let width = usize::from(width);
                let value = |at: usize| (0..width).map(|low| bit(at * width + low) << low).sum();
                values.extend((0..(header >> 1) * 8).map(value).collect::<Vec<u32>>());
                bytes = rest;
            }
        }
        assert!(bytes.is_empty());
        values.truncate(count);
        values
    }

    proptest! {
        #[test]
        fn runs_read_back(
            width in 1u8..21,
            pieces in prop::collection::vec((any::<u32>(), 1usize..40, any::<bool>()), 0..60),
        ) {
            let mask = (1 << width) - 1;
            let values: Vec<u32> = pieces
                .iter()
                .flat_map(|(value, count, is_run)| {
                    (0..*count).map(move |at| if *is_run { *value } else { value.wrapping_add(at as u32 * 7919) })
                })
                .map(|value| value & mask)
                .collect();
            let mut bytes = Vec::new();
            put_runs(&values, width, &mut bytes);
            prop_assert_eq!(read_runs(&bytes, width, values.len()), values);
        }
    }
}
