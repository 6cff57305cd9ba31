//! Several segments of one account, table and period become one.
//!
//! Spans whose row groups are full are copied, row group by row group ([`spans::copy`]); others are merged as streams, some
//! rows of each input and a row group of the new file in memory. The other tables are small and merged whole.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, binary_heap::PeekMut},
    ops::Range,
    sync::Arc,
};

use metadata_store::{Replacement, SegmentMeta};
use model::id::{AccountId, TraceId};
use rustc_hash::FxHashMap;
use tracing::warn;

use super::{outputs::Outputs, plan::COPIED_ROWS};
use crate::{
    cut::{Piece, figures_piece, points_piece},
    reader::{SeriesSamples, TraceRow},
    recency::{detail_of_merged, recency},
    segment::{
        Opened, Output, SegmentError, Unpacker,
        counted::{Counting, Run, Runs},
        figures::{Figures, Wanted, each_figure},
        logs::{Log, each_log, encode_logs},
        metrics::{self, Points, each_point, rows_in},
        samples::{self, Row, SampleWriter},
        series::{SeriesRow, each_series, encode_series},
        spans::{self, Census, Places, SpanWriter},
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
        let detail = detail_of_merged(inputs.iter().map(|segment| &segment.meta));
        let mut add = match table {
            Table::Spans | Table::Snapshots => {
                vec![self.store_merged(table, &inputs, detail, (level, now_ms), merge_spans)?]
            }
            Table::Samples | Table::Counted => {
                vec![self.store_merged(table, &inputs, detail, (level, now_ms), merge_samples)?]
            }
            _ => {
                let piece = Piece { detail, ..merged(table, &inputs)? };
                self.store_pieces(&[piece], level, now_ms)?
            }
        };
        add.iter_mut().for_each(|meta| meta.rolled_up = inputs[0].meta.rolled_up);
        Ok(Replacement { remove: ids.to_vec(), add, mark_rolled_up: Vec::new() })
    }

    /// Writes what `merge` makes of segments while they are read, and makes it durable.
    fn store_merged(
        &self,
        table: Table,
        inputs: &[Arc<Segment>],
        detail: String,
        (level, now_ms): (u8, i64),
        merge: impl FnOnce(&[Arc<Segment>], Output) -> Result<(u64, Output), SegmentError>,
    ) -> Result<SegmentMeta, StoreError> {
        let mut outputs = Outputs::new(self);
        let (id, output) = outputs.create(table)?;
        let (rows, output) = merge(inputs, output)?;
        let bytes = outputs.sync(table, output)?;
        outputs.keep();
        let piece = Piece { detail, ..piece_of(table, inputs, rows, Vec::new()) };
        Ok(piece.meta(id, level, now_ms, bytes))
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
        Table::Spans | Table::Snapshots | Table::Samples | Table::Counted => {
            unreachable!("they are merged as streams")
        }
        Table::TraceIndex => {
            let mut rows = traces_of(inputs)?;
            let bytes = encode_traces(&mut rows)?;
            Ok(piece_of(table, inputs, rows.len() as u64, bytes))
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
            all.entry((key, minute)).or_default().merge(figure);
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

/// Chunks of the same series become one; a sample that stands twice and does not count stays once.
/// Gives how many there are.
fn merge_samples(segments: &[Arc<Segment>], output: Output) -> Result<(u64, Output), SegmentError> {
    let samples: u64 = segments.iter().map(|segment| segment.meta.rows).sum();
    let mut writer = SampleWriter::new(usize::try_from(samples).unwrap_or(usize::MAX), output)?;
    each_series_samples(
        segments,
        |_| true,
        |mut plain, runs| {
            plain.order();
            writer.samples(&plain)?;
            runs.0.iter().try_for_each(|run| writer.run(plain.series, run))
        },
    )?;
    Ok((writer.samples, writer.finish()?))
}

/// Gives the samples of each series that is wanted, of all segments, to `each`: those that count elsewhere, and the counted
/// ones. By id; the segments with the oldest rows come first.
pub(super) fn each_series_samples(
    segments: &[Arc<Segment>],
    wanted: impl Fn(u64) -> bool,
    mut each: impl FnMut(SeriesSamples, Runs) -> Result<(), SegmentError>,
) -> Result<(), SegmentError> {
    let opened: Vec<Arc<Opened>> =
        segments.iter().map(|segment| segment.open()).collect::<Result<_, _>>()?;
    let unpacker = Unpacker::new().map_err(SegmentError::Encode)?;
    let mut inputs: Vec<_> = opened
        .iter()
        .map(|segment| (samples::rows(segment, &unpacker, &wanted).peekable(), segment))
        .collect();
    loop {
        let mut least = None;
        for (input, _) in &mut inputs {
            if let Some(Ok(row)) = input.peek() {
                least = Some(least.map_or(row.series, |least: u64| least.min(row.series)));
            } else if let Some(Err(error)) = input.next_if(Result::is_err) {
                return Err(error);
            }
        }
        let Some(series) = least else { return Ok(()) };
        let (mut plain, mut runs) = (SeriesSamples::of(series), Runs::default());
        for (input, segment) in &mut inputs {
            let of_it = |row: &Result<Row, SegmentError>| {
                row.as_ref().is_ok_and(|row| row.series == series)
            };
            while let Some(Ok(row)) = input.next_if(of_it) {
                let chunk = row.decode().ok_or_else(|| segment.damaged())?;
                match row.counting {
                    Counting::Elsewhere => {
                        plain.add(chunk, row.counting, &(i64::MIN..i64::MAX));
                    }
                    counting => {
                        runs.add(Run::of(counting, chunk).ok_or_else(|| segment.damaged())?);
                    }
                }
            }
        }
        each(plain, runs)?;
    }
}

/// One input's spans, a batch at a time.
struct Input<'a> {
    batches: Box<dyn Iterator<Item = Result<SpanBatch, SegmentError>> + 'a>,
    batch: SpanBatch,
    /// Where each part's attributes go.
    places: Vec<Places>,
    part: usize,
    at: usize,
}

/// By what spans are sorted.
type Key = (TraceId, u64, u64);

impl<'a> Input<'a> {
    fn new(
        segment: &'a Opened,
        run: Range<usize>,
        writer: &SpanWriter<Output>,
    ) -> Result<Input<'a>, SegmentError> {
        let batches = Box::new(spans::each_batch(segment, run)?);
        let mut input =
            Input { batches, batch: SpanBatch::default(), places: Vec::new(), part: 0, at: 0 };
        input.fill(writer)?;
        Ok(input)
    }

    /// Makes sure that there is a row at the place, unless all are done.
    fn fill(&mut self, writer: &SpanWriter<Output>) -> Result<(), SegmentError> {
        while self.batch.parts().get(self.part).is_none_or(|part| self.at >= part.len()) {
            if self.part + 1 < self.batch.parts().len() {
                self.part += 1;
            } else {
                let Some(next) = self.batches.next() else {
                    self.batch = SpanBatch::default();
                    break;
                };
                self.batch = next?;
                let parts = self.batch.parts().iter();
                self.places = parts.map(|part| writer.places(part.keys())).collect();
                self.part = 0;
            }
            self.at = 0;
        }
        Ok(())
    }

    fn key(&self) -> Option<Key> {
        self.batch.parts().get(self.part).map(|part| part.key(self.at))
    }
}

/// Gives how many rows were written.
fn merge_spans(segments: &[Arc<Segment>], output: Output) -> Result<(u64, Output), SegmentError> {
    let opened: Vec<Arc<Opened>> =
        segments.iter().map(|segment| segment.open()).collect::<Result<_, _>>()?;
    let rows = opened.iter().map(|segment| segment.rows()).sum();
    if rows >= COPIED_ROWS * opened.len() as u64 && spans::is_for_copying(&opened) {
        let newest: Vec<u64> =
            segments.iter().map(|segment| segment.meta.max_time_ns as u64).collect();
        return Ok((rows, spans::copy(&opened, &newest, output)?));
    }
    let mut census = Census::default();
    opened.iter().for_each(|segment| census.count_columns(segment));
    let mut writer = SpanWriter::new(&census, output)?;
    let runs = opened
        .iter()
        .flat_map(|segment| spans::runs(segment).into_iter().map(move |run| (segment, run)));
    let mut inputs: Vec<Input<'_>> =
        runs.map(|(segment, run)| Input::new(segment, run, &writer)).collect::<Result<_, _>>()?;
    let keys = inputs.iter().enumerate().filter_map(|(at, input)| Some((input.key()?, at)));
    let mut least: BinaryHeap<Reverse<(Key, usize)>> = keys.map(Reverse).collect();
    let mut rows = 0;
    while let Some(mut top) = least.peek_mut() {
        let Reverse((_, number)) = *top;
        let input = &mut inputs[number];
        let part = &input.batch.parts()[input.part];
        writer.push(part, input.at, &mut input.places[input.part])?;
        rows += 1;
        input.at += 1;
        input.fill(&writer)?;
        match input.key() {
            Some(key) => *top = Reverse((key, number)),
            None => drop(PeekMut::pop(top)),
        }
    }
    Ok((rows, writer.finish()?))
}
