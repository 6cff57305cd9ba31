//! Transactions of a range, newest first.

use std::collections::BTreeMap;

use model::id::{EntityId, SpanId, TraceId};
use rustc_hash::FxHashSet;

use super::Lost;
use crate::{
    reader::{QueryError, TracePage, TraceQuery, TraceRow},
    segment::traces::{Wanted, each_trace},
    store::Store,
    table::Table,
};

type Key = (u64, TraceId, SpanId);

pub(super) fn traces(
    store: &Store,
    query: &TraceQuery,
    lost: &mut Lost,
) -> Result<TracePage, QueryError> {
    let mut in_heads = Vec::new();
    let pin = store.pin_with_heads(|head| {
        in_heads.extend(
            head.get(query.account).into_iter().flat_map(|rows| rows.traces.iter().copied()),
        );
    });
    let before_ns = query.before.map_or(u64::MAX, |(end_ns, ..)| end_ns.saturating_add(1));
    let wanted = Wanted {
        application: query.application,
        bt: query.bt,
        from_ns: query.from_ns,
        to_ns: query.to_ns.min(before_ns),
    };
    // The newest rows first: of several about the same transaction the first one met stands.
    let mut page = Page { query, rows: BTreeMap::new(), retired: FxHashSet::default() };
    in_heads.into_iter().rev().for_each(|row| page.add(row));
    let segments = pin.of(query.account, Table::TraceIndex).into_iter().rev();
    let wanted_segments = segments.filter(|segment| segment.overlaps(wanted.from_ns, wanted.to_ns));
    store.read_each(wanted_segments, lost, |segment| {
        each_trace(&*segment.open()?, &wanted, |row| page.add(row))
    })?;
    Ok(page.finish())
}

/// The newest transactions met so far, one more than asked: that tells whether there is a next page.
struct Page<'a> {
    query: &'a TraceQuery,
    rows: BTreeMap<Key, TraceRow>,
    /// What is no transaction under this name any more, or under any (none), whatever older rows say.
    retired: FxHashSet<(Key, EntityId)>,
}

impl Page<'_> {
    fn add(&mut self, row: TraceRow) {
        let key = (row.end_ns, row.trace, row.entry);
        let is_full = self.rows.len() > self.query.limit;
        if is_full && self.rows.first_key_value().is_some_and(|(oldest, _)| key < *oldest) {
            return;
        }
        let newer = self.rows.get(&key);
        if row.spans == 0 && newer.is_none_or(|newer| !row.bt.is_none() && newer.bt != row.bt) {
            self.retired.insert((key, row.bt));
        }
        let is_retired = |bt: EntityId| self.retired.contains(&(key, bt));
        if !takes(self.query, &row) || is_retired(row.bt) || is_retired(EntityId::NONE) {
            return;
        }
        self.rows.entry(key).or_insert(row);
        if self.rows.len() > self.query.limit + 1 {
            self.rows.pop_first();
        }
    }

    fn finish(self) -> TracePage {
        let more = self.rows.len() > self.query.limit;
        let rows: Vec<TraceRow> = self.rows.into_values().rev().take(self.query.limit).collect();
        let next = rows.last().filter(|_| more).map(|row| (row.end_ns, row.trace, row.entry));
        TracePage { rows, next }
    }
}

fn takes(query: &TraceQuery, row: &TraceRow) -> bool {
    // Without spans it says that there is no such transaction any more.
    row.spans > 0
        && query.from_ns <= row.end_ns
        && row.end_ns < query.to_ns
        && query.application.is_none_or(|application| row.application == application)
        && query.bt.is_none_or(|bt| row.bt == bt)
        && query.tier.is_none_or(|tier| row.tier == tier)
        && (query.outcomes.is_empty() || query.outcomes.contains(&row.outcome))
        && row.duration_us >= query.min_duration_us
        && (!query.kept_only || row.reason.name().is_some())
        && query.before.is_none_or(|before| (row.end_ns, row.trace, row.entry) < before)
}
