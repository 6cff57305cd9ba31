//! Segments of the trace index: one row a transaction, by business transaction and time.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, FixedSizeBinaryArray},
    record_batch::RecordBatch,
};
use model::{
    id::{EntityId, SpanId, TraceId},
    span::{Outcome, SnapshotReason},
};

use super::{
    Group, Opened, SegmentError,
    column::{U8, U32, U64, column},
    encode, properties, with_statistics,
};
use crate::reader::TraceRow;

const ROW_GROUP: usize = 16 * 1024;
const CHUNK: usize = 16 * 1024;

/// Of several rows about the same transaction under one name the last one alone. One without a business transaction that
/// takes back takes back all names; one with a business transaction stands for what had none.
pub fn newest_of(rows: impl IntoIterator<Item = TraceRow>) -> Vec<TraceRow> {
    let mut newest: BTreeMap<(TraceId, SpanId), Vec<TraceRow>> = BTreeMap::new();
    for row in rows {
        let known = newest.entry((row.trace, row.entry)).or_insert_with(|| Vec::with_capacity(1));
        let takes_back_all = row.bt.is_none() && row.spans == 0;
        known.retain(|old| !takes_back_all && !old.bt.is_none() && old.bt != row.bt);
        known.push(row);
    }
    newest.into_values().flatten().collect()
}

/// Encodes transactions, each of which is there once; there is at least one.
///
/// # Errors
/// Only when Parquet itself fails.
pub fn encode_traces(rows: &mut [TraceRow]) -> Result<Vec<u8>, SegmentError> {
    rows.sort_unstable_by_key(|row| {
        (row.application, row.bt, row.tier, row.end_ns, row.trace, row.entry)
    });
    let batches: Vec<RecordBatch> = rows.chunks(CHUNK).map(batch_of).collect();
    let properties = with_statistics(properties(rows.len()), &["application", "bt", "end"])
        .set_column_dictionary_enabled("entry".into(), false)
        .set_column_dictionary_enabled("end".into(), false)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .build();
    encode(&batches, properties)
}

fn batch_of(rows: &[TraceRow]) -> RecordBatch {
    let u32s = |get: fn(&TraceRow) -> u32| -> ArrayRef {
        Arc::new(U32::from_iter_values(rows.iter().map(get)))
    };
    let u64s = |get: fn(&TraceRow) -> u64| -> ArrayRef {
        Arc::new(U64::from_iter_values(rows.iter().map(get)))
    };
    let u8s = |get: fn(&TraceRow) -> u8| -> ArrayRef {
        Arc::new(U8::from_iter_values(rows.iter().map(get)))
    };
    let traces = FixedSizeBinaryArray::try_from_iter(rows.iter().map(|row| row.trace.0))
        .expect("every trace id has 16 bytes");
    let columns: [(&str, ArrayRef); 11] = [
        ("trace", Arc::new(traces)),
        ("entry", u64s(|row| row.entry.0)),
        ("application", u32s(|row| row.application.0)),
        ("bt", u32s(|row| row.bt.0)),
        ("tier", u32s(|row| row.tier.0)),
        ("node", u32s(|row| row.node.0)),
        ("end", u64s(|row| row.end_ns)),
        ("duration", u64s(|row| row.duration_us)),
        ("outcome", u8s(|row| row.outcome as u8)),
        ("reason", u8s(|row| row.reason as u8)),
        ("spans", u32s(|row| row.spans)),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, false)),
    )
    .expect("all columns have one value a row")
}

/// Which rows a query can use.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub application: Option<EntityId>,
    pub bt: Option<EntityId>,
    /// Unix nanoseconds, half open.
    pub from_ns: u64,
    pub to_ns: u64,
}

impl Wanted {
    /// Every row.
    pub const ALL: Wanted = Wanted { application: None, bt: None, from_ns: 0, to_ns: u64::MAX };

    /// Rows without a business transaction are always read: one may say that another row no longer stands.
    fn may_be_in(&self, group: &Group<'_>) -> bool {
        let bt = self.bt.map(|id| id.0);
        group.may_equal("application", self.application.map(|id| id.0))
            && (group.may_equal("bt", bt) || group.may_equal("bt", Some(EntityId::NONE.0)))
            && group.may_hold("end", self.from_ns, self.to_ns.saturating_sub(1))
    }
}

/// Gives each row that may match, and some others, to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_trace(
    segment: &Opened,
    wanted: &Wanted,
    mut each: impl FnMut(TraceRow),
) -> Result<(), SegmentError> {
    segment.each_batch_of(|group| wanted.may_be_in(group), |batch| rows_of(batch, &mut each))
}

fn rows_of(batch: &RecordBatch, each: &mut impl FnMut(TraceRow)) -> Option<()> {
    let traces: &FixedSizeBinaryArray = column(batch, "trace")?;
    let [entry, end, duration] = [
        column::<U64>(batch, "entry")?,
        column::<U64>(batch, "end")?,
        column::<U64>(batch, "duration")?,
    ];
    let u32s = |name| column::<U32>(batch, name);
    let [application, bt, tier, node, spans] =
        [u32s("application")?, u32s("bt")?, u32s("tier")?, u32s("node")?, u32s("spans")?];
    let [outcome, reason] = [column::<U8>(batch, "outcome")?, column::<U8>(batch, "reason")?];
    for at in 0..batch.num_rows() {
        each(TraceRow {
            trace: TraceId(traces.value(at).try_into().ok()?),
            entry: SpanId(entry.value(at)),
            application: EntityId(application.value(at)),
            bt: EntityId(bt.value(at)),
            tier: EntityId(tier.value(at)),
            node: EntityId(node.value(at)),
            end_ns: end.value(at),
            duration_us: duration.value(at),
            outcome: Outcome::from_number(outcome.value(at))?,
            reason: SnapshotReason::from_number(reason.value(at)),
            spans: spans.value(at),
        });
    }
    debug_assert_eq!(traces.null_count(), 0);
    Some(())
}

#[cfg(test)]
mod tests;
