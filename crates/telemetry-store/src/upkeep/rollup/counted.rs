//! The roll-up of counted samples, some series at a time: the minutes of all of them would be many times as large as their
//! samples.
//!
//! Points are written in the order of what they are of, and samples lie in the order of their series. So a part is
//! so many series that are next to one another in the first order, and for each part the samples are passed over again.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use metadata_store::SegmentMeta;
use model::{id::AccountId, metric_table, time::Minute};
use rustc_hash::{FxHashMap, FxHashSet};
use tracing::warn;

use super::{
    super::{merge::each_series_samples, outputs::Outputs},
    RolledUp,
};
use crate::{
    counted::{CountedSeries, merge_minutes},
    cut::{Piece, bounds, width_ns},
    segment::{
        Output,
        metrics::{self, Point, PointRow, PointWriter, SeriesKey, each_point},
        samples::each_series_id,
        series::Counted,
    },
    store::{Pin, Segment, Store, StoreError},
    table::Table,
};

/// Of what a merge may hold, one in so many bytes is for what is rolled up of a part.
const SHARE: usize = 8;
/// About what a series takes in that, bytes: its points of ten minutes and of the hour.
const SERIES: usize = 1024;
/// The same for each minute of it that is rolled up already.
const MINUTE: usize = 160;

/// Points by series and minute; a series is told by its place in a part.
type Placed = FxHashMap<(u32, Minute), Point>;

/// Some series, by what they count for: all of those that count for the same.
struct Part<'a> {
    series: &'a [Counted],
    /// Where each stands in there.
    by_id: FxHashMap<u64, u32>,
    /// Of each the first place of those that count for the same.
    first: Vec<u32>,
}

impl Store {
    /// Writes the rolled-up segments of counted samples.
    pub(super) fn roll_up_counted(
        &self,
        pin: &Pin,
        inputs: &[Arc<Segment>],
        now_ms: i64,
    ) -> Result<Vec<SegmentMeta>, StoreError> {
        let of = &inputs[0].meta;
        let mut ids = FxHashSet::default();
        for segment in inputs {
            each_series_id(&*segment.open()?, |id| {
                ids.insert(id);
            })?;
        }
        let series = self.counted_series(pin, of, |series| ids.contains(&series.id))?.by_key();
        if ids.len() > series.len() {
            let unknown = ids.len() - series.len();
            warn!(unknown, "samples of series that nothing says what they are: not rolled up");
        }
        drop(ids);
        let before = Before::of(self, pin, inputs, &series)?;
        let most = self.merge_bytes / SHARE / (SERIES + before.minutes() * MINUTE);
        let mut rolled = Rolled::new(self, AccountId(of.account), series.len());
        for part in parts(&series, most.max(1)) {
            rolled.add(&part, part.roll_up(inputs, &before.points(&part)?)?)?;
        }
        rolled.finish(now_ms)
    }
}

/// Series by what they count for, about so many at a time.
fn parts(series: &[Counted], most: usize) -> impl Iterator<Item = Part<'_>> {
    let mut rest = series;
    std::iter::from_fn(move || {
        let last = &rest.get(..most).unwrap_or(rest).last()?.key;
        let (part, others) = rest.split_at(rest.partition_point(|one| one.key <= *last));
        rest = others;
        Some(Part::of(part))
    })
}

impl<'a> Part<'a> {
    fn of(series: &'a [Counted]) -> Part<'a> {
        let by_id = (0..).zip(series).map(|(at, series)| (series.id, at)).collect();
        let runs = series.chunk_by(|a, b| a.key == b.key);
        let mut first = Vec::with_capacity(series.len());
        runs.for_each(|run| first.resize(first.len() + run.len(), first.len() as u32));
        Part { series, by_id, first }
    }

    fn get(&self, at: u32) -> &'a Counted {
        &self.series[at as usize]
    }

    /// Whether another one counts for the same.
    fn is_one_of_several(&self, at: u32) -> bool {
        self.first[at as usize] != at || self.first.get(at as usize + 1) == Some(&at)
    }

    /// What its samples count for, of which `before` is rolled up already.
    fn roll_up(
        &self,
        inputs: &[Arc<Segment>],
        before: &Placed,
    ) -> Result<RolledUp<u32>, StoreError> {
        let mut rolled = RolledUp::default();
        let mut add = |place: u32, at: Minute, point: &Point| {
            let is_sum = metric_table::is_sum(self.get(place).key.unit());
            rolled.add(&place, is_sum, at, point, before.get(&(place, at)));
        };
        // What several series of samples count for, each for some of the time.
        let mut of_several: BTreeMap<(u32, Minute), Point> = BTreeMap::new();
        each_series_samples(
            inputs,
            |id| self.by_id.contains_key(&id),
            |plain, runs| {
                let place = self.by_id[&plain.series];
                let mut minutes = Vec::new();
                let factor = self.get(place).factor;
                runs.0.iter().for_each(|run| merge_minutes(run, factor, &mut minutes));
                if runs.0.len() > 1 || self.is_one_of_several(place) {
                    let place = self.first[place as usize];
                    for (at, point) in minutes {
                        of_several.entry((place, at)).or_default().merge(&point);
                    }
                } else {
                    minutes.iter().for_each(|(at, point)| add(place, *at, point));
                }
                Ok(())
            },
        )?;
        of_several.iter().for_each(|((place, at), point)| add(*place, *at, point));
        Ok(rolled)
    }
}

/// What is rolled up already of the hour, and of which minutes it matters.
struct Before<'a> {
    store: &'a Store,
    points: Vec<&'a Arc<Segment>>,
    samples: Vec<&'a Arc<Segment>>,
    /// Of those samples, by what they count for: the same may have been counted under other ids.
    series: Vec<Counted>,
    first: Minute,
    last: Minute,
}

impl<'a> Before<'a> {
    /// Of what these series count for.
    fn of(
        store: &'a Store,
        pin: &'a Pin,
        inputs: &[Arc<Segment>],
        series: &[Counted],
    ) -> Result<Before<'a>, StoreError> {
        let of = &inputs[0].meta;
        let metas = || inputs.iter().map(|segment| &segment.meta);
        let minute = |ns: i64| Minute::of_ns(ns.unsigned_abs());
        let first = metas().map(|meta| minute(meta.min_time_ns)).min().unwrap_or_default();
        let last = metas().map(|meta| minute(meta.max_time_ns)).max().unwrap_or_default();
        let points = store.rolled_up_before(pin, of, Table::Metrics);
        let samples = store.rolled_up_before(pin, of, Table::Counted);
        let mut earlier = Vec::new();
        if !samples.is_empty() {
            let keys: FxHashSet<&SeriesKey> = series.iter().map(|series| &series.key).collect();
            let takes = |series: &Counted| keys.contains(&series.key);
            earlier = store.counted_series(pin, of, takes)?.by_key();
        }
        Ok(Before { store, points, samples, series: earlier, first, last })
    }

    /// The series that count for what those of a part do.
    fn series_of(&self, part: &Part<'_>) -> &[Counted] {
        let (Some(first), Some(last)) = (part.series.first(), part.series.last()) else {
            return &[];
        };
        let start = self.series.partition_point(|series| series.key < first.key);
        let end = self.series.partition_point(|series| series.key <= last.key);
        &self.series[start..end]
    }

    /// How many minutes of a series there may be.
    fn minutes(&self) -> usize {
        match self.points.is_empty() && self.samples.is_empty() {
            true => 0,
            false => (self.last.0 - self.first.0) as usize + 1,
        }
    }

    /// What stands already in the minutes of a part.
    fn points(&self, part: &Part<'_>) -> Result<Placed, StoreError> {
        let mut before = Placed::default();
        if self.minutes() == 0 {
            return Ok(before);
        }
        let mut places: FxHashMap<&SeriesKey, u32> = FxHashMap::default();
        for (at, series) in (0..).zip(part.series) {
            places.entry(&series.key).or_insert(at);
        }
        let is_touched = |at: Minute| (self.first..=self.last).contains(&at);
        for segment in &self.points {
            each_point(&*segment.open()?, &metrics::Wanted::ALL, |key, at, point| {
                if let Some(place) = places.get(&key).filter(|_| is_touched(at)) {
                    before.entry((*place, at)).or_default().merge(&point);
                }
            })?;
        }
        let mut earlier = CountedSeries::default();
        self.series_of(part).iter().cloned().for_each(|series| earlier.add(series));
        self.store.counted_before(&self.samples, &earlier, |key, at, point| {
            if is_touched(at) {
                before.entry((places[key], at)).or_default().merge(point);
            }
        })?;
        Ok(before)
    }
}

/// The rolled-up segments, which are written part by part.
struct Rolled<'s> {
    account: AccountId,
    /// How many there are of.
    series: usize,
    outputs: Outputs<'s>,
    open: BTreeMap<(Table, i64), Segments>,
}

/// One of them.
struct Segments {
    id: u64,
    writer: PointWriter<Output>,
    rows: u64,
    /// Unix nanoseconds of the first and the last row.
    span: (u64, u64),
}

impl<'s> Rolled<'s> {
    fn new(store: &'s Store, account: AccountId, series: usize) -> Rolled<'s> {
        Rolled { account, series, outputs: Outputs::new(store), open: BTreeMap::new() }
    }

    /// Adds the points of a part, which come after those of the parts before.
    fn add(&mut self, part: &Part<'_>, rolled: RolledUp<u32>) -> Result<(), StoreError> {
        for ((table, day), mut rows) in rolled.tables {
            rows.sort_unstable_by_key(|(place, at, _)| (*place, *at));
            let segment = match self.open.entry((table, day)) {
                Entry::Occupied(open) => open.into_mut(),
                Entry::Vacant(place) => {
                    let (id, output) = self.outputs.create(table)?;
                    let writer = PointWriter::new(output, self.series, true)?;
                    place.insert(Segments { id, writer, rows: 0, span: (u64::MAX, 0) })
                }
            };
            let (min, max) = bounds(rows.iter().map(|(_, at, _)| at.start_ns()));
            segment.span = (segment.span.0.min(min), segment.span.1.max(max));
            segment.rows += rows.len() as u64;
            let rows: Vec<PointRow<'_>> =
                rows.iter().map(|(place, at, point)| (&part.get(*place).key, *at, point)).collect();
            segment.writer.write(&rows)?;
        }
        Ok(())
    }

    /// Makes them durable.
    fn finish(self, now_ms: i64) -> Result<Vec<SegmentMeta>, StoreError> {
        let mut metas = Vec::new();
        for ((table, period_start_ms), segment) in self.open {
            let Segments { id, writer, rows, span: (min, max) } = segment;
            let bytes = self.outputs.sync(table, writer.finish()?)?;
            let piece = Piece {
                account: self.account,
                table,
                period_start_ms,
                rows,
                min_time_ns: min,
                max_time_ns: max + width_ns(table) - 1,
                detail: String::new(),
                bytes: Vec::new(),
            };
            metas.push(piece.meta(id, 0, now_ms, bytes));
        }
        self.outputs.keep();
        Ok(metas)
    }
}
