//! Where in a row group an attribute may be, by what is known before its rows are read; and how it is told there.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BinaryArray, BooleanArray, DictionaryArray, Float64Array,
        Int64Array, StringArray,
    },
    datatypes::{DataType, Field, Int32Type, Schema, SchemaRef},
    record_batch::RecordBatch,
};
use parquet::{
    basic::Encoding,
    column::page::{Page, PageReader},
    file::metadata::ColumnChunkMetaData,
};

use super::pair::{Pair, Typed};
use crate::{
    attribute,
    segment::{
        Opened, SegmentError,
        spans::{
            copy::is_vacant,
            filter::{Filters, hash},
        },
        unpack::Unpacker,
    },
};

/// What a segment's footer says to a search.
#[derive(Debug)]
pub(in crate::segment) struct Footer {
    /// By which texts with a dictionary are read as their numbers in there.
    pub(super) coded: SchemaRef,
    filters: Option<Filters>,
    /// Of each row group, once they were asked.
    resources: Box<[OnceLock<Resources>]>,
}

/// What stands for the attributes in a row group's resources, sorted; nothing where they are not all known, or too many
/// to be kept.
type Resources = Option<Box<[u64]>>;

/// Attributes of all resources of a row group.
const MAX_OF_RESOURCES: usize = 4096;

impl Footer {
    pub(super) fn of(segment: &Opened) -> &Footer {
        if let Some(footer) = segment.search.get() {
            return footer;
        }
        let metadata = segment.footer.metadata();
        let fields = segment.footer.schema().fields().iter().map(|field| match field.data_type() {
            DataType::Utf8 | DataType::Binary => {
                let of = Box::new(field.data_type().clone());
                let coded = DataType::Dictionary(Box::new(DataType::Int32), of);
                Arc::new(Field::new(field.name(), coded, field.is_nullable()))
            }
            _ => Arc::clone(field),
        });
        let coded = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let resources = metadata.row_groups().iter().map(|_| OnceLock::new()).collect();
        let footer = Footer { coded, filters: Filters::of(metadata), resources };
        segment.search.get_or_init(|| footer)
    }
}

/// Where an attribute may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the column of one of the types meant; whether a dictionary has all of its values.
    Column { meant: usize, coded: bool },
    /// Among the rare ones.
    Rest,
    /// In the resource.
    Resource { coded: bool },
}

impl Place {
    pub(super) fn column<'a>(&self, pair: &'a Pair) -> &'a str {
        match self {
            Place::Column { meant, .. } => &pair.meant[*meant].column,
            Place::Rest => "rest",
            Place::Resource { .. } => "resource",
        }
    }

    /// Whether it is read as numbers of a dictionary.
    pub(super) fn is_coded(&self) -> bool {
        match self {
            Place::Column { coded, .. } | Place::Resource { coded } => *coded,
            Place::Rest => false,
        }
    }

    /// Whether the values there are few, so that many spans have one.
    pub(super) fn repeats(&self) -> bool {
        self.is_coded()
    }

    pub(super) fn matcher<'p>(&self, pair: &'p Pair) -> Matcher<'p> {
        let test = match self {
            Place::Column { meant, .. } => Test::Value(&pair.meant[*meant].value),
            Place::Rest | Place::Resource { .. } => Test::Among(pair),
        };
        Matcher { test, known: None }
    }
}

/// A place, and the rows of which an attribute may be there.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) place: Place,
    pub(super) rows: Vec<Range<usize>>,
}

/// All places of a row group where an attribute may be.
pub(super) fn places(
    segment: &Opened,
    unpacker: &Unpacker,
    group: usize,
    pair: &Pair,
) -> Result<Vec<Candidate>, SegmentError> {
    let rows = segment.rows_of_group(group);
    let everywhere = || std::iter::once(0..rows).collect::<Vec<_>>();
    let filters = Footer::of(segment).filters.as_ref();
    let passes = |hash: u64| {
        // A segment of long before has no filter.
        let Some(filters) = filters else { return Ok(everywhere()) };
        let Some((offset, length)) = filters.blocks(group, hash) else { return Ok(Vec::new()) };
        let blocks = segment.file.read(offset, length).map_err(|source| segment.failed(source))?;
        Ok(filters.rows_with(&blocks, hash, rows))
    };
    let mut candidates = Vec::new();
    let mut rare: Vec<Range<usize>> = Vec::new();
    for (number, meant) in pair.meant.iter().enumerate() {
        let metadata = segment.footer.metadata().row_group(group);
        let column = segment.column_number(&meant.column);
        let column = column.filter(|column| !is_vacant(metadata.column(*column)));
        let Some(column) = column else {
            rare.extend(passes(meant.rare)?);
            continue;
        };
        let chunk = metadata.column(column);
        // One whose dictionary grew too large, and truths, which have none, are in no filter.
        let unknown =
            chunk.dictionary_page_offset().is_some() || matches!(meant.value, Typed::Bool(_));
        let coded = is_coded(chunk);
        let rows = if coded {
            let has = |dictionary: &[u8]| dictionary_holds(dictionary, &meant.value);
            let dictionary = dictionary(segment, unpacker, group, column)?;
            let may_be = dictionary.is_none_or(|dictionary| has(&dictionary));
            if may_be { everywhere() } else { Vec::new() }
        } else if unknown {
            everywhere()
        } else {
            passes(meant.hash)?
        };
        // What a span has twice stands among the rare ones for the second time.
        rare.extend(match filters.and_then(|filters| filters.seconds(group)) {
            Some(false) if !unknown => Vec::new(),
            Some(true) if !unknown => rows.clone(),
            _ => passes(meant.rare)?,
        });
        // Only texts are read as their numbers.
        let coded = coded && matches!(meant.value, Typed::Text(_));
        candidates.push(Candidate { place: Place::Column { meant: number, coded }, rows });
    }
    candidates.push(Candidate { place: Place::Rest, rows: union(rare) });
    if let Some(place) = resource(segment, unpacker, group, pair)? {
        candidates.push(Candidate { place, rows: everywhere() });
    }
    candidates.retain(|candidate| !candidate.rows.is_empty());
    Ok(candidates)
}

/// Ranges in order, none of which touches another.
fn union(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut all: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match all.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => all.push(range),
        }
    }
    all
}

fn resource(
    segment: &Opened,
    unpacker: &Unpacker,
    group: usize,
    pair: &Pair,
) -> Result<Option<Place>, SegmentError> {
    let Some(column) = segment.column_number("resource") else { return Ok(None) };
    let coded = is_coded(segment.footer.metadata().row_group(group).column(column));
    let known = &Footer::of(segment).resources[group];
    let known = match known.get() {
        Some(known) => known,
        None => {
            let dictionary = match coded {
                true => dictionary(segment, unpacker, group, column)?,
                false => None,
            };
            known.get_or_init(|| dictionary.and_then(|dictionary| attributes(&dictionary)))
        }
    };
    let may_be = known.as_ref().is_none_or(|known| {
        pair.meant.iter().any(|meant| known.binary_search(&meant.hash).is_ok())
    });
    Ok(may_be.then_some(Place::Resource { coded }))
}

/// What stands for each attribute in a dictionary of resources.
fn attributes(dictionary: &[u8]) -> Resources {
    let mut all: Vec<u64> = texts(dictionary).flat_map(attribute::split).map(hash).collect();
    all.sort_unstable();
    all.dedup();
    (all.len() <= MAX_OF_RESOURCES).then(|| all.into())
}

/// Whether a dictionary has all values of a column.
fn is_coded(chunk: &ColumnChunkMetaData) -> bool {
    chunk.dictionary_page_offset().is_some()
        && chunk.page_encoding_stats_mask().is_some_and(|mask| {
            mask.is_only(Encoding::RLE_DICTIONARY) || mask.is_only(Encoding::PLAIN_DICTIONARY)
        })
}

/// A column's dictionary in a row group, as Parquet writes plain values.
fn dictionary(
    segment: &Opened,
    unpacker: &Unpacker,
    group: usize,
    column: usize,
) -> Result<Option<bytes::Bytes>, SegmentError> {
    let first = unpacker
        .group(segment, group)
        .pages(column, false)
        .and_then(|mut pages| pages.get_next_page())
        .map_err(|source| segment.failed(source))?;
    Ok(match first {
        Some(Page::DictionaryPage { buf, .. }) => Some(buf),
        _ => None,
    })
}

fn dictionary_holds(dictionary: &[u8], value: &Typed) -> bool {
    let (numbers, _) = dictionary.as_chunks::<8>();
    match value {
        Typed::Text(text) => texts(dictionary).any(|known| known == text.as_bytes()),
        Typed::Int(number) => numbers.contains(&number.to_le_bytes()),
        Typed::Double(number) => numbers.contains(&number.to_le_bytes()),
        Typed::Bool(_) => true,
    }
}

/// Plain byte strings: four bytes of length, little endian, before each.
fn texts(plain: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = plain;
    std::iter::from_fn(move || {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (text, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        rest = behind;
        Some(text)
    })
}

/// Tells in which rows of a column an attribute is.
pub(super) struct Matcher<'p> {
    test: Test<'p>,
    /// Of the last dictionary which of its values match.
    known: Option<(ArrayRef, Vec<bool>)>,
}

enum Test<'p> {
    Value(&'p Typed),
    /// Attributes as they are encoded.
    Among(&'p Pair),
}

impl Matcher<'_> {
    /// Gives the rows of a batch of one column; nothing when it is of a type that none has.
    pub(super) fn each(&mut self, batch: &RecordBatch, mut each: impl FnMut(usize)) -> Option<()> {
        let column = batch.columns().first()?;
        if let Some(coded) = column.as_dictionary_opt::<Int32Type>() {
            return self.each_coded(coded, each);
        }
        let matching = self.matching(column)?;
        matching.iter().enumerate().filter(|(_, matches)| **matches).for_each(|(at, _)| each(at));
        Some(())
    }

    fn each_coded(
        &mut self,
        coded: &DictionaryArray<Int32Type>,
        mut each: impl FnMut(usize),
    ) -> Option<()> {
        let values = coded.values();
        if self.known.as_ref().is_none_or(|(known, _)| !Arc::ptr_eq(known, values)) {
            self.known = Some((Arc::clone(values), self.matching(values)?));
        }
        let (_, matching) = self.known.as_ref()?;
        let keys = coded.keys();
        for (at, key) in keys.values().iter().enumerate() {
            if matching.get(*key as usize).is_some_and(|matches| *matches) && keys.is_valid(at) {
                each(at);
            }
        }
        Some(())
    }

    /// For each value whether it matches.
    fn matching(&self, values: &ArrayRef) -> Option<Vec<bool>> {
        let values = values.as_any();
        Some(match self.test {
            Test::Value(Typed::Text(text)) => {
                let is = |value: Option<&str>| value.is_some_and(|value| value == text);
                values.downcast_ref::<StringArray>()?.iter().map(is).collect()
            }
            Test::Value(Typed::Int(number)) => {
                let values = values.downcast_ref::<Int64Array>()?.iter();
                values.map(|value| value == Some(*number)).collect()
            }
            Test::Value(Typed::Double(number)) => {
                let values = values.downcast_ref::<Float64Array>()?.iter();
                values.map(|value| value == Some(*number)).collect()
            }
            Test::Value(Typed::Bool(truth)) => {
                let values = values.downcast_ref::<BooleanArray>()?.iter();
                values.map(|value| value == Some(*truth)).collect()
            }
            Test::Among(pair) => {
                let is = |value: Option<&[u8]>| value.is_some_and(|value| pair.is_in(value));
                values.downcast_ref::<BinaryArray>()?.iter().map(is).collect()
            }
        })
    }
}
