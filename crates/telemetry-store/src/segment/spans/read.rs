//! The spans of some traces: each trace lies together, so that it costs a few rows of a few pages.

use std::{collections::BTreeSet, ops::Range};

use arrow::array::FixedSizeBinaryArray;
use model::id::TraceId;
use parquet::{
    arrow::arrow_reader::RowSelection,
    data_type::FixedLenByteArray,
    file::{page_index::column_index::ColumnIndexMetaData, statistics::Statistics},
};

use super::{decode::Decoder, decode_batch};
use crate::{
    segment::{Opened, SegmentError, column::column, pages::Pages},
    span_batch::SpanBatch,
};

const TRACE_COLUMN: usize = 0;

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
    let within: Vec<TraceId> = match bounds(segment, group) {
        Some((first, last)) => traces.range(first..=last).copied().collect(),
        None => traces.iter().copied().collect(),
    };
    if within.is_empty() {
        return Ok(BTreeSet::new());
    }
    let filter = segment.filter(group, TRACE_COLUMN)?;
    let may_hold = |trace: &TraceId| {
        filter.is_none_or(|filter| filter.check(&FixedLenByteArray::from(trace.0.to_vec())))
    };
    Ok(within.into_iter().filter(may_hold).collect())
}

/// The first and last trace of a row group; nothing where they are not known.
fn bounds(segment: &Opened, group: usize) -> Option<(TraceId, TraceId)> {
    let column = segment.footer.metadata().row_group(group).column(TRACE_COLUMN);
    let Some(Statistics::FixedLenByteArray(values)) = column.statistics() else { return None };
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
