//! Spans to a segment's bytes.

mod columns;
mod dictionary;

use std::{
    cmp::Reverse,
    fmt,
    io::{self, Write},
    sync::Arc,
};

use arrow::datatypes::SchemaRef;
use model::id::TraceId;
use parquet::{
    arrow::{
        ArrowSchemaConverter,
        arrow_writer::{ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves},
    },
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::writer::SerializedFileWriter,
    schema::types::{ColumnPath, SchemaDescriptor},
};
use rustc_hash::{FxHashMap, FxHashSet};

use self::{
    columns::{Columns, Finished, TEXT_COLUMNS, schema},
    dictionary::{Codes, Compressor},
};
use super::{
    PAGE_ROWS, ROW_GROUP,
    copy::is_vacant,
    filter::{FilterWriter, Head},
    span_properties,
};
use crate::{
    attribute,
    segment::{Opened, SegmentError},
    span_batch::{Attributes, Entry, Keys, Numbered, Part, SpanBatch, SpanRow},
};

/// An attribute is worth a column when at least one span in so many has it.
const COLUMN_SHARE: usize = 200;
const MAX_COLUMNS: usize = 96;
/// Rows that are fetched before they are read; what they lie in, about 400 bytes each, fits the nearest cache.
const NEAR: usize = 32;

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
            for Entry { raw, .. } in numbered(&row).entries() {
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
                && !is_vacant(column)
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
    let mut places: Vec<Places> =
        batch.parts().iter().map(|part| writer.places(part.keys())).collect();
    for some in order.chunks(NEAR) {
        batch.fetch(some);
        for &(part, at) in some {
            let part = part as usize;
            writer.push(&batch.parts()[part], at as usize, &mut places[part])?;
        }
    }
    writer.finish()
}

/// The attributes of a batch's row.
fn numbered<'a>(row: &SpanRow<'a>) -> Numbered<'a> {
    match row.attributes {
        Attributes::Numbered(numbered) => numbered,
        _ => unreachable!("the rows of a batch are numbered"),
    }
}

/// Where the texts and attributes of a part go.
#[derive(Debug)]
pub struct Places {
    texts: [Codes; TEXT_COLUMNS],
    /// By their numbers in the part.
    attributes: Vec<Place>,
}

/// The column of an attribute, and the codes there of its numbered texts.
#[derive(Debug)]
struct Place {
    column: Option<usize>,
    codes: Codes,
}

/// Writes spans that come sorted by trace and start.
pub struct SpanWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    factory: ArrowRowGroupWriterFactory,
    /// Of the row group that is being written; empty before its first page.
    writers: Vec<ArrowColumnWriter>,
    schema: SchemaRef,
    parquet: SchemaDescriptor,
    columns: Columns,
    compressor: Compressor,
    /// Rows of the row group so far.
    rows: usize,
    /// The column of each type and key.
    attributes: FxHashMap<Box<[u8]>, usize>,
    open: OpenTrace,
    filters: FilterWriter,
}

impl<W: Write + Send> fmt::Debug for SpanWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanWriter").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// The trace whose spans are coming: where its rows are, for the offsets of parents.
#[derive(Debug, Default)]
struct OpenTrace {
    trace: Option<TraceId>,
    start_ns: u64,
    rows: Vec<u64>,
}

fn compressor(level: ZstdLevel) -> Result<zstd::bulk::Compressor<'static>, SegmentError> {
    let failed = |error: io::Error| SegmentError::Encode(ParquetError::External(error.into()));
    zstd::bulk::Compressor::new(level.compression_level()).map_err(failed)
}

/// A trace with more spans than this keeps the parents' ids: looking each up would take too long.
const MAX_LOOKBACK: usize = 2048;

impl OpenTrace {
    fn enter(&mut self, trace: TraceId, start_ns: u64) {
        if self.trace != Some(trace) {
            self.trace = Some(trace);
            self.start_ns = start_ns;
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
        let varies = |head: &[u8]| census.various.contains(head);
        let various = columns.iter().filter(|(_, _, head)| varies(head));
        let various = various.map(|(kind, key, _)| columns::name(*kind, key));
        let properties = Arc::new(span_properties(census.spans, census.traces, various));
        let compressor = match properties.compression(&ColumnPath::from("name")) {
            Compression::ZSTD(level) => Some(compressor(level)?),
            _ => None,
        };
        let parquet = ArrowSchemaConverter::new().convert(&schema).map_err(SegmentError::Encode)?;
        let file = SerializedFileWriter::new(out, parquet.root_schema_ptr(), properties);
        let file = file.map_err(SegmentError::Encode)?;
        let factory = ArrowRowGroupWriterFactory::new(&file, SchemaRef::clone(&schema));
        let attributes =
            columns.iter().enumerate().map(|(at, (_, _, head))| ((*head).into(), at)).collect();
        // Values that have no dictionary are told by the filter.
        let filtered = |kind: char, head: &[u8]| {
            (kind != 'b' && census.various.contains(head)).then(|| Head::of(head))
        };
        let columns = columns.iter().map(|&(kind, _, head)| (kind, filtered(kind, head)));
        let columns = Columns::new(columns);
        Ok(SpanWriter {
            file,
            factory,
            writers: Vec::new(),
            schema,
            parquet,
            columns,
            compressor,
            rows: 0,
            attributes,
            open: OpenTrace::default(),
            filters: FilterWriter::default(),
        })
    }

    /// Where the texts and attributes of a part's rows go.
    pub(crate) fn places(&self, keys: &Keys) -> Places {
        let place = |(head, _): (&[u8], usize)| Place {
            column: self.attributes.get(head).copied(),
            codes: Codes::default(),
        };
        Places { texts: Default::default(), attributes: keys.counts().map(place).collect() }
    }

    /// Appends a row of a part, with the places of that part.
    ///
    /// # Errors
    /// As [`SpanWriter::new`].
    pub(crate) fn push(
        &mut self,
        part: &Part,
        at: usize,
        places: &mut Places,
    ) -> Result<(), SegmentError> {
        let (trace, start_ns, id) = part.key(at);
        self.open.enter(trace, start_ns);
        self.columns.push(part, at, &self.open, places, &mut self.filters);
        self.open.rows.push(id);
        if self.columns.rows() == PAGE_ROWS {
            self.end_page()?;
        }
        if self.rows == ROW_GROUP {
            self.end_group()?;
        }
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), SegmentError> {
        if self.writers.is_empty() {
            let group = self.file.flushed_row_groups().len();
            self.writers =
                self.factory.create_column_writers(group).map_err(SegmentError::Encode)?;
        }
        self.rows += self.columns.rows();
        self.filters.end_page();
        let fields = self.schema.fields().iter().zip(&mut self.writers);
        for ((field, writer), column) in fields.zip(self.columns.finish()) {
            match column {
                Finished::Dictionary(column) => column.end_page(&mut self.compressor),
                Finished::Array(array) => compute_leaves(field, &array)
                    .and_then(|leaves| leaves.iter().try_for_each(|leaf| writer.write(leaf))),
            }
            .map_err(SegmentError::Encode)?;
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), SegmentError> {
        let mut group = self.file.next_row_group().map_err(SegmentError::Encode)?;
        let writers = std::mem::take(&mut self.writers).into_iter();
        for (at, (writer, column)) in writers.zip(self.columns.dictionaries()).enumerate() {
            match column {
                None => writer.close().and_then(|chunk| chunk.append_to_row_group(&mut group)),
                Some(column) => column
                    .close(self.parquet.column(at), &mut self.compressor)
                    .and_then(|(bytes, close)| group.append_column(&bytes, close)),
            }
            .map_err(SegmentError::Encode)?;
        }
        self.filters.end_group();
        self.rows = 0;
        group.close().map_err(SegmentError::Encode)?;
        Ok(())
    }

    /// What was written to, which has the whole file now.
    ///
    /// # Errors
    /// As [`SpanWriter::new`].
    pub fn finish(mut self) -> Result<W, SegmentError> {
        if self.columns.rows() > 0 {
            self.end_page()?;
        }
        if self.rows > 0 {
            self.end_group()?;
        }
        debug_assert_eq!(self.file.flushed_row_groups().len(), self.filters.groups());
        let (filters, entry) = self.filters.finish(self.file.bytes_written());
        self.file.write_all(&filters).map_err(|error| SegmentError::Encode(error.into()))?;
        self.file.append_key_value_metadata(entry);
        self.file.into_inner().map_err(SegmentError::Encode)
    }
}
