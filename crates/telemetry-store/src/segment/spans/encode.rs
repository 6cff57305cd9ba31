//! Spans to a segment's bytes.

mod columns;

use std::{cmp::Reverse, io::Write};

use arrow::datatypes::SchemaRef;
use model::id::TraceId;
use parquet::arrow::ArrowWriter;
use rustc_hash::{FxHashMap, FxHashSet};

use self::columns::{Columns, schema};
use super::{
    ROW_GROUP,
    filter::{FilterWriter, Head},
    span_properties,
};
use crate::{
    attribute,
    segment::{self, Opened, SegmentError},
    span_batch::{Keys, SpanBatch, SpanRow},
};

/// An attribute is worth a column when at least one span in so many has it.
const COLUMN_SHARE: usize = 200;
const MAX_COLUMNS: usize = 96;
const CHUNK: usize = 8 * 1024;

/// How often attributes occur; what decides which become columns.
#[derive(Debug, Default)]
pub struct Census {
    /// By type and key.
    counts: FxHashMap<Box<[u8]>, usize>,
    spans: usize,
    traces: u64,
    /// Types and keys whose values hardly repeat.
    various: FxHashSet<Box<[u8]>>,
}

/// Rows whose values are looked at to tell whether an attribute's repeat, and the share of different ones from which a
/// dictionary of them is no use.
const SAMPLE: usize = 1024;
const VARIOUS_SHARE: f64 = 0.9;

impl Census {
    /// Counts a batch's spans, whose `order` is by trace.
    fn count(&mut self, batch: &SpanBatch, order: &[(u32, u32)]) {
        self.spans += order.len();
        let trace = |&(part, at): &(u32, u32)| batch.parts()[part as usize].trace(at as usize);
        self.traces += order.chunk_by(|a, b| trace(a) == trace(b)).count() as u64;
        for (head, count) in batch.parts().iter().flat_map(|part| part.keys().counts()) {
            self.add(head, count);
        }
        self.sample(batch, order);
    }

    /// Finds the attributes whose values hardly repeat.
    fn sample(&mut self, batch: &SpanBatch, order: &[(u32, u32)]) {
        let mut seen: FxHashMap<&[u8], (usize, FxHashSet<&[u8]>)> = FxHashMap::default();
        for &(part, at) in order.iter().step_by(order.len().div_ceil(SAMPLE)) {
            let row = batch.parts()[part as usize].row(at as usize);
            for raw in row.attributes.raw() {
                let (count, values) = seen.entry(raw.head).or_default();
                *count += 1;
                values.insert(raw.value);
            }
        }
        let is_various = |(count, values): &(usize, FxHashSet<&[u8]>)| {
            *count >= SAMPLE / 16 && values.len() as f64 >= VARIOUS_SHARE * *count as f64
        };
        let various = seen.into_iter().filter(|(_, seen)| is_various(seen));
        self.various = various.map(|(head, _)| head.into()).collect();
    }

    fn add(&mut self, head: &[u8], count: usize) {
        match self.counts.get_mut(head) {
            Some(known) => *known += count,
            None => {
                self.counts.insert(head.into(), count);
            }
        }
    }

    /// Counts the attribute columns of a segment that will be merged: each as if all its spans had it, since whoever chose
    /// it counted.
    pub fn count_columns(&mut self, segment: &Opened) {
        let metadata = segment.footer.metadata();
        let rows = usize::try_from(metadata.file_metadata().num_rows())
            .expect("a segment's rows fit the memory");
        self.spans += rows;
        // Traces are not counted while merging; a trace has a few spans, and the filter may be somewhat too large.
        self.traces += rows as u64 / 4;
        for field in segment.footer.schema().fields() {
            if let Some((kind, key)) = field.name().split_once(':')
                && let Some(kind) = kind.chars().next()
            {
                self.add(&attribute::head_of(kind, key), rows);
            }
        }
        // What had no dictionary needs none.
        for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
            if column.dictionary_page_offset().is_none()
                && let Some((kind, key)) = column.column_descr().name().split_once(':')
                && let Some(kind) = kind.chars().next()
            {
                self.various.insert(attribute::head_of(kind, key).into());
            }
        }
    }

    /// Type, key and head of each attribute that becomes a column.
    fn columns(&self) -> Vec<(char, &str, &[u8])> {
        let mut frequent: Vec<(usize, char, &str, &[u8])> = self
            .counts
            .iter()
            .filter(|(_, count)| **count * COLUMN_SHARE >= self.spans)
            .filter_map(|(head, count)| {
                let (kind, key) = attribute::column_of(head)?;
                Some((*count, kind, key, &**head))
            })
            .collect();
        frequent.sort_unstable_by_key(|&(count, kind, key, _)| (Reverse(count), kind, key));
        frequent.truncate(MAX_COLUMNS);
        frequent.sort_unstable_by_key(|&(_, kind, key, _)| (key, kind));
        frequent.into_iter().map(|(_, kind, key, head)| (kind, key, head)).collect()
    }
}

/// Sorts a batch and encodes it as a file; it has at least one span.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_spans(batch: &SpanBatch) -> Result<Vec<u8>, SegmentError> {
    let order = batch.order();
    let mut census = Census::default();
    census.count(batch, &order);
    let mut writer = SpanWriter::new(&census, Vec::new())?;
    let places: Vec<Places> = batch.parts().iter().map(|part| writer.places(part.keys())).collect();
    for (part, at) in order {
        let part = part as usize;
        writer.push(&batch.parts()[part].row(at as usize), &places[part])?;
    }
    writer.finish()
}

/// The columns of a part's attributes, by their numbers there.
#[derive(Debug)]
pub struct Places(Vec<Option<usize>>);

/// Writes spans that come sorted by trace and start.
#[derive(Debug)]
pub struct SpanWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: SchemaRef,
    columns: Columns,
    /// The column of each type and key.
    attributes: FxHashMap<Box<[u8]>, usize>,
    open: OpenTrace,
    filters: FilterWriter,
    rows_of_group: usize,
}

/// The trace whose spans are coming: where its rows are, for the offsets of parents.
#[derive(Debug, Default)]
struct OpenTrace {
    trace: Option<TraceId>,
    start_ns: u64,
    rows: Vec<u64>,
}

/// A trace with more spans than this keeps the parents' ids: looking each up would take too long.
const MAX_LOOKBACK: usize = 2048;

impl OpenTrace {
    fn enter(&mut self, row: &SpanRow<'_>) {
        if self.trace != Some(row.trace) {
            self.trace = Some(row.trace);
            self.start_ns = row.start_ns;
            self.rows.clear();
        }
    }

    /// Distance from this row back to its parent's.
    fn parent_offset(&self, parent: u64) -> Option<i32> {
        let back = self.rows.iter().rev().take(MAX_LOOKBACK).position(|id| *id == parent)?;
        Some(i32::try_from(back + 1).expect("the look-back is short"))
    }
}

impl<W: Write + Send> SpanWriter<W> {
    /// A writer to `out` whose attribute columns are chosen by a census of what will come.
    ///
    /// # Errors
    /// When `out` refuses, as in all of this.
    pub fn new(census: &Census, out: W) -> Result<SpanWriter<W>, SegmentError> {
        let columns = census.columns();
        let schema = schema(&columns);
        let various = columns.iter().filter(|(_, _, head)| census.various.contains(*head));
        let various = various.map(|(kind, key, _)| columns::name(*kind, key));
        let properties = span_properties(census.spans, census.traces, various);
        let writer = segment::writer(out, SchemaRef::clone(&schema), properties)?;
        let attributes =
            columns.iter().enumerate().map(|(at, (_, _, head))| ((*head).into(), at)).collect();
        // Values that have no dictionary are told by the filter.
        let filtered = |kind: char, head: &[u8]| {
            (kind != 'b' && census.various.contains(head)).then(|| Head::of(head))
        };
        let columns = columns.iter().map(|&(kind, _, head)| (kind, filtered(kind, head)));
        let columns = Columns::new(columns);
        Ok(SpanWriter {
            writer,
            schema,
            columns,
            attributes,
            open: OpenTrace::default(),
            filters: FilterWriter::default(),
            rows_of_group: 0,
        })
    }

    /// Where the attributes of a part's rows go.
    pub(crate) fn places(&self, keys: &Keys) -> Places {
        Places(keys.counts().map(|(head, _)| self.attributes.get(head).copied()).collect())
    }

    /// Appends one of a batch's spans, with the places of its part.
    ///
    /// # Errors
    /// As [`SpanWriter::new`].
    pub fn push(&mut self, row: &SpanRow<'_>, places: &Places) -> Result<(), SegmentError> {
        self.open.enter(row);
        self.columns.push(row, &self.open, places, &mut self.filters);
        self.open.rows.push(row.id.0);
        self.rows_of_group += 1;
        if self.rows_of_group == ROW_GROUP {
            self.end_group();
        }
        if self.columns.rows() == CHUNK {
            self.write_chunk()?;
        }
        Ok(())
    }

    fn end_group(&mut self) {
        self.filters.end_group();
        self.rows_of_group = 0;
    }

    fn write_chunk(&mut self) -> Result<(), SegmentError> {
        let batch = self.columns.finish(&self.schema);
        self.writer.write(&batch).map_err(SegmentError::Encode)
    }

    /// What was written to, which has the whole file now.
    ///
    /// # Errors
    /// As [`SpanWriter::new`].
    pub fn finish(mut self) -> Result<W, SegmentError> {
        if self.columns.rows() > 0 {
            self.write_chunk()?;
        }
        if self.rows_of_group > 0 {
            self.end_group();
        }
        self.writer.flush().map_err(SegmentError::Encode)?;
        debug_assert_eq!(self.writer.flushed_row_groups().len(), self.filters.groups());
        let (filters, entry) = self.filters.finish(self.writer.bytes_written());
        self.writer.write_all(&filters).map_err(|error| SegmentError::Encode(error.into()))?;
        self.writer.append_key_value_metadata(entry);
        self.writer.into_inner().map_err(SegmentError::Encode)
    }
}
