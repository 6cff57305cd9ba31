//! The spans of some traces: each trace lies together, so that it costs a few rows of a few pages.

use std::{collections::BTreeSet, ops::Range};

use arrow::array::FixedSizeBinaryArray;
use model::id::TraceId;
use parquet::{
    arrow::arrow_reader::RowSelection,
    bloom_filter::Sbbf,
    data_type::FixedLenByteArray,
    file::{
        metadata::ColumnChunkMetaData, page_index::column_index::ColumnIndexMetaData,
        statistics::Statistics,
    },
};

use super::{decode::Decoder, decode_batch};
use crate::{
    segment::{File, Opened, SegmentError, column::column, pages::Pages},
    span_batch::SpanBatch,
};

pub(super) const TRACE_COLUMN: usize = 0;

/// Which traces a segment may have, told without its footer: that of a large segment is a thousand times as large as this,
/// and a trace is asked for in every segment of a day.
#[derive(Debug)]
pub(crate) struct Extent {
    file: File,
    /// The trace's column of each row group.
    chunks: Vec<ColumnChunkMetaData>,
}

impl Extent {
    pub(crate) fn of(segment: &Opened) -> Extent {
        let groups = segment.footer.metadata().row_groups().iter();
        let chunks = groups.map(|group| group.column(TRACE_COLUMN).clone()).collect();
        Extent { file: segment.file.clone(), chunks }
    }

    /// Whether it may have one of the traces.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn may_hold(&self, traces: &BTreeSet<TraceId>) -> Result<bool, SegmentError> {
        for chunk in &self.chunks {
            let within = within(chunk, traces);
            if within.is_empty() {
                continue;
            }
            let filter = Sbbf::read_from_column_chunk(chunk, &self.file)
                .map_err(|source| self.file.failed(source))?;
            if within.iter().any(|trace| passes(filter.as_ref(), trace)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
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
    let mut decoder = Decoder::default();
    let mut read_before = None;
    for group in 0..segment.footer.metadata().num_row_groups() {
        let wanted = may_be_in(segment, group, traces)?;
        let rows = if wanted.is_empty() { Vec::new() } else { rows_of(segment, group, &wanted)? };
        if rows.is_empty() {
            continue;
        }
        // A trace may go on from the row group before; its parents are told by their distance.
        if read_before.is_none_or(|before| before + 1 != group) {
            decoder = Decoder::default();
        }
        read_before = Some(group);
        let rows =
            RowSelection::from_consecutive_ranges(rows.into_iter(), segment.rows_of_group(group));
        for batch in segment.whole_rows(group, rows)? {
            let batch = batch.map_err(|source| segment.failed(source.into()))?;
            decode_batch(segment, &mut decoder, &batch, &mut found, |id| wanted.contains(&id))?;
        }
    }
    out.absorb(found);
    Ok(())
}

/// Those of the traces of which a row group may have spans: by its first and last, and by its Bloom filter.
fn may_be_in(
    segment: &Opened,
    group: usize,
    traces: &BTreeSet<TraceId>,
) -> Result<BTreeSet<TraceId>, SegmentError> {
    let chunk = segment.footer.metadata().row_group(group).column(TRACE_COLUMN);
    let within = within(chunk, traces);
    if within.is_empty() {
        return Ok(BTreeSet::new());
    }
    let filter = segment.filter(group, TRACE_COLUMN)?;
    Ok(within.into_iter().filter(|trace| passes(filter, trace)).collect())
}

/// Those of the traces that lie between a row group's first and last.
fn within(chunk: &ColumnChunkMetaData, traces: &BTreeSet<TraceId>) -> Vec<TraceId> {
    match bounds(chunk) {
        Some((first, last)) => traces.range(first..=last).copied().collect(),
        None => traces.iter().copied().collect(),
    }
}

fn passes(filter: Option<&Sbbf>, trace: &TraceId) -> bool {
    filter.is_none_or(|filter| filter.check(&FixedLenByteArray::from(trace.0.to_vec())))
}

/// The first and last trace of a row group; nothing where they are not known.
pub(super) fn bounds(chunk: &ColumnChunkMetaData) -> Option<(TraceId, TraceId)> {
    let Some(Statistics::FixedLenByteArray(values)) = chunk.statistics() else { return None };
    let first = TraceId(values.min_bytes_opt()?.try_into().ok()?);
    let last = TraceId(values.max_bytes_opt()?.try_into().ok()?);
    (first <= last).then_some((first, last))
}

/// Where the traces' rows are in a row group.
fn rows_of(
    segment: &Opened,
    group: usize,
    traces: &BTreeSet<TraceId>,
) -> Result<Vec<Range<usize>>, SegmentError> {
    let pages = pages_of(segment, group, traces);
    let selection =
        RowSelection::from_consecutive_ranges(pages.iter().cloned(), segment.rows_of_group(group));
    let mut numbers = pages.into_iter().flatten();
    let mut rows: Vec<Range<usize>> = Vec::new();
    for batch in segment.part(group, selection, &["trace"])? {
        let batch = batch.map_err(|source| segment.failed(source.into()))?;
        let ids: &FixedSizeBinaryArray =
            column(&batch, "trace").ok_or_else(|| segment.lacks_column())?;
        for (id, row) in ids.iter().flatten().zip(&mut numbers) {
            if !TraceId::from_bytes(id).is_some_and(|id| traces.contains(&id)) {
                continue;
            }
            match rows.last_mut() {
                Some(last) if last.end == row => last.end += 1,
                _ => rows.push(row..row + 1),
            }
        }
    }
    Ok(rows)
}

/// The rows of the pages whose range holds one of the traces; all rows where there is no page index.
fn pages_of(segment: &Opened, group: usize, traces: &BTreeSet<TraceId>) -> Vec<Range<usize>> {
    let index = segment.footer.metadata().page_index_for_row_group(group);
    let rows = Pages::of(segment, group).rows_of(TRACE_COLUMN);
    let (Some(ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(index)), Some(rows)) =
        (index.column_index(TRACE_COLUMN), rows)
    else {
        return std::iter::once(0..segment.rows_of_group(group)).collect();
    };
    let bound = |value: Option<&[u8]>, otherwise| {
        let id = value.and_then(TraceId::from_bytes);
        id.unwrap_or(otherwise)
    };
    let is_inside = |(page, _): &(usize, Range<usize>)| {
        let least = bound(index.min_value(*page), TraceId([0; 16]));
        let greatest = bound(index.max_value(*page), TraceId([0xff; 16]));
        least > greatest || traces.range(least..=greatest).next().is_some()
    };
    rows.into_iter().enumerate().filter(is_inside).map(|(_, rows)| rows).collect()
}
