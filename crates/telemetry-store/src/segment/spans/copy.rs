//! Segments put one behind the other: their row groups are copied as they are, with pages, bounds and filters.
//!
//! That costs a fiftieth of decoding and encoding the spans again, which gains nothing once row groups are full. A segment
//! of copied row groups is in order within each of its [`runs`] only. Where one of the segments has no column for an
//! attribute, its spans have that in `rest`; the column of their row groups is written as one without values, which says
//! how many are missing and so is known by that ([`is_vacant`]).

use std::{collections::BTreeMap, io::Write, ops::Range, sync::Arc};

use arrow::datatypes::{Field, Schema};
use bytes::{Buf, Bytes, buf::Reader};
use parquet::{
    arrow::ArrowSchemaConverter,
    bloom_filter::Sbbf,
    column::writer::{ColumnCloseResult, ColumnWriter},
    errors::ParquetError,
    file::{
        metadata::{
            ColumnChunkMetaData, KeyValue, PageIndexPolicy, ParquetMetaData,
            ParquetMetaDataOptions, ParquetMetaDataReader,
        },
        properties::EnabledStatistics,
        reader::{ChunkReader, Length},
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
};

use super::{
    ROW_GROUP,
    filter::{FilterWriter, Filters},
    read::{TRACE_COLUMN, bounds},
};
use crate::segment::{Opened, SegmentError, properties};

/// The footer's entry of a time by which the spans of each row group had ended, Unix nanoseconds, in decimal.
const NEWEST: &str = "vedette.newest";
/// From so many spans a row group on it is as good as one twice as large.
const FULL: usize = ROW_GROUP / 2;
/// Attributes that have columns in one of the segments: a footer tells of each column in each row group.
const MOST_COLUMNS: usize = 128;

/// Whether copying segments loses nothing: neither room nor filters.
pub fn is_for_copying(segments: &[Arc<Opened>]) -> bool {
    let are_full = |segment: &Opened| {
        let groups = segment.footer.metadata().num_row_groups();
        segment.rows() >= (FULL * groups) as u64
    };
    segments.iter().all(|segment| {
        are_full(segment) && filters_of(segment).is_some_and(|filters| filters.are_of_pages())
    }) && attributes(segments).len() <= MOST_COLUMNS
}

fn filters_of(segment: &Opened) -> Option<Filters> {
    Filters::of(segment.footer.metadata())
}

/// The row groups of each part of a segment whose spans are in order.
pub fn runs(segment: &Opened) -> Vec<Range<usize>> {
    let groups = segment.footer.metadata().row_groups();
    let traces = groups.iter().map(|group| bounds(group.column(TRACE_COLUMN)));
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut before = None;
    for (number, bounds) in traces.enumerate() {
        let (first, last) = bounds.unzip();
        match runs.last_mut() {
            // Without bounds it is a segment of before, of one run.
            Some(run) if before.is_none() || first.is_none() || first >= before => {
                run.end = number + 1;
            }
            _ => runs.push(number..number + 1),
        }
        before = last;
    }
    runs
}

/// Whether a column of copied row groups stands there only for others that have values.
pub(super) fn is_vacant(chunk: &ColumnChunkMetaData) -> bool {
    let missing = chunk.statistics().and_then(|statistics| statistics.null_count_opt());
    missing == u64::try_from(chunk.num_values()).ok()
}

/// A time by which the spans of each row group had ended; nothing where that is not known.
pub(super) fn newest_of_groups(metadata: &ParquetMetaData) -> Option<Vec<u64>> {
    let entries = metadata.file_metadata().key_value_metadata()?;
    let entry = entries.iter().find(|entry| entry.key == NEWEST)?.value.as_ref()?;
    let newest =
        entry.split(' ').map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?;
    (newest.len() == metadata.num_row_groups()).then_some(newest)
}

/// The columns of all attributes, in order.
fn attributes(segments: &[Arc<Opened>]) -> BTreeMap<(&str, &str), Arc<Field>> {
    let mut all = BTreeMap::new();
    for field in segments.iter().flat_map(|segment| segment.footer.schema().fields()) {
        if let Some((kind, key)) = field.name().split_once(':') {
            all.entry((key, kind)).or_insert_with(|| Arc::clone(field));
        }
    }
    all
}

/// Copies all row groups of segments to `out` and gives it back. `newest` says by when the spans of each segment had ended,
/// Unix nanoseconds.
///
/// # Errors
/// When a segment cannot be read, or `out` refuses.
pub fn copy<W: Write + Send>(
    segments: &[Arc<Opened>],
    newest: &[u64],
    out: W,
) -> Result<W, SegmentError> {
    let first = segments.first().expect("there are segments to be copied");
    let fixed = first.footer.schema().fields().iter().filter(|field| !field.name().contains(':'));
    let fields: Vec<Arc<Field>> =
        fixed.cloned().chain(attributes(segments).into_values()).collect();
    let schema = Schema::new(fields);
    let parquet = ArrowSchemaConverter::new().convert(&schema).map_err(SegmentError::Encode)?;
    let rows: u64 = segments.iter().map(|segment| segment.rows()).sum();
    let properties = properties(usize::try_from(rows).unwrap_or(usize::MAX))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let file = SerializedFileWriter::new(out, parquet.root_schema_ptr(), Arc::new(properties));
    let mut copy = Copy {
        file: file.map_err(SegmentError::Encode)?,
        names: schema.fields().iter().map(|field| field.name().clone()).collect(),
        filters: FilterWriter::default(),
        newest: Vec::new(),
    };
    for (segment, newest) in segments.iter().zip(newest) {
        copy.segment(segment, *newest)?;
    }
    copy.finish()
}

struct Copy<W: Write + Send> {
    file: SerializedFileWriter<W>,
    /// Of all columns.
    names: Vec<String>,
    filters: FilterWriter,
    /// Of each row group.
    newest: Vec<String>,
}

impl<W: Write + Send> Copy<W> {
    fn segment(&mut self, segment: &Opened, newest: u64) -> Result<(), SegmentError> {
        let filters = filters_of(segment).expect("only segments with filters are copied");
        let metadata = whole_metadata(segment)?;
        let of_groups = newest_of_groups(&metadata);
        for number in 0..metadata.num_row_groups() {
            let mut group = self.file.next_row_group().map_err(SegmentError::Encode)?;
            for name in &self.names {
                match segment.column_number(name) {
                    Some(column) => {
                        let (bytes, close) = chunk(segment, &metadata, number, column)?;
                        group.append_column(&bytes, close)
                    }
                    None => append_vacant(&mut group, segment.rows_of_group(number)),
                }
                .map_err(SegmentError::Encode)?;
            }
            group.close().map_err(SegmentError::Encode)?;
            let (offset, length) = filters.all_of(number);
            let bytes = segment.file.read(offset, length);
            let bytes = bytes.map_err(|source| segment.failed(source))?;
            self.filters.copy_group(&filters, number, &bytes);
            let newest = of_groups.as_ref().map_or(newest, |of_groups| of_groups[number]);
            self.newest.push(newest.to_string());
        }
        Ok(())
    }

    fn finish(mut self) -> Result<W, SegmentError> {
        let (filters, entry) = self.filters.finish(self.file.bytes_written());
        self.file.write_all(&filters).map_err(|error| SegmentError::Encode(error.into()))?;
        self.file.append_key_value_metadata(entry);
        let newest = KeyValue::new(NEWEST.to_owned(), self.newest.join(" "));
        self.file.append_key_value_metadata(newest);
        self.file.into_inner().map_err(SegmentError::Encode)
    }
}

/// The footer with the encodings of each column's pages as they are written down, which readers need only in short.
fn whole_metadata(segment: &Opened) -> Result<ParquetMetaData, SegmentError> {
    let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
    ParquetMetaDataReader::new()
        .with_page_index_policy(PageIndexPolicy::Optional)
        .with_metadata_options(Some(options))
        .parse_and_finish(&segment.file)
        .map_err(|source| segment.failed(source))
}

/// A column of a row group: its bytes, and what is known of them.
fn chunk(
    segment: &Opened,
    metadata: &ParquetMetaData,
    group: usize,
    column: usize,
) -> Result<(Chunk, ColumnCloseResult), SegmentError> {
    let index = metadata.page_index_for_row_group(group);
    let metadata = metadata.row_group(group).column(column);
    let (start, length) = metadata.byte_range();
    let read = usize::try_from(length)
        .map_err(ParquetError::from)
        .and_then(|length| segment.file.read(start, length))
        .and_then(|bytes| Ok((bytes, Sbbf::read_from_column_chunk(metadata, &segment.file)?)));
    let (bytes, bloom_filter) = read.map_err(|source| segment.failed(source))?;
    let close = ColumnCloseResult {
        bytes_written: length,
        rows_written: segment.rows_of_group(group) as u64,
        metadata: metadata.clone(),
        bloom_filter,
        column_index: index.column_index(column).cloned(),
        offset_index: index.offset_index(column).cloned(),
    };
    Ok((Chunk { start, bytes }, close))
}

/// Some bytes of a file, at the place that they have in there.
struct Chunk {
    start: u64,
    bytes: Bytes,
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Chunk {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Reader<Bytes>, ParquetError> {
        let length = self.len().saturating_sub(start);
        Ok(self.get_bytes(start, usize::try_from(length)?)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let first = start.checked_sub(self.start).and_then(|first| usize::try_from(first).ok());
        let within = first.filter(|first| first.saturating_add(length) <= self.bytes.len());
        let first = within.ok_or_else(|| ParquetError::EOF("behind a column".to_owned()))?;
        Ok(self.bytes.slice(first..first + length))
    }
}

/// The column of an attribute that no row of a row group has.
fn append_vacant<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    rows: usize,
) -> Result<(), ParquetError> {
    let column = group.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("too many columns".to_owned()))?;
    let missing = vec![0; rows];
    match column.untyped() {
        ColumnWriter::BoolColumnWriter(writer) => writer.write_batch(&[], Some(&missing), None),
        ColumnWriter::Int64ColumnWriter(writer) => writer.write_batch(&[], Some(&missing), None),
        ColumnWriter::DoubleColumnWriter(writer) => writer.write_batch(&[], Some(&missing), None),
        ColumnWriter::ByteArrayColumnWriter(writer) => {
            writer.write_batch(&[], Some(&missing), None)
        }
        _ => Err(ParquetError::General("attributes are of four types".to_owned())),
    }?;
    column.close()
}

#[cfg(test)]
mod tests;
