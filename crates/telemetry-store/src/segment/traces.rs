//! Segments of the trace index: one row a transaction, by business transaction and time.
//!
//! Rows of one business transaction lie together, newest last, in small pages whose bounds are known: [`blocks`] says
//! which of them a question is about and how new their rows are, and only as many are read as the answer takes.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, FixedSizeBinaryArray},
    record_batch::RecordBatch,
};
use model::{
    id::{EntityId, SpanId, TraceId},
    span::{Outcome, SnapshotReason},
};
use parquet::{
    arrow::arrow_reader::RowSelection,
    basic::{Compression, Encoding},
};

use super::{
    Group, Opened, SegmentError,
    column::{U8, U32, U64, column},
    encode,
    pages::{Needed, Pages, Pruning},
    properties, with_page_statistics,
};
use crate::reader::TraceRow;

const ROW_GROUP: usize = 16 * 1024;
const CHUNK: usize = 16 * 1024;
/// The newest of a business transaction are some of such a page.
const PAGE_ROWS: usize = 1024;
/// What rows are found by.
const BOUNDED: [&str; 7] = ["application", "bt", "tier", "end", "duration", "reason", "spans"];

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
    let properties = with_page_statistics(properties(rows.len()), &BOUNDED)
        .set_column_dictionary_enabled("trace".into(), false)
        .set_column_encoding("trace".into(), Encoding::PLAIN)
        .set_column_dictionary_enabled("entry".into(), false)
        .set_column_dictionary_enabled("end".into(), false)
        .set_column_dictionary_enabled("duration".into(), false)
        // Ids and times, which hardly get smaller: a search would pay for it.
        .set_compression(Compression::UNCOMPRESSED)
        .set_data_page_row_count_limit(PAGE_ROWS)
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
    pub tier: Option<EntityId>,
    pub min_duration_us: u64,
    pub max_duration_us: u64,
    /// Only those chosen to be kept.
    pub kept_only: bool,
    /// Unix nanoseconds of their ends, half open.
    pub from_ns: u64,
    pub to_ns: u64,
}

impl Wanted {
    /// Every row.
    pub const ALL: Wanted = Wanted {
        application: None,
        bt: None,
        tier: None,
        min_duration_us: 0,
        max_duration_us: u64::MAX,
        kept_only: false,
        from_ns: 0,
        to_ns: u64::MAX,
    };

    /// What all rows about a transaction have in common, whatever was known of it when they were written.
    fn needed(&self) -> Vec<Needed> {
        let mut needed = vec![("end", self.from_ns, self.to_ns.saturating_sub(1))];
        let is = |name, id: EntityId| (name, u64::from(id.0), u64::from(id.0));
        needed.extend(self.application.map(|id| is("application", id)));
        needed.extend(self.tier.map(|id| is("tier", id)));
        if self.min_duration_us > 0 || self.max_duration_us < u64::MAX {
            needed.push(("duration", self.min_duration_us, self.max_duration_us));
        }
        needed
    }

    /// Rows that take back are always read, and rows without a business transaction: one may say that another row no longer
    /// stands.
    fn alternatives(&self) -> Vec<[Needed; 2]> {
        const TAKES_BACK: Needed = ("spans", 0, 0);
        const ANY: Needed = ("spans", 0, u64::MAX);
        let of = |id: EntityId| ("bt", u64::from(id.0), u64::from(id.0));
        let named = match self.bt {
            Some(bt) => vec![[of(bt), ANY], [of(EntityId::NONE), ANY]],
            None => vec![[ANY, ANY]],
        };
        if !self.kept_only {
            return named;
        }
        let kept = ("reason", 1, u64::MAX);
        named.into_iter().flat_map(|[name, _]| [[name, kept], [name, TAKES_BACK]]).collect()
    }

    fn may_be_in(&self, group: &Group<'_>) -> bool {
        let holds = |(name, first, last): &Needed| group.may_hold(name, *first, *last);
        self.needed().iter().all(holds)
            && self.alternatives().iter().any(|needed| needed.iter().all(holds))
    }
}

/// Neighbouring rows of a row group that are read together.
#[derive(Clone, Debug)]
pub struct Block {
    group: usize,
    rows: Range<usize>,
    /// None of them ends later, Unix nanoseconds.
    pub newest_ns: u64,
}

impl Block {
    /// How many rows it has.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }
}

/// All blocks in which rows may match.
pub fn blocks(segment: &Opened, wanted: &Wanted) -> Vec<Block> {
    let mut all = Vec::new();
    for (group, metadata) in segment.footer.metadata().row_groups().iter().enumerate() {
        let bounds = Group(metadata);
        if !wanted.may_be_in(&bounds) {
            continue;
        }
        let pages = Pages::of(segment, group);
        let Some(ends) = pages.of_column("end") else {
            let newest_ns = bounds.bounds("end").map_or(u64::MAX, |(_, newest)| newest);
            all.push(Block { group, rows: 0..segment.rows_of_group(group), newest_ns });
            continue;
        };
        let needed = Pruning::of(&pages, &wanted.needed());
        let alternatives: Vec<Pruning> =
            wanted.alternatives().iter().map(|any| Pruning::of(&pages, any)).collect();
        let may_match = |rows: &Range<usize>| {
            needed.may_hold(rows) && alternatives.iter().any(|any| any.may_hold(rows))
        };
        all.extend(ends.into_iter().filter(|page| may_match(&page.rows)).map(|page| Block {
            group,
            rows: page.rows,
            newest_ns: page.greatest,
        }));
    }
    all
}

/// Gives each row of some blocks of a segment to `each`.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn each_of(
    segment: &Opened,
    blocks: &mut [Block],
    mut each: impl FnMut(TraceRow),
) -> Result<(), SegmentError> {
    blocks.sort_by_key(|block| (block.group, block.rows.start));
    for of_group in blocks.chunk_by(|a, b| a.group == b.group) {
        let group = of_group[0].group;
        let rows = of_group.iter().map(|block| block.rows.clone());
        let rows = RowSelection::from_consecutive_ranges(rows, segment.rows_of_group(group));
        for batch in segment.part(group, rows, &COLUMNS)? {
            let batch = batch.map_err(|source| segment.failed(source.into()))?;
            rows_of(&batch, &mut each).ok_or_else(|| segment.lacks_column())?;
        }
    }
    Ok(())
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

const COLUMNS: [&str; 11] = [
    "trace",
    "entry",
    "application",
    "bt",
    "tier",
    "node",
    "end",
    "duration",
    "outcome",
    "reason",
    "spans",
];

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
