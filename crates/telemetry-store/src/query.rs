//! Queries: the heads and the segments of one pin, merged.

mod figures;
mod logs;
mod metrics;
mod samples;
mod traces;

use std::{collections::BTreeSet, sync::Arc};

use model::{
    id::{AccountId, TraceId},
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashSet;

use crate::{
    reader::{
        Answer, FigureQuery, FigureRow, LogPage, LogQuery, MetricQuery, MetricSeries, QueryError,
        Reader, Resolution, SampleQuery, SeriesPage, SeriesQuery, SeriesSamples, Span, TracePage,
        TraceQuery,
    },
    segment::{SegmentError, spans},
    span_batch::SpanBatch,
    store::{Pin, Segment, Store},
    table::Table,
};

impl Reader for Store {
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        answer(|lost| figures::figures(self, query, lost))
    }

    fn trace(&self, account: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError> {
        answer(|lost| {
            let batch = self.spans_of(account, &BTreeSet::from([trace]), 0, lost)?;
            let mut seen = FxHashSet::default();
            let rows = (0..batch.len()).map(|at| batch.row(at)).filter(|row| seen.insert(row.id));
            let mut spans: Vec<Span> = rows.map(|row| row.to_span()).collect();
            spans.sort_by_key(|span| (span.start_ns, span.id));
            Ok(spans)
        })
    }

    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError> {
        answer(|lost| traces::traces(self, query, lost))
    }

    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError> {
        answer(|lost| logs::logs(self, query, lost))
    }

    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        answer(|lost| metrics::metrics(self, query, lost))
    }

    fn series(&self, query: &SeriesQuery) -> Result<Answer<SeriesPage>, QueryError> {
        answer(|lost| samples::series(self, query, lost))
    }

    fn samples(&self, query: &SampleQuery) -> Result<Answer<Vec<SeriesSamples>>, QueryError> {
        answer(|lost| samples::samples(self, query, lost))
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
    /// All stored spans of a trace, unordered and perhaps repeated (a span sent again after its trace was closed), without
    /// a look at segments all of whose spans ended before `since_ns` (Unix nanoseconds). Segments that are lost are passed
    /// over: whoever writes has to go on without them.
    ///
    /// # Errors
    /// When the disk refuses to read a segment.
    pub fn trace_spans_since(
        &self,
        account: AccountId,
        trace: TraceId,
        since_ns: u64,
    ) -> Result<SpanBatch, QueryError> {
        self.spans_of(account, &BTreeSet::from([trace]), since_ns, &mut Lost::default())
    }

    /// The same of several traces, read together: neighbours lie in the same pages.
    ///
    /// # Errors
    /// As [`Store::trace_spans_since`].
    pub fn spans_of_traces_since(
        &self,
        account: AccountId,
        traces: &BTreeSet<TraceId>,
        since_ns: u64,
    ) -> Result<SpanBatch, QueryError> {
        self.spans_of(account, traces, since_ns, &mut Lost::default())
    }

    /// The same, but only of segments: for a writer that knows what it has put into the head.
    ///
    /// # Errors
    /// As [`Store::trace_spans_since`].
    pub fn stored_spans_since(
        &self,
        account: AccountId,
        trace: TraceId,
        since_ns: u64,
    ) -> Result<SpanBatch, QueryError> {
        let mut found = SpanBatch::default();
        let pin = self.pin();
        let traces = BTreeSet::from([trace]);
        self.spans_in_segments(&pin, account, &traces, since_ns, &mut found, &mut Lost::default())?;
        Ok(found)
    }

    fn spans_of(
        &self,
        account: AccountId,
        traces: &BTreeSet<TraceId>,
        since_ns: u64,
        lost: &mut Lost,
    ) -> Result<SpanBatch, QueryError> {
        let mut found = SpanBatch::default();
        let pin = self.pin_with_heads(|head| {
            if let Some(rows) = head.get(account) {
                rows.spans
                    .rows_of(traces)
                    .chain(rows.snapshots.rows_of(traces))
                    .for_each(|row| found.push(&row));
            }
        });
        self.spans_in_segments(&pin, account, traces, since_ns, &mut found, lost)?;
        Ok(found)
    }

    fn spans_in_segments(
        &self,
        pin: &Pin,
        account: AccountId,
        traces: &BTreeSet<TraceId>,
        since_ns: u64,
        found: &mut SpanBatch,
        lost: &mut Lost,
    ) -> Result<(), QueryError> {
        let recent = |segment: &Segment| segment.meta.max_time_ns as u64 >= since_ns;
        for table in [Table::Spans, Table::Snapshots] {
            let segments = pin.unordered(account, table);
            self.read_each(segments.filter(|segment| recent(segment)), lost, |segment| {
                spans::read_traces(&*segment.open()?, traces, found)
            })?;
        }
        Ok(())
    }

    /// Gives segments to `read`; those that are lost or damaged are noted and passed over.
    fn read_each<'s>(
        &self,
        segments: impl Iterator<Item = &'s Arc<Segment>>,
        lost: &mut Lost,
        mut read: impl FnMut(&Segment) -> Result<(), SegmentError>,
    ) -> Result<(), QueryError> {
        for segment in segments {
            match read(segment) {
                Ok(()) => {}
                Err(damage) if damage.is_damage() => {
                    self.note_damage(segment, &damage);
                    lost.0.insert(segment.meta.id);
                }
                Err(error) => return Err(unreadable(segment, error)),
            }
        }
        Ok(())
    }
}

/// Segments that an answer had to do without.
#[derive(Debug, Default)]
struct Lost(BTreeSet<u64>);

/// What was found, and how many segments it had to do without.
fn answer<T>(
    find: impl FnOnce(&mut Lost) -> Result<T, QueryError>,
) -> Result<Answer<T>, QueryError> {
    let mut lost = Lost::default();
    let value = find(&mut lost)?;
    let count = lost.0.len();
    let are = if count == 1 { "segment is" } else { "segments are" };
    let reason =
        || format!("{count} stored {are} lost or damaged and left out; Vedette's log names them");
    Ok(Answer { value, partial: (count > 0).then(reason).into_iter().collect() })
}

/// The first minute whose nanoseconds no longer fit 64 bits; a range that was asked for may end anywhere.
const END_OF_TIME: u32 = 300_000_000;

/// The asked range, widened to whole points of what is read.
fn widened(range: MinuteRange, read: Resolution) -> MinuteRange {
    let end = range.end.0.min(END_OF_TIME).div_ceil(read.minutes()) * read.minutes();
    let start = read.floor(Minute(range.start.0.min(END_OF_TIME)));
    MinuteRange { start, end: Minute(end) }
}

fn unreadable(segment: &Segment, error: SegmentError) -> QueryError {
    QueryError::Read { what: format!("segment {}", segment.meta.path), source: Box::new(error) }
}

#[cfg(test)]
mod tests;
