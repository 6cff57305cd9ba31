//! Transactions of a range, newest first.

use std::collections::BTreeMap;

use model::id::{SpanId, TraceId};

use super::read_each;
use crate::{
    reader::{QueryError, TracePage, TraceQuery, TraceRow},
    segment::traces::each_trace,
    store::{Segment, Store},
    table::Table,
};

type Key = (u64, TraceId, SpanId);

pub(super) fn traces(store: &Store, query: &TraceQuery) -> Result<TracePage, QueryError> {
    let mut newest = Newest { query, rows: BTreeMap::new() };
    // Segments in the order they were written, then the heads: what was written last about a transaction stands.
    let mut from_heads = Vec::new();
    let pin = store.pin_with_heads(|head| {
        from_heads.extend(
            head.get(query.account).into_iter().flat_map(|rows| rows.traces.iter().copied()),
        );
    });
    let overlaps = |segment: &Segment| segment.overlaps(query.from_ns, query.to_ns);
    read_each(&pin, query.account, Table::TraceIndex, overlaps, |segment| {
        each_trace(&*segment.open()?, |row| newest.add(row))
    })?;
    from_heads.into_iter().for_each(|row| newest.add(row));
    Ok(newest.finish())
}

struct Newest<'a> {
    query: &'a TraceQuery,
    rows: BTreeMap<Key, TraceRow>,
}

impl Newest<'_> {
    fn add(&mut self, row: TraceRow) {
        let key = (row.end_ns, row.trace, row.entry);
        if !takes(self.query, &row) {
            // A later row about the same transaction stands: it may have moved to another business transaction.
            self.rows.remove(&key);
            return;
        }
        // One more than asked tells whether there is a next page.
        if self.rows.len() > self.query.limit
            && self.rows.first_key_value().is_some_and(|(oldest, _)| key < *oldest)
        {
            return;
        }
        self.rows.insert(key, row);
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
    query.from_ns <= row.end_ns
        && row.end_ns < query.to_ns
        && query.application.is_none_or(|application| row.application == application)
        && query.bt.is_none_or(|bt| row.bt == bt)
        && query.tier.is_none_or(|tier| row.tier == tier)
        && (query.outcomes.is_empty() || query.outcomes.contains(&row.outcome))
        && row.duration_us >= query.min_duration_us
        && (!query.kept_only || row.reason.name().is_some())
        && query.before.is_none_or(|before| (row.end_ns, row.trace, row.entry) < before)
}
