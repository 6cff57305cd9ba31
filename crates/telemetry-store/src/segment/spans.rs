//! Segments of spans, sorted by trace and start, or copied behind one another ([`mod@copy`]).
//!
//! Ids are binary; a parent earlier in the same trace is an offset to its row, any other an id. A trace's first start is a
//! column of its own (it repeats), and each start a distance from it. Frequent attributes are columns named
//! `<type>:<key>` with type `s`, `i`, `d` or `b`; the others lie in `rest` in [`crate::attribute`]'s format, and whoever
//! reads a span gets both. The trace id has a Bloom filter and a page index, so a trace costs a few pages. What attributes
//! a row group may hold is told by dictionaries and, where there are none, by [`filter`].

mod copy;
mod decode;
mod encode;
pub(super) mod filter;
mod read;
pub mod sample;
pub mod search;

use std::ops::Range;

use arrow::array::RecordBatch;
use model::id::TraceId;
use parquet::{
    basic::{Compression, Encoding},
    file::properties::{EnabledStatistics, WriterProperties, WriterVersion},
    schema::types::ColumnPath,
};

pub(crate) use self::read::Extent;
pub use self::{
    copy::{copy, is_for_copying, runs},
    encode::{Census, Places, SpanWriter, encode_spans},
    read::read_traces,
};
use super::{Opened, SegmentError, properties, with_page_statistics};
use crate::span_batch::SpanBatch;

const ROW_GROUP: usize = 64 * 1024;
/// Small pages, so that a trace costs little to read.
const PAGE_ROWS: usize = 4 * 1024;
/// A trace that is not there is asked for in every row group of a day.
const BLOOM_FALSE_POSITIVES: f64 = 0.001;

/// `various`: further columns whose values hardly repeat. Pages are of version 1, which compresses which values are missing
/// together with the values: most attributes are missing in most spans, and in the same way in each trace.
fn span_properties(
    spans: usize,
    traces: u64,
    various: impl Iterator<Item = String>,
) -> WriterProperties {
    // Slow spans are found by the bounds of pages.
    let properties = with_page_statistics(properties(spans), &["duration"])
        .set_writer_version(WriterVersion::PARQUET_1_0);
    let properties =
        ["id", "start_offset", "duration"].into_iter().fold(properties, |properties, name| {
            // Random numbers do not get smaller.
            properties
                .set_column_dictionary_enabled(name.into(), false)
                .set_column_compression(name.into(), Compression::UNCOMPRESSED)
        });
    various
        .fold(properties, |properties, name| {
            let column = ColumnPath::new(vec![name]);
            let encoding = match column.parts()[0].as_bytes()[0] {
                b's' => Encoding::DELTA_BYTE_ARRAY,
                b'i' => Encoding::DELTA_BINARY_PACKED,
                _ => Encoding::PLAIN,
            };
            properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, encoding)
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

/// Rows of each segment that are in memory while it is merged with others.
const MERGE_ROWS: usize = 1024;

/// Gives all spans of one of the [`runs`] of a segment, in order, in batches of some hundred; a trace may go on in the next
/// batch.
///
/// # Errors
/// When the file cannot be read or lacks a column; an error of `each` is passed on.
pub fn each_batch(
    segment: &Opened,
    run: Range<usize>,
) -> Result<impl Iterator<Item = Result<SpanBatch, SegmentError>> + '_, SegmentError> {
    let reader = segment
        .builder()
        .with_row_groups(run.collect())
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
    decoder
        .decode(batch, out, wanted)
        .ok_or_else(|| SegmentError::Column { path: segment.file.name(), column: "(a span's)" })
}

#[cfg(test)]
mod tests;
