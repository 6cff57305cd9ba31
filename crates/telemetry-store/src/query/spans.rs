//! Single spans of a range, newest first, by what they are and have.
//!
//! The head first, then the segments in the order of their newest spans, until what was found is newer than anything in
//! those left. A question that finds little ends after some million values: then the page ends at the time down to which
//! all was looked through, and the next one goes on from there.

use std::{cmp::Reverse, sync::Arc};

use model::id::{SpanId, TraceId};
use rustc_hash::FxHashSet;

use super::{Lacks, traces::of_traces};
use crate::{
    head::Head,
    reader::{FoundSpan, QueryError, SpanPage, SpanQuery, TraceQuery},
    segment::spans::search::{Hit, Pair, Searcher, Wanted, read_hits},
    span_batch::{Part, SpanBatch},
    store::{Pin, Segment, Store},
    table::Table,
};

/// Values that are decoded for one page of an answer, about: some fifty milliseconds.
const MAX_VALUES: usize = 12 << 20;
/// So many spans are looked at for each that a page may have, where only those of one business transaction are wanted.
const CANDIDATES: usize = 10;
/// A span may end so long before or after its trace's transaction, nanoseconds.
const MARGIN_NS: u64 = 60 * 1_000_000_000;

pub(super) fn spans(
    store: &Store,
    query: &SpanQuery,
    lacks: &mut Lacks,
) -> Result<SpanPage, QueryError> {
    let before_ns = query.before.map_or(u64::MAX, |(end_ns, ..)| end_ns.saturating_add(1));
    let attributes: Vec<Pair> =
        query.attributes.iter().map(|(key, value)| Pair::new(key, value)).collect();
    let wanted = Wanted {
        attributes: &attributes,
        application: query.application,
        tier: query.tier,
        name: query.name.as_deref(),
        min_duration_ns: query.min_duration_ns,
        max_duration_ns: query.max_duration_ns,
        errors_only: query.errors_only,
        from_ns: query.from_ns,
        to_ns: query.to_ns.min(before_ns),
    };
    let mut newest = Newest::of(query);
    let pin = store.pin_with_heads(|head| in_head(head, query, &wanted, &mut newest));
    let segments = segments(&pin, query, &wanted);
    let mut reached = in_segments(store, &segments, &wanted, &mut newest, lacks)?;
    let found = newest.finish();
    let mut rows = found.read;
    read(store, &segments, found.stored, &mut rows, lacks)?;
    if query.bt.is_some() {
        reached = reached.max(keep_transaction(store, query, &mut rows, lacks)?);
        // There are more candidates than these.
        reached = reached.max(found.dropped.then_some(found.least_ns.saturating_sub(1)));
    }
    lacks.cut |= reached.is_some();
    Ok(page(query, rows, found.dropped && query.bt.is_none(), reached))
}

/// Leaves the spans whose traces entered the business transaction. Gives the time by which that is not known of all.
fn keep_transaction(
    store: &Store,
    query: &SpanQuery,
    rows: &mut Vec<FoundSpan>,
    lacks: &mut Lacks,
) -> Result<Option<u64>, QueryError> {
    let ends = || rows.iter().map(|span| span.end_ns);
    let (Some(first_ns), Some(last_ns)) = (ends().min(), ends().max()) else { return Ok(None) };
    let transactions = TraceQuery {
        account: query.account,
        trace: None,
        application: None,
        bt: query.bt,
        tier: None,
        outcomes: Vec::new(),
        min_duration_us: 0,
        max_duration_us: u64::MAX,
        kept_only: false,
        from_ns: first_ns.saturating_sub(MARGIN_NS),
        to_ns: last_ns.saturating_add(MARGIN_NS),
        before: None,
        limit: usize::MAX - 1,
    };
    let candidates: FxHashSet<TraceId> = rows.iter().map(|span| span.trace).collect();
    let (entered, reached) = of_traces(store, &transactions, &candidates, lacks)?;
    rows.retain(|span| entered.contains(&span.trace));
    // At least one instant is looked through to the end, so that the next page is about another time.
    Ok(reached.map(|ns| ns.min(last_ns.saturating_sub(1))))
}

/// Segments with spans of the range, those with the newest first. Chosen traces are kept longer in a table of their own.
fn segments<'p>(pin: &'p Pin, query: &SpanQuery, wanted: &Wanted<'_>) -> Vec<&'p Arc<Segment>> {
    let tables = [Table::Spans, Table::Snapshots];
    let all = tables.into_iter().flat_map(|table| pin.of(query.account, table));
    let mut all: Vec<_> =
        all.filter(|segment| segment.overlaps(wanted.from_ns, wanted.to_ns)).collect();
    all.sort_by_key(|segment| Reverse(segment.meta.max_time_ns));
    all
}

fn in_head(head: &Head, query: &SpanQuery, wanted: &Wanted<'_>, newest: &mut Newest) {
    let Some(rows) = head.get(query.account) else { return };
    for part in [&rows.spans, &rows.snapshots].into_iter().flat_map(SpanBatch::parts) {
        if wanted.attributes.iter().all(|pair| pair.may_be_in(part)) {
            in_part(part, wanted, newest);
        }
    }
}

fn in_part(part: &Part, wanted: &Wanted<'_>, newest: &mut Newest) {
    for at in (0..part.len()).rev() {
        let span = part.glance(at);
        if newest.has_room_for(span.end_ns) && wanted.takes(&span) {
            let row = part.row(at);
            let span = FoundSpan {
                trace: row.trace,
                id: row.id,
                end_ns: span.end_ns,
                duration_ns: row.duration_ns,
                name: row.name.to_owned(),
                kind: row.kind,
                status: row.status,
                application: row.application,
                tier: row.tier,
                node: row.node,
            };
            newest.add(span.end_ns, Found::Read(Box::new(span)));
        }
    }
}

/// Looks through segments; where that was not to the end, gives the time by which spans may have been missed.
fn in_segments(
    store: &Store,
    segments: &[&Arc<Segment>],
    wanted: &Wanted<'_>,
    newest: &mut Newest,
    lacks: &mut Lacks,
) -> Result<Option<u64>, QueryError> {
    let begin_ns = wanted.to_ns.saturating_sub(1);
    let newest_of = |segment: &Segment| (segment.meta.max_time_ns as u64).min(begin_ns);
    let mut values = 0;
    for (number, &segment) in segments.iter().enumerate() {
        newest.drop_oldest();
        if !newest.has_room_for(newest_of(segment)) {
            return Ok(None);
        }
        let following = segments.get(number + 1).map_or(0, |segment| newest_of(segment));
        let mut reached = None;
        store.read_each([segment].into_iter(), lacks, |segment| {
            let opened = segment.open()?;
            let searcher = Searcher::of(&opened)?;
            for (group, newest_ns) in searcher.groups() {
                let newest_ns = newest_ns.min(newest_of(segment));
                newest.drop_oldest();
                if !newest.has_room_for(newest_ns) {
                    break;
                }
                // A page that ends where it began would be asked for again and again.
                let left_ns = newest_ns.max(following);
                if values >= MAX_VALUES && left_ns < begin_ns {
                    reached = Some(left_ns);
                    break;
                }
                let cost = searcher.each_hit(group, wanted, |hit| {
                    if newest.has_room_for(hit.end_ns) {
                        newest.add(hit.end_ns, Found::Stored(number, hit));
                    }
                })?;
                values += cost.0;
            }
            Ok(())
        })?;
        if reached.is_some() {
            return Ok(reached);
        }
    }
    Ok(None)
}

/// A span that was found: read already, or in a segment.
enum Found {
    Read(Box<FoundSpan>),
    Stored(usize, Hit),
}

/// The newest that were found: as many as asked and one more, and all that ended together with the last of these.
struct Newest {
    found: Vec<(u64, Found)>,
    limit: usize,
    /// Those that ended when the page before did may stand on that page.
    before_ns: Option<u64>,
    /// What ended earlier is not among them.
    least_ns: u64,
    dropped: bool,
}

/// What [`Newest`] were left in the end.
struct Left {
    /// By the numbers of their segments.
    stored: Vec<(usize, Hit)>,
    read: Vec<FoundSpan>,
    /// Whether there were more, all of which ended before this.
    dropped: bool,
    least_ns: u64,
}

impl Newest {
    fn of(query: &SpanQuery) -> Newest {
        let candidates = if query.bt.is_some() { CANDIDATES } else { 1 };
        Newest {
            found: Vec::new(),
            limit: query.limit.saturating_mul(candidates) + 1,
            before_ns: query.before.map(|(end_ns, ..)| end_ns),
            least_ns: 0,
            dropped: false,
        }
    }

    fn has_room_for(&self, end_ns: u64) -> bool {
        end_ns >= self.least_ns
    }

    fn add(&mut self, end_ns: u64, found: Found) {
        self.found.push((end_ns, found));
        if self.found.len() >= 4 * self.limit && self.found.len().is_power_of_two() {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if self.found.len() < self.limit {
            return;
        }
        self.found.sort_unstable_by_key(|(end_ns, _)| Reverse(*end_ns));
        let of_page_before =
            self.found.partition_point(|(end_ns, _)| Some(*end_ns) == self.before_ns);
        let Some(&(least_ns, _)) = self.found.get(of_page_before + self.limit - 1) else { return };
        let kept = self.found.partition_point(|(end_ns, _)| *end_ns >= least_ns);
        self.dropped |= kept < self.found.len();
        self.found.truncate(kept);
        self.least_ns = least_ns;
    }

    fn finish(mut self) -> Left {
        self.drop_oldest();
        let (mut stored, mut read) = (Vec::new(), Vec::new());
        for (_, found) in self.found {
            match found {
                Found::Read(span) => read.push(*span),
                Found::Stored(segment, hit) => stored.push((segment, hit)),
            }
        }
        Left { stored, read, dropped: self.dropped, least_ns: self.least_ns }
    }
}

fn read(
    store: &Store,
    segments: &[&Arc<Segment>],
    mut stored: Vec<(usize, Hit)>,
    rows: &mut Vec<FoundSpan>,
    lacks: &mut Lacks,
) -> Result<(), QueryError> {
    stored.sort_by_key(|(segment, _)| *segment);
    for of_segment in stored.chunk_by(|a, b| a.0 == b.0) {
        let mut hits: Vec<Hit> = of_segment.iter().map(|(_, hit)| *hit).collect();
        store.read_each([segments[of_segment[0].0]].into_iter(), lacks, |segment| {
            read_hits(&*segment.open()?, &mut hits, rows)
        })?;
    }
    Ok(())
}

fn page(
    query: &SpanQuery,
    mut rows: Vec<FoundSpan>,
    dropped: bool,
    reached: Option<u64>,
) -> SpanPage {
    let place = |span: &FoundSpan| (span.end_ns, span.trace, span.id);
    rows.retain(|span| {
        query.before.is_none_or(|before| place(span) < before)
            && reached.is_none_or(|ns| span.end_ns > ns)
    });
    rows.sort_unstable_by_key(|span| Reverse(place(span)));
    // One that was sent twice, or is kept longer, is stored twice.
    rows.dedup_by_key(|span| place(span));
    let more = dropped || rows.len() > query.limit;
    rows.truncate(query.limit);
    let onward = reached.map(|ns| (ns + 1, TraceId([0; 16]), SpanId::NONE));
    let next = if more { rows.last().map(place).or(onward) } else { onward };
    SpanPage { rows, next }
}

#[cfg(test)]
mod tests;
