//! The cut: the head becomes segments, visible together with the consumer's offset and checkpoint, or not at all.
//!
//! Three steps, so that whoever drives them can repeat the one that failed: [`Store::freeze`], [`Frozen::write`],
//! [`Store::commit`]. Order of durability: every file, its directory, then the transaction; the journal is truncated only
//! after that. A crash in between leaves files that the next start removes.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use metadata_store::{CommitOutcome, CutCommit, ObjectRef, PartitionOffset, SegmentMeta};
use model::{id::AccountId, time::Minute};

use crate::{
    checkpoint,
    head::{Head, Rows},
    segment::{
        self, FORMAT,
        counted::encode_counted,
        figures::{Figures, encode_figures},
        logs::{Log, encode_logs},
        metrics::{PointRow, encode_points},
        samples::{Encoded, encode_samples},
        series::{SeriesRow, encode_series},
        spans::encode_spans,
        traces::{encode_traces, newest_of},
    },
    span_batch::SpanBatch,
    store::{CHECKPOINTS, Freezing, SEGMENTS, Store, StoreError, failed},
    table::Table,
};

/// Whose cut it is and how far it goes.
#[derive(Clone, Debug)]
pub struct Position {
    pub consumer: String,
    pub epoch: u64,
    pub from: Vec<PartitionOffset>,
    pub to: Vec<PartitionOffset>,
}

/// A head that takes nothing more and waits to be written; readers still see it.
#[derive(Clone, Debug)]
pub struct Frozen {
    head: Arc<Head>,
    position: Position,
    checkpoint: Vec<u8>,
}

/// A cut whose files are durable and which only the transaction is missing.
#[derive(Clone, Debug)]
pub struct Written {
    commit: CutCommit,
}

/// How a cut ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutOutcome {
    /// Durable and visible.
    Committed,
    /// Another owner has taken over: nothing of it was kept, and this one must stop.
    Superseded,
}

impl Store {
    /// Takes the head away from its writers. What comes after belongs to the next cut. Only one cut at a time.
    pub fn freeze(&self, position: Position, checkpoint: Vec<u8>) -> Frozen {
        let mut state = self.state.write();
        debug_assert!(state.freezing.is_none(), "the cut before is still being written");
        let head = Arc::new(std::mem::take(&mut state.head).closed());
        state.freezing = Some(Freezing { head: Arc::clone(&head), segments: Vec::new() });
        Frozen { head, position, checkpoint }
    }

    /// Makes a written cut visible.
    ///
    /// # Errors
    /// When the catalogue does not answer: then call again, with the same cut.
    pub fn commit(&self, written: &Written) -> Result<CutOutcome, StoreError> {
        let outcome = self.catalogue.commit_cut(&written.commit)?;
        let CommitOutcome::Committed { replaced_checkpoint, .. } = outcome else {
            self.state.write().freezing = None;
            return Ok(CutOutcome::Superseded);
        };
        self.reload_after_cut()?;
        if let Some(path) =
            replaced_checkpoint.filter(|path| Some(path) != self.checkpoint_of(written))
        {
            self.remove_checkpoint(&path);
        }
        Ok(CutOutcome::Committed)
    }

    fn checkpoint_of<'a>(&self, written: &'a Written) -> Option<&'a String> {
        written.commit.checkpoint.as_ref().map(|object| &object.path)
    }

    /// Lets go of everything that no cut made durable: the head, and one that was being written. For a writer that begins
    /// again at its last cut, which will bring all of it a second time.
    ///
    /// # Errors
    /// When the catalogue does not answer; nothing has changed then.
    pub fn discard_head(&self) -> Result<(), StoreError> {
        let listing = self.catalogue.snapshot()?;
        let mut state = self.state.write();
        // Whether the cut that was being written happened stands in the catalogue.
        self.install(&mut state, listing);
        state.freezing = None;
        state.head = Head::default();
        Ok(())
    }

    /// Shows the new segments and lets go of the frozen head in one step, so that nobody sees a row twice or not at all.
    fn reload_after_cut(&self) -> Result<(), StoreError> {
        let listing = self.catalogue.snapshot()?;
        let mut state = self.state.write();
        self.install(&mut state, listing);
        state.freezing = None;
        Ok(())
    }

    /// Removes a consumer's checkpoints but the one that counts: of cuts that did not happen, and such whose removal a
    /// crash prevented. For the owner that has just claimed the consumer.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn remove_stale_checkpoints(
        &self,
        consumer: &str,
        current: Option<&ObjectRef>,
    ) -> Result<(), StoreError> {
        let dir = Path::new(CHECKPOINTS);
        let of_consumer = format!("{consumer}-");
        for name in self.disk.list(dir).map_err(failed("listing", dir))? {
            let path = dir.join(&name);
            let counts = current.is_some_and(|object| Path::new(&object.path) == path);
            if name.starts_with(&of_consumer) && !counts && !checkpoint::is_aside(&name) {
                self.disk.remove(&path).map_err(failed("removing", &path))?;
            }
        }
        Ok(())
    }

    /// Writes a consumer's checkpoint object under a number that none of its objects has, and makes it durable. It counts
    /// once a transaction points at it.
    ///
    /// # Errors
    /// When the disk refuses; nothing is left then.
    pub fn write_checkpoint(
        &self,
        consumer: &str,
        number: u64,
        content: &[u8],
    ) -> Result<ObjectRef, StoreError> {
        let path = Path::new(CHECKPOINTS).join(format!("{consumer}-{number}.checkpoint"));
        let bytes = checkpoint::write(self.disk.as_ref(), &path, content)
            .inspect_err(|_| remove_again(self, &path))
            .map_err(failed("writing checkpoint", &path))?;
        let dir = Path::new(CHECKPOINTS);
        self.disk.sync_dir(dir).map_err(failed("syncing", dir))?;
        Ok(ObjectRef { path: path.display().to_string(), bytes })
    }

    /// Removes a checkpoint object that nobody points at any more. One that stays behind costs its bytes until
    /// [`Store::remove_stale_checkpoints`]; it does no harm.
    pub fn remove_checkpoint(&self, path: &str) {
        if let Err(error) = self.disk.remove(Path::new(path)) {
            tracing::warn!(%error, path, "could not remove a replaced checkpoint");
        }
    }

    /// Reads a checkpoint object.
    ///
    /// # Errors
    /// [`StoreError::DamagedCheckpoint`] when it is lost or damaged; any other when the disk refuses.
    pub fn read_checkpoint(&self, object: &ObjectRef) -> Result<bytes::Bytes, StoreError> {
        checkpoint::read(self.disk.as_ref(), object)
    }

    /// Puts a damaged checkpoint aside: its file stays in the directory under another name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn put_checkpoint_aside(&self, object: &ObjectRef) -> Result<(), StoreError> {
        checkpoint::put_aside(self.disk.as_ref(), object)
    }
}

impl Frozen {
    /// Writes segments and checkpoint and makes them durable. After an error the same head can be written again.
    ///
    /// # Errors
    /// When disk or catalogue refuse.
    pub fn write(&self, store: &Store, now_ms: i64) -> Result<Written, StoreError> {
        let mut pieces = Vec::new();
        for (account, rows) in self.head.accounts() {
            collect(account, rows, &mut pieces)?;
        }
        let count = u32::try_from(pieces.len() + 1).expect("a cut has few segments");
        let first = store.catalogue.allocate_segment_ids(count)?;
        let mut written = Pieces::new(store);
        let mut touched: Vec<Table> = Vec::new();
        for (id, piece) in (first + 1..).zip(pieces) {
            written.add(&piece, id, 0, now_ms)?;
            if !touched.contains(&piece.table) {
                touched.push(piece.table);
            }
        }
        for table in touched {
            let dir = Path::new(SEGMENTS).join(table.name());
            store.disk.sync_dir(&dir).map_err(failed("syncing", &dir))?;
        }
        let checkpoint = self.write_checkpoint(store, first)?;
        let segments = written.keep();
        if let Some(freezing) = &mut store.state.write().freezing {
            freezing.segments = segments.iter().map(|segment| segment.id).collect();
        }
        let Position { consumer, epoch, from, to } = self.position.clone();
        Ok(Written {
            commit: CutCommit { consumer, epoch, from, to, checkpoint: Some(checkpoint), segments },
        })
    }

    fn write_checkpoint(&self, store: &Store, id: u64) -> Result<ObjectRef, StoreError> {
        store.write_checkpoint(&self.position.consumer, id, &self.checkpoint)
    }
}

/// A segment that is encoded and has no id yet.
pub(crate) struct Piece {
    pub(crate) account: AccountId,
    pub(crate) table: Table,
    pub(crate) period_start_ms: i64,
    pub(crate) rows: u64,
    pub(crate) min_time_ns: u64,
    pub(crate) max_time_ns: u64,
    pub(crate) detail: String,
    pub(crate) bytes: Vec<u8>,
}

impl Piece {
    fn store(
        &self,
        store: &Store,
        id: u64,
        level: u8,
        now_ms: i64,
    ) -> Result<SegmentMeta, StoreError> {
        let path = segment_path(self.table, id);
        let bytes = segment::store(store.disk.as_ref(), &path, &self.bytes)?;
        Ok(self.meta(id, level, now_ms, bytes))
    }

    /// What the catalogue says of it once it is written.
    pub(crate) fn meta(&self, id: u64, level: u8, now_ms: i64, bytes: u64) -> SegmentMeta {
        SegmentMeta {
            id,
            account: self.account.0,
            table: self.table as u8,
            period_start_ms: self.period_start_ms,
            period_ms: self.table.period_ms(),
            level,
            path: segment_path(self.table, id).display().to_string(),
            bytes,
            rows: self.rows,
            min_time_ns: self.min_time_ns as i64,
            max_time_ns: self.max_time_ns as i64,
            rolled_up: false,
            format: FORMAT,
            created_ms: now_ms,
            detail: self.detail.clone(),
        }
    }
}

/// Files of pieces that are being written. Unless they are kept they go again: on a full disk each try would leave some.
pub(crate) struct Pieces<'s> {
    store: &'s Store,
    metas: Vec<SegmentMeta>,
    /// The one that is being written.
    unfinished: Option<PathBuf>,
}

impl<'s> Pieces<'s> {
    pub(crate) fn new(store: &'s Store) -> Pieces<'s> {
        Pieces { store, metas: Vec::new(), unfinished: None }
    }

    /// Writes a piece's file; its directory is synced by the caller.
    pub(crate) fn add(
        &mut self,
        piece: &Piece,
        id: u64,
        level: u8,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.unfinished = Some(segment_path(piece.table, id));
        self.metas.push(piece.store(self.store, id, level, now_ms)?);
        self.unfinished = None;
        Ok(())
    }

    /// What was written, which stays.
    pub(crate) fn keep(mut self) -> Vec<SegmentMeta> {
        std::mem::take(&mut self.metas)
    }
}

impl Drop for Pieces<'_> {
    fn drop(&mut self) {
        let written = self.metas.iter().map(|meta| PathBuf::from(&meta.path));
        for path in written.chain(self.unfinished.take()) {
            remove_again(self.store, &path);
        }
    }
}

/// Removes a file that nothing refers to. What stays is found at the next start.
pub(crate) fn remove_again(store: &Store, path: &Path) {
    if let Err(error) = store.disk.remove(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::debug!(%error, path = %path.display(), "could not remove an unfinished file");
    }
}

/// Where a segment's file lies.
pub(crate) fn segment_path(table: Table, id: u64) -> PathBuf {
    Path::new(SEGMENTS).join(table.name()).join(format!("{id}.parquet"))
}

/// Encodes an account's rows, one piece a table and period.
fn collect(account: AccountId, rows: &Rows, pieces: &mut Vec<Piece>) -> Result<(), StoreError> {
    collect_spans(account, Table::Spans, &rows.spans, pieces)?;
    collect_spans(account, Table::Snapshots, &rows.snapshots, pieces)?;

    let mut figures: BTreeMap<i64, Figures> = BTreeMap::new();
    for ((key, minute), figure) in rows.figures.iter().filter(|(_, figure)| !figure.is_nothing()) {
        let period = Table::Figures.period_of(minute.start_ns());
        figures.entry(period).or_default().insert((*key, *minute), figure.clone());
    }
    for (period, figures) in figures {
        pieces.push(figures_piece(account, Table::Figures, period, &figures)?);
    }

    let mut points: BTreeMap<i64, Vec<PointRow<'_>>> = BTreeMap::new();
    for ((key, minute), point) in &rows.points {
        let period = Table::Metrics.period_of(minute.start_ns());
        points.entry(period).or_default().push((key, *minute, point));
    }
    for (period, points) in points {
        pieces.push(points_piece(account, Table::Metrics, period, points)?);
    }

    let traces = newest_of(rows.traces.iter().copied());
    for (period, mut traces) in by_period(Table::TraceIndex, &traces, |row| row.end_ns) {
        let (min, max) = bounds(traces.iter().map(|row| row.end_ns));
        pieces.push(Piece {
            account,
            table: Table::TraceIndex,
            period_start_ms: period,
            rows: traces.len() as u64,
            min_time_ns: min,
            max_time_ns: max,
            detail: String::new(),
            bytes: encode_traces(&mut traces)?,
        });
    }
    let samples = encode_samples(&rows.samples)?.into_iter();
    pieces.extend(samples.map(|encoded| samples_piece(account, Table::Samples, encoded)));
    let counted = encode_counted(&rows.counted)?.into_iter();
    pieces.extend(counted.map(|encoded| samples_piece(account, Table::Counted, encoded)));
    let series: Vec<&SeriesRow> = rows.series.iter().collect();
    for (period, mut series) in by_period(Table::Series, &series, |row| row.at_ns) {
        let (min, _) = bounds(series.iter().map(|row| row.at_ns));
        pieces.push(Piece {
            account,
            table: Table::Series,
            period_start_ms: period,
            rows: series.len() as u64,
            min_time_ns: min,
            // It stands for the whole day.
            max_time_ns: end_of(Table::Series, period) - 1,
            detail: String::new(),
            bytes: encode_series(&mut series)?,
        });
    }
    for (period, mut logs) in by_period(Table::Logs, &rows.logs, |log: &Log| log.at_ns) {
        let (min, max) = bounds(logs.iter().map(|log| log.at_ns));
        pieces.push(Piece {
            account,
            table: Table::Logs,
            period_start_ms: period,
            rows: logs.len() as u64,
            min_time_ns: min,
            max_time_ns: max,
            detail: String::new(),
            bytes: encode_logs(&mut logs)?,
        });
    }
    Ok(())
}

/// Unix nanoseconds of a period's end.
fn end_of(table: Table, period_start_ms: i64) -> u64 {
    (period_start_ms + table.period_ms()).unsigned_abs() * 1_000_000
}

fn samples_piece(account: AccountId, table: Table, encoded: Encoded) -> Piece {
    Piece {
        account,
        table,
        period_start_ms: encoded.period_start_ms,
        rows: encoded.samples,
        min_time_ns: encoded.min_time_ns,
        max_time_ns: encoded.max_time_ns,
        detail: String::new(),
        bytes: encoded.bytes,
    }
}

/// Unix milliseconds as nanoseconds.
pub(crate) fn nanos(ms: i64) -> u64 {
    ms.max(0).unsigned_abs().saturating_mul(1_000_000)
}

fn by_period<T: Clone>(
    table: Table,
    rows: &[T],
    time: impl Fn(&T) -> u64,
) -> BTreeMap<i64, Vec<T>> {
    let mut periods: BTreeMap<i64, Vec<T>> = BTreeMap::new();
    for row in rows {
        periods.entry(table.period_of(time(row))).or_default().push(row.clone());
    }
    periods
}

fn collect_spans(
    account: AccountId,
    table: Table,
    batch: &SpanBatch,
    pieces: &mut Vec<Piece>,
) -> Result<(), StoreError> {
    let periods: std::collections::BTreeSet<i64> =
        batch.ends().map(|end| table.period_of(end)).collect();
    if let [period] = *periods.iter().copied().collect::<Vec<_>>() {
        pieces.push(spans_piece(account, table, period, batch)?);
        return Ok(());
    }
    for period in periods {
        let mut part = SpanBatch::default();
        batch
            .ends()
            .enumerate()
            .filter(|(_, end)| table.period_of(*end) == period)
            .for_each(|(at, _)| part.push(&batch.row(at)));
        pieces.push(spans_piece(account, table, period, &part)?);
    }
    Ok(())
}

fn spans_piece(
    account: AccountId,
    table: Table,
    period: i64,
    batch: &SpanBatch,
) -> Result<Piece, StoreError> {
    let (min, max) = bounds(batch.ends());
    Ok(Piece {
        account,
        table,
        period_start_ms: period,
        rows: batch.len() as u64,
        min_time_ns: min,
        max_time_ns: max,
        detail: String::new(),
        bytes: encode_spans(batch)?,
    })
}

pub(crate) fn figures_piece(
    account: AccountId,
    table: Table,
    period: i64,
    figures: &Figures,
) -> Result<Piece, StoreError> {
    let (min, max) = bounds(figures.keys().map(|(_, minute)| minute.start_ns()));
    Ok(Piece {
        account,
        table,
        period_start_ms: period,
        rows: figures.len() as u64,
        min_time_ns: min,
        max_time_ns: max + width_ns(table) - 1,
        detail: String::new(),
        bytes: encode_figures(figures)?,
    })
}

pub(crate) fn points_piece(
    account: AccountId,
    table: Table,
    period: i64,
    mut points: Vec<PointRow<'_>>,
) -> Result<Piece, StoreError> {
    let (min, max) = bounds(points.iter().map(|(_, minute, _)| minute.start_ns()));
    Ok(Piece {
        account,
        table,
        period_start_ms: period,
        rows: points.len() as u64,
        min_time_ns: min,
        max_time_ns: max + width_ns(table) - 1,
        detail: String::new(),
        bytes: encode_points(&mut points)?,
    })
}

/// Nanoseconds that one row of a table of figures or metrics spans.
pub(crate) fn width_ns(table: Table) -> u64 {
    let minutes = match table {
        Table::FiguresTen | Table::MetricsTen => 10,
        Table::FiguresHour | Table::MetricsHour => 60,
        _ => 1,
    };
    Minute(minutes).start_ns()
}

pub(crate) fn bounds(times: impl Iterator<Item = u64>) -> (u64, u64) {
    times.fold((u64::MAX, 0), |(min, max), time| (min.min(time), max.max(time)))
}
