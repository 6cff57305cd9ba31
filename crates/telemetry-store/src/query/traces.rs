//! Transactions of a range, newest first.
//!
//! Pages of the index are read in the order of their newest rows, until what was found is newer than anything in those
//! left. A question that finds little ends after some hundred thousand rows: then the page ends at the time down to which
//! all was looked through, and the next one goes on from there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::id::{EntityId, SpanId, TraceId};
use rustc_hash::FxHashSet;

use super::Lacks;
use crate::{
    reader::{QueryError, TracePage, TraceQuery, TraceRow},
    recency::recency,
    segment::traces::{Block, Wanted, blocks, each_of},
    store::{Pin, Segment, Store},
    table::Table,
};

type Key = (u64, TraceId, SpanId);

/// Rows that are read for one page of an answer, about: some ten milliseconds.
const MAX_ROWS_READ: usize = 256 * 1024;
/// Blocks that are read before it is looked whether they were enough, at first and at most.
const WAVE: usize = 8;
const MAX_WAVE: usize = 64;

pub(super) fn traces(
    store: &Store,
    query: &TraceQuery,
    lacks: &mut Lacks,
) -> Result<TracePage, QueryError> {
    let (found, reached) = find(store, query, |_| true, lacks)?;
    Ok(found.page(reached))
}

/// Those of some traces that have a transaction of a query, and the time by which they may have been missed if that could
/// not be looked through to the end.
pub(super) fn of_traces(
    store: &Store,
    query: &TraceQuery,
    among: &FxHashSet<TraceId>,
    lacks: &mut Lacks,
) -> Result<(FxHashSet<TraceId>, Option<u64>), QueryError> {
    let (found, reached) = find(store, query, |row| among.contains(&row.trace), lacks)?;
    let traces = found.standing().map(|row| row.trace).collect();
    Ok((traces, reached))
}

/// What is enough for a page, of the rows that may take part; and the time by which not all was looked through, if so.
fn find<'q>(
    store: &Store,
    query: &'q TraceQuery,
    may_be: impl Fn(&TraceRow) -> bool,
    lacks: &mut Lacks,
) -> Result<(Found<'q>, Option<u64>), QueryError> {
    let mut found = Found { query, rows: BTreeMap::new() };
    let mut heads = 0;
    let pin = store.pin_with_heads(|head| {
        // Newer than every segment; of two heads the second, of two rows the later one.
        let rows = head.get(query.account).into_iter().flat_map(|rows| &rows.traces);
        for row in rows.filter(|row| may_be(row)) {
            heads += 1;
            found.add((u64::MAX, heads), *row);
        }
    });
    let before_ns = query.before.map_or(u64::MAX, |(end_ns, ..)| end_ns.saturating_add(1));
    let to_ns = query.to_ns.min(before_ns);
    let mut left = Left::of(store, &pin, query, to_ns, lacks)?;
    let (mut rows_read, mut wave) = (0, WAVE);
    while let Some(newest_ns) = left.newest_ns() {
        if found.is_enough_above(newest_ns) {
            break;
        }
        // A page that ends where it began would be asked for again and again.
        if rows_read >= MAX_ROWS_READ && newest_ns < to_ns.saturating_sub(1) {
            lacks.cut = true;
            return Ok((found, Some(newest_ns)));
        }
        let add = |age, row: TraceRow| {
            if may_be(&row) {
                found.add(age, row);
            }
        };
        rows_read += left.read(store, wave, add, lacks)?;
        wave = (2 * wave).min(MAX_WAVE);
    }
    Ok((found, None))
}

/// The blocks that are not read yet, those with the newest rows last.
struct Left<'p> {
    blocks: Vec<(Block, usize)>,
    segments: Vec<&'p Arc<Segment>>,
}

impl<'p> Left<'p> {
    fn of(
        store: &Store,
        pin: &'p Pin,
        query: &TraceQuery,
        to_ns: u64,
        lacks: &mut Lacks,
    ) -> Result<Left<'p>, QueryError> {
        let wanted = Wanted {
            application: query.application,
            bt: query.bt,
            tier: query.tier,
            min_duration_us: query.min_duration_us,
            max_duration_us: query.max_duration_us,
            kept_only: query.kept_only,
            from_ns: query.from_ns,
            to_ns,
        };
        let mut segments = pin.of(query.account, Table::TraceIndex);
        segments.retain(|segment| segment.overlaps(query.from_ns, to_ns));
        let mut all = Vec::new();
        let mut number = 0;
        store.read_each(segments.iter().copied(), lacks, |segment| {
            number += 1;
            let of_segment = blocks(&*segment.open()?, &wanted).into_iter();
            all.extend(of_segment.map(|mut block| {
                block.newest_ns = block.newest_ns.min(to_ns.saturating_sub(1));
                (block, number - 1)
            }));
            Ok(())
        })?;
        all.sort_by_key(|(block, _)| block.newest_ns);
        Ok(Left { blocks: all, segments })
    }

    fn newest_ns(&self) -> Option<u64> {
        self.blocks.last().map(|(block, _)| block.newest_ns)
    }

    /// Reads the next blocks, at least those that are as new as the first, and gives how many rows they had.
    fn read(
        &mut self,
        store: &Store,
        count: usize,
        mut add: impl FnMut(Age, TraceRow),
        lacks: &mut Lacks,
    ) -> Result<usize, QueryError> {
        let mut of_segments: BTreeMap<usize, Vec<Block>> = BTreeMap::new();
        let mut rows = 0;
        for (block, segment) in self.blocks.split_off(self.blocks.len().saturating_sub(count)) {
            rows += block.row_count();
            of_segments.entry(segment).or_default().push(block);
        }
        for (segment, mut blocks) in of_segments {
            store.read_each([self.segments[segment]].into_iter(), lacks, |segment| {
                let age = (recency(&segment.meta), 0);
                each_of(&*segment.open()?, &mut blocks, |row| add(age, row))
            })?;
        }
        Ok(rows)
    }
}

/// The higher, the newer is what a row says: its segment, and its place in the head.
type Age = (u64, usize);

/// What was met so far: rows that match, and rows that take back others.
struct Found<'a> {
    query: &'a TraceQuery,
    rows: BTreeMap<Key, Vec<(Age, TraceRow)>>,
}

impl Found<'_> {
    fn add(&mut self, age: Age, row: TraceRow) {
        if row.spans == 0 || takes(self.query, &row) {
            self.rows.entry((row.end_ns, row.trace, row.entry)).or_default().push((age, row));
        }
    }

    /// Whether there are enough that end later than `ns`: more than asked, which tells that there is a next page.
    fn is_enough_above(&self, ns: u64) -> bool {
        let newer = self.standing().take_while(|row| row.end_ns > ns);
        newer.take(self.query.limit + 1).count() > self.query.limit
    }

    /// What is listed, newest first.
    fn standing(&self) -> impl Iterator<Item = TraceRow> {
        self.rows.values().rev().filter_map(|about| standing(about))
    }

    /// `reached`: nothing that ended by then was looked through to the end.
    fn page(&self, reached: Option<u64>) -> TracePage {
        let complete = self.standing().take_while(|row| reached.is_none_or(|ns| row.end_ns > ns));
        let mut rows: Vec<TraceRow> = complete.take(self.query.limit + 1).collect();
        let more = rows.len() > self.query.limit;
        rows.truncate(self.query.limit);
        let last = rows.last().map(|row| (row.end_ns, row.trace, row.entry));
        let onward = reached.map(|ns| (ns + 1, TraceId([0; 16]), SpanId::NONE));
        TracePage { rows, next: if more { last } else { onward } }
    }
}

/// Of all rows about one transaction the newest that nothing newer takes back.
fn standing(about: &[(Age, TraceRow)]) -> Option<TraceRow> {
    if let [(_, row)] = about {
        return (row.spans > 0).then_some(*row);
    }
    let mut about: Vec<&(Age, TraceRow)> = about.iter().collect();
    about.sort_by_key(|(age, _)| std::cmp::Reverse(*age));
    let mut newest: Option<TraceRow> = None;
    // Under which names it stands no more, or under any (none), whatever older rows say.
    let mut retired: BTreeSet<EntityId> = BTreeSet::new();
    for (_, row) in about {
        if row.spans == 0 {
            if newest.is_none_or(|newer| !row.bt.is_none() && newer.bt != row.bt) {
                retired.insert(row.bt);
            }
        } else if newest.is_none()
            && !retired.contains(&row.bt)
            && !retired.contains(&EntityId::NONE)
        {
            newest = Some(*row);
        }
    }
    newest
}

fn takes(query: &TraceQuery, row: &TraceRow) -> bool {
    query.from_ns <= row.end_ns
        && row.end_ns < query.to_ns
        && query.trace.is_none_or(|trace| row.trace == trace)
        && query.application.is_none_or(|application| row.application == application)
        && query.bt.is_none_or(|bt| row.bt == bt)
        && query.tier.is_none_or(|tier| row.tier == tier)
        && (query.outcomes.is_empty() || query.outcomes.contains(&row.outcome))
        && (query.min_duration_us..=query.max_duration_us).contains(&row.duration_us)
        && (!query.kept_only || row.reason.name().is_some())
        && query.before.is_none_or(|before| (row.end_ns, row.trace, row.entry) < before)
}
