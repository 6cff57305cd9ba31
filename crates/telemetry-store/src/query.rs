//! Queries: the heads and the segments of one pin, merged.

mod figures;
mod logs;
mod metrics;
mod traces;

use model::{
    id::{AccountId, TraceId},
    time::Minute,
};
use rustc_hash::FxHashSet;

use crate::{
    reader::{
        Answer, FigureQuery, FigureRow, LogPage, LogQuery, MetricQuery, MetricSeries, QueryError,
        Reader, Span, TracePage, TraceQuery,
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
        let mut found = SpanBatch::default();
        let pin = self.pin_with_heads(|head| {
            if let Some(rows) = head.get(account) {
                rows.spans
                    .rows_of(trace)
                    .chain(rows.snapshots.rows_of(trace))
                    .for_each(|row| found.push(&row));
            }
        });
        for table in [Table::Spans, Table::Snapshots] {
            read_each(
                &pin,
                account,
                table,
                |_| true,
                |segment| spans::read_trace(&*segment.open()?, trace, &mut found),
            )?;
        }
        Ok(found)
    }
}

fn whole<T>(value: T) -> Answer<T> {
    Answer { value, partial: Vec::new() }
}

/// Gives the wanted segments of a table to `read`.
fn read_each(
    pin: &Pin,
    account: AccountId,
    table: Table,
    wanted: impl Fn(&Segment) -> bool,
    mut read: impl FnMut(&Segment) -> Result<(), SegmentError>,
) -> Result<(), QueryError> {
    for segment in pin.of(account, table).filter(|segment| wanted(segment)) {
        read(segment).map_err(|error| QueryError::Read {
            what: format!("{} segment {}", table.name(), segment.meta.id),
            source: Box::new(error),
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
