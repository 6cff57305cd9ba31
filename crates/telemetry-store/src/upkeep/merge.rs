//! Several segments of one account, table and period become one.
//!
//! Spans are merged as streams, a few thousand rows of each input in memory; the other tables are small and merged whole.

use std::sync::Arc;

use metadata_store::Replacement;
use model::id::{AccountId, TraceId};
use rustc_hash::FxHashMap;
use tracing::warn;

use crate::{
    cut::{Piece, figures_piece, points_piece},
    reader::{SeriesSamples, TraceRow},
    recency::{detail_of_merged, recency},
    segment::{
        Opened, SegmentError,
        figures::{Figures, Wanted, each_figure},
        logs::{Log, each_log, encode_logs},
        metrics::{self, Points, each_point, rows_in},
        samples::{self, Row, SampleWriter},
        series::{SeriesRow, each_series, encode_series},
        spans::{self, Census, SpanWriter},
        traces::{self, each_trace, encode_traces},
    },
    span_batch::SpanBatch,
    store::{Segment, Store, StoreError},
    table::Table,
};

impl Store {
    /// Writes the merged segment and says what it replaces.
    pub(super) fn merge(
        &self,
        table: Table,
        ids: &[u64],
        level: u8,
        now_ms: i64,
    ) -> Result<Replacement, StoreError> {
        let pin = self.pin();
        let mut inputs: Vec<Arc<Segment>> =
            ids.iter().filter_map(|id| pin.segments.by_id.get(id).cloned()).collect();
        if inputs.len() != ids.len() {
            // The catalogue has moved on; an empty replacement changes nothing and the next plan sees it.
            self.reload()?;
            return Ok(Replacement::default());
        }
        inputs.sort_by_cached_key(|segment| recency(&segment.meta));
        let mut piece = merged(table, &inputs)?;
        piece.detail = detail_of_merged(inputs.iter().map(|segment| &segment.meta));
        let mut add = self.store_pieces(&[piece], level, now_ms)?;
        add.iter_mut().for_each(|meta| meta.rolled_up = inputs[0].meta.rolled_up);
        Ok(Replacement { remove: ids.to_vec(), add, mark_rolled_up: Vec::new() })
    }
}

fn merged(table: Table, inputs: &[Arc<Segment>]) -> Result<Piece, StoreError> {
    let account = AccountId(inputs[0].meta.account);
    let period = inputs[0].meta.period_start_ms;
    match table {
        Table::Figures | Table::FiguresTen | Table::FiguresHour => {
            Ok(figures_piece(account, table, period, &figures_of(inputs)?)?)
        }
        Table::Metrics | Table::MetricsTen | Table::MetricsHour => {
            Ok(points_piece(account, table, period, rows_in(&points_of(inputs)?))?)
        }
        Table::Spans | Table::Snapshots => {
            let (rows, bytes) = merge_spans(inputs)?;
            Ok(piece_of(table, inputs, rows, bytes))
        }
        Table::TraceIndex => {
            let mut rows = traces_of(inputs)?;
            let bytes = encode_traces(&mut rows)?;
            Ok(piece_of(table, inputs, rows.len() as u64, bytes))
        }
        Table::Samples => {
            let (rows, bytes) = merge_samples(inputs)?;
            Ok(piece_of(table, inputs, rows, bytes))
        }
        Table::Series => {
            let mut rows = series_of(inputs)?;
            let bytes = encode_series(&mut rows)?;
            Ok(piece_of(table, inputs, rows.len() as u64, bytes))
        }
        Table::Logs => {
            let mut rows: Vec<Log> = Vec::new();
            for segment in inputs {
                each_log(&*segment.open()?, 0..u64::MAX, |log| rows.push(log))?;
            }
            let bytes = encode_logs(&mut rows)?;
            Ok(piece_of(table, inputs, rows.len() as u64, bytes))
        }
    }
}

fn piece_of(table: Table, inputs: &[Arc<Segment>], rows: u64, bytes: Vec<u8>) -> Piece {
    let metas = || inputs.iter().map(|segment| &segment.meta);
    Piece {
        account: AccountId(inputs[0].meta.account),
        table,
        period_start_ms: inputs[0].meta.period_start_ms,
        rows,
        min_time_ns: metas().map(|meta| meta.min_time_ns as u64).min().expect("there are inputs"),
        max_time_ns: metas().map(|meta| meta.max_time_ns as u64).max().expect("there are inputs"),
        detail: String::new(),
        bytes,
    }
}

/// All figures of segments, merged.
pub(super) fn figures_of(inputs: &[Arc<Segment>]) -> Result<Figures, SegmentError> {
    let mut all = Figures::new();
    for segment in inputs {
        each_figure(&*segment.open()?, &Wanted::ALL, |key, minute, figure| {
            all.entry((key, minute)).or_default().merge(&figure);
        })?;
    }
    Ok(all)
}

/// All metric points of segments, merged; those with the oldest rows come first.
pub(super) fn points_of(inputs: &[Arc<Segment>]) -> Result<Points, SegmentError> {
    let mut all = Points::new();
    for segment in inputs {
        each_point(&*segment.open()?, &metrics::Wanted::ALL, |key, minute, point| {
            all.entry((key, minute)).or_default().merge(&point);
        })?;
    }
    Ok(all)
}

/// All transactions of segments; of two rows about the same one the newer segment's stays.
fn traces_of(inputs: &[Arc<Segment>]) -> Result<Vec<TraceRow>, SegmentError> {
    let mut all = Vec::new();
    for segment in inputs {
        each_trace(&*segment.open()?, &traces::Wanted::ALL, |row| all.push(row))?;
    }
    Ok(traces::newest_of(all))
}

/// All series of segments, each once.
fn series_of(inputs: &[Arc<Segment>]) -> Result<Vec<SeriesRow>, SegmentError> {
    let mut all: FxHashMap<u64, Vec<SeriesRow>> = FxHashMap::default();
    for segment in inputs {
        each_series(&*segment.open()?, None, |row| {
            let known = all.entry(row.id).or_default();
            if known.iter().any(|known| known.is_same(&row)) {
                return;
            }
            if let Some(other) = known.first() {
                let (id, name, other) = (row.id, &row.name, &other.name);
                warn!(
                    id,
                    name, other, "two metric series have the same id; their samples are mixed"
                );
            }
            known.push(row);
        })?;
    }
    Ok(all.into_values().flatten().collect())
}

/// Chunks of the same series become one; a sample that stands twice stays once.
fn merge_samples(segments: &[Arc<Segment>]) -> Result<(u64, Vec<u8>), SegmentError> {
    let opened: Vec<Arc<Opened>> =
        segments.iter().map(|segment| segment.open()).collect::<Result<_, _>>()?;
    let rows: u64 = opened.iter().map(|segment| segment.rows()).sum();
    let mut writer = SampleWriter::new(usize::try_from(rows).unwrap_or(usize::MAX))?;
    let mut inputs = Vec::new();
    for segment in &opened {
        inputs.push((samples::rows(segment)?.peekable(), segment));
    }
    loop {
        let mut least = None;
        for (input, _) in &mut inputs {
            if let Some(Ok(row)) = input.peek() {
                least = Some(least.map_or(row.series, |least: u64| least.min(row.series)));
            } else if let Some(Err(error)) = input.next_if(Result::is_err) {
                return Err(error);
            }
        }
        let Some(series) = least else { break };
        let mut of_series = SeriesSamples::of(series);
        for (input, segment) in &mut inputs {
            let of_it = |row: &Result<Row, SegmentError>| {
                row.as_ref().is_ok_and(|row| row.series == series)
            };
            while let Some(Ok(row)) = input.next_if(of_it) {
                let chunk = row.decode().ok_or_else(|| segment.damaged())?;
                of_series.add(chunk, &(i64::MIN..i64::MAX));
            }
        }
        of_series.order();
        writer.samples(&of_series)?;
    }
    Ok((writer.samples, writer.finish()?))
}

/// One input's spans, a batch at a time.
struct Input<'a> {
    batches: Box<dyn Iterator<Item = Result<SpanBatch, SegmentError>> + 'a>,
    batch: SpanBatch,
    at: usize,
}

impl<'a> Input<'a> {
    fn new(segment: &'a Opened) -> Result<Input<'a>, SegmentError> {
        let batches = Box::new(spans::each_batch(segment)?);
        let mut input = Input { batches, batch: SpanBatch::default(), at: 0 };
        input.fill()?;
        Ok(input)
    }

    /// Makes sure that there is a row at the place, unless all are done.
    fn fill(&mut self) -> Result<(), SegmentError> {
        while self.at >= self.batch.len() {
            let Some(next) = self.batches.next() else { break };
            self.batch = next?;
            self.at = 0;
        }
        Ok(())
    }

    fn key(&self) -> Option<(TraceId, u64, u64)> {
        (self.at < self.batch.len()).then(|| {
            (self.batch.trace[self.at], self.batch.start_ns[self.at], self.batch.id[self.at])
        })
    }
}

fn merge_spans(segments: &[Arc<Segment>]) -> Result<(u64, Vec<u8>), SegmentError> {
    let opened: Vec<Arc<Opened>> =
        segments.iter().map(|segment| segment.open()).collect::<Result<_, _>>()?;
    let mut census = Census::default();
    opened.iter().for_each(|segment| census.count_columns(segment));
    let mut writer = SpanWriter::new(&census)?;
    let mut inputs: Vec<Input<'_>> =
        opened.iter().map(|segment| Input::new(segment)).collect::<Result<_, _>>()?;
    let mut rows = 0;
    while let Some((_, least)) =
        inputs.iter().enumerate().filter_map(|(at, input)| Some((input.key()?, at))).min()
    {
        let input = &mut inputs[least];
        writer.push(&input.batch.row(input.at))?;
        rows += 1;
        input.at += 1;
        input.fill()?;
    }
    Ok((rows, writer.finish()?))
}
