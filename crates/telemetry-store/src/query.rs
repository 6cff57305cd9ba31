//! Queries: the heads and the segments of one pin, merged.

mod attributes;
mod figures;
mod hours;
mod logs;
mod metrics;
mod sampled;
mod samples;
mod spans;
mod traces;

use std::{collections::BTreeSet, sync::Arc};

use model::{
    figure::{Figure, FigureKey},
    id::{AccountId, TraceId},
    time::{Minute, MinuteRange},
};
use rustc_hash::FxHashSet;

use crate::{
    reader::{
        Answer, AttributeQuery, AttributeSample, FigureHours, FigureQuery, FigureRow, LogPage,
        LogQuery, LogSummary, LogSummaryQuery, MetricHour, MetricHours, MetricQuery, MetricSeries,
        QueryError, Reader, Resolution, SampleQuery, SampledMetric, SampledQuery, Series,
        SeriesPage, SeriesQuery, SeriesSamples, Span, SpanPage, SpanQuery, TracePage, TraceQuery,
    },
    segment::{self, SegmentError},
    span_batch::SpanBatch,
    store::{Pin, Segment, Store},
    table::Table,
};

impl Reader for Store {
    fn figures(&self, query: &FigureQuery) -> Result<Answer<Vec<FigureRow>>, QueryError> {
        answer(|lacks| figures::figures(self, query, lacks))
    }

    fn figure_hours(
        &self,
        query: &FigureHours,
        each: &mut dyn FnMut(FigureKey, Minute, &Figure),
    ) -> Result<Answer<()>, QueryError> {
        answer(|lacks| hours::figure_hours(self, query, each, lacks))
    }

    fn metric_hours(
        &self,
        query: &MetricHours,
        each: &mut dyn FnMut(MetricHour<'_>),
    ) -> Result<Answer<()>, QueryError> {
        answer(|lacks| hours::metric_hours(self, query, each, lacks))
    }

    fn trace(&self, account: AccountId, trace: TraceId) -> Result<Answer<Vec<Span>>, QueryError> {
        answer(|lacks| {
            let batch = self.spans_of(account, &BTreeSet::from([trace]), 0, lacks)?;
            let mut seen = FxHashSet::default();
            let rows = (0..batch.len()).map(|at| batch.row(at)).filter(|row| seen.insert(row.id));
            let mut spans: Vec<Span> = rows.map(|row| row.to_span()).collect();
            spans.sort_by_key(|span| (span.start_ns, span.id));
            Ok(spans)
        })
    }

    fn traces(&self, query: &TraceQuery) -> Result<Answer<TracePage>, QueryError> {
        answer(|lacks| traces::traces(self, query, lacks))
    }

    fn spans(&self, query: &SpanQuery) -> Result<Answer<SpanPage>, QueryError> {
        answer(|lacks| spans::spans(self, query, lacks))
    }

    fn attributes(&self, query: &AttributeQuery) -> Result<Answer<AttributeSample>, QueryError> {
        answer(|lacks| attributes::attributes(self, query, lacks))
    }

    fn logs(&self, query: &LogQuery) -> Result<Answer<LogPage>, QueryError> {
        answer(|lacks| logs::logs(self, query, lacks))
    }

    fn log_summary(&self, query: &LogSummaryQuery) -> Result<Answer<LogSummary>, QueryError> {
        answer(|lacks| logs::log_summary(self, query, lacks))
    }

    fn metrics(&self, query: &MetricQuery) -> Result<Answer<Vec<MetricSeries>>, QueryError> {
        answer(|lacks| metrics::metrics(self, query, lacks))
    }

    fn series(&self, query: &SeriesQuery) -> Result<Answer<SeriesPage>, QueryError> {
        answer(|lacks| samples::series(self, query, lacks))
    }

    fn sampled_metrics(
        &self,
        query: &SampledQuery,
    ) -> Result<Answer<Vec<SampledMetric>>, QueryError> {
        answer(|lacks| sampled::metrics(self, query, lacks))
    }

    fn each_series(
        &self,
        query: &SampledQuery,
        each: &mut dyn FnMut(Series) -> Result<(), QueryError>,
    ) -> Result<Answer<()>, QueryError> {
        answer(|lacks| sampled::each_series(self, query, each, lacks))
    }

    fn samples(&self, query: &SampleQuery) -> Result<Answer<Vec<SeriesSamples>>, QueryError> {
        answer(|lacks| samples::samples(self, query, lacks))
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
        self.spans_of(account, &BTreeSet::from([trace]), since_ns, &mut Lacks::default())
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
        self.spans_of(account, traces, since_ns, &mut Lacks::default())
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
        self.spans_in_segments(
            &pin,
            account,
            &traces,
            since_ns,
            &mut found,
            &mut Lacks::default(),
        )?;
        Ok(found)
    }

    fn spans_of(
        &self,
        account: AccountId,
        traces: &BTreeSet<TraceId>,
        since_ns: u64,
        lacks: &mut Lacks,
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
        self.spans_in_segments(&pin, account, traces, since_ns, &mut found, lacks)?;
        Ok(found)
    }

    fn spans_in_segments(
        &self,
        pin: &Pin,
        account: AccountId,
        traces: &BTreeSet<TraceId>,
        since_ns: u64,
        found: &mut SpanBatch,
        lacks: &mut Lacks,
    ) -> Result<(), QueryError> {
        let recent = |segment: &Segment| segment.meta.max_time_ns as u64 >= since_ns;
        for table in [Table::Spans, Table::Snapshots] {
            let segments = pin.unordered(account, table);
            self.read_each(segments.filter(|segment| recent(segment)), lacks, |segment| {
                if !segment.may_hold(traces)? {
                    return Ok(());
                }
                segment::spans::read_traces(&*segment.open()?, traces, found)
            })?;
        }
        Ok(())
    }

    /// Gives segments to `read`; those that are lost or damaged are noted and passed over.
    fn read_each<'s>(
        &self,
        segments: impl Iterator<Item = &'s Arc<Segment>>,
        lacks: &mut Lacks,
        mut read: impl FnMut(&Segment) -> Result<(), SegmentError>,
    ) -> Result<(), QueryError> {
        for segment in segments {
            match read(segment) {
                Ok(()) => {}
                Err(damage) if damage.is_damage() => {
                    self.note_damage(segment, &damage);
                    lacks.lost.insert(segment.meta.id);
                }
                Err(error) => return Err(unreadable(segment, error)),
            }
        }
        Ok(())
    }
}

/// What an answer had to do without.
#[derive(Debug, Default)]
struct Lacks {
    /// Segments.
    lost: BTreeSet<u64>,
    /// What is older than the page that was found could not be looked through.
    cut: bool,
}

impl Lacks {
    fn reasons(&self) -> Vec<String> {
        let count = self.lost.len();
        let are = if count == 1 { "segment is" } else { "segments are" };
        let lost = (count > 0).then(|| {
            format!("{count} stored {are} lost or damaged and left out; Vedette's log names them")
        });
        let cut = self.cut.then(|| {
            "there is too much to look through at once: this page ends where looking ended, and the next one goes on from \
             there; a shorter range or further filters find more at once"
                .to_owned()
        });
        lost.into_iter().chain(cut).collect()
    }
}

/// What was found, and what it had to do without.
fn answer<T>(
    find: impl FnOnce(&mut Lacks) -> Result<T, QueryError>,
) -> Result<Answer<T>, QueryError> {
    let mut lacks = Lacks::default();
    let value = find(&mut lacks)?;
    Ok(Answer { value, partial: lacks.reasons() })
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
