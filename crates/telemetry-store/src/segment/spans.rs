//! Segments of spans, sorted by trace and start.
//!
//! Ids are binary; a parent earlier in the same trace is an offset to its row, any other an id. A trace's first start is a
//! column of its own (it repeats), and each start a distance from it. Frequent attributes are columns named
//! `<type>:<key>` with type `s`, `i`, `d` or `b`; the others lie in `rest` in [`crate::attribute`]'s format, and whoever
//! reads a span gets both. The trace id has a Bloom filter and a page index, so a trace costs a few pages.

mod decode;
mod encode;

use std::collections::BTreeSet;

use arrow::array::RecordBatch;
use model::id::TraceId;
use parquet::{
    arrow::arrow_reader::{RowSelection, RowSelector},
    basic::Encoding,
    data_type::FixedLenByteArray,
    file::{
        page_index::column_index::ColumnIndexMetaData,
        properties::{EnabledStatistics, WriterProperties},
    },
    schema::types::ColumnPath,
};

pub use self::encode::{Census, Places, SpanWriter, encode_spans};
use super::{Opened, SegmentError, properties};
use crate::span_batch::SpanBatch;

const ROW_GROUP: usize = 64 * 1024;
/// Small pages, so that a trace costs little to read.
const PAGE_ROWS: usize = 4 * 1024;
/// A trace that is not there is asked for in every row group of a day.
const BLOOM_FALSE_POSITIVES: f64 = 0.001;

/// `various`: further columns whose values hardly repeat.
fn span_properties(
    spans: usize,
    traces: u64,
    various: impl Iterator<Item = String>,
) -> WriterProperties {
    let various = various.map(|name| ColumnPath::new(vec![name]));
    ["id", "start_offset", "duration"]
        .into_iter()
        .map(ColumnPath::from)
        .chain(various)
        .fold(properties(spans), |properties, column| {
            properties.set_column_dictionary_enabled(column, false)
        })
        .set_column_encoding("start_offset".into(), Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding("duration".into(), Encoding::DELTA_BINARY_PACKED)
        .set_column_statistics_enabled("trace".into(), EnabledStatistics::Page)
        .set_column_index_truncate_length(None)
        .set_column_bloom_filter_enabled("trace".into(), true)
        .set_column_bloom_filter_fpp("trace".into(), BLOOM_FALSE_POSITIVES)
        .set_column_bloom_filter_max_ndv("trace".into(), traces.clamp(64, ROW_GROUP as u64))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build()
}

/// The spans of some traces, into `out`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn read_traces(
    segment: &Opened,
    traces: &BTreeSet<TraceId>,
    out: &mut SpanBatch,
) -> Result<(), SegmentError> {
    let mut found = SpanBatch::default();
    for (group, filter) in segment.filters(TRACE_COLUMN)?.iter().enumerate() {
        let may_hold = |trace: &&TraceId| {
            let id = FixedLenByteArray::from(trace.0.to_vec());
            filter.as_ref().is_none_or(|filter| filter.check(&id))
        };
        let wanted: BTreeSet<TraceId> = traces.iter().filter(may_hold).copied().collect();
        if wanted.is_empty() {
            continue;
        }
        let selection = pages_of(segment, group, &wanted);
        let reader = segment
            .builder()
            .with_row_groups(vec![group])
            .with_row_selection(selection)
            .build()
            .map_err(|source| segment.failed(source))?;
        let mut decoder = decode::Decoder::default();
        for batch in reader {
            let batch = batch.map_err(|source| segment.failed(source.into()))?;
            decode_batch(segment, &mut decoder, &batch, &mut found, |id| wanted.contains(&id))?;
        }
    }
    out.absorb(found);
    Ok(())
}

const TRACE_COLUMN: usize = 0;

/// The rows of the pages whose range holds one of the traces; all rows where there is no page index.
fn pages_of(segment: &Opened, group: usize, traces: &BTreeSet<TraceId>) -> RowSelection {
    let metadata = segment.footer.metadata();
    let rows =
        usize::try_from(metadata.row_group(group).num_rows()).expect("a row group has few rows");
    let everything = || RowSelection::from(vec![RowSelector::select(rows)]);
    let pages = metadata.page_index_for_row_group(group);
    let (Some(ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(index)), Some(locations)) =
        (pages.column_index(TRACE_COLUMN), pages.page_locations(TRACE_COLUMN))
    else {
        return everything();
    };
    let starts: Vec<usize> = locations.iter().map(|page| page.first_row_index as usize).collect();
    let selectors = starts.iter().enumerate().map(|(page, &start)| {
        let length = starts.get(page + 1).copied().unwrap_or(rows) - start;
        let bound = |value: Option<&[u8]>, otherwise| {
            let id = value.and_then(TraceId::from_bytes);
            id.unwrap_or(otherwise)
        };
        let least = bound(index.min_value(page), TraceId([0; 16]));
        let greatest = bound(index.max_value(page), TraceId([0xff; 16]));
        let inside = least > greatest || traces.range(least..=greatest).next().is_some();
        if inside { RowSelector::select(length) } else { RowSelector::skip(length) }
    });
    RowSelection::from(selectors.collect::<Vec<_>>())
}

/// Rows of each segment that are in memory while it is merged with others.
const MERGE_ROWS: usize = 1024;

/// Gives all spans, in order, in batches of some hundred; a trace may go on in the next batch.
///
/// # Errors
/// When the file cannot be read or lacks a column; an error of `each` is passed on.
pub fn each_batch(
    segment: &Opened,
) -> Result<impl Iterator<Item = Result<SpanBatch, SegmentError>> + '_, SegmentError> {
    let reader = segment
        .builder()
        .with_batch_size(MERGE_ROWS)
        .build()
        .map_err(|source| segment.failed(source))?;
    let mut decoder = decode::Decoder::default();
    Ok(reader.map(move |batch| {
        let batch = batch.map_err(|source| segment.failed(source.into()))?;
        let mut out = SpanBatch::default();
        decode_batch(segment, &mut decoder, &batch, &mut out, |_| true)?;
        Ok(out)
    }))
}

fn decode_batch(
    segment: &Opened,
    decoder: &mut decode::Decoder,
    batch: &RecordBatch,
    out: &mut SpanBatch,
    wanted: impl Fn(TraceId) -> bool,
) -> Result<(), SegmentError> {
    decoder.decode(batch, out, wanted).ok_or_else(|| SegmentError::Column {
        path: segment.file.path.display().to_string(),
        column: "(a span's)",
    })
}

#[cfg(test)]
mod tests;
