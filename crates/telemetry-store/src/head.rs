//! The head: what was taken from the journal and is not in a segment yet.
//!
//! Readers see it at once; a cut freezes it, writes it as segments and lets it go. It is lost in a crash, and made again
//! from the journal.

use std::collections::BTreeMap;

use model::{
    figure::{Call, Figure, FigureKey},
    id::AccountId,
    time::Minute,
};
use rustc_hash::FxHashMap;

use crate::{
    blocks::Blocks,
    counted::CountedSeries,
    reader::TraceRow,
    segment::{
        counted::CountedSamples,
        logs::Log,
        metrics::{Point, SeriesKey},
        samples::Samples,
        series::SeriesRow,
    },
    span_batch::{Size, SpanBatch},
};

/// The rows of all accounts.
#[derive(Debug, Default)]
pub struct Head {
    accounts: BTreeMap<AccountId, Rows>,
}

/// One account's rows.
#[derive(Debug, Default)]
pub struct Rows {
    pub spans: SpanBatch,
    /// The spans of chosen traces, once more, to be kept longer.
    pub snapshots: SpanBatch,
    pub figures: FxHashMap<(FigureKey, Minute), Figure>,
    pub traces: Vec<TraceRow>,
    pub logs: Vec<Log>,
    pub points: FxHashMap<(SeriesKey, Minute), Point>,
    pub samples: Samples,
    pub counted: CountedSamples,
    pub series: Blocks<SeriesRow>,
    log_bytes: usize,
    series_bytes: usize,
}

impl Rows {
    /// Counts a call.
    pub fn count(&mut self, key: FigureKey, minute: Minute, call: &Call) {
        self.figures.entry((key, minute)).or_default().add(call);
    }

    /// Takes back a call that was counted before.
    pub fn take_back(&mut self, key: FigureKey, minute: Minute, call: &Call) {
        self.figures.entry((key, minute)).or_default().subtract(call);
    }

    /// Adds a point of a metric.
    pub fn point(&mut self, key: SeriesKey, minute: Minute, point: &Point) {
        self.points.entry((key, minute)).or_default().merge(point);
    }

    /// Adds a log record.
    pub fn log(&mut self, log: Log) {
        self.log_bytes += log.memory();
        self.logs.push(log);
    }

    /// Says what the samples of a series are.
    pub fn series(&mut self, series: SeriesRow) {
        self.series_bytes += series.memory();
        self.series.push(series);
    }

    /// Gives each minute with what is counted in it to `each`, in parts that merge: those that are here as such, and what
    /// the counted samples count for whose series are said here.
    pub fn each_point(&self, mut each: impl FnMut(&SeriesKey, Minute, &Point)) {
        self.points.iter().for_each(|((key, minute), point)| each(key, *minute, point));
        let mut series = CountedSeries::default();
        self.series.iter().filter_map(SeriesRow::counted).for_each(|counted| series.add(counted));
        series.each_point_in(self, each);
    }

    /// Takes over all rows of another, which come after these.
    pub fn absorb(&mut self, other: Rows) {
        self.spans.absorb(other.spans);
        self.snapshots.absorb(other.snapshots);
        for (place, figure) in other.figures {
            self.figures.entry(place).or_default().merge(&figure);
        }
        if self.points.is_empty() {
            self.points = other.points;
        } else {
            for ((key, minute), point) in other.points {
                self.point(key, minute, &point);
            }
        }
        self.traces.extend(other.traces);
        self.logs.extend(other.logs);
        self.log_bytes += other.log_bytes;
        self.samples.absorb(other.samples);
        self.counted.absorb(other.counted);
        self.series.extend(other.series);
        self.series_bytes += other.series_bytes;
    }

    /// About how much memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        const FIGURE: usize = size_of::<(FigureKey, Minute, Figure)>() + 64;
        self.spans.memory()
            + self.snapshots.memory()
            + self.figures.len() * FIGURE
            + self.traces.len() * size_of::<TraceRow>()
            + self.log_bytes
            + self.metrics_memory()
    }

    /// The part of it that metrics take.
    fn metrics_memory(&self) -> usize {
        const POINT: usize = size_of::<(SeriesKey, Minute, Point)>() + 64;
        self.points.len() * POINT + self.samples.memory() + self.counted_memory()
    }

    fn counted_memory(&self) -> usize {
        self.counted.memory() + self.series_bytes
    }
}

impl Head {
    /// The rows of an account, to be added to.
    pub fn rows(&mut self, account: AccountId) -> &mut Rows {
        self.accounts.entry(account).or_default()
    }

    /// Takes over all rows of another head, which come after these.
    pub fn absorb(&mut self, other: Head) {
        for (account, rows) in other.accounts {
            self.rows(account).absorb(rows);
        }
    }

    /// The rows of an account, if it has any.
    pub fn get(&self, account: AccountId) -> Option<&Rows> {
        self.accounts.get(&account)
    }

    /// The rows of all accounts.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Rows)> {
        self.accounts.iter().map(|(account, rows)| (*account, rows))
    }

    /// About how much memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        self.accounts.values().map(Rows::memory).sum()
    }

    /// Whether it has grown to a budget of so many bytes. Counted samples take a few bytes each: there are enough of them for
    /// a cut when they and what is said of their series take a part of it.
    pub fn is_full(&self, budget: usize) -> bool {
        const PART: usize = 3;
        let counted: usize = self.accounts.values().map(Rows::counted_memory).sum();
        counted >= budget / PART || self.memory() >= budget
    }

    /// Nothing more will come.
    pub(crate) fn closed(mut self) -> Head {
        for rows in self.accounts.values_mut() {
            rows.counted.close();
            rows.samples.distributions.close();
        }
        self
    }

    /// How many spans that account has which has most.
    pub fn most_spans(&self) -> Size {
        let sizes = self.accounts.values().map(|rows| rows.spans.size());
        sizes.max_by_key(|size| size.bytes()).unwrap_or_default()
    }

    /// The part of it that metrics take.
    pub fn metrics_memory(&self) -> usize {
        self.accounts.values().map(Rows::metrics_memory).sum()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }
}
