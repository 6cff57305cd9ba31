//! Queries: the heads and the segments of one pin, merged.

mod figures;
mod logs;
mod metrics;
mod traces;

use model::{
    id::{AccountId, TraceId},
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashSet;

use crate::{
    reader::{
        Answer, FigureQuery, FigureRow, LogPage, LogQuery, MetricQuery, MetricSeries, QueryError,
        Reader, Resolution, Span, TracePage, TraceQuery,
    },
    segment::{SegmentError, spans},
    span_batch::SpanBatch,
    store::{Pin, Segment, Store},
    table::Table,
};

impl Reader for Store {
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        figures::figures(self, query).map(whole)
    }

    fn trace(&self, account: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError> {
        let batch = self.trace_spans(account, trace)?;
        let mut seen = FxHashSet::default();
        let rows = (0..batch.len()).map(|at| batch.row(at)).filter(|row| seen.insert(row.id));
        let mut spans: Vec<Span> = rows.map(|row| row.to_span()).collect();
        spans.sort_by_key(|span| (span.start_ns, span.id));
        Ok(whole(spans))
    }

    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError> {
        traces::traces(self, query).map(whole)
    }

    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError> {
        logs::logs(self, query).map(whole)
    }

    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        metrics::metrics(self, query).map(whole)
    }

    fn newest_minute(&self) -> Option<Minute> {
        let mut newest = None;
        let pin = self.pin_with_heads(|head| {
            let minutes = head
                .accounts()
                .flat_map(|(_, rows)| rows.figures.keys().map(|(_, minute)| *minute));
            newest = newest.max(minutes.max());
        });
        let stored = pin
            .segments
            .by_id
            .values()
            .filter(|segment| segment.meta.table == Table::Figures as u8);
        newest.max(stored.map(|segment| Minute::of_ns(segment.meta.max_time_ns as u64)).max())
    }
}

impl Store {
    /// All stored spans of a trace, unordered and perhaps repeated (a span sent again after its trace was closed).
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn trace_spans(&self, account: AccountId, trace: TraceId) -> Result<SpanBatch, QueryError> {
        self.trace_spans_since(account, trace, 0)
    }

    /// The same, without a look at segments all of whose spans ended before `since_ns` (Unix nanoseconds).
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn trace_spans_since(
        &self,
        account: AccountId,
        trace: TraceId,
        since_ns: u64,
    ) -> Result<SpanBatch, QueryError> {
        let mut found = SpanBatch::default();
        let pin = self.pin_with_heads(|head| {
            if let Some(rows) = head.get(account) {
                rows.spans
                    .rows_of(trace)
                    .chain(rows.snapshots.rows_of(trace))
                    .for_each(|row| found.push(&row));
            }
        });
        segments_of_trace(&pin, account, trace, since_ns, &mut found)?;
        Ok(found)
    }

    /// The same, but only of segments: for a writer that knows what it has put into the head.
    ///
    /// # Errors
    /// When a segment cannot be read.
    pub fn stored_spans_since(
        &self,
        account: AccountId,
        trace: TraceId,
        since_ns: u64,
    ) -> Result<SpanBatch, QueryError> {
        let mut found = SpanBatch::default();
        segments_of_trace(&self.pin(), account, trace, since_ns, &mut found)?;
        Ok(found)
    }
}

fn segments_of_trace(
    pin: &Pin,
    account: AccountId,
    trace: TraceId,
    since_ns: u64,
    found: &mut SpanBatch,
) -> Result<(), QueryError> {
    let recent = |segment: &Segment| segment.meta.max_time_ns as u64 >= since_ns;
    for table in [Table::Spans, Table::Snapshots] {
        read_each(pin, account, table, recent, |segment| {
            spans::read_trace(&*segment.open()?, trace, found)
        })?;
    }
    Ok(())
}

fn whole<T>(value: T) -> Answer<T> {
    Answer { value, partial: Vec::new() }
}

/// The first minute whose nanoseconds no longer fit 64 bits; a range that was asked for may end anywhere.
const END_OF_TIME: u32 = 300_000_000;

/// The asked range, widened to whole points of what is read.
fn widened(range: MinuteRange, read: Resolution) -> MinuteRange {
    let end = range.end.0.min(END_OF_TIME).div_ceil(read.minutes()) * read.minutes();
    let start = read.floor(Minute(range.start.0.min(END_OF_TIME)));
    MinuteRange { start, end: Minute(end) }
}

/// Gives the wanted segments of a table to `read`.
fn read_each(
    pin: &Pin,
    account: AccountId,
    table: Table,
    wanted: impl Fn(&Segment) -> bool,
    mut read: impl FnMut(&Segment) -> Result<(), SegmentError>,
) -> Result<(), QueryError> {
    for segment in pin.of(account, table).into_iter().filter(|segment| wanted(segment)) {
        read(segment).map_err(|error| unreadable(table, segment, error))?;
    }
    Ok(())
}

fn unreadable(table: Table, segment: &Segment, error: SegmentError) -> QueryError {
    QueryError::Read {
        what: format!("{} segment {}", table.name(), segment.meta.id),
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests;
