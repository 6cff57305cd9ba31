//! Spans of a segment by their attributes and facts, without a look at what cannot match.
//!
//! A row group is passed over when dictionaries and filters say that one of the attributes is not there; of the others
//! only the columns asked for are decoded, each only in the rows that are left by then.

mod footer;
mod pair;

use std::{cmp::Reverse, ops::Range};

use arrow::{
    array::{Array, FixedSizeBinaryArray},
    record_batch::RecordBatch,
};
use model::{
    id::{EntityId, SpanId, TraceId},
    span::{SpanKind, StatusCode},
};
use parquet::arrow::arrow_reader::RowSelection;

use self::footer::Candidate;
pub(in crate::segment) use self::footer::Footer;
pub use self::pair::Pair;
use crate::{
    reader::FoundSpan,
    segment::{
        Opened, SegmentError,
        column::{I64, Text, U8, U32, U64, column},
        pages::{Pages, Pruning},
        spans::copy::newest_of_groups,
        unpack::Unpacker,
    },
    span_batch::Glance,
};

/// Which spans.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub attributes: &'a [Pair],
    pub application: Option<EntityId>,
    pub tier: Option<EntityId>,
    pub name: Option<&'a str>,
    pub min_duration_ns: u64,
    pub max_duration_ns: u64,
    pub errors_only: bool,
    /// Unix nanoseconds of their ends, half open.
    pub from_ns: u64,
    pub to_ns: u64,
}

impl Wanted<'_> {
    /// Whether a span in memory is one.
    pub(crate) fn takes(&self, span: &Glance<'_>) -> bool {
        (self.from_ns..self.to_ns).contains(&span.end_ns)
            && (self.min_duration_ns..=self.max_duration_ns).contains(&span.duration_ns)
            && (!self.errors_only || span.status == StatusCode::Error)
            && self.application.is_none_or(|application| span.application == application)
            && self.tier.is_none_or(|tier| span.tier == tier)
            && self.name.is_none_or(|name| span.name == name)
            && self.attributes.iter().all(|pair| pair.is_of(span))
    }
}

/// A span that was found, not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub end_ns: u64,
    group: usize,
    row: usize,
}

/// What finding costs: values that were decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost(pub usize);

/// Searches a segment.
pub(crate) struct Searcher<'s> {
    segment: &'s Opened,
    unpacker: Unpacker,
}

impl<'s> Searcher<'s> {
    /// # Errors
    /// When there is no memory to unpack.
    pub(crate) fn of(segment: &'s Opened) -> Result<Searcher<'s>, SegmentError> {
        let unpacker = Unpacker::new().map_err(|source| segment.failed(source))?;
        Ok(Searcher { segment, unpacker })
    }

    /// The row groups and a time by which the spans of each had ended (Unix nanoseconds), those with the newest first.
    pub(crate) fn groups(&self) -> Vec<(usize, u64)> {
        let metadata = self.segment.footer.metadata();
        let known = newest_of_groups(metadata);
        let newest = |group: usize| known.as_ref().map_or(u64::MAX, |known| known[group]);
        let groups = (0..metadata.num_row_groups()).map(|group| (group, newest(group)));
        let mut groups: Vec<(usize, u64)> = groups.collect();
        groups.sort_by_key(|(_, newest_ns)| Reverse(*newest_ns));
        groups
    }

    /// Gives each span of a row group that is wanted to `each`, and returns what it cost.
    ///
    /// # Errors
    /// When the file cannot be read or lacks a column.
    pub(crate) fn each_hit(
        &self,
        group: usize,
        wanted: &Wanted<'_>,
        mut each: impl FnMut(Hit),
    ) -> Result<Cost, SegmentError> {
        let Searcher { segment, unpacker } = self;
        let rows = fitting_pages(segment, group, wanted);
        let mut search = Search { segment, unpacker, group, rows, cost: Cost::default() };
        if !search.rows.is_empty() && search.attributes(wanted.attributes)? {
            search.facts(wanted, &mut each)?;
        }
        Ok(search.cost)
    }
}

/// The rows of the pages that may hold a span that lasted as long as wanted.
fn fitting_pages(segment: &Opened, group: usize, wanted: &Wanted<'_>) -> Vec<Range<usize>> {
    let everything = || std::iter::once(0..segment.rows_of_group(group)).collect();
    if wanted.min_duration_ns == 0 && wanted.max_duration_ns == u64::MAX {
        return everything();
    }
    let pages = Pages::of(segment, group);
    let Some(durations) = pages.of_column("duration") else { return everything() };
    let fitting =
        Pruning::of(&pages, &[("duration", wanted.min_duration_ns, wanted.max_duration_ns)]);
    durations.into_iter().map(|page| page.rows).filter(|rows| fitting.may_hold(rows)).collect()
}

/// A search in one row group.
struct Search<'s> {
    segment: &'s Opened,
    unpacker: &'s Unpacker,
    group: usize,
    /// Those that may match, as is known by now.
    rows: Vec<Range<usize>>,
    cost: Cost,
}

impl Search<'_> {
    /// Leaves the rows that have all attributes; `false` when there are none.
    fn attributes(&mut self, pairs: &[Pair]) -> Result<bool, SegmentError> {
        let mut all: Vec<(&Pair, Vec<Candidate>)> = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let of_pair = footer::places(self.segment, self.unpacker, self.group, pair)?;
            if of_pair.is_empty() {
                return Ok(false);
            }
            all.push((pair, of_pair));
        }
        // What hardly repeats leaves the fewest rows.
        let repeats = |candidate: &Candidate| candidate.place.repeats();
        all.sort_by_key(|(_, candidates)| candidates.iter().any(repeats));
        for (pair, candidates) in all {
            let mut rows = Vec::new();
            for candidate in &candidates {
                rows.extend(self.rows_with(pair, candidate)?);
            }
            rows.sort_unstable();
            rows.dedup();
            self.rows = ranges(&rows);
            if rows.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The rows that have an attribute at a place.
    fn rows_with(
        &mut self,
        pair: &Pair,
        Candidate { place, rows }: &Candidate,
    ) -> Result<Vec<usize>, SegmentError> {
        let mut found = Vec::new();
        let mut matcher = place.matcher(pair);
        let rows = both(&self.rows, rows);
        self.each_batch(place.is_coded(), &[place.column(pair)], &rows, |batch, numbers| {
            matcher.each(batch, |at| found.push(numbers[at]))
        })?;
        Ok(found)
    }

    /// Gives those of the rows that are wanted by all else.
    fn facts(
        &mut self,
        wanted: &Wanted<'_>,
        each: &mut impl FnMut(Hit),
    ) -> Result<(), SegmentError> {
        let group = self.group;
        let mut columns = vec!["trace_start", "start_offset", "duration"];
        columns.extend(wanted.application.map(|_| "application"));
        columns.extend(wanted.tier.map(|_| "tier"));
        columns.extend(wanted.name.map(|_| "name"));
        columns.extend(wanted.errors_only.then_some("status"));
        let rows = std::mem::take(&mut self.rows);
        self.each_batch(false, &columns, &rows, |batch, numbers| {
            let times = Times::of(batch)?;
            let application = optional::<U32>(batch, "application", wanted.application.is_some())?;
            let tier = optional::<U32>(batch, "tier", wanted.tier.is_some())?;
            let name = optional::<Text>(batch, "name", wanted.name.is_some())?;
            let status = optional::<U8>(batch, "status", wanted.errors_only)?;
            let lasted = wanted.min_duration_ns..=wanted.max_duration_ns;
            for (at, &row) in numbers.iter().enumerate() {
                let end_ns = times.end_ns(at);
                let is = |column: Option<&U32>, id: Option<EntityId>| {
                    column.is_none_or(|column| Some(EntityId(column.value(at))) == id)
                };
                let takes = (wanted.from_ns..wanted.to_ns).contains(&end_ns)
                    && lasted.contains(&times.duration_ns(at))
                    && is(application, wanted.application)
                    && is(tier, wanted.tier)
                    && name.is_none_or(|name| Some(name.value(at)) == wanted.name)
                    && status.is_none_or(|status| status.value(at) == StatusCode::Error as u8);
                if takes {
                    each(Hit { end_ns, group, row });
                }
            }
            Some(())
        })
    }

    /// Decodes columns of some rows, with the rows' numbers; `None` from `each` says that a column is missing.
    fn each_batch(
        &mut self,
        coded: bool,
        columns: &[&str],
        rows: &[Range<usize>],
        mut each: impl FnMut(&RecordBatch, &[usize]) -> Option<()>,
    ) -> Result<(), SegmentError> {
        let (segment, group) = (self.segment, self.group);
        if rows.is_empty() {
            return Ok(());
        }
        let selection = RowSelection::from_consecutive_ranges(
            rows.iter().cloned(),
            segment.rows_of_group(group),
        );
        let schema = if coded { &Footer::of(segment).coded } else { segment.footer.schema() };
        let mut rows = rows.iter().cloned().flatten();
        let mut numbers = Vec::new();
        let group = self.unpacker.group(segment, group);
        let read = group.rows(schema, segment.columns(columns), selection);
        for batch in read.map_err(|source| segment.failed(source))? {
            let batch = batch.map_err(|source| segment.failed(source.into()))?;
            numbers.clear();
            numbers.extend(rows.by_ref().take(batch.num_rows()));
            self.cost.0 += batch.num_rows() * columns.len();
            each(&batch, &numbers).ok_or_else(|| segment.lacks_column())?;
        }
        Ok(())
    }
}

/// A column that has to be there if it was asked for.
fn optional<'a, A: Array + 'static>(
    batch: &'a RecordBatch,
    name: &str,
    asked: bool,
) -> Option<Option<&'a A>> {
    if asked { column(batch, name).map(Some) } else { Some(None) }
}

/// When spans ran.
pub(super) struct Times<'a> {
    trace_start: &'a U64,
    start_offset: &'a I64,
    duration: &'a I64,
}

impl Times<'_> {
    pub(super) fn of(batch: &RecordBatch) -> Option<Times<'_>> {
        Some(Times {
            trace_start: column(batch, "trace_start")?,
            start_offset: column(batch, "start_offset")?,
            duration: column(batch, "duration")?,
        })
    }

    fn duration_ns(&self, at: usize) -> u64 {
        self.duration.value(at) as u64
    }

    pub(super) fn end_ns(&self, at: usize) -> u64 {
        let start_ns = self.trace_start.value(at).wrapping_add(self.start_offset.value(at) as u64);
        start_ns.wrapping_add(self.duration_ns(at))
    }
}

/// What is in ranges of both; each are in order.
fn both(one: &[Range<usize>], other: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut common = Vec::new();
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let some = a.start.max(b.start)..a.end.min(b.end);
        if a.end <= b.end {
            one.next();
        } else {
            other.next();
        }
        if !some.is_empty() {
            common.push(some);
        }
    }
    common
}

/// Sorted numbers as ranges.
fn ranges(numbers: &[usize]) -> Vec<Range<usize>> {
    numbers.chunk_by(|a, b| a + 1 == *b).map(|run| run[0]..run[run.len() - 1] + 1).collect()
}

/// Reads what was found in a segment, in no particular order.
///
/// # Errors
/// When the file cannot be read or lacks a column.
pub fn read_hits(
    segment: &Opened,
    hits: &mut [Hit],
    out: &mut Vec<FoundSpan>,
) -> Result<(), SegmentError> {
    const COLUMNS: [&str; 11] = [
        "trace",
        "id",
        "trace_start",
        "start_offset",
        "duration",
        "kind",
        "status",
        "application",
        "tier",
        "node",
        "name",
    ];
    hits.sort_unstable_by_key(|hit| (hit.group, hit.row));
    for of_group in hits.chunk_by(|a, b| a.group == b.group) {
        let group = of_group[0].group;
        let rows: Vec<usize> = of_group.iter().map(|hit| hit.row).collect();
        let rows = RowSelection::from_consecutive_ranges(
            ranges(&rows).into_iter(),
            segment.rows_of_group(group),
        );
        for batch in segment.part(group, rows, &COLUMNS)? {
            let batch = batch.map_err(|source| segment.failed(source.into()))?;
            read_batch(&batch, out).ok_or_else(|| segment.lacks_column())?;
        }
    }
    Ok(())
}

fn read_batch(batch: &RecordBatch, out: &mut Vec<FoundSpan>) -> Option<()> {
    let trace: &FixedSizeBinaryArray = column(batch, "trace")?;
    let id: &U64 = column(batch, "id")?;
    let times = Times::of(batch)?;
    let [kind, status] = [column::<U8>(batch, "kind")?, column::<U8>(batch, "status")?];
    let u32s = |name| column::<U32>(batch, name);
    let [application, tier, node] = [u32s("application")?, u32s("tier")?, u32s("node")?];
    let name: &Text = column(batch, "name")?;
    out.extend((0..batch.num_rows()).map(|at| FoundSpan {
        trace: TraceId(trace.value(at).try_into().expect("the column says 16 bytes")),
        id: SpanId(id.value(at)),
        end_ns: times.end_ns(at),
        duration_ns: times.duration_ns(at),
        name: name.value(at).to_owned(),
        kind: SpanKind::from_wire(u64::from(kind.value(at))),
        status: StatusCode::from_wire(u64::from(status.value(at))),
        application: EntityId(application.value(at)),
        tier: EntityId(tier.value(at)),
        node: EntityId(node.value(at)),
    }));
    Some(())
}

#[cfg(test)]
mod tests;
